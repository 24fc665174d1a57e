/* SPDX-License-Identifier: Apache-2.0 */
/* Against a real nginx on loopback, one port for each thing that can be wrong. Skips without it. */
#include "site/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "check/peer_test_kit.h"
#include "pki/ca_test_kit.h"
#include "sys/file.h"
#include "sys/net.h"

#define NGINX "/usr/sbin/nginx"
#define NAME  "owa.contoso.com"

#define STEP_TIMEOUT MILLIS(1000)

enum port {
	PORT_GOOD,
	PORT_OTHER,
	PORT_CHAINLESS,
	PORT_DISORDER,
	PORT_ROOT,
	PORT_EXPIRED_CA,
	PORT_FOREIGN_CA,
	PORT_WRONG_NAME,
	PORT_NO_13,
	PORT_NO_12,
	PORT_OLD,
	PORT_PLAIN,
	PORT_DEAD,
	PORT_SILENT,
	PORT_MAX
};

struct lab {
	struct peer peer;
	uint16_t port[PORT_MAX];
	struct site_trust *trust;
	struct test_certificate root, top, issuing, old, foreign;
	struct test_certificate leaf, other, leaf_old, leaf_foreign, leaf_named;
	int silent_fd;
};

static struct test_certificate
issue(const char *name, bool ca, when until, const struct test_certificate *issuer)
{
	char alternatives[128];
	when now = world_now(world_real());
	struct test_spec spec = { .name = name, .ca = ca, .from = now - DAYS(30), .until = until };

	snprintf(alternatives, sizeof(alternatives), "DNS:%s", name);
	if (!ca)
		spec.alternatives = alternatives;
	return test_issue(&spec, issuer);
}

static void
make_certificates(struct lab *lab)
{
	when later = world_now(world_real()) + DAYS(90), past = world_now(world_real()) - DAYS(1);

	lab->root = issue("Test Root", true, later, NULL);
	lab->top = issue("Top CA", true, later, &lab->root);
	lab->issuing = issue("Issuing CA", true, later, &lab->top);
	lab->old = issue("Old CA", true, past, &lab->root);
	lab->foreign = issue("Foreign Root", true, later, NULL);
	lab->leaf = issue(NAME, false, later, &lab->issuing);
	lab->other = issue("other.contoso.com", false, later, &lab->issuing);
	lab->leaf_old = issue(NAME, false, later, &lab->old);
	lab->leaf_foreign = issue(NAME, false, later, &lab->foreign);
	lab->leaf_named = issue("www.contoso.com", false, later, &lab->issuing);
}

static void
write_chain(struct lab *lab, const char *name, const struct test_certificate *leaf,
    const struct test_certificate *const *chain)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	CLEAN(buf_fini) struct buf key = BUF(1 << 16);
	char file[64];

	test_put_pem(&pem, leaf->x509);
	while (*chain)
		test_put_pem(&pem, (*chain++)->x509);
	test_put_key_pem(&key, leaf->key, NULL);
	snprintf(file, sizeof(file), "%s.pem", name);
	peer_write(&lab->peer, file, "%s", buf_text(&pem));
	snprintf(file, sizeof(file), "%s.key", name);
	peer_write(&lab->peer, file, "%s", buf_text(&key));
}

#define CHAIN(...) ((const struct test_certificate *const[]){ __VA_ARGS__, NULL })

static void
write_chains(struct lab *lab)
{
	CLEAN(buf_fini) struct buf root = BUF(1 << 16);

	write_chain(lab, "good", &lab->leaf, CHAIN(&lab->issuing, &lab->top));
	write_chain(lab, "other", &lab->other, CHAIN(&lab->issuing, &lab->top));
	write_chain(lab, "chainless", &lab->leaf, CHAIN(NULL));
	write_chain(lab, "disorder", &lab->leaf, CHAIN(&lab->top, &lab->issuing));
	write_chain(lab, "root", &lab->leaf, CHAIN(&lab->issuing, &lab->top, &lab->root));
	write_chain(lab, "expired", &lab->leaf_old, CHAIN(&lab->old));
	write_chain(lab, "foreign", &lab->leaf_foreign, CHAIN(&lab->foreign));
	write_chain(lab, "named", &lab->leaf_named, CHAIN(&lab->issuing, &lab->top));
	test_put_pem(&root, lab->root.x509);
	peer_write(&lab->peer, "roots.pem", "%s", buf_text(&root));
}

