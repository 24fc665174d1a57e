/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/certificate_details.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "pki/ca_test_kit.h"

#define NOW ((when)1780272000 * 1000000) /* 2026-06-01 */

static struct certificate_details
details_of(const struct test_spec *spec)
{
	struct test_spec whole = *spec;
	struct certificate_details details;
	struct test_certificate made;

	whole.name = "x";
	whole.from = NOW;
	whole.until = NOW + DAYS(90);
	made = test_issue(&whole, NULL);
	certificate_look_closer(made.x509, &details);
	test_certificate_fini(&made);
	return details;
}

#define DETAILS(...) details_of(&(struct test_spec){ __VA_ARGS__ })

static void
types(void **state UNUSED)
{
	struct certificate_details none = DETAILS(.serial = NULL);
	struct certificate_details ov =
	    DETAILS(.extensions = { "certificatePolicies=2.23.140.1.2.2,1.3.6.1.4.1.1" });
	struct certificate_details two =
	    DETAILS(.extensions = { "certificatePolicies=2.23.140.1.2.1,2.23.140.1.1" });

	assert_int_equal(none.type, CERTIFICATE_UNTYPED);
	assert_int_equal(none.type_count, 0);
	assert_int_equal(ov.type, CERTIFICATE_OV);
	assert_string_equal(ov.policies, "2.23.140.1.2.2, 1.3.6.1.4.1.1");
	assert_string_equal(certificate_type_name(ov.type), "ov");
	assert_int_equal(two.type, CERTIFICATE_EV);
	assert_int_equal(two.type_count, 2);
}

static void
the_subject(void **state UNUSED)
{
	struct certificate_details d =
	    DETAILS(.subject = "C=AT|O= Contoso &amp; Co|OU=T61:IT|L=M\xc3\x83\xc2\xbcnchen|"
			       "ST=M\xc3\xbcnchen|CN=a|CN=b");
	const struct certificate_attribute *o = certificate_attribute(&d, NID_organizationName);
	const struct certificate_attribute *l = certificate_attribute(&d, NID_localityName);
	const struct certificate_attribute *st = certificate_attribute(&d, NID_stateOrProvinceName);

	assert_int_equal(d.attribute_count, 7);
	assert_int_equal(d.common_names, 2);
	assert_true(o && o->has_blanks && o->has_entities && !o->is_mixed_up && o->is_usual);
	assert_string_equal(o->name, "O");
	assert_true(l && l->is_mixed_up);
	assert_true(st && !st->is_mixed_up && st->characters == 7);
	assert_false(certificate_attribute(&d, NID_organizationalUnitName)->is_usual);
	assert_null(certificate_attribute(&d, NID_serialNumber));
}

static void
alternative_names(void **state UNUSED)
{
	struct certificate_details d = DETAILS(
		.alternatives =
		    "DNS:a.example,IP:192.0.2.1,IP:9.9.9.9,IP:fd00::1,email:a@b.example,URI:http://x/");

	assert_string_equal(d.addresses, "9.9.9.9");
	assert_string_equal(d.private_addresses, "192.0.2.1, fd00::1");
	assert_string_equal(d.other_names, "a mail address, a URI");
}

static void
timestamps(void **state UNUSED)
{
	struct certificate_details d = DETAILS(.scts = { { 1, NOW + SECONDS(3) }, { 2, NOW } });
	struct certificate_details none = DETAILS(.serial = NULL);
	struct certificate_details torn =
	    DETAILS(.extensions = { "1.3.6.1.4.1.11129.2.4.2=DER:04020005" });

	assert_true(d.has_sct_list && d.sct_count == 2);
	assert_int_equal(d.sct[0].log[31], 1);
	assert_true(d.sct[0].at == NOW + SECONDS(3) && d.sct[0].version == 0);
	assert_false(none.has_sct_list);
	assert_true(torn.has_sct_list && torn.sct_count == 0);
}

static void
places(void **state UNUSED)
{
	struct certificate_details d = DETAILS(
		.extensions = {
		    "authorityInfoAccess=caIssuers;URI:http://ca.example/i.crt,OCSP;URI:http://ocsp.example",
		    "crlDistributionPoints=URI:ldap://ca.example/x,URI:http://ca.example/1.crl",
		    "tlsfeature=status_request" });

	assert_string_equal(d.issuer.first, "http://ca.example/i.crt");
	assert_string_equal(d.ocsp.first, "http://ocsp.example");
	assert_int_equal(d.crl.count, 2);
	assert_true(d.crl.is_http && d.must_staple);
}

static void
serials(void **state UNUSED)
{
	static const struct {
		const char *hex;
		size_t octets;
		int sign;
	} rows[] = { { "0", 0, 0 }, { "-1", 1, -1 }, { "7f", 1, 1 }, { "80", 2, 1 },
		{ "ffffffffffffffffffffffffffffffffffffffff", 21, 1 } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct certificate_details d = DETAILS(.serial = rows[i].hex);

		print_message("%s\n", rows[i].hex);
		assert_int_equal(d.serial_octets, rows[i].octets);
		assert_int_equal(d.serial_sign, rows[i].sign);
	}
}

static void
extensions(void **state UNUSED)
{
	struct certificate_details d = DETAILS(.poison = true,
	    .extensions = { "1.2.3.4=critical,DER:0500", "1.2.3.5=DER:0500", "1.2.3.5=DER:0500" });

	assert_string_equal(d.critical, "1.2.3.4");
	assert_string_equal(d.twice, "1.2.3.5");
	assert_false(d.has_name_constraints || d.has_odd_dates);
	assert_true(DETAILS(.long_dates = true).has_odd_dates);
}

static void
forms_of_keys(void **state UNUSED)
{
	EVP_PKEY *rsa = test_key("RSA-2048"), *ed = test_key("ED25519"),
		 *odd = test_key("secp256k1");
	struct certificate_details by_ec = DETAILS(.serial = NULL), by_rsa = DETAILS(.key = rsa),
				   by_ed = DETAILS(.key = ed), by_odd = DETAILS(.key = odd);

	assert_true(by_ec.has_fixed_key_form && by_ec.is_plain_signature);
	assert_true(by_rsa.has_fixed_key_form && by_rsa.is_plain_signature);
	assert_false(by_rsa.has_bad_exponent || by_rsa.has_odd_exponent);
	assert_int_equal(by_rsa.key_fault, RSA_FINE);
	assert_false(by_ed.has_fixed_key_form || by_ed.is_plain_signature);
	assert_false(by_odd.has_fixed_key_form);
	assert_false(DETAILS(.digest = "SHA1").is_plain_signature);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
	EVP_PKEY_free(odd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),
		cmocka_unit_test(the_subject),
		cmocka_unit_test(alternative_names),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(places),
		cmocka_unit_test(serials),
		cmocka_unit_test(extensions),
		cmocka_unit_test(forms_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
