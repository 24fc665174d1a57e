/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/chain_internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/certificate.h"

#define ISSUERS_MAX 8 /* of one name, the likeliest first */

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
add_item(struct stock *stock, struct stock_item item)
{
	struct stock_item *to = &stock->item[stock->count];

	*to = item;
	to->subject = certificate_raw_name(X509_get_subject_name(item.x509));
	to->issuer = certificate_raw_name(X509_get_issuer_name(item.x509));
	stock->count++;
	to->signs_itself = !to->is_root && str_eq(to->subject, to->issuer) &&
	                   stock_issued(stock, stock->count - 1, stock->count - 1);
}

static bool
is_stocked(const struct stock *stock, const X509 *x509)
{
	for (size_t i = 0; i < stock->count; i++)
		if (X509_cmp(stock->item[i].x509, x509) == 0)
			return true;
	return false;
}

static struct str
octets(const ASN1_OCTET_STRING *from)
{
	return from ? str_bytes(ASN1_STRING_get0_data(from), (size_t)ASN1_STRING_length(from))
	            : STR("");
}

/* Those on the shelf whom the item names as its issuer. */
static void
add_issuers(struct stock *stock, size_t child, const struct shelf *shelf, bool are_roots)
{
	struct str key_id = octets(X509_get0_authority_key_id(stock->item[child].x509));
	size_t found[ISSUERS_MAX];
	size_t count =
	    shelf_by_subject(shelf, stock->item[child].issuer, key_id, found, COUNT_OF(found));

	for (size_t i = 0; i < count && stock->count < STOCK_MAX; i++) {
		X509 *x509 = shelf_x509(shelf, found[i]);

		if (x509 && !is_stocked(stock, x509))
			add_item(stock, (struct stock_item){ .x509 = x509,
					    .der = shelf_at(shelf, found[i])->der,
					    .is_root = are_roots });
		else
			x509_free(x509);
	}
}

void
stock_free(struct stock *stock)
{
	for (size_t i = 0; stock && i < stock->count; i++)
		if (!stock->item[i].is_given)
			x509_free(stock->item[i].x509);
	free(stock);
}

/* Issuers of issuers too: the stock grows while it is walked. */
struct stock *
stock_new(X509 *const given[], size_t count, const struct trust *trust, const struct shelf *known)
{
	struct stock *stock = alloc_zero(sizeof(*stock));

	for (size_t i = 0; i < count; i++)
		add_item(stock, (struct stock_item){ .x509 = given[i],
				    .is_given = true,
				    .is_root = trust && trust_has(trust, given[i]) });
	for (size_t i = 0; trust && i < stock->count; i++) {
		if (stock->item[i].is_root || stock->item[i].signs_itself)
			continue;
		if (trust->roots)
			add_issuers(stock, i, trust->roots, true);
		if (trust->intermediates)
			add_issuers(stock, i, trust->intermediates, false);
		if (known)
			add_issuers(stock, i, known, false);
	}
	return stock;
}

static bool
is_listed(const X509 *x509, const uint8_t (*list)[32], size_t count)
{
	uint8_t sha256[32];

	if (count == 0 || X509_digest(x509, EVP_sha256(), sha256, NULL) != 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if (memcmp(list[i], sha256, sizeof(sha256)) == 0)
			return true;
	return false;
}

void
stock_close(struct stock *stock, const uint8_t (*without)[32], size_t count)
{
	for (size_t i = 0; i < stock->count; i++)
		stock->item[i].is_closed = is_listed(stock->item[i].x509, without, count);
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
		if (i == child || stock->item[i].is_closed ||
		    !str_eq(stock->item[i].subject, stock->item[child].issuer) ||
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