static const char nginx_head[] =
    "daemon off;\nmaster_process off;\npid %s/pid;\nerror_log stderr warn;\nevents {}\n"
    "http {\naccess_log off;\nclient_body_temp_path %s/t1;\nproxy_temp_path %s/t2;\nfastcgi_temp_path %s/t3;\n"
    "uwsgi_temp_path %s/t4;\nscgi_temp_path %s/t5;\nssl_session_tickets on;\n";

static const char nginx_paths[] =
    "  location = / { return 200 \"fine\"; }\n"
    "  location = /owa/ { if ($http_host != " NAME
    ") { return 421; } if ($http_user_agent !~ ^certdesk-site-test/) { return 400; }\n"
    "    return 302 /owa/auth/logon.aspx?replaceCurrent=1&url=https%%3a%%2f%%2f" NAME
    "%%2fowa%%2f; }\n"
    "  location = /auth { return 401; }\n  location = /forbidden { return 403; }\n"
    "  location = /absent { return 404; }\n  location = /broken { return 500; }\n"
    "  location = /away { return 302 https://portal.fabrikam.com/x; }\n"
    "  location = /plain { return 301 http://" NAME "/; }\n"
    "  location = /back { return 302 /owa/auth/logon.aspx?replaceCurrent=1&url=https%%3a%%2f%%2fold.contoso.com%%2fowa; }\n"
    "  location = /large { root %s; }\n"
    "  location = /headers { %s return 200; }\n"
    "  location = /close { return 444; }\n";

static const struct {
	enum port port;
	const char *certificate, *settings;
} servers[] = {
	{ PORT_GOOD, "good", "" },
	{ PORT_OTHER, "other", "" },
	{ PORT_CHAINLESS, "chainless", "" },
	{ PORT_DISORDER, "disorder", "" },
	{ PORT_ROOT, "root", "" },
	{ PORT_EXPIRED_CA, "expired", "" },
	{ PORT_FOREIGN_CA, "foreign", "" },
	{ PORT_WRONG_NAME, "named", "" },
	{ PORT_NO_13, "good", "ssl_protocols TLSv1.2;" },
	{ PORT_NO_12, "good", "ssl_protocols TLSv1.3;" },
	{ PORT_OLD, "good",
	    "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;" },
};

static void
write_config(struct lab *lab)
{
	CLEAN(buf_fini) struct buf text = BUF(4 << 20);
	CLEAN(buf_fini) struct buf headers = BUF(1 << 20);
	const char *f = lab->peer.folder;

	buf_printf(&text, nginx_head, f, f, f, f, f, f);
	for (int i = 0; i < 70; i++) /* more than 64 KiB in all, each one bearable */
		buf_printf(&headers, "add_header X-%d %01000d;", i, i);
	for (size_t i = 0; i < COUNT_OF(servers); i++) {
		bool has_own = *servers[i].settings != '\0';

		buf_printf(&text,
		    "server {\n  listen 127.0.0.1:%u ssl;\n  ssl_certificate %s/%s.pem;\n  ssl_certificate_key %s/%s.key;\n  %s\n",
		    lab->port[servers[i].port], f, servers[i].certificate, f,
		    servers[i].certificate,
		    has_own ? servers[i].settings : "ssl_protocols TLSv1.2 TLSv1.3;");
		buf_printf(&text, nginx_paths, f, buf_text(&headers));
		buf_put_text(&text, "}\n");
	}
	buf_printf(&text, "server { listen 127.0.0.1:%u; }\n}\n", lab->port[PORT_PLAIN]);
	peer_write(&lab->peer, "nginx.conf", "%s", buf_text(&text));
}

static void
write_large(struct lab *lab)
{
	char *large = alloc_zero((1 << 20) + 1);

	memset(large, 'x', 1 << 20);
	peer_write(&lab->peer, "large", "%s", large);
	free(large);
}

