/* SPDX-License-Identifier: Apache-2.0 */
/* Every reply is as recorded from HAProxy 2.6.12, those marked 3.4 from 3.4.0. */
#include "balancer/haproxy_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define F         "/c/a.test.pem"
#define LOCKED    "Operations on certificates are currently locked!\n\n"
#define OTHER_SET "The ongoing transaction is about '/c/x.pem' but you are trying to set '" F "'\n"

struct judge_case {
	const char *name;
	enum haproxy_command command;
	const char *reply;
	int result;
};

/* clang-format off */
static const struct judge_case judged[] = {
	{ "new",                 HAPROXY_NEW, "New empty certificate store '" F "'!\n\n", 0 },
	{ "new twice",           HAPROXY_NEW, "Certificate '" F "' already exists!\n\n", BALANCER_E_NOOP },
	{ "new, nothing said",   HAPROXY_NEW, "", BALANCER_E_AMBIGUOUS },
	{ "new, locked",         HAPROXY_NEW, LOCKED, BALANCER_E_BUSY },
	{ "set",                 HAPROXY_SET, "Transaction created for certificate " F "!\n\n", 0 },
	{ "set into another",    HAPROXY_SET, "Transaction updated for certificate /c/x.pem!\n\n", BALANCER_E_CONFLICT },
	{ "set into another 3.4", HAPROXY_SET, OTHER_SET, BALANCER_E_CONFLICT },
	{ "set before new",      HAPROXY_SET, "Can't replace a certificate which is not referenced by the configuration!\nCan't update " F "!\n\n", BALANCER_E_AMBIGUOUS },
	{ "set garbage",         HAPROXY_SET, "unable to load certificate from file '" F "'.\nCan't load the payload\nCan't update " F "!\n\n", BALANCER_E_INVALID },
	{ "set bad chain 3.4",   HAPROXY_SET, "unable to load certificate chain from file '" F "': bad base64 decode\nCan't load the payload\n", BALANCER_E_INVALID },
	{ "set too big 2.6",     HAPROXY_SET, "", BALANCER_E_AMBIGUOUS },
	{ "set too big 3.4",     HAPROXY_SET, "The payload is too big. Please change 'tune.cli.max-payload-size'\n", BALANCER_E_CAPACITY },
	{ "set, locked",         HAPROXY_SET, LOCKED, BALANCER_E_BUSY },
	{ "set, unknown",        HAPROXY_SET, "Lovely weather!\n", BALANCER_E_BROKEN },
	{ "commit new",          HAPROXY_COMMIT, "Committing " F "\nSuccess!\n\n", 0 },
	{ "commit, one bind",    HAPROXY_COMMIT, "Committing " F ".\nSuccess!\n\n", 0 },
	{ "commit, key of another", HAPROXY_COMMIT, "inconsistencies between private key and certificate loaded '" F "'.\nCan't commit " F "!\n\n", BALANCER_E_INVALID },
	{ "commit, no key",      HAPROXY_COMMIT, "The transaction must contain at least a certificate and a private key!\nCan't commit " F "!\n\n", BALANCER_E_INVALID },
	{ "commit, locked key 3.4", HAPROXY_COMMIT, "unable to load SSL private key into SSL Context '" F "': passed a null parameter.\nFailed!\n", BALANCER_E_INVALID },
	{ "commit, none open",   HAPROXY_COMMIT, "No ongoing transaction! !\nCan't commit " F "!\n\n", BALANCER_E_AMBIGUOUS },
	{ "commit, other open",  HAPROXY_COMMIT, OTHER_SET "Can't commit " F "!\n\n", BALANCER_E_CONFLICT },
	{ "commit, failed",      HAPROXY_COMMIT, "Committing " F ".\nFailed!\n\n", BALANCER_E_BROKEN },
	{ "commit, cut off",     HAPROXY_COMMIT, "Committing " F "..", BALANCER_E_BROKEN },
	{ "abort",               HAPROXY_ABORT, "Transaction aborted for certificate '" F "'!\n\n", 0 },
	{ "abort, none open",    HAPROXY_ABORT, "No ongoing transaction!\n\n", BALANCER_E_NOOP },
	{ "abort, other open",   HAPROXY_ABORT, "The ongoing transaction is about '/c/x.pem' but you are trying to abort a transaction for '" F "'\n\n", BALANCER_E_CONFLICT },
	{ "add",                 HAPROXY_ADD_LIST, "Inserting certificate '" F "' in crt-list '/l'.\nSuccess!\n\n", 0 },
	{ "add unknown",         HAPROXY_ADD_LIST, "Can't edit the crt-list: certificate '" F "' does not exist!\n\n", BALANCER_E_AMBIGUOUS },
	{ "add empty",           HAPROXY_ADD_LIST, "Can't edit the crt-list: certificate '" F "' is empty!\n\n", BALANCER_E_AMBIGUOUS },
	{ "add, no list",        HAPROXY_ADD_LIST, "Can't edit the crt-list: crt-list '/nope' does not exist!\n\n", BALANCER_E_BROKEN },
	{ "add, bad option",     HAPROXY_ADD_LIST, "Can't edit the crt-list: parsing [CLI:1]: unknown ssl keyword foo\n\n", BALANCER_E_BROKEN },
	{ "add, two lines",      HAPROXY_ADD_LIST, "Can't edit the crt-list: only one line of payload is supported!\n\n", BALANCER_E_BROKEN },
	{ "del list",            HAPROXY_DEL_LIST, "Entry '" F "' deleted in crtlist '/l'!\n\n", 0 },
	{ "del list, not there", HAPROXY_DEL_LIST, "Can't delete the entry: certificate '" F "' can't be found in crt-list '/l'!\n\n", BALANCER_E_NOOP },
	{ "del list, several",   HAPROXY_DEL_LIST, "Can't delete the entry: found the certificate '" F "' in several entries, please specify a line number preceded by colons (1, 2)!\n\n", BALANCER_E_BROKEN },
	{ "del cert",            HAPROXY_DEL_CERT, "Certificate '" F "' deleted!\n\n", 0 },
	{ "del cert, not there", HAPROXY_DEL_CERT, "Can't remove the certificate: certificate '" F "' doesn't exist!\n\n\n", BALANCER_E_NOOP },
	{ "del cert, in use",    HAPROXY_DEL_CERT, "Can't remove the certificate: certificate '" F "' in use, can't be deleted!\n\n\n", BALANCER_E_CONFLICT },
	{ "map",                 HAPROXY_MAP, "\n", 0 },
	{ "map, nothing said",   HAPROXY_MAP, "", BALANCER_E_AMBIGUOUS },
	{ "map set, absent",     HAPROXY_MAP, "entry not found.\n\n", BALANCER_E_NOOP },
	{ "map del, absent",     HAPROXY_MAP, "Key not found.\n\n", BALANCER_E_NOOP },
	{ "map, no map",         HAPROXY_MAP, "Unknown map identifier. Please use #<id> or <file>.\n\n", BALANCER_E_BROKEN },
	{ "operator level",      HAPROXY_SHOW, "Permission denied\n\n", BALANCER_E_AUTH },
	{ "locked, show",        HAPROXY_SHOW, "Can't show!\n" LOCKED, BALANCER_E_BUSY },
	{ "owner's words",       HAPROXY_SHOW, "Filename: " F "\nStatus: Used\nSubject: /O=Permission denied\n\n", 0 },
	{ "unknown command",     HAPROXY_SHOW, "Unknown command, but maybe one of the following ones is a better match:\n", BALANCER_E_UNSUPPORTED },
	{ "show",                HAPROXY_SHOW, "2.6.12-1+deb12u4\n\n", 0 },
	{ "show, nothing said",  HAPROXY_SHOW, "", BALANCER_E_AMBIGUOUS },
};
/* clang-format on */

