/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Was the certificate, or one on the way to its root, withdrawn (R-01 to R-04, I-19)? Judged by what
 * was handed along with the question or came in the delivery itself. Without either nothing is
 * refused; the report tells where it can be had.
 *
 * What came in the delivery is as good as what is fetched when it says "revoked"; when it does not,
 * it may have been chosen for that, so that the look-up is asked for all the same.
 */
#include <assert.h>
#include <openssl/sha.h>

#include "pki/der_read.h"
#include "pki/revocation.h"
#include "delivery/judge_internal.h"

static_assert(REVOCATION_OCSP_MAX <= READ_STATUS_FILE_MAX, "responses fit too");

#define LOOKUPS_OF_ONE 3 /* a responder and two addresses of lists */
#define WITHOUT_MAX    CHAIN_DEPTH_MAX

/* A certificate that is served, and the next one, which issued it. */
struct pair {
	X509 *certificate, *issuer;
};

static struct str
der_of(const struct judging *j, const struct chain_link *link)
{
	return link->at == CHAIN_KNOWN ? link->der : j->delivery->certificate[link->at].der;
}

static void
put_sha256(const struct judging *j, const struct chain_link *link, uint8_t ret[static 32])
{
	struct str der = der_of(j, link);

	SHA256((const unsigned char *)der.p, der.len, ret);
}

static X509 *
parsed(const struct judging *j, const struct chain_link *link)
{
	X509 *x509 = NULL;

	return certificate_parse(der_of(j, link), &x509) == 0 ? x509 : NULL;
}

static void
pair_fini(struct pair *pair)
{
	x509_free(pair->certificate);
	x509_free(pair->issuer);
}
CLEAN_DEFINE_FINI(pair_fini, struct pair);

static struct pair
pair_at(const struct judging *j, size_t at)
{
	const struct chain *chain = &j->chain;

	return (struct pair){
		.certificate = parsed(j, &chain->served[at]),
		.issuer =
		    parsed(j, at + 1 < chain->count ? &chain->served[at + 1] : &chain->root_link),
	};
}

/* What was handed along, as DER; "" where it is neither that nor PEM. */
struct fetched {
	struct str file[READ_STATUS_MAX];
	struct buf unarmoured[READ_STATUS_MAX];
};

static void
fetched_init(const struct delivery_question *question, struct fetched *to)
{
	for (size_t i = 0; i < question->status_count; i++) {
		struct str from = question->status[i];

		to->unarmoured[i] = BUF(REVOCATION_FILE_MAX);
		if (from.len > 0 && from.p[0] != DER_SEQUENCE)
			from = revocation_put_from_pem(from, &to->unarmoured[i])
			           ? buf_str(&to->unarmoured[i])
			           : STR("");
		to->file[i] = from;
	}
}

static void
fetched_fini(struct fetched *fetched)
{
	for (size_t i = 0; i < COUNT_OF(fetched->unarmoured); i++)
		buf_fini(&fetched->unarmoured[i]);
}
CLEAN_DEFINE_FINI(fetched_fini, struct fetched);

/* The most telling of these files; equal ones: the first. */
static void
weigh(const struct str files[], size_t count, const struct pair *pair, when now,
    struct revocation *best)
{
	for (size_t i = 0; i < count; i++) {
		struct revocation one;

		revocation_by_file(files[i], pair->issuer, pair->certificate, now, &one);
		if (one.state > best->state)
			*best = one;
	}
}

static void
add_lookups(const struct pair *pair, struct read_report *report)
{
	struct revocation_lookup found[LOOKUPS_OF_ONE];
	size_t count = revocation_lookups(pair->certificate, pair->issuer, found, COUNT_OF(found));

	for (size_t i = 0; i < count && report->lookup_count < READ_LOOKUPS_MAX; i++) {
		struct read_lookup *to = &report->lookup[report->lookup_count++];

		to->kind = found[i].kind;
		to->request_len = (uint32_t)found[i].request_len;
		copy_bytes(to->url, found[i].url, sizeof(to->url));
		copy_bytes(to->request, found[i].request, found[i].request_len);
	}
}

/* One certificate: its status, and where more can be had. */
static void
look_at(struct judging *j, const struct fetched *fetched, size_t at, struct revocation *ret)
{
	const struct delivery_question *question = j->question;
	CLEAN(pair_fini) struct pair pair = pair_at(j, at);
	struct revocation came = { .reason = "" };

	*ret = (struct revocation){ .reason = "" };
	if (!pair.certificate || !pair.issuer)
		return;
	weigh(fetched->file, question->status_count, &pair, question->now, ret);
	weigh(j->delivery->status, j->delivery->status_count, &pair, question->now, &came);
	if (ret->state == REVOCATION_UNSEEN && came.state != REVOCATION_REVOKED)
		add_lookups(&pair, j->report);
	if (came.state > ret->state)
		*ret = came;
	if (ret->state < REVOCATION_GOOD && !revocation_is_needed(pair.certificate))
		*ret = (struct revocation){ .state = REVOCATION_NEEDLESS, .reason = "" };
	else if (ret->state == REVOCATION_UNSEEN && question->status_count > 0)
		str_copy(STR("none could be had that speaks about it"), ret->why, sizeof(ret->why));
}

