/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Surveys: what a load balancer is asked without an order behind it, and what came of it
 * (docs/decisions/0015). A survey is its own entry in the queue: claimed for a lease as a task is,
 * due again when its worker dies. At most one of each kind is open for a balancer, and one at all is
 * under way. What it found are rows of JSON, numbered from 1, written while it goes on; a second
 * attempt begins without those of the first.
 */
#pragma once

#include "base/addr.h"
#include "base/buf.h"
#include "base/outcome.h"
#include "store/store.h"

#define SURVEY_RESULT_MAX (64 * 1024)
#define SURVEY_ROW_MAX    (64 * 1024)
#define SURVEYS_KEPT      10 /* of a kind for each balancer; older ones go when one is asked for */

enum survey_kind { SURVEY_PROBE, SURVEY_DRIFT, SURVEY_IMPORT, SURVEY_KIND_MAX };
const char *survey_kind_name(enum survey_kind kind); /* "probe", "drift", "import" */
bool survey_kind_parse(struct str s, enum survey_kind *ret);

enum survey_state { SURVEY_WAITING, SURVEY_RUNNING, SURVEY_DONE, SURVEY_FAILED, SURVEY_STATE_MAX };
const char *survey_state_name(enum survey_state state);

struct survey {
	struct id id;
	char balancer[64];
	enum survey_kind kind;
	enum survey_state state;
	char author[256]; /* who asked */
	when asked, ended;
	when lease; /* tells one claim from the next; 0 = nobody is at it */
	int64_t attempts;
	int64_t looked; /* things of the device looked at so far */
	int64_t told;   /* rows */
	char words[OUTCOME_WORDS_SIZE];
};
struct survey_list {
	struct survey *row;
	size_t count;
	bool more;
};
void survey_list_fini(struct survey_list *list);
CLEAN_DEFINE_FINI(survey_list_fini, struct survey_list);

/* Needs balancer, kind, author. ALREADY: one of that kind is open, *v is that one. */
int store_survey_add(struct store *s, struct survey *v) MUST_USE;
/* `result`: its JSON is appended; NULL = not wanted. */
int store_survey_get(
    struct store *s, struct id id, struct survey *ret, struct buf *result) MUST_USE;
int store_survey_list(
    struct store *s, const char *balancer, struct page page, struct survey_list *ret) MUST_USE;

struct survey_row {
	int64_t number;
	char *content; /* JSON */
};
struct survey_rows {
	struct survey_row *row;
	size_t count;
	bool more;
};
void survey_rows_fini(struct survey_rows *rows);
CLEAN_DEFINE_FINI(survey_rows_fini, struct survey_rows);
int store_survey_rows(struct store *s, struct id survey, int64_t after, size_t limit,
    struct survey_rows *ret) MUST_USE;

/* Claims the longest due one whose balancer is not being surveyed, in a transaction of its own, and
 * drops the rows of an earlier attempt. ABSENT when there is none. */
int store_survey_claim(
    struct store *s, const char *worker, when lease, struct survey *ret) MUST_USE;
int store_surveys_free(
    struct store *s, const char *worker) MUST_USE; /* own transaction: leases of an earlier life */

/* The rest in the caller's transaction. STALE when the claim is not in force any more. */
int store_survey_hold(struct store *s, struct survey *v, when lease) MUST_USE; /* notes `looked` */
int store_survey_tell(
    struct store *s, struct survey *v, struct str content) MUST_USE; /* one row more */
int store_survey_end(struct store *s, const struct survey *v, enum survey_state state,
    struct str result, const char *words) MUST_USE;
int store_survey_postpone(
    struct store *s, const struct survey *v, const char *words, when again) MUST_USE;

/* What we believe to be served at a balancer: the certificate verified there last, by an order that
 * was not taken back. */
struct site_record {
	struct id site;
	char host[254], address[ADDR_TEXT_SIZE], backend[128];
	struct id certificate; /* ID_NONE: nothing */
	uint8_t sha256[32];
	bool under_way; /* it is being installed or taken off just now */
};
struct site_record_list {
	struct site_record *row;
	size_t count;
	bool more;
};
void site_record_list_fini(struct site_record_list *list);
CLEAN_DEFINE_FINI(site_record_list_fini, struct site_record_list);
/* By id; retired sites are not in it. */
int store_site_records(
    struct store *s, const char *balancer, struct page page, struct site_record_list *ret) MUST_USE;
/* The certificates a site ever had, newest first. */
int store_certificates_of_site(
    struct store *s, struct id site, struct id *to, size_t max, size_t *ret_count) MUST_USE;
