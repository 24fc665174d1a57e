/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/late_curl.h"

#include <assert.h>
#include <dlfcn.h>

#define LIBRARY "libcurl.so.4"

#define CALL(name)                                              \
	{                                                       \
		"curl_" #name, offsetof(struct late_curl, name) \
	}

static const struct {
	const char *name;
	size_t at;
} calls[] = {
	CALL(easy_init),
	CALL(easy_setopt),
	CALL(easy_perform),
	CALL(easy_getinfo),
	CALL(easy_strerror),
	CALL(easy_cleanup),
	CALL(slist_append),
	CALL(slist_free_all),
};
static_assert(sizeof(struct late_curl) == COUNT_OF(calls) * sizeof(void *), "a row for each call");

int
late_curl_load(struct late_curl *ret, const char **ret_words)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct late_curl found;

	for (size_t i = 0; library && i < COUNT_OF(calls); i++) {
		void *call = dlsym(library, calls[i].name);

		if (!call)
			library = NULL;
		copy_bytes((char *)&found + calls[i].at, &call, sizeof(call)); /* POSIX: dlsym() */
	}
	if (!library) {
		*ret_words = dlerror();
		return LATE_CURL_E_ABSENT;
	}
	*ret = found;
	return 0;
}
