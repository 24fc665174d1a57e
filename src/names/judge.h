/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name gate before the money is spent (H-01…H-14, F-09): what was typed for a host name against
 * what is known. Everything is told at once, in findings of the catalogue. Pure.
 *
 * A finding of severity hold asks for one confirmation by a person who has seen the name in full
 * (names/spell.h). A name that is known, or the host of the service's address, is never held for
 * being like another one.
 */
#pragma once

#include "names/alike.h"
#include "order/finding.h"
#include "order/told.h"

enum {
	NAME_JUDGE_E_REFUSED = 1, /* at least one finding refuses */
	NAME_JUDGE_E_HELD,        /* none refuses, at least one holds */
};

/* Each list may be NULL: nothing is known then. */
struct name_question {
	struct str pasted;
	const char *service;     /* its kind: "owa", "sharepoint", "web"; "" = not told */
	const char *service_url; /* what its users type; "" = not known */
	enum told protection;    /* Exchange's Extended Protection (F-09) */
	enum told backend_tls;   /* off: offloaded at the load balancer; on: bridged */
	bool again; /* of its service a name was judged before: what is told once was told */
	const struct known_names *domains; /* the customer's accepted domains */
	const struct known_names *known;   /* further names that it may be told of */
	const struct known_names *others;  /* other customers' domains and sites */
};

struct name_judgement {
	/* As in DNS, valid unless it is refused; then the nearest there is to it, or "". */
	struct host_name host;
	char domain[sizeof(((struct host_name *)0)->text)]; /* registrable; "" = none */
	struct name_alike alike; /* to what the customer may be told of */
};

/* Findings are added to the list, whose policy counts. */
int name_judge(const struct name_question *question, struct findings *findings,
    struct name_judgement *ret) MUST_USE;
/* The part of it that compares with what is known, for a name that was read already: `pasted` does
 * not matter. `refused`: it cannot be had, but another one may have been meant. */
void name_judge_known(const struct name_question *question, const struct host_name *name,
    bool refused, struct findings *findings, struct name_judgement *ret);