static void
test_judge(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(judged); i++) {
		int r = haproxy_judge(judged[i].command, str_of(judged[i].reply));

		if (r != judged[i].result)
			fail_msg("%s: %s instead of %s", judged[i].name, balancer_words(r),
			    balancer_words(judged[i].result));
	}
}

static void
test_transaction(void **state UNUSED)
{
	struct str file;

	assert_true(haproxy_transaction_in(STR(OTHER_SET), &file));
	assert_true(str_eq(file, STR("/c/x.pem")));
	assert_true(
	    haproxy_transaction_in(STR("Transaction updated for certificate /c/y.pem!\n"), &file));
	assert_true(str_eq(file, STR("/c/y.pem")));
	assert_false(haproxy_transaction_in(STR("No ongoing transaction!\n"), &file));
	assert_false(haproxy_transaction_in(STR("Transaction updated for certificate "), &file));
	assert_true(str_eq(
	    haproxy_open_transaction(STR("# transaction\n*" F "\n# filename\n" F "\n\n")), STR(F)));
	assert_int_equal(haproxy_open_transaction(STR("# filename\n" F "\n\n")).len, 0);
	assert_int_equal(haproxy_open_transaction(STR("\n")).len, 0);
	assert_int_equal(haproxy_open_transaction(STR("# transaction")).len, 0);
}