static int
set_up(void **state)
{
	struct lab *lab = alloc_zero(sizeof(*lab));
	char config[PEER_PATH_SIZE], roots[PEER_PATH_SIZE];
	struct addr at = peer_loopback();

	peer_init(&lab->peer);
	for (size_t i = 0; i < PORT_MAX; i++)
		lab->port[i] = peer_free_port();
	make_certificates(lab);
	write_chains(lab);
	write_config(lab);
	write_large(lab);
	peer_start(&lab->peer, NGINX,
	    (const char *const[]){ "-e", "stderr", "-p", lab->peer.folder, "-c",
		peer_path(&lab->peer, "nginx.conf", config), NULL });
	peer_wait_port(&lab->peer, lab->port[PORT_PLAIN]);
	assert_int_equal(
	    site_trust_load(peer_path(&lab->peer, "roots.pem", roots), &lab->trust), 0);
	assert_int_equal(net_listen(&at, lab->port[PORT_SILENT], &lab->silent_fd), 0);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;
	struct test_certificate *all[] = { &lab->root, &lab->top, &lab->issuing, &lab->old,
		&lab->foreign, &lab->leaf, &lab->other, &lab->leaf_old, &lab->leaf_foreign,
		&lab->leaf_named };

	for (size_t i = 0; i < COUNT_OF(all); i++)
		test_certificate_fini(all[i]);
	site_trust_free(lab->trust);
	close_fd(lab->silent_fd);
	peer_fini(&lab->peer);
	free(lab);
	return 0;
}

static struct site_target
target_of(const struct lab *lab, enum port port, const char *path)
{
	struct site_target target = { .name = { .text = NAME },
		.address = peer_loopback(),
		.port = lab->port[port],
		.path = path,
		.trust = lab->trust,
		.timeout = STEP_TIMEOUT };
	X509 *leaf = port == PORT_EXPIRED_CA   ? lab->leaf_old.x509
	             : port == PORT_FOREIGN_CA ? lab->leaf_foreign.x509
	             : port == PORT_WRONG_NAME ? lab->leaf_named.x509
	                                       : lab->leaf.x509;

	if (port == PORT_SILENT)
		target.timeout = MILLIS(150);
	assert_int_equal(X509_digest(leaf, EVP_sha256(), target.leaf_sha256, NULL), 1);
	return target;
}

#define CAUSE(code) FINDING_SITE_##code
#define NONE        -1

/* clang-format off */
static const struct {
	const char *what;
	enum port port;
	const char *path;
	bool good;
	int cause;         /* the first of those that are not passed, -1 = none */
	const char *words; /* in its sentence */
} cases[] = {
	{ "all is well",           PORT_GOOD,       "/",          true,  NONE, NULL },
	{ "OWA's way to sign in",  PORT_GOOD,       "/owa/",      true,  NONE, NULL },
	{ "asks who we are",       PORT_GOOD,       "/auth",      true,  NONE, NULL },
	{ "forbidden",             PORT_GOOD,       "/forbidden", true,  NONE, NULL },
	{ "a large page",          PORT_GOOD,       "/large",     true,  NONE, NULL },
	{ "no such page",          PORT_GOOD,       "/absent",    false, CAUSE(HTTP), "answered with status 404" },
	{ "an error page",         PORT_GOOD,       "/broken",    false, CAUSE(HTTP), "answered with status 500" },
	{ "no answer",             PORT_GOOD,       "/close",     false, CAUSE(HTTP), "GET /close was answered with" },
	{ "a header without end",  PORT_GOOD,       "/headers",   false, CAUSE(HTTP), "GET /headers was answered with" },
	{ "sent to another host",  PORT_GOOD,       "/away",      true,  CAUSE(REDIRECT_HOST), "visitors to \"portal.fabrikam.com\"" },
	{ "sent out of TLS",       PORT_GOOD,       "/plain",     true,  CAUSE(REDIRECT_HOST), "visitors to \"http://owa.contoso.com\"" },
	{ "to come back elsewhere", PORT_GOOD,      "/back",      true,  CAUSE(REDIRECT_HOST), "visitors to \"old.contoso.com\"" },
	{ "another certificate",   PORT_OTHER,      "/",          false, CAUSE(OTHER_CERT), "a certificate for other.contoso.com" },
	{ "no chain",              PORT_CHAINLESS,  "/",          false, CAUSE(CHAIN), "issuer is missing: CN=Issuing CA" },
	{ "chain out of order",    PORT_DISORDER,   "/",          false, CAUSE(CHAIN), "not in order" },
	{ "root served",           PORT_ROOT,       "/",          true,  CAUSE(ROOT_SERVED), NULL },
	{ "an expired issuer",     PORT_EXPIRED_CA, "/",          false, CAUSE(CHAIN), "has expired: CN=Old CA" },
	{ "a root nobody trusts",  PORT_FOREIGN_CA, "/",          false, CAUSE(CHAIN), "not trusted: CN=Foreign Root" },
	{ "not our name in it",    PORT_WRONG_NAME, "/",          false, CAUSE(CHAIN), "does not hold the name owa.contoso.com" },
	{ "no TLS 1.3",            PORT_NO_13,      "/",          false, CAUSE(HANDSHAKE), "with TLS 1.3 failed" },
	{ "no TLS 1.2",            PORT_NO_12,      "/",          false, CAUSE(HANDSHAKE), "with TLS 1.2 failed" },
	{ "old versions accepted", PORT_OLD,        "/",          true,  CAUSE(OLD_TLS), "accepts TLS 1.1" },
	{ "no TLS at all",         PORT_PLAIN,      "/",          false, CAUSE(HANDSHAKE), NULL },
	{ "nobody listens",        PORT_DEAD,       "/",          false, CAUSE(CONNECT), "connection refused" },
	{ "silence",               PORT_SILENT,     "/",          false, CAUSE(HANDSHAKE), "no answer in time" },
};
/* clang-format on */