static void
report_status(struct judging *j, size_t at, const struct revocation *found)
{
	struct read_status *to = &j->report->status[j->report->status_count++];

	put_sha256(j, &j->chain.served[at], to->sha256);
	to->state = found->state;
	to->since = found->since;
	copy_bytes(to->why, found->why, sizeof(to->why));
}

/* All of the chain, as it is now. */
static void
look_at_all(
    struct judging *j, const struct fetched *fetched, struct revocation ret[static CHAIN_DEPTH_MAX])
{
	j->report->status_count = j->report->lookup_count = 0;
	for (size_t i = 0; i < j->chain.count; i++) {
		look_at(j, fetched, i, &ret[i]);
		report_status(j, i, &ret[i]);
	}
}

/* The first link above the leaf that was revoked; 0 = none. */
static size_t
revoked_link(const struct judging *j, const struct revocation found[])
{
	for (size_t i = 1; i < j->chain.count; i++)
		if (found[i].state == REVOCATION_REVOKED)
			return i;
	return 0;
}

static void
name_link(const struct judging *j, size_t at, char *to, size_t size)
{
	CLEAN(x509_free) X509 *x509 = parsed(j, &j->chain.served[at]);

	*to = '\0';
	if (x509)
		certificate_name_text(X509_get_subject_name(x509), to, size);
}

static void
put_revoked(struct finding *to, const struct revocation *found)
{
	if (found->since)
		judge_put_date(to, "date", found->since);
	else
		finding_param(to, "date", "a date that it does not tell");
	finding_param(to, "reason", "%s", found->reason);
}

static void
tell_issuer(struct judging *j, size_t at, const struct revocation *found)
{
	struct finding *finding = judge_find(j, FINDING_CERT_ISSUER_REVOKED);
	char issuer[CERTIFICATE_NAME_SIZE];

	name_link(j, at, issuer, sizeof(issuer));
	finding_param(finding, "issuer", "%s", issuer);
	put_revoked(finding, found);
	j->is_chained = false;
}

/* I-19: a path through a revoked issuer is none; another one is taken, and looked at as well. The
 * last of its issuers to be found revoked is told when no path is left. */
static void
leave_revoked_issuers(struct judging *j, const struct fetched *fetched,
    struct revocation found[static CHAIN_DEPTH_MAX])
{
	uint8_t without[WITHOUT_MAX][32];
	size_t at, count = 0;

	while ((at = revoked_link(j, found)) > 0) {
		struct chain other;

		put_sha256(j, &j->chain.served[at], without[count++]);
		if (judge_build_chain(j, (const uint8_t(*)[32])without, count, &other) ||
		    count == WITHOUT_MAX) {
			tell_issuer(j, at, &found[at]);
			return;
		}
		j->chain = other;
		look_at_all(j, fetched, found);
	}
}

static bool
is_worth_telling(const struct judging *j, const struct revocation *found)
{
	return found->state == REVOCATION_UNKNOWN ||
	       (found->state == REVOCATION_UNSEEN && j->question->status_count > 0);
}

static void
put_name(const struct judging *j, size_t at, struct buf *to)
{
	char name[160];

	name_link(j, at, name, sizeof(name));
	if (to->len + strlen(name) + 4 <= to->max)
		buf_printf(to, "%s\"%s\"", to->len > 0 ? ", " : "", name);
}

/* One line for all of them, with the first one's reason. */
static void
tell_unknown(struct judging *j, const struct revocation found[])
{
	CLEAN(buf_fini) struct buf names = BUF(FINDING_VALUE_SIZE - 8);
	const char *why = NULL;
	struct finding *finding;

	for (size_t i = 0; i < j->chain.count; i++) {
		if (!is_worth_telling(j, &found[i]))
			continue;
		put_name(j, i, &names);
		why = why ? why : found[i].why;
	}
	if (!why)
		return;
	finding = judge_find(j, FINDING_CERT_REVOCATION_UNKNOWN);
	finding_param(finding, "names", "%s", buf_text(&names));
	finding_param(finding, "reason", "%s", why);
}

void
check_revocation(struct judging *j)
{
	CLEAN(fetched_fini) struct fetched fetched = { 0 };
	struct revocation found[CHAIN_DEPTH_MAX];

	if (!j->is_chained)
		return;
	fetched_init(j->question, &fetched);
	look_at_all(j, &fetched, found);
	if (j->chain.count > 0 && found[0].state == REVOCATION_REVOKED)
		put_revoked(judge_find(j, FINDING_CERT_REVOKED), &found[0]);
	leave_revoked_issuers(j, &fetched, found);
	if (j->is_chained)
		tell_unknown(j, found);
}

void
judge_without_lookups(struct judging *j)
{
	CLEAN(buf_fini) struct buf names = BUF(FINDING_VALUE_SIZE - 8);
	struct finding *finding;

	if (j->report->lookup_count == 0)
		return;
	j->report->lookup_count = 0;
	if (judge_told(j, FINDING_CERT_REVOCATION_UNKNOWN))
		return;
	for (size_t i = 0; i < j->report->status_count; i++)
		if (j->report->status[i].state == REVOCATION_UNSEEN)
			put_name(j, i, &names);
	finding = judge_find(j, FINDING_CERT_REVOCATION_UNKNOWN);
	finding_param(finding, "names", "%s", buf_text(&names));
	finding_param(finding, "reason",
	    "it is not asked for while a private key waits; once the site is live, it is looked up every day");
	j->report->accepted = j->report->accepted && !findings_refuse(&j->report->findings);
}
