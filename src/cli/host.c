/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/host.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "order/intake.h"

static const struct finding *
first_reason(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		if (finding_rule(findings->list[i].code)->gate == GATE_NAME &&
		    findings->list[i].severity == SEVERITY_REJECT)
			return &findings->list[i];
	return NULL;
}

int
cli_host(const char *text, const char *before, struct host_name *ret)
{
	CLEAN(buf_fini) struct buf words = BUF(4096);
	const struct str none = STR("");
	struct order_form form = {
		.host = str_of(text), .subject = { none, none, none, none, none }, .service_url = ""
	};
	struct intake *intake = alloc_zero(sizeof(*intake));
	const struct finding *first;

	(void)!order_intake_check(&form, intake);
	first = first_reason(&intake->findings);
	if (first)
		finding_render(first, FINDING_WHAT, &words);
	else
		*ret = intake->host;
	free(intake);
	return words.len > 0 ? cli_fail(EXIT_USAGE, "%s%s", before, buf_text(&words)) : 0;
}
