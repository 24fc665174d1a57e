/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error scheme for the whole house.
 *
 * An `int` result says only how it went; values go to `ret_` parameters (untouched on failure),
 * yes/no is `bool`.
 *
 *   0         done
 *   negative  fatal for this operation, a negated errno: forward it unchanged, do not explain it away
 *   positive  MODULE_E_REASON, a documented outcome of the called module: the direct caller handles
 *             it and never forwards it (its own caller does not know that module's numbers)
 *
 * error_origin() marks where a fatal error is born, error_fold() turns an outcome the caller has no
 * answer for into a fatal error; both leave a line on stderr when tracing is on (debug builds).
 */
#pragma once

#include "base/macro.h"

/* Where a fatal error is born: takes -errno (or +errno, it is negated), returns it negative. */
#define error_origin(e) error_mark((e), "born", __FILE__, __LINE__)
/* Converts "an outcome nobody here expects" into -ENOTRECOVERABLE; 0 and negatives pass. */
#define error_fold(r) error_fold_at((r), __FILE__, __LINE__)

#ifdef __clang_analyzer__ /* which does not see into error.c, and would think of an error of 0 */
#undef error_origin
#define error_origin(e) error_assumed(e)
static inline int
error_assumed(int e)
{
	return e > 0 ? -e : e < 0 ? e : -1;
}
#undef error_fold
#define error_fold(r) ((r) > 0 ? -1 : (r))
#endif

int error_mark(int e, const char *how, const char *file, int line) MUST_USE;
int error_fold_at(int r, const char *file, int line) MUST_USE;

/* Words for a fatal error (strerror of it); "done" for 0. */
const char *error_words(int r);
