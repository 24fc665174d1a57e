/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/chain_internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"

bool
chain_issued(X509 *issuer, X509 *child)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool good;

	good = key &&
	       str_eq(certificate_raw_name(X509_get_subject_name(issuer)),
		   certificate_raw_name(X509_get_issuer_name(child))) &&
	       X509_verify(child, key) == 1;
	ERR_clear_error();
	return good;
}

static bool
stock_issued(struct stock *stock, size_t issuer, size_t child)
{
	uint8_t *known = &stock->issued[issuer][child];

	if (*known == 0) {
		if (stock->checks >= CHAIN_CHECKS_MAX)
			return false;
		stock->checks++;
		*known = chain_issued(stock->item[issuer].x509, stock->item[child].x509) ? 2 : 1;
	}
	return *known == 2;
}

static void
add_item(struct stock *stock, X509 *x509, bool is_root, bool is_given)
{
	struct stock_item *item = &stock->item[stock->count];

	*item = (struct stock_item){
		.x509 = x509,
		.subject = certificate_raw_name(X509_get_subject_name(x509)),
		.issuer = certificate_raw_name(X509_get_issuer_name(x509)),
		.is_root = is_root,
		.is_given = is_given,
	};
	stock->count++;
	item->signs_itself = !is_root && str_eq(item->subject, item->issuer) &&
	                     stock_issued(stock, stock->count - 1, stock->count - 1);
}

/* Roots that any of the given certificates names as its issuer; the others cannot be of use.
 */
static void
add_roots(struct stock *stock, const struct trust *trust)
{
	size_t given = stock->count;

	for (size_t i = 0; i < given; i++) {
		size_t found[8];
		size_t count =
		    trust_by_subject(trust, stock->item[i].issuer, found, COUNT_OF(found));

		for (size_t k = 0; k < count && stock->count < STOCK_MAX; k++) {
			X509 *root = trust_root(trust, found[k]);
			bool known = false;

			for (size_t at = 0; at < stock->count; at++)
				known |= X509_cmp(stock->item[at].x509, root) == 0;
			if (!known)
				add_item(stock, root, true, false);
		}
	}
}

static bool
is_trusted(const struct trust *trust, const X509 *x509)
{
	uint8_t sha256[32];
	unsigned len = sizeof(sha256);

	return X509_digest(x509, EVP_sha256(), sha256, &len) == 1 && trust_has(trust, sha256);
}

void
stock_fill(struct stock *stock, X509 *const given[], size_t count, const struct trust *trust)
{
	for (size_t i = 0; i < count; i++)
		add_item(stock, given[i], trust && is_trusted(trust, given[i]), true);
	if (trust)
		add_roots(stock, trust);
}

static bool
is_in(const struct stock *stock, const struct path *path, size_t item)
{
	for (size_t i = 0; i < path->count; i++) {
		const struct stock_item *there = &stock->item[path->item[i]];

		/* Twice the same name and key would be a loop of cross-signatures. */
		if (path->item[i] == item ||
		    (str_eq(there->subject, stock->item[item].subject) &&
			EVP_PKEY_eq(X509_get0_pubkey(there->x509),
			    X509_get0_pubkey(stock->item[item].x509)) == 1))
			return true;
	}
	return false;
}

static void
end_path(struct stock *stock, const struct path *path, enum path_end end)
{
	if (stock->path_count == CHAIN_PATHS_MAX)
		return;
	stock->path[stock->path_count] = *path;
	stock->path[stock->path_count++].end = end;
}

/* Does the child's AKI name this issuer's SKI? Where both speak, the one that fits is tried first
 * (E-04). */
static bool
identifiers_fit(X509 *issuer, X509 *child)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(issuer);
	const ASN1_OCTET_STRING *aki = X509_get0_authority_key_id(child);

	return ski && aki && ASN1_OCTET_STRING_cmp(ski, aki) == 0;
}

static void walk(struct stock *stock, struct path *path);

/* One round over the possible issuers: those whose identifiers fit, or those whose do not. */
static bool
walk_issuers(struct stock *stock, struct path *path, bool fit, bool *named)
{
	size_t child = path->item[path->count - 1];
	bool went = false;

	for (size_t i = 0; i < stock->count && stock->path_count < CHAIN_PATHS_MAX; i++) {
		if (i == child || !str_eq(stock->item[i].subject, stock->item[child].issuer) ||
		    identifiers_fit(stock->item[i].x509, stock->item[child].x509) != fit)
			continue;
		if (!stock_issued(stock, i, child)) {
			*named = true;
			continue;
		}
		if (is_in(stock, path, i))
			continue;
		path->item[path->count++] = i;
		walk(stock, path);
		path->count--;
		went = true;
	}
	return went;
}

static void
walk(struct stock *stock, struct path *path)
{
	const struct stock_item *last = &stock->item[path->item[path->count - 1]];
	bool named = false, went;

	if (last->is_root || last->signs_itself || path->count == CHAIN_DEPTH_MAX) {
		end_path(stock, path,
		    last->is_root        ? PATH_TRUSTED
		    : last->signs_itself ? PATH_UNTRUSTED
					 : PATH_INCOMPLETE);
		return;
	}
	went = walk_issuers(stock, path, true, &named);
	went |= walk_issuers(stock, path, false, &named);
	if (!went)
		end_path(stock, path, named ? PATH_FORGED : PATH_INCOMPLETE);
}

void
stock_walk(struct stock *stock, size_t leaf)
{
	struct path path = { .count = 1, .item = { leaf } };

	walk(stock, &path);
}