#define CERT(name, status)                                                                          \
	"Filename: " name "\nStatus: " status                                                       \
	"\nSerial: 4DCE7C6D6B79A3A79E8361FA51ACF6C20245F901\nnotBefore: Nov 24 10:32:18 2026 GMT\n" \
	"notAfter: Jan 13 10:32:18 2027 GMT\nSubject Alternative Name: DNS:a.test, DNS:z.test\n"    \
	"Algorithm: EC256\nSHA1 FingerPrint: 838F39E6D26207939FAB8B25817AE92ABFD5DB10\n"            \
	"Subject: /CN=a.test\nIssuer: /CN=Root\n"
#define CHAIN "Chain Subject: /CN=Root\nChain Issuer: /CN=Root\n"
#define OCSP  "OCSP Response Key: \n\n"

struct cert_case {
	const char *name, *reply, *file;
	bool good;
	enum haproxy_cert_status status;
	size_t chain;
};

/* clang-format off */
static const struct cert_case certs[] = {
	{ "used",          CERT(F, "Used") CHAIN OCSP,          F,     true, HAPROXY_CERT_USED, 1 },
	{ "unused",        CERT(F, "Unused") CHAIN CHAIN OCSP,  F,     true, HAPROXY_CERT_UNUSED, 2 },
	{ "no chain",      CERT(F, "Used") OCSP,                F,     true, HAPROXY_CERT_USED, 0 },
	{ "transaction",   CERT("*" F, "Unused") OCSP,          "*" F, true, HAPROXY_CERT_UNUSED, 0 },
	{ "empty",         "Filename: " F "\nStatus: Empty\n" OCSP, F, true, HAPROXY_CERT_EMPTY, 0 },
	{ "absent",        "Can't display the certificate: Not found or the certificate is a bundle!\n\n", F, true, HAPROXY_CERT_ABSENT, 0 },
	{ "of another",    CERT("/c/b.pem", "Used") OCSP,       F,     false, 0, 0 },
	{ "no digest",     "Filename: " F "\nStatus: Used\n\n", F,     false, 0, 0 },
	{ "short digest",  "Filename: " F "\nStatus: Used\nSHA1 FingerPrint: 838F\n\n", F, false, 0, 0 },
	{ "new status",    CERT(F, "Suspended") OCSP,           F,     false, 0, 0 },
	{ "no status",     "Filename: " F "\nSHA1 FingerPrint: 838F39E6D26207939FAB8B25817AE92ABFD5DB10\n\n", F, false, 0, 0 },
	{ "garbage",       "Lovely weather!\n",                 F,     false, 0, 0 },
	{ "nothing",       "",                                  F,     false, 0, 0 },
};
/* clang-format on */

static void
test_cert(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		const struct cert_case *c = &certs[i];
		struct haproxy_cert got = { 0 };

		if (haproxy_cert_parse(str_of(c->reply), str_of(c->file), &got) != c->good)
			fail_msg("%s", c->name);
		if (c->good && (got.status != c->status || got.chain_count != c->chain))
			fail_msg(
			    "%s: status %d, chain %zu", c->name, (int)got.status, got.chain_count);
		if (c->good && c->status >= HAPROXY_CERT_UNUSED)
			assert_int_equal(got.sha1[0], 0x83);
	}
}

