/* SPDX-License-Identifier: Apache-2.0 */
/* What is only worth a line, and pre-certificates. */
#include "delivery/judge_internal.h"
#include "delivery/judge_names.h"

#define LONG_NAME 200

/* T-03 */
void
check_precertificate(struct judging *j)
{
	if (j->facts.is_precertificate)
		(void)judge_find(j, FINDING_CERT_PRECERT);
}

/* D-15, K-08: names of other owners on a key that lives with us. */
void
check_extra_names(struct judging *j)
{
	CLEAN(buf_fini) struct buf names = BUF(FINDING_VALUE_SIZE - 8);
	struct str host = str_of(j->question->host);
	size_t count = 0;

	for (size_t i = 0; i < j->facts.name_count; i++) {
		char shown[LONG_NAME];

		if (name_same_owner(j->facts.names[i], host))
			continue;
		str_show(j->facts.names[i], shown, sizeof(shown));
		if (!buf_failed(&names) && names.len + strlen(shown) + 2 <= names.max)
			buf_printf(&names, "%s%s", count > 0 ? ", " : "", shown);
		count++;
	}
	if (count > 0)
		finding_param(
		    judge_find(j, FINDING_CERT_EXTRA_NAMES), "names", "%s", buf_text(&names));
}
