/* SPDX-License-Identifier: Apache-2.0 */
/* Between the options of `certdesk inspect` (inspect_options.c) and its work (inspect.c). */
#pragma once

#include "cli/inspect.h"
#include "delivery/inspect.h"

struct inspect_source {
	const char *path;
	struct buf bytes;
	int problem; /* why it could not be read; 0 = it was */
};

struct inspect_session {
	const struct cli *cli;
	struct delivery_question *question; /* without files */
	struct buf password, csr_text, scratch;
	struct str csr;
	struct delivery_tools *tools;
	struct trust trust;
	struct ct_logs *ct_logs;
	struct judge_setting setting;
	bool each;
	const char *fix;
	struct inspect_source *source; /* of this batch */
	size_t count;
	struct inspect_view view;
	size_t told, usable;
	int status;
};

/* All options understood, what they name read and loaded; EXIT_… and words. */
int inspect_prepare(struct inspect_session *session) MUST_USE;