static void
show(const char *what, const struct site_report *report)
{
	CLEAN(buf_fini) struct buf json = BUF(1 << 16);

	if (site_report_json(report, &json) == 0)
		print_error("%s: %s\n", what, buf_text(&json));
	fail();
}

static const struct finding *
first_cause(const struct site_report *report)
{
	const struct finding *first = findings_first(&report->findings);

	return first && first->severity > SEVERITY_INFO ? first : NULL;
}

static void
every_case_gets_its_cause(void **state)
{
	struct site_report *report = alloc_zero(sizeof(*report));

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct site_target target = target_of(*state, cases[i].port, cases[i].path);
		CLEAN(buf_fini) struct buf words = BUF(8192);
		const struct finding *first;

		assert_int_equal(site_test(&target, report), 0);
		first = first_cause(report);
		if (first)
			finding_render(first, FINDING_WHAT, &words);
		if (report->good != cases[i].good ||
		    (first ? (int)first->code : -1) != cases[i].cause ||
		    (cases[i].words && !strstr(buf_text(&words), cases[i].words)))
			show(cases[i].what, report);
		assert_true(report->words[0] != '\0' && report->micros > 0);
	}
	free(report);
}

static bool
has_passed(const struct site_report *report, const char *check)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (report->findings.list[i].code == FINDING_SITE_PASSED &&
		    strcmp(finding_value(&report->findings.list[i], "check"), check) == 0)
			return true;
	return false;
}

/* policy.severities */
static void
the_provider_is_strict(void **state)
{
	struct severity_policy policy = { 0 };
	struct site_target target = target_of(*state, PORT_OLD, "/");
	struct site_report *report = alloc_zero(sizeof(*report));

	severity_set(&policy, FINDING_SITE_OLD_TLS, SEVERITY_HOLD);
	target.severities = &policy;
	assert_int_equal(site_test(&target, report), 0);
	assert_false(report->good);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_SITE_OLD_TLS);
	free(report);
}

static void
a_good_site_tells_all_that_passed(void **state)
{
	static const char *const checks[] = { "TLS 1.3", "TLS 1.2", "Certificate", "Chain",
		"No TLS 1.1", "No TLS 1.0", "HTTP" };
	struct site_target target = target_of(*state, PORT_GOOD, "/owa/");
	struct site_report *report = alloc_zero(sizeof(*report));
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	json_t *json;

	assert_int_equal(site_test(&target, report), 0);
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if (!has_passed(report, checks[i]))
			show(checks[i], report);
	assert_string_equal(report->words, "TLS 1.3 and 1.2, chain of 3, HTTP 302");
	assert_int_equal(report->findings.count, COUNT_OF(checks));
	assert_int_equal(site_report_json(report, &text), 0);
	json = json_loads(buf_text(&text), JSON_REJECT_DUPLICATES, NULL);
	assert_true(json_is_true(json_object_get(json, "good")));
	assert_int_equal(json_array_size(json_object_get(json, "checks")), COUNT_OF(checks));
	json_decref(json);
	free(report);
}

