/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/certificate.h"
#include "pki/chain_internal.h"

/* What I-17 asks of a path, as numbers: less is better, from the first on. */
struct merit {
	bool broken, distrusted, sha1, outlived;
	size_t length;
	const struct distrust_row *distrust;
	char reason[sizeof(((struct chain *)NULL)->reason)];
};

static bool
signed_with_sha1(X509 *x509)
{
	int digest = NID_undef;

	X509_get_signature_info(x509, &digest, NULL, NULL, NULL);
	return digest == NID_sha1 || digest == NID_md5 || digest == NID_md2 || digest == NID_md4;
}

static when
seconds_of(const ASN1_TIME *from)
{
	when at = 0;

	return certificate_time(from, &at) ? at / SECONDS(1) : 0;
}

/* When the path is looked at: now, or where the leaf's own validity begins or ends. */
static time_t
moment_of(X509 *leaf, when now)
{
	when from = seconds_of(X509_get0_notBefore(leaf)),
	     until = seconds_of(X509_get0_notAfter(leaf));
	when at = now / SECONDS(1);

	return (time_t)(at < from ? from : at > until ? until : at);
}

/* Faults of the leaf alone have findings of their own (purpose, pre-certificate, dates). */
static int
pass_over_leaf(int good, X509_STORE_CTX *ctx)
{
	int error = X509_STORE_CTX_get_error(ctx);

	if (good || X509_STORE_CTX_get_error_depth(ctx) > 0)
		return good;
	return error == X509_V_ERR_INVALID_PURPOSE || error == X509_V_ERR_CERT_HAS_EXPIRED ||
	       error == X509_V_ERR_CERT_NOT_YET_VALID ||
	       (error == X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION &&
		   X509_get_ext_by_NID(
		       X509_STORE_CTX_get_current_cert(ctx), NID_ct_precert_poison, -1) >= 0);
}

static void
say_why(X509_STORE_CTX *ctx, char *to, size_t size)
{
	X509 *where = X509_STORE_CTX_get_current_cert(ctx);
	char name[160] = "";

	if (where)
		certificate_name_text(X509_get_subject_name(where), name, sizeof(name));
	snprintf(to, size, "%s%s%s%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)),
	    *name ? " (" : "", name, *name ? ")" : "");
}

/* Sets the context up so that this path is the only one OpenSSL can find. */
static bool
prepare(X509_STORE_CTX *ctx, const struct stock *stock, const struct path *path, time_t moment,
    STACK_OF(X509) * between, STACK_OF(X509) * root)
{
	X509 *leaf = stock->item[path->item[0]].x509;
	X509_VERIFY_PARAM *param;

	for (size_t i = 1; i < path->count; i++)
		if (!sk_X509_push(
			i + 1 < path->count ? between : root, stock->item[path->item[i]].x509))
			return false;
	if (X509_STORE_CTX_init(ctx, NULL, leaf, between) != 1)
		return false;
	X509_STORE_CTX_set0_trusted_stack(ctx, root);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, moment);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH_MAX);
	X509_VERIFY_PARAM_set_flags(
	    param, X509_V_FLAG_PARTIAL_CHAIN);      /* a root is what the trust store says */
	X509_VERIFY_PARAM_set_auth_level(param, 0); /* SHA-1 and key sizes are ours to judge */
	X509_STORE_CTX_set_verify_cb(ctx, pass_over_leaf);
	return X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) == 1;
}

static bool
path_holds(
    const struct stock *stock, const struct path *path, time_t moment, char *why, size_t size)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *between = sk_X509_new_null(), *root = sk_X509_new_null();
	bool good = false;

	if (ctx && between && root && prepare(ctx, stock, path, moment, between, root)) {
		good = X509_verify_cert(ctx) == 1;
		if (!good)
			say_why(ctx, why, size);
	} else {
		snprintf(why, size, "it could not be verified");
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_free(between);
	sk_X509_free(root);
	ERR_clear_error();
	return good;
}

/* RSA below 2048 bits, or a curve below 256: no browser follows such an intermediate (K-01). */
static bool
has_weak_key(X509 *x509)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);

	if (!key)
		return true;
	return EVP_PKEY_get_bits(key) <
	       (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") ? 2048 : 255);
}

