/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/survey.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/log.h"
#include "worker/carry.h"

#define LEASE          MINUTES(15) /* until the first rows: the lists of a slow device */
#define ROWS_WAIT      200 /* at most so many rows, or things looked at, between two commits */
#define ROWS_BYTES     ((size_t)ROWS_WAIT * SURVEY_ROW_MAX)
#define TRIES_MOST     3 /* somebody waits for it */
#define ATTEMPTS_MOST  6 /* those that ended with their worker, too */
#define SHARE_OF_HANDS 4

/* clang-format off */
static survey_fn *const kinds[] = {
	[SURVEY_PROBE]  = survey_probe,
	[SURVEY_DRIFT]  = survey_drift,
	[SURVEY_IMPORT] = survey_import,
};
/* clang-format on */
static_assert(COUNT_OF(kinds) == SURVEY_KIND_MAX, "a function for each kind");

/* ---- the sheet */

int
sheet_keep_fault(struct sheet *sheet, int r)
{
	if (r == 0)
		return 0;
	sheet->fault = r;
	return error_fold(r);
}

static int
write_rows(struct sheet *sheet)
{
	struct store *store = sheet->hand->store;
	struct str rest = buf_str(&sheet->rows), row;
	int r = store_begin(store);

	if (r == 0)
		r = store_survey_hold(store, &sheet->survey, LEASE);
	while (r == 0 && rest.len > 0 && str_next(&rest, '\n', &row))
		r = store_survey_tell(store, &sheet->survey, row);
	return r ? r : store_commit(store, "worker.survey_rows");
}

int
sheet_write(struct sheet *sheet)
{
	int r = buf_failed(&sheet->rows) ? error_origin(E2BIG) : write_rows(sheet);

	store_abandon(sheet->hand->store);
	buf_clear(&sheet->rows);
	sheet->waiting = 0;
	sheet->looked = sheet->survey.looked;
	return sheet_keep_fault(sheet, r);
}

int
sheet_tell(struct sheet *sheet, json_t *row)
{
	char *text = json_dumps(row, JSON_COMPACT);

	json_decref(row);
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(&sheet->rows, text);
	buf_put_byte(&sheet->rows, '\n');
	free(text);
	return ++sheet->waiting < ROWS_WAIT ? 0 : sheet_write(sheet);
}

int
sheet_looked(struct sheet *sheet)
{
	return ++sheet->survey.looked < sheet->looked + ROWS_WAIT ? 0 : sheet_write(sheet);
}

/* ---- one survey */

static int
sign_in(const struct pourer *self, size_t unit, long *ret_status, struct buf *answer,
    struct outcome *what)
{
	const struct sheet *sheet = self->context;

	return carry_sign_in(
	    sheet->hand->worker->keeper, sheet->config, unit, ret_status, answer, what);
}

static int
look_over(struct sheet *sheet, json_t **ret_result, struct outcome *what)
{
	const struct pourer pourer = { .sign_in = sign_in, .context = sheet };
	CLEAN(balancer_close) struct balancer *b = NULL;
	int r = balancer_open_to_look(sheet->config, sheet->hand->worker->world, &pourer, &b, what);

	if (r == 0)
		r = kinds[sheet->survey.kind](sheet, b, ret_result, what);
	if (r == 0)
		r = sheet_write(sheet);
	return r;
}

static int
end(struct sheet *sheet, enum survey_state state, const json_t *result, const char *words)
{
	struct store *store = sheet->hand->store;
	char *text = result ? json_dumps(result, JSON_COMPACT) : NULL;
	int r = store_begin(store);

	if (r == 0)
		r = store_survey_end(
		    store, &sheet->survey, state, text ? str_of(text) : STR("{}"), words);
	if (r == 0)
		r = store_commit(store, "worker.surveyed");
	store_abandon(store);
	free(text);
	return r;
}

static int
postpone(struct sheet *sheet, const char *words)
{
	struct store *store = sheet->hand->store;
	when again = world_now(sheet->hand->worker->world) + SECONDS(sheet->survey.attempts * 2);
	int r = store_begin(store);

	if (r == 0)
		r = store_survey_postpone(store, &sheet->survey, words, again);
	if (r == 0)
		r = store_commit(store, "worker.survey_postponed");
	store_abandon(store);
	return r;
}

static int
settle(struct sheet *sheet, int r, const json_t *result, struct outcome *what)
{
	bool again = r < 0 || what->kind == OUTCOME_LATER;

	if (r == 0)
		return end(sheet, SURVEY_DONE, result, what->words);
	if (!what->words[0])
		outcome_set(what, what->kind, "%s", balancer_words(r));
	return again && sheet->survey.attempts < TRIES_MOST
	           ? postpone(sheet, what->words)
	           : end(sheet, SURVEY_FAILED, NULL, what->words);
}

static void
log_survey(const struct sheet *sheet, int r, const struct outcome *what, when took)
{
	LOG(r ? LOG_WARNING : LOG_NOTICE, "survey",
	    LOG_TEXT("kind", survey_kind_name(sheet->survey.kind)),
	    LOG_TEXT("balancer", sheet->survey.balancer),
	    LOG_NUMBER("attempt", sheet->survey.attempts),
	    LOG_NUMBER("looked", sheet->survey.looked), LOG_NUMBER("rows", sheet->survey.told),
	    LOG_NUMBER("micros", took), LOG_TEXT("words", what->words));
}

/* The store's own faults, or that the claim is another's by now. */
static int
serve(struct sheet *sheet)
{
	struct outcome what = { .kind = OUTCOME_DONE };
	when start = world_ticks();
	json_t *result = NULL;
	int r;

	sheet->config = config_balancer(sheet->hand->worker->config, sheet->survey.balancer);
	if (!sheet->config)
		return end(sheet, SURVEY_FAILED, NULL, "It is not in the configuration any more.");
	if (sheet->survey.attempts > ATTEMPTS_MOST)
		return end(sheet, SURVEY_FAILED, NULL,
		    "It was begun several times and never came to an end.");
	r = look_over(sheet, &result, &what);
	log_survey(sheet, r, &what, world_ticks() - start);
	if (sheet->fault)
		r = sheet->fault;
	else
		r = settle(sheet, r, result, &what);
	json_decref(result);
	return r;
}

static bool
claim_and_serve(struct hand *hand)
{
	struct sheet sheet = { .hand = hand, .rows = BUF(ROWS_BYTES) };
	int r = store_survey_claim(hand->store, hand->name, LEASE, &sheet.survey);

	if (r == STORE_E_ABSENT)
		return false;
	if (r == 0)
		r = serve(&sheet);
	if (r && r != STORE_E_STALE) /* its lease runs out, and somebody tries again */
		LOG(LOG_ERROR, "survey.fault", LOG_NUMBER("error", r),
		    LOG_TEXT("words", error_words(r)));
	buf_fini(&sheet.rows);
	return r == 0;
}

bool
survey_serve(struct hand *hand)
{
	struct worker *worker = hand->worker;
	unsigned most = (unsigned)worker->config->worker_threads / SHARE_OF_HANDS + 1;
	bool done = false;

	if (atomic_fetch_add(&worker->surveying, 1) < most)
		done = claim_and_serve(hand);
	atomic_fetch_sub(&worker->surveying, 1);
	return done;
}