static void
serves_tells_leaf_from_leaf(void **state)
{
	const struct lab *lab = *state;
	struct site_target target = target_of(lab, PORT_GOOD, "/");
	unsigned char *der = NULL;
	int len = i2d_X509(lab->issuing.x509, &der);
	struct str issuing = str_bytes((const char *)der, (size_t)len);
	struct outcome what = { 0 };

	assert_int_equal(site_serves(&target, &what), 0);
	assert_int_equal(what.kind, OUTCOME_DONE);
	target = target_of(*state, PORT_CHAINLESS, "/");
	assert_int_equal(site_serves(&target, &what), 0);
	assert_int_equal(what.kind, OUTCOME_DONE);
	target.chain = issuing;
	assert_int_equal(site_serves(&target, &what), 0);
	assert_int_equal(what.kind, OUTCOME_LATER);
	assert_non_null(strstr(what.words, "without a certificate of its chain: CN=Issuing CA"));
	target = target_of(*state, PORT_DISORDER, "/"); /* it is there: order is for site_test() */
	target.chain = issuing;
	assert_int_equal(site_serves(&target, &what), 0);
	assert_int_equal(what.kind, OUTCOME_DONE);
	target.chain = STR("not a certificate");
	assert_int_equal(site_serves(&target, &what), 0);
	assert_int_equal(what.kind, OUTCOME_LATER);
	OPENSSL_free(der);
	target = target_of(*state, PORT_OTHER, "/");
	assert_int_equal(site_serves(&target, &what), 0);
	assert_int_equal(what.kind, OUTCOME_LATER);
	target = target_of(*state, PORT_DEAD, "/");
	assert_int_equal(site_serves(&target, &what), 0);
	assert_int_equal(what.kind, OUTCOME_LATER);
	assert_string_equal(what.words, "connection refused");
	target = target_of(*state, PORT_SILENT, "/");
	assert_int_equal(site_serves(&target, &what), 0);
	assert_string_equal(what.words, "no answer in time");
}

struct relay {
	int listener;
	uint16_t behind;
	bool is_mute; /* about TLS 1.0, which it refuses otherwise */
};

/* What comes from one goes to the other, until one of them closes. */
static void
pass_along(int near, int far)
{
	struct pollfd both[] = { { .fd = near, .events = POLLIN },
		{ .fd = far, .events = POLLIN } };

	while (poll(both, COUNT_OF(both), 5000) > 0)
		for (size_t i = 0; i < COUNT_OF(both); i++) {
			CLEAN(buf_fini) struct buf bytes = BUF(1 << 20);

			if (both[i].revents == 0)
				continue;
			if (net_read(both[i].fd, STEP_TIMEOUT, &bytes) ||
			    net_write(both[1 - i].fd, buf_str(&bytes), STEP_TIMEOUT))
				return;
		}
}

/* RFC 5246 section 7.4.1.2: the version offered stands at byte 9 of the first record. */
static void
answer_by_version(const struct relay *relay, int near)
{
	static const char chooses_tls11[] = "\x16\x03\x02\x00\x2a"
					    "\x02\x00\x00\x26\x03\x02"
					    "0123456789abcdef0123456789abcdef"
					    "\x00\x00\x2f\x00";
	CLEAN(buf_fini) struct buf hello = BUF(1 << 16);
	CLEAN(close_fd) int far = -1;
	struct addr at = peer_loopback();

	while (hello.len < 11)
		if (net_read(near, STEP_TIMEOUT, &hello))
			return;
	if (hello.data[10] == 2) {
		if (net_write(near, str_bytes(chooses_tls11, sizeof(chooses_tls11) - 1),
			STEP_TIMEOUT) == 0)
			while (net_read(near, STEP_TIMEOUT, &hello) == 0)
				;
	} else if (hello.data[10] == 3 &&
		   net_connect(&at, relay->behind, STEP_TIMEOUT, &far) == 0) {
		if (net_write(far, buf_str(&hello), STEP_TIMEOUT) == 0)
			pass_along(near, far);
	} else if (relay->is_mute) {
		while (net_read(near, STEP_TIMEOUT, &hello) == 0)
			;
	}
}

/* One connection for each step of a test: four versions and the request. */
static void *
relay_a_test(void *context)
{
	const struct relay *relay = context;

	for (int i = 0; i < 5 && net_wait(relay->listener, false, SECONDS(5)) == 0; i++) {
		CLEAN(close_fd) int near = accept(relay->listener, NULL, NULL);

		if (near >= 0)
			answer_by_version(relay, near);
	}
	return NULL;
}

