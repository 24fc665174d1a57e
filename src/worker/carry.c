/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/carry.h"

#include <assert.h>
#include <stdio.h>

#include "ipc/sign_in.h"
#include "sys/file.h"
#include "sys/net.h"

#define CONNECT_TIMEOUT SECONDS(10)

/* clang-format off */
static const struct {
	int result;
	enum outcome_kind kind;
} results[] = {
	[0]                   = { 0,                      OUTCOME_DONE },
	[CARRY_E_AWAY]        = { BALANCER_E_AMBIGUOUS,   OUTCOME_LATER },
	[CARRY_E_REFUSED]     = { BALANCER_E_AUTH,        OUTCOME_HUMAN },
	[CARRY_E_HELD]        = { BALANCER_E_BUSY,        OUTCOME_LATER },
	[CARRY_E_UNREACHABLE] = { BALANCER_E_UNREACHABLE, OUTCOME_LATER },
	[CARRY_E_UNTRUSTED]   = { BALANCER_E_AUTH,        OUTCOME_HUMAN },
	[CARRY_E_TIMEOUT]     = { BALANCER_E_AMBIGUOUS,   OUTCOME_LATER },
	[CARRY_E_CUT]         = { BALANCER_E_AMBIGUOUS,   OUTCOME_LATER },
	[CARRY_E_TOO_LONG]    = { BALANCER_E_BROKEN,      OUTCOME_HUMAN },
};
/* clang-format on */
static_assert(COUNT_OF(results) == CARRY_E_MAX, "a row for each result");

static int
take(const struct carried *carried, long *ret_status, struct buf *answer, struct outcome *what)
{
	if (carried->result == 0) {
		*ret_status = carried->status;
		buf_put_str(answer, carried->body);
		return 0;
	}
	outcome_set(what, results[carried->result].kind, "%s", carried->words);
	return results[carried->result].result;
}

static int
connect_to(const struct config_balancer *to, size_t number, int *ret_fd, struct outcome *what)
{
	const struct config_unit unit = config_unit_of(to, number);
	struct addr address;
	int r = addr_parse(str_of(unit.address), &address)
	            ? net_connect(&address, (uint16_t)unit.port, CONNECT_TIMEOUT, ret_fd)
	            : NET_E_REFUSED;

	if (r <= 0)
		return r;
	outcome_set(what, OUTCOME_LATER, "no connection: %s", net_words(r));
	return BALANCER_E_UNREACHABLE;
}

int
carry_sign_in(struct channel *keeper, const struct config_balancer *to, size_t unit,
    long *ret_status, struct buf *answer, struct outcome *what)
{
	CLEAN(buf_fini) struct buf held = BUF_SECRET(CARRY_ANSWER_MAX + 1024);
	const struct sign_in question = {
		.balancer = to->name, .provider = "tmos", .unit = (uint8_t)unit
	};
	CLEAN(close_fd) int fd = -1;
	struct carried carried;
	int r = connect_to(to, unit, &fd, what);

	if (r)
		return r;
	if (sign_in_ask(keeper, &question, fd, &held, &carried) < 0)
		carried_end(&carried, CARRY_E_AWAY, "the keeper did not answer");
	return take(&carried, ret_status, answer, what);
}

static int
end_of_upload(int r, const struct key_exported *exported, long *ret_status, struct buf *answer,
    struct outcome *what)
{
	switch (r) {
	case 0:
	case KEY_EXPORT_E_VESSEL:
		return take(&exported->device, ret_status, answer, what);
	case KEY_EXPORT_E_AWAY:
		outcome_set(what, OUTCOME_LATER, "The keeper did not answer.");
		return BALANCER_E_AMBIGUOUS;
	case KEY_EXPORT_E_REFUSED:
		outcome_set(what, OUTCOME_HUMAN, "The keeper refused: %s", exported->words);
		return BALANCER_E_INVALID;
	case KEY_EXPORT_E_TOO_LARGE:
		outcome_set(what, OUTCOME_HUMAN, "The key is too large.");
		return BALANCER_E_CAPACITY;
	default:
		return r;
	}
}

int
carry_upload(struct channel *keeper, const struct config_balancer *to,
    const struct key_export *question, const char *name, const char *token, long *ret_status,
    struct buf *answer, struct outcome *what)
{
	CLEAN(buf_fini) struct buf held = BUF(CARRY_ANSWER_MAX + 1024);
	struct key_export asked = *question;
	struct key_exported exported = { 0 };
	CLEAN(close_fd) int fd = -1;
	int r = connect_to(to, question->unit, &fd, what);

	if (r)
		return r;
	asked.form = FORM_HTTPS_UPLOAD;
	asked.upload = name;
	asked.token = token;
	r = key_upload_ask(keeper, &asked, fd, &held, &exported);
	return end_of_upload(r, &exported, ret_status, answer, what);
}