struct list_case {
	const char *name, *reply;
	bool good;
	int64_t line;
};

/* clang-format off */
static const struct list_case lists[] = {
	{ "empty list",  "# /l\n\n", true, 0 },
	{ "with filter", "# /l\n/c/b.pem:1 b.test\n" F ":2 a.test\n\n", true, 2 },
	{ "twice",       "# /l\n" F ":1 a.test\n" F ":3\n\n", true, 3 },
	{ "options",     "# /l\n" F ":7 [alpn h2] a.test\n\n", true, 7 },
	{ "longer name", "# /l\n" F ".x:1\n/x" F ":2\n\n", true, 0 },
	{ "no list",     "didn't find the specified filename\n\n", false, 0 },
	{ "nothing",     "", false, 0 },
};

struct route_case {
	const char *name, *reply;
	bool good;
	enum haproxy_route route;
};

static const struct route_case routes[] = {
	{ "absent",  "type=str, case=sensitive, found=no\n\n", true, HAPROXY_ROUTE_ABSENT },
	{ "same",    "type=str, case=sensitive, found=yes, idx=tree, key=\"a.test\", value=\"be_a\", type=\"str\"\n\n", true, HAPROXY_ROUTE_SAME },
	{ "other",   "type=str, case=sensitive, found=yes, idx=tree, key=\"a.test\", value=\"be_b\", type=\"str\"\n\n", true, HAPROXY_ROUTE_OTHER },
	{ "by part", "type=dom, case=sensitive, found=yes, idx=list, key=\"test\", value=\"be_a\", type=\"str\"\n\n", true, HAPROXY_ROUTE_ABSENT },
	{ "no map",  "Unknown map identifier. Please use #<id> or <file>.\n\n", false, 0 },
	{ "cut off", "type=str, case=sensitive, found=yes, idx=tree, key=\"a.te", false, 0 },
	{ "nothing", "", false, 0 },
};

struct version_case {
	const char *reply;
	bool good;
	unsigned major, minor;
};

static const struct version_case versions[] = {
	{ "2.6.12-1+deb12u4\n\n", true, 2, 6 },
	{ "3.4.0\n\n",            true, 3, 4 },
	{ "3.5-dev5-50872daa6\n", true, 3, 5 },
	{ "2\n",                  false, 0, 0 },
	{ "HAProxy 2.6\n",        false, 0, 0 },
	{ "2.6.\x1b[2J\n",        true, 2, 6 },
	{ "",                     false, 0, 0 },
};
/* clang-format on */

static void
test_list(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		int64_t line = 0;

		if (haproxy_list_parse(str_of(lists[i].reply), STR(F), &line) != lists[i].good ||
		    line != lists[i].line)
			fail_msg("%s", lists[i].name);
	}
}

static void
test_route(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		enum haproxy_route route = HAPROXY_ROUTE_ABSENT;

		if (haproxy_route_parse(str_of(routes[i].reply), STR("a.test"), STR("be_a"),
			&route) != routes[i].good ||
		    route != routes[i].route)
			fail_msg("%s", routes[i].name);
	}
}

static void
test_version(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		struct haproxy_version v = { 0 };

		if (haproxy_version_parse(str_of(versions[i].reply), &v) != versions[i].good ||
		    v.major != versions[i].major || v.minor != versions[i].minor)
			fail_msg("%s", versions[i].reply);
		assert_null(strchr(v.text, '\x1b'));
	}
	assert_true(
	    str_eq(haproxy_info(STR("Name: HAProxy\nPid: 8584\nUptime: 0d\nUptime_sec: 7\n"),
		       STR("Uptime_sec")),
		STR("7")));
	assert_int_equal(haproxy_info(STR("Name: HAProxy\n"), STR("Pid")).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_transaction),
		cmocka_unit_test(test_cert),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
