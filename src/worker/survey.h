/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hand at a survey (docs/decisions/0015): it looks over one load balancer, writes what it finds row
 * by row, and changes nothing else.
 */
#pragma once

#include "base/buf.h"
#include "balancer/balancer.h"
#include "balancer/survey.h"
#include "store/surveys.h"
#include "worker/worker.h"

/* Does one survey that is due, unless a quarter of the hands are at one: people's orders come first.
 * False when there was none. */
bool survey_serve(struct hand *hand);

/* What a survey under way writes; rows wait here for the next transaction. */
struct sheet {
	struct hand *hand;
	const struct config_balancer *config;
	struct survey survey;
	struct buf rows; /* JSON, a line each */
	size_t waiting;
	int64_t looked; /* when it was written down last */
	int fault;      /* of the store: what ended it, whatever the driver says */
};
/* Takes over a row. 0, or negative with the fault kept. */
int sheet_tell(struct sheet *sheet, json_t *row) MUST_USE;
/* One more thing of the device was looked at. */
int sheet_looked(struct sheet *sheet) MUST_USE;
/* What waits goes to the store, and the claim is held on. */
int sheet_write(struct sheet *sheet) MUST_USE;
int sheet_keep_fault(struct sheet *sheet, int r) MUST_USE;

/* The kinds, each with its result and words in *what. 0, BALANCER_E_…, or negative. */
typedef int survey_fn(
    struct sheet *sheet, struct balancer *b, json_t **ret_result, struct outcome *what);
survey_fn survey_probe, survey_drift, survey_import;
