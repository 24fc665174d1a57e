/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Organization data as certificates may carry it (S-01…S-10, D-12): cleaned, and what is wrong with
 * it. Lengths count characters, not bytes. Pure.
 */
#pragma once

#include "base/str.h"

struct subject_form {
	struct str organization, division, city, state, country; /* as typed; "" = nothing */
};

/* Cleaned: white space trimmed, country in capitals. The division never goes into a certificate
 * (S-10). */
struct subject {
	char organization[512], division[512], city[512], state[512], country[3];
};

enum subject_field {
	SUBJECT_ORGANIZATION,
	SUBJECT_DIVISION,
	SUBJECT_CITY,
	SUBJECT_STATE,
	SUBJECT_COUNTRY,
	SUBJECT_FIELD_MAX
};

struct subject_problem {
	enum subject_field field;
	bool refuses;     /* else it is only said */
	bool missing;     /* nothing stands there */
	char detail[256]; /* a clause: "is missing", "is longer than 64 characters (it has 70)" */
	char meant[136];  /* what it stands for: "California", "GB"; "" = nobody knows */
};

#define SUBJECT_PROBLEMS_MAX 12

struct subject_problems {
	struct subject_problem list[SUBJECT_PROBLEMS_MAX];
	size_t count;
};

const char *subject_field_name(enum subject_field field); /* "organization" … as in the API */
/* *ret holds what could be cleaned; it is fit for a request only if no problem refuses. */
void subject_check(
    const struct subject_form *form, struct subject *ret, struct subject_problems *problems);
bool subject_is_refused(const struct subject_problems *problems);

/* "-", "N/A", "Some-State": what says nothing (S-07). */
bool subject_is_placeholder(struct str text);
/* Two capitals of ISO 3166-1 (S-08). */
bool subject_is_country(struct str text);