/* What OpenSSL does not say about the links between leaf and root (A-01, K-01). */
static void
judge_links(const struct stock *stock, const struct path *path, struct merit *to)
{
	X509 *leaf = stock->item[path->item[0]].x509;

	for (size_t i = 1; i + 1 < path->count; i++) {
		X509 *link = stock->item[path->item[i]].x509;
		bool weak_key = has_weak_key(link), sha1 = signed_with_sha1(link);

		to->sha1 |= sha1;
		to->outlived |=
		    ASN1_TIME_compare(X509_get0_notAfter(link), X509_get0_notAfter(leaf)) < 0;
		if ((weak_key || sha1) && !to->broken) {
			char name[160];

			certificate_name_text(X509_get_subject_name(link), name, sizeof(name));
			snprintf(to->reason, sizeof(to->reason), "%s (%s)",
			    sha1 ? "an issuer is signed with SHA-1 or MD5"
				 : "an issuer has a weak key",
			    name);
			to->broken = true;
		}
	}
}

/* a distrusted intermediate spoils a path as a distrusted root does. */
static void
judge_reputation(const struct stock *stock, const struct path *path, const struct chain_ask *ask,
    struct merit *to)
{
	for (size_t i = path->count - 1; ask->trust->distrust && i > 0 && !to->distrust; i--)
		to->distrust = distrust_find(
		    ask->trust->distrust, stock->item[path->item[i]].x509, ask->issued, ask->now);
	to->distrusted = to->distrust != NULL;
}

static struct merit
judge_path(const struct stock *stock, const struct path *path, const struct chain_ask *ask)
{
	struct merit merit = { .length = path->count };

	merit.broken =
	    !path_holds(stock, path, moment_of(stock->item[path->item[0]].x509, ask->now),
		merit.reason, sizeof(merit.reason));
	judge_links(stock, path, &merit);
	judge_reputation(stock, path, ask, &merit);
	return merit;
}

static bool
is_better(const struct merit *a, const struct merit *b)
{
	if (a->broken != b->broken)
		return b->broken;
	if (a->distrusted != b->distrusted)
		return b->distrusted;
	if (a->sha1 != b->sha1)
		return b->sha1;
	if (a->outlived != b->outlived)
		return b->outlived;
	return a->length < b->length;
}

/* The best path to a trusted root, or NULL. */
static const struct path *
best_path(
    const struct stock *stock, const struct chain_ask *ask, struct merit *ret, size_t *ret_ways)
{
	const struct path *best = NULL;

	for (size_t i = 0; i < stock->path_count; i++) {
		struct merit merit;

		if (stock->path[i].end != PATH_TRUSTED)
			continue;
		merit = judge_path(stock, &stock->path[i], ask);
		*ret_ways += !merit.broken && !merit.distrusted;
		if (!best || is_better(&merit, ret)) {
			best = &stock->path[i];
			*ret = merit;
		}
	}
	return best;
}

static bool
is_served(const struct chain *chain, size_t at)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->served[i].at == at)
			return true;
	return false;
}

static when
end_of(const X509 *x509)
{
	return SECONDS(seconds_of(X509_get0_notAfter(x509)));
}

static struct chain_link
link_of(const struct stock *stock, size_t item)
{
	const struct stock_item *from = &stock->item[item];

	return (struct chain_link){ .at = from->is_given ? item : CHAIN_KNOWN, .der = from->der };
}

/* One certificate to serve; `last` is the position of the last given one before it. */
static void
serve_link(const struct stock *stock, size_t item, size_t *last, struct chain *to)
{
	const struct stock_item *link = &stock->item[item];
	struct chain_link *served = &to->served[to->count++];

	*served = link_of(stock, item);
	if (link->is_given) {
		to->order_repaired |= to->count > 1 && item < *last;
		*last = item;
	} else {
		to->completed++;
	}
	if (to->count > 1 && (to->ends == 0 || end_of(link->x509) < to->ends))
		to->ends = end_of(link->x509);
}

