/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
error_mark(int e, const char *how, const char *file, int line)
{
	int r = e > 0 ? -e : e;

	if (r == 0)
		r = -ENOTRECOVERABLE;
#ifdef CERTDESK_TRACE_ERRORS
	fprintf(stderr, "trace: %s %s:%d %s\n", how, file, line, strerror(-r));
#else
	(void)how;
	(void)file;
	(void)line;
#endif
	return r;
}

int
error_fold_at(int r, const char *file, int line)
{
	return r > 0 ? error_mark(-ENOTRECOVERABLE, "folded", file, line) : r;
}

const char *
error_words(int r)
{
	return r == 0 ? "done" : strerror(r < 0 ? -r : ENOTRECOVERABLE);
}
