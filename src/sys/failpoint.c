/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/failpoint.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

bool
failpoint_list_wanted(void)
{
	return str_eq(str_of(getenv("CERTDESK_FAILPOINT")), STR("list"));
}

#ifdef CERTDESK_FAILPOINTS

/* The linker defines both when at least one object has the section. */
extern const char *__start_certdesk_failpoints[] __attribute__((weak));
extern const char *__stop_certdesk_failpoints[] __attribute__((weak));

/* "name" or "name:N"; the N-th pass kills. */
static bool
is_meant(const char *name, int64_t *ret_pass)
{
	struct str wanted = str_of(getenv("CERTDESK_FAILPOINT")), first;
	int64_t pass = 1;

	if (!str_next(&wanted, ':', &first) || !str_eq(first, str_of(name)))
		return false;
	if (wanted.p && !str_to_i64(wanted, &pass))
		return false;
	*ret_pass = pass;
	return true;
}

void
failpoint_pass(const char *name)
{
	static atomic_llong passed; /* only one name can be meant, so one count is enough */
	int64_t pass;

	if (is_meant(name, &pass) && atomic_fetch_add(&passed, 1) + 1 == pass)
		raise(SIGKILL);
}

void
failpoint_list(struct buf *to)
{
	const char **stop = __stop_certdesk_failpoints;

	for (const char **at = __start_certdesk_failpoints; at < stop; at++)
		if (*at) /* room the linker may leave between objects */
			buf_printf(to, "%s\n", *at);
}

#else

void
failpoint_list(struct buf *to UNUSED)
{
}

#endif
