/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/kek_read.h"

#include <errno.h>

#include "base/error.h"
#include "sys/file.h"
#include "sys/log.h"

#define DO_RESTORE                                                                                     \
	"restore the file from its backup (stored keys open with no other KEK), or, on a new system, " \
	"make one with: certdesk init"

static int
complain(const char *path, const char *why, const char *what_to_do)
{
	LOG(LOG_ERROR, "kek.unusable", LOG_TEXT("file", path), LOG_TEXT("why", why),
	    LOG_TEXT("do", what_to_do));
	return error_origin(EKEYREJECTED);
}

static int
complain_of_reading(const char *path, int r)
{
	switch (r) {
	case FILE_E_ABSENT:
		return complain(path, "there is no such file", DO_RESTORE);
	case FILE_E_MODE:
		return complain(path, "the file is not private",
		    "make it a regular file of mode 0600 that belongs to the keeper's user or to root");
	case FILE_E_TOO_LARGE:
		return complain(path, "the file is too large for a KEK", DO_RESTORE);
	default:
		return complain(path, error_words(error_fold(r)), "let the keeper's user read it");
	}
}

int
kek_read(const char *path, struct kek *ret)
{
	CLEAN(buf_fini) struct buf text = BUF_SECRET(KEK_FILE_MAX);
	int r;

	if (path[0] == '\0')
		return complain(path, "no file is configured", "set keeper.kek_file");
	r = file_read_secret(path, &text);
	if (r)
		return complain_of_reading(path, r);
	if (!kek_parse(buf_str(&text), ret))
		return complain(
		    path, "the file does not hold one line: certdesk-kek-1 ID KEY", DO_RESTORE);
	return 0;
}
