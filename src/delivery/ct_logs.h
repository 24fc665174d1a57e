/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public logs of certificates that browsers know: a data file in the form of the public log list
 * (JSON, version 3: operators[].logs[] and tiled_logs[]), read once before the sandbox closes, then
 * only looked at. It is configuration, not customer input, but bounded all the same.
 *
 * Logs come and go every half year, so the list has an age, and beyond CT_LOGS_FRESH it says little
 * about new certificates: Chrome stops enforcing by its own list then.
 */
#pragma once

#include "base/buf.h"
#include "base/when.h"

#define CT_LOGS_FILE_MAX (4u * 1024 * 1024)
#define CT_LOGS_MAX      1000
#define CT_LOGS_FRESH    DAYS(70)

enum {
	CT_LOGS_E_MALFORMED = 1, /* not such a list */
	CT_LOGS_E_NONE,          /* a list without a log would refuse every certificate */
	CT_LOGS_E_LIMIT,         /* more than CT_LOGS_MAX */
};

enum ct_log_state {
	CT_LOG_PENDING,
	CT_LOG_QUALIFIED,
	CT_LOG_USABLE,
	CT_LOG_READONLY,
	CT_LOG_RETIRED,
	CT_LOG_REJECTED,
	CT_LOG_STATE_MAX
};

struct ct_log {
	uint8_t id[32];
	char operator[64], name[96];
	enum ct_log_state state;
	when since;    /* of the state */
	bool is_tiled; /* of the newer kind, not RFC 6962's */
};

struct ct_logs;

int ct_logs_new(struct str json, struct ct_logs **ret) MUST_USE;
struct ct_logs *ct_logs_free(struct ct_logs *logs);
CLEAN_DEFINE(ct_logs_free, struct ct_logs *);

when ct_logs_dated(const struct ct_logs *logs);
size_t ct_logs_count(const struct ct_logs *logs);
const struct ct_log *ct_logs_find(
    const struct ct_logs *logs, const uint8_t id[static 32]); /* or NULL */
bool ct_log_is_current(const struct ct_log *log);             /* qualified, usable or read-only */