static void
leave_out(const struct stock *stock, struct chain *to)
{
	for (size_t i = 0; i < stock->count; i++) {
		if (!stock->item[i].is_given || is_served(to, i))
			continue;
		if (stock->item[i].is_root ||
		    (stock->item[i].signs_itself && certificate_is_ca(stock->item[i].x509)))
			to->roots[to->root_count++] = i;
		else
			to->extras[to->extra_count++] = i;
	}
}

/* Everything but the root, which visitors have; then what is left over. */
static void
serve(const struct stock *stock, const struct path *path, struct chain *to)
{
	X509 *root = stock->item[path->item[path->count - 1]].x509;
	unsigned len = sizeof(to->root_sha256);
	size_t last = 0;

	certificate_name_text(X509_get_subject_name(root), to->root, sizeof(to->root));
	if (X509_digest(root, EVP_sha256(), to->root_sha256, &len) != 1)
		memset(to->root_sha256, 0, sizeof(to->root_sha256));
	to->root_link = link_of(stock, path->item[path->count - 1]);
	for (size_t i = 0; i + 1 < path->count; i++)
		serve_link(stock, path->item[i], &last, to);
	leave_out(stock, to);
}

static const struct path *
first_that_ends(const struct stock *stock, enum path_end end)
{
	for (size_t i = 0; i < stock->path_count; i++)
		if (stock->path[i].end == end)
			return &stock->path[i];
	return NULL;
}

/* No path reaches a root: the kindest true reason. A missing link goes before an unknown root,
 * because the other branch of a cross-signature may lead to one we know, and asking for it costs no
 * money. */
static int
say_no_path(const struct stock *stock, struct chain *to)
{
	/* clang-format off */
	static const struct { enum path_end end; int outcome; } order[] = {
		{ PATH_INCOMPLETE, CHAIN_E_INCOMPLETE },
		{ PATH_FORGED,     CHAIN_E_BROKEN },
		{ PATH_UNTRUSTED,  CHAIN_E_UNTRUSTED },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		const struct path *path = first_that_ends(stock, order[i].end);
		char name[sizeof(to->missing)];
		X509 *last;

		if (!path)
			continue;
		last = stock->item[path->item[path->count - 1]].x509;
		certificate_name_text(X509_get_issuer_name(last), name, sizeof(name));
		if (order[i].end == PATH_INCOMPLETE)
			chain_tell_gap(last, name, to);
		else if (order[i].end == PATH_UNTRUSTED)
			copy_bytes(to->root, name, sizeof(name));
		else
			snprintf(to->reason, sizeof(to->reason),
			    "the signature was not made by \"%.160s\"", name);
		return order[i].outcome;
	}
	return CHAIN_E_INCOMPLETE;
}

int
chain_build(const struct chain_ask *ask, struct chain *ret)
{
	CLEAN(stock_free)
	struct stock *stock = stock_new(ask->given, ask->count, ask->trust, ask->known);
	const struct path *best;
	struct merit merit = { 0 };

	*ret = (struct chain){ 0 };
	if (stock->item[ask->leaf].signs_itself && !stock->item[ask->leaf].is_root)
		return CHAIN_E_SELF_SIGNED;
	stock_close(stock, ask->without, ask->without_count);
	stock_walk(stock, ask->leaf);
	best = best_path(stock, ask, &merit, &ret->ways);
	if (!best)
		return say_no_path(stock, ret);
	if (merit.broken) {
		copy_bytes(ret->reason, merit.reason, sizeof(merit.reason));
		return CHAIN_E_BROKEN;
	}
	ret->distrusted = merit.distrust;
	if (merit.distrusted)
		return CHAIN_E_DISTRUSTED;
	serve(stock, best, ret);
	return 0;
}

size_t
chain_follow(X509 *const given[], size_t count, size_t leaf, size_t ret[static CHAIN_DEPTH_MAX])
{
	CLEAN(stock_free) struct stock *stock = stock_new(given, count, NULL, NULL);
	const struct path *longest = NULL;

	stock_walk(stock, leaf);
	for (size_t i = 0; i < stock->path_count; i++)
		if (!longest || stock->path[i].count > longest->count)
			longest = &stock->path[i];
	if (!longest)
		return 0;
	copy_bytes(ret, longest->item, longest->count * sizeof(*ret));
	return longest->count;
}
