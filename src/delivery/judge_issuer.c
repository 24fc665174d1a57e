/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers that everybody meets and no browser knows (I-15): a kinder word than "private CA". */
#include "delivery/judge_internal.h"

/* In the issuer's name; upper and lower case are the same. */
struct known_issuer {
	const char *part; /* a piece of the name in RFC 2253, or a whole word of its common name */
	bool is_word;
	enum finding_code code;
	const char *found;
};

/* clang-format off */
static const struct known_issuer known_issuers[] = {
	{ "(STAGING)",                      false, FINDING_CERT_TEST_CA,    "" },
	{ "Fake LE ",                       false, FINDING_CERT_TEST_CA,    "" },
	{ "staging",                        true,  FINDING_CERT_TEST_CA,    "" },
	{ "test",                           true,  FINDING_CERT_TEST_CA,    "" },
	{ "testing",                        true,  FINDING_CERT_TEST_CA,    "" },
	{ "sandbox",                        true,  FINDING_CERT_TEST_CA,    "" },
	{ "demo",                           true,  FINDING_CERT_TEST_CA,    "" },
	{ "pebble",                         true,  FINDING_CERT_TEST_CA,    "" },
	{ "CloudFlare Origin",              false, FINDING_CERT_ORIGIN_CA,  "Cloudflare" },
	{ "Let's Debug",                    false, FINDING_CERT_TEST_CA,    "" },
	{ "mkcert ",                        false, FINDING_CERT_HOME_MADE,  "mkcert" },
	{ "Internet Widgits",               false, FINDING_CERT_HOME_MADE,  "OpenSSL" },
	{ "O=Default Company Ltd",          false, FINDING_CERT_HOME_MADE,  "OpenSSL" },
	{ "Caddy Local Authority",          false, FINDING_CERT_HOME_MADE,  "Caddy" },
	{ "TRAEFIK DEFAULT CERT",           false, FINDING_CERT_HOME_MADE,  "Traefik" },
	{ "Easy-RSA CA",                    false, FINDING_CERT_HOME_MADE,  "Easy-RSA" },
	{ "DC=",                            false, FINDING_CERT_INHOUSE_CA, "" },
};
/* clang-format on */

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool
is_letter(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

static bool
is_in(const char *part, bool is_word, const char *name)
{
	size_t len = strlen(part), size = strlen(name);

	for (size_t at = 0; at + len <= size; at++)
		if (str_eq_nocase(str_bytes(name + at, len), str_of(part)) &&
		    (!is_word ||
			((at == 0 || !is_letter(name[at - 1])) && !is_letter(name[at + len]))))
			return true;
	return false;
}

/* Up to the next comma: enough to find a word in it. */
static void
common_name_of(const char *name, char *to, size_t size)
{
	struct str rest = str_of(name), cn;

	to[0] = '\0';
	if (str_starts(rest, STR("CN=")) && str_next(&rest, ',', &cn))
		(void)str_copy(cn, to, size);
}

/* A mere word says something only of an issuer that is known to be none: a company may be called
 * Test. */
static const struct known_issuer *
known_issuer(const struct judging *j, bool is_untrusted)
{
	const char *whole = j->facts.issuer;
	char cn[CERTIFICATE_NAME_SIZE];

	common_name_of(whole, cn, sizeof(cn));
	for (size_t i = 0; i < COUNT_OF(known_issuers); i++) {
		const struct known_issuer *known = &known_issuers[i];

		if ((is_untrusted || !known->is_word) &&
		    is_in(known->part, known->is_word, known->is_word ? cn : whole))
			return known;
	}
	return NULL;
}

/* Takes the place of what check_chain() found: the same cause in other words. */
void
check_issuer(struct judging *j)
{
	static const enum finding_code plain[] = { FINDING_CERT_PRIVATE_CA,
		FINDING_CERT_SELF_SIGNED, FINDING_CERT_CHAIN };
	const struct known_issuer *known;
	struct finding *told = NULL, *finding;

	for (size_t i = 0; !told && i < COUNT_OF(plain); i++)
		told = judge_told(j, plain[i]);
	known = told ? known_issuer(j, told->code != FINDING_CERT_CHAIN) : NULL;
	if (!known)
		return;
	finding = judge_find(j, known->code);
	finding_param(finding, "issuer", "%s", j->facts.issuer);
	finding_param(finding, "found", "%s", known->found);
	if (finding == told)
		return;
	*told = *finding;
	j->report->findings.count--;
}
