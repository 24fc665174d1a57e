/* SPDX-License-Identifier: Apache-2.0 */
/* Against a real SMTP server (Python's aiosmtpd), and what it understood read back by Python's
 * email package. Skips without it. */
#include "mail/mail_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>
#include <sys/stat.h>

#include "check/peer_test_kit.h"
#include "pki/ca_test_kit.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define PYTHON "/usr/bin/python3"

#define TIMEOUT SECONDS(10)

struct lab {
	struct peer peer;
	struct config config;
	uint16_t port;
};

static void
start(struct lab *lab, const char *mode)
{
	char port[8], script[PEER_PATH_SIZE];

	snprintf(port, sizeof(port), "%u", lab->port);
	snprintf(script, sizeof(script), "%s", SMTP_PEER);
	peer_start(&lab->peer, PYTHON,
	    (const char *const[]){ script, lab->peer.folder, port, mode, NULL });
	peer_wait_port(&lab->peer, lab->port);
}

static int
set_up(void **state)
{
	struct lab *lab = alloc_zero(sizeof(*lab));

	peer_init(&lab->peer);
	lab->port = peer_free_port();
	snprintf(
	    lab->config.smtp_url, sizeof(lab->config.smtp_url), "smtp://127.0.0.1:%u", lab->port);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	peer_fini(&lab->peer);
	free(lab);
	return 0;
}

static struct mail_letter
letter(void)
{
	return (struct mail_letter){
		.from = "Example Hosting <certificates@provider.example>",
		.to = "J\xc3\xbcrgen M\xc3\xbcller <j.mueller@contoso.example>",
		.subject = "The certificate request for owa.contoso.com [#1042]",
		.message_id = "<0199-1@provider.example>",
		.in_reply_to = "",
		.body = "First line.\n.\n..two dots\nLast line.\n",
		.attachment_name = "",
		.attachment_type = "",
		.attachment = "",
		.date = SECONDS(1795518469),
	};
}

static void
expect(
    const struct lab *lab, const struct mail_letter *l, enum outcome_kind kind, const char *words)
{
	struct outcome what = { 0 };

	assert_int_equal(mail_send_within(&lab->config, l, TIMEOUT, &what), 0);
	if (what.kind != kind || !strstr(what.words, words))
		fail_msg("%s: %s", outcome_name(what.kind), what.words);
}

static json_t *
received(const struct lab *lab)
{
	char path[PEER_PATH_SIZE];
	json_t *mail = json_load_file(peer_path(&lab->peer, "mail.json", path), 0, NULL);

	assert_non_null(mail);
	assert_int_equal(json_array_size(json_object_get(mail, "defects")), 0);
	assert_int_equal(json_integer_value(json_object_get(mail, "bare_newlines")), 0);
	assert_true(json_integer_value(json_object_get(mail, "longest_line")) <= 998);
	return mail;
}

static size_t
count_headers(json_t *mail, const char *name, const char **ret_value)
{
	json_t *pair;
	size_t i, count = 0;

	json_array_foreach(json_object_get(mail, "headers"), i,
	    pair) if (str_eq_nocase(str_of(json_string_value(json_array_get(pair, 0))),
			  str_of(name)))
	{
		*ret_value = json_string_value(json_array_get(pair, 1));
		count++;
	}
	return count;
}

static void
expect_header(json_t *mail, const char *name, const char *value)
{
	const char *found = "";

	assert_int_equal(count_headers(mail, name, &found), 1);
	assert_string_equal(found, value);
}

static const char *
text_at(json_t *mail, const char *key)
{
	return json_string_value(json_object_get(mail, key));
}

static void
a_letter_arrives_as_written(void **state)
{
	struct lab *lab = *state;
	struct mail_letter l = letter();
	const char *none;
	json_t *mail;

	start(lab, "accept");
	expect(lab, &l, OUTCOME_DONE, "250 2.0.0 Queued as 4711");
	mail = received(lab);
	assert_string_equal(text_at(mail, "from"), "certificates@provider.example");
	assert_int_equal(json_array_size(json_object_get(mail, "to")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(mail, "to"), 0)),
	    "j.mueller@contoso.example");
	expect_header(mail, "From", "Example Hosting <certificates@provider.example>");
	expect_header(mail, "To", "J\xc3\xbcrgen M\xc3\xbcller <j.mueller@contoso.example>");
	expect_header(mail, "Subject", l.subject);
	expect_header(mail, "Message-ID", l.message_id);
	expect_header(mail, "Date", "Tue, 24 Nov 2026 11:07:49 +0000");
	expect_header(mail, "Auto-Submitted", "auto-generated");
	expect_header(mail, "X-Auto-Response-Suppress", "All");
	assert_int_equal(count_headers(mail, "In-Reply-To", &none), 0);
	assert_string_equal(text_at(mail, "text"), l.body);
	assert_string_equal(text_at(mail, "text_type"), "text/plain");
	assert_string_equal(text_at(mail, "text_encoding"), "7bit");
	json_decref(mail);
}

