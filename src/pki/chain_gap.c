/* SPDX-License-Identifier: Apache-2.0 */
/* A link is missing: its name, and where the certificate below it says it can be had (AIA
 * caIssuers, RFC 5280 4.2.2.1). */
#include "pki/chain_internal.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "pki/certificate.h"
#include "pki/url.h"

static struct str
url_of(const ACCESS_DESCRIPTION *access)
{
	const ASN1_IA5STRING *text;

	if (OBJ_obj2nid(access->method) != NID_ad_ca_issuers || access->location->type != GEN_URI)
		return STR("");
	text = access->location->d.uniformResourceIdentifier;
	return str_bytes(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
}

void
chain_tell_gap(X509 *child, const char *issuer, struct chain *to)
{
	AUTHORITY_INFO_ACCESS *list = X509_get_ext_d2i(child, NID_info_access, NULL, NULL);
	struct str raw = certificate_raw_name(X509_get_issuer_name(child));
	size_t count = 0;

	snprintf(to->missing, sizeof(to->missing), "%s", issuer);
	SHA256((const unsigned char *)raw.p, raw.len, to->missing_sha256);
	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(list) && count < CHAIN_URLS_MAX; i++) {
		struct str url = url_of(sk_ACCESS_DESCRIPTION_value(list, i));

		if (url_is_plain_http(url))
			(void)str_copy(url, to->urls[count++], CHAIN_URL_SIZE);
	}
	AUTHORITY_INFO_ACCESS_free(list);
	ERR_clear_error();
}
