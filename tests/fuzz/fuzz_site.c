/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a site shows its tester (site/): the certificates it serves, and where its answer leads. The
 * handshake and HTTP are OpenSSL's and libcurl's; judged is what they hand over.
 *
 * Holds: everything found is in the report, which is one JSON object, and it is words.
 *
 * Choice: 0 certificates, PEM or DER one behind the other, of which the first is the wanted leaf; 1
 * the same with another leaf wanted; else the URL of a redirect.
 */
#include "fuzz/fuzz.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "site/site_internal.h"

static struct site_target target = {
	.name = { "owa.contoso.com" }, .port = 443, .path = "/owa/", .timeout = SECONDS(5)
};

int
LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
	struct site_trust *trust;

	MUST_HOLD(site_trust_load("", &trust) == 0);
	MUST_HOLD(addr_parse(STR("203.0.113.5"), &target.address));
	target.trust = trust;
	return 0;
}

static void
read_pem(struct str text, struct site_shake *shake)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.len);

	while (shake->served_count < SITE_SERVED_MAX) {
		X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!x509)
			break;
		shake->served[shake->served_count++] = x509;
	}
	BIO_free(bio);
}

static void
read_der(struct str bytes, struct site_shake *shake)
{
	const unsigned char *at = (const unsigned char *)bytes.p, *end = at + bytes.len;

	while (shake->served_count < SITE_SERVED_MAX && at < end) {
		X509 *x509 = d2i_X509(NULL, &at, end - at);

		if (!x509)
			break;
		shake->served[shake->served_count++] = x509;
	}
}

static void
check_report(const struct site_report *report)
{
	CLEAN(buf_fini) struct buf text = BUF(1u << 20);
	json_t *json;

	for (size_t i = 0; i < report->findings.count; i++) {
		CLEAN(buf_fini) struct buf words = BUF(16384);

		finding_render(&report->findings.list[i], FINDING_WHAT, &words);
		MUST_HOLD(fuzz_is_words(buf_str(&words)));
	}
	MUST_HOLD(site_report_json(report, &text) == 0);
	json = fuzz_object(buf_str(&text));
	MUST_HOLD(json_array_size(json_object_get(json, "checks")) == report->findings.count);
	json_decref(json);
}

static void
served(struct str bytes, bool is_wanted, struct site_report *report)
{
	CLEAN(site_shake_fini) struct site_shake shake = { 0 };
	unsigned len = sizeof(shake.leaf_sha256);

	read_pem(bytes, &shake);
	if (shake.served_count == 0)
		read_der(bytes, &shake);
	if (shake.served_count == 0)
		return;
	MUST_HOLD(X509_digest(shake.served[0], EVP_sha256(), shake.leaf_sha256, &len) == 1);
	memset(target.leaf_sha256, 0, sizeof(target.leaf_sha256));
	if (is_wanted)
		memcpy(target.leaf_sha256, shake.leaf_sha256, sizeof(target.leaf_sha256));
	MUST_HOLD(site_judge_served(&target, &shake, report) == is_wanted);
}

static void
redirect(struct str bytes, struct site_report *report)
{
	CLEAN(free_text) char *url = str_dup(bytes);

	site_judge_redirect(&target, url, report);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct site_report *report = alloc_zero(sizeof(*report));

	if (input.choice < 2)
		served(input.bytes, input.choice == 0, report);
	else
		redirect(input.bytes, report);
	check_report(report);
	ERR_clear_error();
	free(report);
	return 0;
}
