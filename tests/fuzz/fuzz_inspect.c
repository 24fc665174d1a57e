/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `certdesk inspect` in its room (delivery/inspect.h): files, and a request that the certificate
 * must answer.
 *
 * Holds: what is said is one JSON object; without a root that could have signed it nothing is
 * usable; there is a chain to write exactly when one is told of; findings are words.
 *
 * Choice: bits 0-1 the password; bit 2 the first half is the request, else the whole is the file;
 * bit 3 it is both; bit 4 what binds public authorities counts.
 */
#include "fuzz/fuzz.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "delivery/ct_logs.h"
#include "delivery/inspect.h"
#include "pki/data.h"

#define NOW        ((when)1780000000 * SECONDS(1)) /* May 2026 */
#define ANSWER_MAX (32u * 1024 * 1024)

static struct delivery_tools *tools;
static struct ct_logs *ct_logs;
static struct trust trust;

static const char *const passwords[4] = { NULL, "", "password", "Geheim123" };

int
LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
	bool legacy;

	trust.roots = shelf_new();
	MUST_HOLD(ct_logs_new(data_ct_logs, &ct_logs) == 0);
	MUST_HOLD(delivery_tools_new(&tools, &legacy) == 0);
	return 0;
}

static void
check_said(const json_t *said)
{
	const json_t *findings = json_object_get(said, "findings"), *finding;
	size_t i;

	MUST_HOLD(json_is_false(json_object_get(said, "usable")));
	MUST_HOLD(json_is_null(json_object_get(said, "repaired")));
	MUST_HOLD(json_array_size(json_object_get(said, "bundle")) == 0);
	MUST_HOLD(json_array_size(findings) > 0);
	json_array_foreach(findings, i, finding)
	{
		const char *what = json_string_value(json_object_get(finding, "what"));

		MUST_HOLD(what && fuzz_is_words(str_of(what)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct delivery_question *q = alloc_zero(sizeof(*q));
	const char *password = passwords[input.choice & 3];
	size_t half = input.choice & 8 ? 0 : input.choice & 4 ? input.bytes.len / 2 : 0;
	struct str csr = input.choice & 8 ? input.bytes : str_bytes(input.bytes.p, half);
	const struct inspection about = {
		.question = q, .csr = input.choice & 12 ? &csr : NULL, .bundle = true
	};
	const struct judge_setting setting = {
		.trust = &trust, .ct_logs = ct_logs, .public_rules = input.choice & 16
	};
	CLEAN(buf_fini) struct buf text = BUF(ANSWER_MAX);
	json_t *said;

	q->has_password = password != NULL;
	q->password = str_of(password);
	q->file_count = 1;
	q->files[0].bytes = str_drop(input.bytes, half);
	q->now = NOW;
	MUST_HOLD(inspect_look(&about, tools, &setting, &text) == 0);
	said = fuzz_object(buf_str(&text));
	if (!json_object_get(said, "csr_error"))
		check_said(said);
	json_decref(said);
	ERR_clear_error();
	free(q);
	return 0;
}
