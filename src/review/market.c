/* SPDX-License-Identifier: Apache-2.0 */
#include "review/market.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/data.h"
#include "store/purchases.h"
#include "sys/file.h"
#include "sys/log.h"

struct market {
	struct cas *cas;
	struct distrust *distrust;
	const struct config *config;
};

struct market *
market_free(struct market *market)
{
	if (!market)
		return NULL;
	cas_free(market->cas);
	distrust_free(market->distrust);
	free(market);
	return NULL;
}

/* What is configured must be there: a list that is missing would judge more kindly. */
static int
tell_unread(const char *path, int r, const char *words)
{
	LOG(LOG_ERROR, "market.unreadable", LOG_TEXT("file", path),
	    LOG_TEXT("problem", r ? "it cannot be read" : words));
	return r < 0 ? r : error_origin(EINVAL);
}

static int
load_cas(const char *path, struct cas **ret)
{
	CLEAN(buf_fini) struct buf bytes = BUF(CAS_FILE_MAX);
	char words[CAS_WORDS_SIZE] = "";
	int r = *path ? file_read(path, &bytes) : 0;

	if (r || cas_new(*path ? buf_str(&bytes) : data_cas, words, ret))
		return tell_unread(path, r, words);
	return 0;
}

static int
load_distrust(const char *path, struct distrust **ret)
{
	CLEAN(buf_fini) struct buf bytes = BUF(DISTRUST_FILE_MAX);
	char words[DISTRUST_TEXT_SIZE] = "";
	int r = *path ? file_read(path, &bytes) : 0;

	if (r || distrust_new(*path ? buf_str(&bytes) : data_distrust, words, ret))
		return tell_unread(path, r, words);
	return 0;
}

int
market_open(const struct config *config, struct market **ret)
{
	CLEAN(market_free) struct market *market = alloc_zero(sizeof(*market));
	int r = load_cas(config->cas_file, &market->cas);

	if (r == 0)
		r = load_distrust(config->distrust_file, &market->distrust);
	if (r)
		return r;
	market->config = config;
	*ret = TAKE(market);
	return 0;
}

const struct cas *
market_cas(const struct market *market)
{
	return market->cas;
}

bool
market_knows(const struct market *market, const char *name)
{
	struct ca ca;

	return cas_named(market->cas, str_of(name), &ca);
}

const struct distrust_row *
market_distrusted(const struct market *market, const struct ca *ca, when now)
{
	return ca_distrusted(ca, market->distrust, now);
}

bool
market_reseller_at(const struct market *market, size_t n, char *to, size_t size)
{
	struct str name;

	return config_reseller(market->config, n, &name) && str_copy(name, to, size);
}

bool
market_reseller(const struct market *market, struct str typed, char *to, size_t size)
{
	struct str name;

	for (size_t n = 0; config_reseller(market->config, n, &name); n++)
		if (str_eq_nocase(str_trim(typed), name))
			return str_copy(name, to, size);
	*to = '\0';
	return false;
}

static void
tell_unknown(const struct market *market, struct str typed, struct findings *findings)
{
	struct finding *f = findings_add(findings, FINDING_CA_UNKNOWN, "ca");
	const char *like = cas_like(market->cas, typed);
	char shown[CA_TEXT_SIZE];

	str_show(typed, shown, sizeof(shown));
	finding_param(f, "found", "%s", shown);
	finding_param(
	    f, "meant", "%s%s%s", like ? "Did you mean " : "", like ? like : "", like ? "? " : "");
}

static void
tell_distrusted(const struct ca *ca, const struct distrust_row *row, const char *host,
    struct findings *findings)
{
	struct finding *f = findings_add(findings, FINDING_CA_DISTRUSTED, "ca");
	char since[WHEN_WORDS_SIZE];

	finding_param(f, "fqdn", "%s", host);
	finding_param(f, "ca", "%s", ca->name);
	finding_param(f, "programs", "%s", row->programs);
	finding_param(f, "since", "%s", when_words(distrust_since(row), since));
}

void
market_judge(const struct market *market, struct str typed, const char *host, when now,
    struct findings *findings, char ret_name[static CA_TEXT_SIZE])
{
	const struct distrust_row *row;
	struct ca ca;

	*ret_name = '\0';
	typed = str_trim(typed);
	if (typed.len == 0)
		return;
	if (!cas_named(market->cas, typed, &ca)) {
		tell_unknown(market, typed, findings);
		return;
	}
	(void)str_copy(str_of(ca.name), ret_name, CA_TEXT_SIZE);
	row = market_distrusted(market, &ca, now);
	if (row)
		tell_distrusted(&ca, row, host, findings);
}

int
market_note(const struct market *market, struct store *store, const struct order *order,
    const struct read_report *report)
{
	const struct ca *ca =
	    report->has_leaf
		? cas_of_issuer(market->cas, str_of(report->certificate.issuer_organization))
		: NULL;

	if (!ca || strcmp(ca->name, order->ca) == 0 || (*order->ca && !report->accepted))
		return 0;
	return store_order_set_ca(store, order->id, ca->name, order->reseller);
}
