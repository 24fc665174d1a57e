/* SPDX-License-Identifier: Apache-2.0 */
#include "review/doubt.h"

#include <errno.h>
#include <openssl/evp.h>

#include "base/error.h"

#define ALL_MAX (1024 * 1024)

/* With its end, so that no two lists of parts are the same bytes. */
static void
put_part(struct buf *to, const char *text)
{
	buf_put(to, text, strlen(text) + 1);
}

static void
put_finding(struct buf *to, const struct finding *finding)
{
	put_part(to, finding_rule(finding->code)->code);
	put_part(to, severity_name(finding->severity));
	for (size_t i = 0; i < finding->param_count; i++) {
		put_part(to, finding->param[i].name);
		put_part(to, finding->param[i].value);
	}
}

static int
number(const struct order *order, const struct findings *findings, uint8_t ret[static 32])
{
	const char *const parts[] = { order->host, order->organization, order->city, order->state,
		order->country };
	CLEAN(buf_fini) struct buf all = BUF(ALL_MAX);
	unsigned len = 32;

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		put_part(&all, parts[i]);
	for (size_t i = 0; i < findings->count; i++)
		put_finding(&all, &findings->list[i]);
	if (buf_failed(&all) || EVP_Digest(all.data, all.len, ret, &len, EVP_sha256(), NULL) != 1)
		return error_origin(EIO);
	return 0;
}

int
doubt_read(struct store *store, const struct order *order, struct doubt *ret)
{
	CLEAN(found_list_fini) struct found_list open = { 0 };
	int r = store_findings_open(store, order->id, &open);

	*ret = (struct doubt){ 0 };
	for (size_t i = 0; i < open.count && ret->findings.count < FINDINGS_MAX; i++)
		if (gate_is_before_purchase(finding_rule(open.row[i].finding.code)->gate))
			ret->findings.list[ret->findings.count++] = open.row[i].finding;
	return r ? error_fold(r) : number(order, &ret->findings, ret->number);
}

enum finding_severity
doubt_severity(const struct doubt *doubt)
{
	const struct finding *first = findings_first(&doubt->findings);

	return first ? first->severity : SEVERITY_INFO;
}

bool
doubt_is_the_providers(const struct doubt *doubt)
{
	for (size_t i = 0; i < doubt->findings.count; i++) {
		const struct finding *finding = &doubt->findings.list[i];

		if (finding->severity >= SEVERITY_HOLD &&
		    finding_rule(finding->code)->owner == PARTY_PROVIDER)
			return true;
	}
	return false;
}