static void
umlauts_and_attachment_survive(void **state)
{
	struct lab *lab = *state;
	struct mail_letter l = letter();
	json_t *mail, *part;
	CLEAN(buf_fini) struct buf body = BUF(10000);

	for (int i = 0; i < 100; i++)
		buf_put_text(&body, "Gr\xc3\xbc\xc3\x9f"
				    "e aus M\xc3\xbcnchen = sch\xc3\xb6n ");
	buf_put_text(&body, "\n");
	l.body = buf_text(&body);
	l.subject = "Bitte pr\xc3\xbc"
		    "fen Sie den sehr langen Betreff, der \xc3\xbc"
		    "ber mehr als eine Zeile geht, f\xc3\xbcr uns alle [#1042]";
	l.in_reply_to = "<0199-0@provider.example>";
	l.attachment =
	    "-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n-----END CERTIFICATE REQUEST-----\n";
	l.attachment_name = "owa.contoso.com.csr";
	l.attachment_type = "application/pkcs10";
	start(lab, "accept");
	expect(lab, &l, OUTCOME_DONE, "250");
	mail = received(lab);
	expect_header(mail, "Subject", l.subject);
	expect_header(mail, "In-Reply-To", l.in_reply_to);
	expect_header(mail, "References", l.in_reply_to);
	assert_string_equal(text_at(mail, "text"), l.body);
	assert_string_equal(text_at(mail, "text_encoding"), "quoted-printable");
	assert_int_equal(json_array_size(json_object_get(mail, "attachments")), 1);
	part = json_array_get(json_object_get(mail, "attachments"), 0);
	assert_string_equal(text_at(part, "name"), l.attachment_name);
	assert_string_equal(text_at(part, "type"), l.attachment_type);
	assert_string_equal(text_at(part, "content"), l.attachment);
	json_decref(mail);
}

static void
refusals_are_told_apart(void **state)
{
	static const struct {
		const char *mode;
		enum outcome_kind kind;
		const char *words;
	} cases[] = {
		{ "450", OUTCOME_LATER, "450 4.2.0 Greylisted, try again in five minutes" },
		{ "550", OUTCOME_REFUSED, "550 5.1.1 No such mailbox here" },
		{ "451", OUTCOME_LATER, "451 4.3.0 Disk is full" },
		{ "552", OUTCOME_REFUSED, "552 5.3.4 Message too big" },
	};
	struct lab *lab = *state;
	struct mail_letter l = letter();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		start(lab, cases[i].mode);
		expect(lab, &l, cases[i].kind, cases[i].words);
		peer_stop(&lab->peer);
	}
}

static void
a_dead_port_is_later(void **state)
{
	struct lab *lab = *state;
	struct mail_letter l = letter();

	expect(lab, &l, OUTCOME_LATER, "127.0.0.1");
}

static void
silence_is_later(void **state)
{
	struct lab *lab = *state;
	struct mail_letter l = letter();
	struct addr at = peer_loopback();
	struct outcome what = { 0 };
	CLEAN(close_fd) int fd = -1;

	assert_int_equal(net_listen(&at, lab->port, &fd), 0);
	assert_int_equal(mail_send_within(&lab->config, &l, MILLIS(200), &what), 0);
	assert_int_equal(what.kind, OUTCOME_LATER);
	assert_string_not_equal(what.words, "");
}

static void
tls_that_is_not_offered_is_for_a_human(void **state)
{
	struct lab *lab = *state;
	struct mail_letter l = letter();
	char path[PEER_PATH_SIZE];

	lab->config.smtp_starttls = true;
	start(lab, "accept");
	expect(lab, &l, OUTCOME_HUMAN, "STARTTLS");
	assert_false(file_may_run(peer_path(&lab->peer, "mail.json", path)));
	assert_null(json_load_file(path, 0, NULL));
}

static void
write_tls(struct lab *lab, struct test_certificate *root)
{
	when now = world_now(world_real());
	struct test_spec ca = {
		.name = "Mail Root", .ca = true, .from = now - DAYS(1), .until = now + DAYS(9)
	};
	struct test_spec leaf = { .name = "mail",
		.alternatives = "IP:127.0.0.1",
		.from = now - DAYS(1),
		.until = now + DAYS(9) };
	struct test_certificate made;
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);

	*root = test_issue(&ca, NULL);
	made = test_issue(&leaf, root);
	test_put_pem(&pem, made.x509);
	test_put_key_pem(&pem, made.key, NULL);
	peer_write(&lab->peer, "tls.pem", "%s", buf_text(&pem));
	buf_clear(&pem);
	test_put_pem(&pem, root->x509);
	peer_write(&lab->peer, "root.pem", "%s", buf_text(&pem));
	test_certificate_fini(&made);
}