static void
test_by_relay(struct site_target *target, bool is_mute, struct site_report *report)
{
	struct relay relay = { .listener = -1, .behind = target->port, .is_mute = is_mute };
	struct addr at = peer_loopback();
	pthread_t peer;

	target->port = peer_free_port();
	assert_int_equal(net_listen(&at, target->port, &relay.listener), 0);
	assert_int_equal(pthread_create(&peer, NULL, relay_a_test, &relay), 0);
	assert_int_equal(site_test(target, report), 0);
	assert_int_equal(pthread_join(peer, NULL), 0);
	close_fd(relay.listener);
}

/* A peer that chooses TLS 1.1 and has no secure renegotiation (RFC 5746): our library hangs up, and
 * still that version is accepted there. */
static void
a_version_chosen_is_accepted(void **state)
{
	struct site_target target = target_of(*state, PORT_GOOD, "/owa/");
	struct site_report *report = alloc_zero(sizeof(*report));
	const struct finding *first;

	test_by_relay(&target, false, report);
	first = first_cause(report);
	if (!first || first->code != FINDING_SITE_OLD_TLS || has_passed(report, "No TLS 1.1") ||
	    !has_passed(report, "No TLS 1.0") || !has_passed(report, "HTTP"))
		show("TLS 1.1 chosen", report);
	assert_string_equal(finding_value(first, "protocol"), "TLS 1.1");
	free(report);
}

/* A peer that says nothing has neither refused the old version nor accepted it. */
static void
silence_proves_nothing(void **state)
{
	struct site_target target = target_of(*state, PORT_GOOD, "/owa/");
	struct site_report *report = alloc_zero(sizeof(*report));
	const struct finding *untested = NULL;

	target.timeout = MILLIS(700);
	test_by_relay(&target, true, report);
	for (size_t i = 0; i < report->findings.count; i++)
		if (report->findings.list[i].code == FINDING_SITE_UNTESTED)
			untested = &report->findings.list[i];
	if (!untested || strcmp(finding_value(untested, "check"), "No TLS 1.0") != 0)
		show("silence", report);
	free(report);
}

struct one_of_many {
	struct site_target target;
	struct site_report report;
	bool good;
};

static void *
test_often(void *context)
{
	struct one_of_many *one = context;

	one->good = true;
	for (int i = 0; i < 5; i++)
		one->good =
		    one->good && site_test(&one->target, &one->report) == 0 && one->report.good;
	return NULL;
}

/* The trust is shared by the worker's threads. */
static void
many_at_once_get_in_nobodys_way(void **state)
{
	struct one_of_many *all = alloc_zero(4 * sizeof(*all));
	pthread_t thread[4];

	for (size_t i = 0; i < COUNT_OF(thread); i++) {
		all[i].target = target_of(*state, PORT_GOOD, "/owa/");
		all[i].target.timeout = SECONDS(10);
		assert_int_equal(pthread_create(&thread[i], NULL, test_often, &all[i]), 0);
	}
	for (size_t i = 0; i < COUNT_OF(thread); i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		if (!all[i].good)
			show("at once", &all[i].report);
	}
	free(all);
}

static void
trust_must_be_readable(void **state)
{
	struct lab *lab = *state;
	struct site_trust *trust = NULL;
	char path[PEER_PATH_SIZE];

	assert_true(site_trust_load("/nonexistent/roots.pem", &trust) < 0);
	peer_write(&lab->peer, "empty.pem", "%s", "no certificate\n");
	assert_true(site_trust_load(peer_path(&lab->peer, "empty.pem", path), &trust) < 0);
	assert_null(trust);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_gets_its_cause),
		cmocka_unit_test(the_provider_is_strict),
		cmocka_unit_test(a_good_site_tells_all_that_passed),
		cmocka_unit_test(serves_tells_leaf_from_leaf),
		cmocka_unit_test(silence_proves_nothing),
		cmocka_unit_test(a_version_chosen_is_accepted),
		cmocka_unit_test(many_at_once_get_in_nobodys_way),
		cmocka_unit_test(trust_must_be_readable),
	};

	if (!file_may_run(NGINX)) {
		print_message("skipped: nginx is not installed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