static void
tls_is_verified(void **state)
{
	struct lab *lab = *state;
	struct mail_letter l = letter();
	struct test_certificate root;
	json_t *mail;

	write_tls(lab, &root);
	lab->config.smtp_starttls = true;
	start(lab, "tls");
	expect(lab, &l, OUTCOME_HUMAN, "certificate"); /* a root the system does not know */
	peer_path(&lab->peer, "root.pem", lab->config.smtp_ca_file);
	expect(lab, &l, OUTCOME_DONE, "250");
	mail = received(lab);
	assert_true(json_is_true(json_object_get(mail, "tls")));
	json_decref(mail);
	test_certificate_fini(&root);
}

static void
nothing_can_be_injected(void **state)
{
	static const char evil[] = "x@y.example\r\nBcc: all@contoso.example";
	struct lab *lab = *state;
	struct mail_letter l;

	start(lab, "accept");
	for (int i = 0; i < 8; i++) {
		char path[PEER_PATH_SIZE];

		l = letter();
		l.attachment = "x";
		l.attachment_name = "x.csr";
		l.attachment_type = "application/pkcs10";
		*(const char **[]){ &l.from, &l.to, &l.subject, &l.message_id, &l.in_reply_to,
			&l.attachment_name, &l.attachment_type, &l.body }[i] =
		    i == 7 ? "not UTF-8: \xff" : evil;
		expect(lab, &l, OUTCOME_REFUSED, "holds what cannot be in a mail");
		assert_null(json_load_file(peer_path(&lab->peer, "mail.json", path), 0, NULL));
	}
}

static void
a_password_file_must_be_private(void **state)
{
	struct lab *lab = *state;
	struct mail_letter l = letter();

	snprintf(lab->config.smtp_user, sizeof(lab->config.smtp_user), "certdesk");
	peer_write(&lab->peer, "password", "%s", "secret\n"); /* mode 0644 */
	peer_path(&lab->peer, "password", lab->config.smtp_password_file);
	expect(lab, &l, OUTCOME_HUMAN, "password");
}

static void
write_password(const struct lab *lab, const char *password)
{
	char path[PEER_PATH_SIZE];

	peer_write(&lab->peer, "password", "%s", password);
	assert_int_equal(chmod(peer_path(&lab->peer, "password", path), 0600), 0);
}

static void
we_say_who_we_are_behind_tls(void **state)
{
	struct lab *lab = *state;
	struct mail_letter l = letter();
	struct test_certificate root;
	json_t *mail;

	write_tls(lab, &root);
	lab->config.smtp_starttls = true;
	peer_path(&lab->peer, "root.pem", lab->config.smtp_ca_file);
	start(lab, "auth");
	snprintf(lab->config.smtp_user, sizeof(lab->config.smtp_user), "certdesk");
	peer_path(&lab->peer, "password", lab->config.smtp_password_file);
	write_password(lab, "another\n");
	expect(lab, &l, OUTCOME_HUMAN, "535");
	write_password(lab, "secret\n");
	expect(lab, &l, OUTCOME_DONE, "250 2.0.0 Queued as 4711");
	mail = received(lab);
	assert_true(json_is_true(json_object_get(mail, "tls")));
	json_decref(mail);
	test_certificate_fini(&root);
}

static bool
has_server(void)
{
	struct peer peer;
	CLEAN(buf_fini) struct buf out = BUF(1 << 16);
	bool there;

	if (!file_may_run(PYTHON))
		return false;
	peer_init(&peer);
	there =
	    peer_run(&peer, PYTHON, (const char *const[]){ "-c", "import aiosmtpd", NULL }, &out);
	peer_fini(&peer);
	return there;
}

#define WITH_LAB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LAB(a_letter_arrives_as_written),
		WITH_LAB(umlauts_and_attachment_survive),
		WITH_LAB(refusals_are_told_apart),
		WITH_LAB(a_dead_port_is_later),
		WITH_LAB(silence_is_later),
		WITH_LAB(tls_that_is_not_offered_is_for_a_human),
		WITH_LAB(tls_is_verified),
		WITH_LAB(nothing_can_be_injected),
		WITH_LAB(a_password_file_must_be_private),
		WITH_LAB(we_say_who_we_are_behind_tls),
	};

	if (!has_server()) {
		print_message("skipped: python3 with aiosmtpd is not installed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
