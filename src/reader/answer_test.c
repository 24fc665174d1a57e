/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever happens to the child, the desk gets an answer, and the next question is answered as
 * well. */
#include "reader/answer.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "ipc/key_take.h"
#include "ipc/read_delivery.h"
#include "pki/certificate.h"
#include "pki/ca_test_kit.h"
#include "reader/offer.h"
#include "sys/net.h"
#include "sys/sandbox.h"

#define NOW ((when)1780272000 * 1000000)

static struct reader reader;
static struct test_certificate root, leaf;

static int
set_up(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	size_t refused;
	bool legacy;

	root = test_issue(
	    &(struct test_spec){
		.name = "Root", .ca = true, .from = NOW - DAYS(9), .until = NOW + DAYS(900) },
	    NULL);
	leaf = test_issue(&(struct test_spec){ .name = "owa.contoso.com",
			      .alternatives = "DNS:owa.contoso.com",
			      .purposes = "serverAuth",
			      .from = NOW - DAYS(1),
			      .until = NOW + DAYS(190) },
	    &root);
	test_put_pem(&pem, root.x509);
	reader.trust.roots = shelf_new();
	if (shelf_add_pem(reader.trust.roots, buf_str(&pem), &refused) != 1 ||
	    delivery_tools_new(&reader.tools, &legacy))
		return 1;
	answer_warm_up(&reader);
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&root);
	test_certificate_fini(&leaf);
	trust_fini(&reader.trust);
	delivery_tools_free(reader.tools);
	return 0;
}

static void
put_question(struct buf *to)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	struct delivery_question *question = calloc(1, sizeof(*question));
	uint8_t again[32];

	test_put_pem(&pem, leaf.x509);
	question->file_count = 1;
	str_copy(STR("owa.crt"), question->files[0].name, READ_FILE_NAME_SIZE);
	question->files[0].bytes = buf_str(&pem);
	str_copy(STR("owa.contoso.com"), question->host, sizeof(question->host));
	question->has_key = true;
	assert_int_equal(key_fingerprint(leaf.key, question->spki_sha256, again), 0);
	question->now = NOW;
	read_question_put(question, to);
	free(question);
}

static int
crash(const void *about UNUSED, struct buf *answer UNUSED)
{
	(void)signal(SIGSEGV, SIG_DFL); /* the test harness has a handler of its own */
	return raise(SIGSEGV);
}

static int
hang(const void *about UNUSED, struct buf *answer UNUSED)
{
	while (pause() < 0)
		continue;
	return 0;
}

static int
lie(const void *about UNUSED, struct buf *answer)
{
	buf_put_text(answer, "accepted, trust me");
	return 0;
}

static int
say_nothing(const void *about UNUSED, struct buf *answer UNUSED)
{
	return 0;
}

static void
when_it_goes_wrong(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *name; int (*work)(const void *, struct buf *); enum finding_code code; } cases[] = {
		{ "crash",   crash,       FINDING_CERT_READER_FAILED },
		{ "hang",    hang,        FINDING_CERT_LIMIT },
		{ "lie",     lie,         FINDING_CERT_READER_FAILED },
		{ "silence", say_nothing, FINDING_CERT_READER_FAILED },
	};
	/* clang-format on */
	struct room room = { .time = MILLIS(500), .cpu_seconds = 5, .memory = (size_t)1 << 30 };
	CLEAN(buf_fini) struct buf question = BUF_SECRET(1 << 16);
	struct read_report *report = calloc(1, sizeof(*report));

	read_report_init(report);
	put_question(&question);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf answer = BUF(1 << 20);

		print_message("%s\n", cases[i].name);
		assert_int_equal(
		    answer_in_room(&reader, buf_str(&question), &room, cases[i].work, &answer), 0);
		assert_int_equal(read_report_get(buf_str(&answer), report), 0);
		assert_false(report->accepted);
		assert_int_equal(findings_first(&report->findings)->code, cases[i].code);
		assert_string_equal(
		    finding_value(findings_first(&report->findings), "file"), "owa.crt");
	}
	read_report_fini(report);
	free(report);
}

static void
the_usual(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf question = BUF_SECRET(1 << 16);
	CLEAN(buf_fini) struct buf answer = BUF(1 << 20);
	CLEAN(buf_fini) struct buf status = BUF(1 << 10);
	struct read_report *report = calloc(1, sizeof(*report));

	read_report_init(report);
	put_question(&question);
	assert_int_equal(answer_question(&reader, buf_str(&question), &answer), 0);
	assert_int_equal(read_report_get(buf_str(&answer), report), 0);
	assert_true(report->accepted);
	assert_string_equal(report->certificate.names, "owa.contoso.com");
	assert_true(answer_question(&reader, STR("no question"), &answer) < 0);
	answer_report(&reader, NOW, &status);
	assert_true(str_starts(buf_str(&status), STR("roots=1\n")));
	assert_true(str_ends(buf_str(&status), STR("ct_logs=none\n")));
	/* private roots: what is asked of public authorities weighs nothing (docs/decisions/0008) */
	for (size_t i = 0; i < report->findings.count; i++)
		assert_int_equal(report->findings.list[i].severity, SEVERITY_INFO);
	read_report_fini(report);
	free(report);
}

/* An old export: RC2-40 and 3DES, as Windows made them. Nothing where the legacy provider is not
 * installed. */
static void
put_old_pfx(struct buf *to)
{
	OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *standard = OSSL_PROVIDER_load(library, "default");
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(library, "legacy");
	PKCS12 *pfx = legacy ? PKCS12_create_ex("geheim", "x", leaf.key, leaf.x509, NULL,
				   NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
				   NID_pbe_WithSHA1And40BitRC2_CBC, 2048, 2048, 0, library, NULL)
	                     : NULL;
	unsigned char *der = NULL;
	int len = pfx ? i2d_PKCS12(pfx, &der) : 0;

	buf_put(to, der, len > 0 ? (size_t)len : 0);
	OPENSSL_free(der);
	PKCS12_free(pfx);
	if (legacy)
		OSSL_PROVIDER_unload(legacy);
	OSSL_PROVIDER_unload(standard);
	OSSL_LIB_CTX_free(library);
}

/* Twice the same; the first name is the one that is told. */
static void
put_archive(struct buf *to, bool seven)
{
	static const char *const names[] = { "x/f\xc3\xbcr.crt", "owa.crt" };
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	struct archive *archive = archive_write_new();
	size_t used = 0;

	test_put_pem(&pem, leaf.x509);
	assert_int_equal(
	    seven ? archive_write_set_format_7zip(archive) : archive_write_set_format_zip(archive),
	    ARCHIVE_OK);
	if (!seven)
		archive_write_set_options(archive, "zip:hdrcharset=UTF-8");
	archive_write_set_bytes_in_last_block(archive, 1);
	assert_int_equal(
	    archive_write_open_memory(archive, buf_room(to, 60000), 60000, &used), ARCHIVE_OK);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname_utf8(entry, names[i]);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, (la_int64_t)pem.len);
		assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
		assert_int_equal(archive_write_data(archive, pem.data, pem.len), pem.len);
		archive_entry_free(entry);
	}
	archive_write_close(archive);
	archive_write_free(archive);
	buf_added(to, used);
}

static void
put_zip(struct buf *to)
{
	put_archive(to, false);
}

static void
put_seven(struct buf *to)
{
	put_archive(to, true);
}

/* Names in charsets that the C library keeps in files. */
static void
put_mail(struct buf *to)
{
	CLEAN(buf_fini) struct buf zip = BUF(1 << 16);

	put_archive(&zip, false);
	buf_put_text(to,
	    "From: =?koi8-r?B?68nN?= <kim@contoso.com>\nSubject: =?iso-2022-jp?B?GyRCRnwbKEI=?=\n"
	    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
	    "Content-Type: text/plain; charset=shift_jis\n\nHello\n--b\n"
	    "Content-Type: application/zip; name*=windows-1251''%ea.zip\n"
	    "Content-Transfer-Encoding: base64\n\n");
	buf_put_base64(to, zip.data, zip.len);
	buf_put_text(to, "\n--b--\n");
}

/* By a child, so that nothing is loaded here by making it. */
static void
make_aside(void (*put)(struct buf *to), struct buf *to)
{
	int fd[2];
	pid_t child;
	ssize_t got;

	assert_int_equal(pipe(fd), 0);
	child = fork();
	if (child == 0) {
		(void)uselocale(newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0));
		put(to);
		_exit(write(fd[1], to->data, to->len) == (ssize_t)to->len ? 0 : 1);
	}
	close(fd[1]);
	while ((got = read(fd[0], buf_room(to, 4096), 4096)) > 0)
		buf_added(to, (size_t)got);
	close(fd[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static int
behind_the_door(const void *about, struct buf *answer)
{
	static const struct sandbox_profile profile = { .calls = SANDBOX_FORK | SANDBOX_PASS_FD };
	CLEAN(buf_fini) struct buf report = BUF(4096);
	const struct buf *question = about;

	if (sandbox_enter(&profile, &report))
		return -1;
	return answer_question(&reader, buf_str(question), answer);
}

static void
ask_behind_the_door(const struct room *room, const struct buf *file, struct read_report *report)
{
	CLEAN(buf_fini) struct buf question = BUF_SECRET(1 << 16);
	CLEAN(buf_fini) struct buf answer = BUF(1 << 20);
	struct delivery_question *asked = calloc(1, sizeof(*asked));

	asked->file_count = 1;
	asked->files[0].bytes = buf_str(file);
	asked->has_password = true;
	asked->password = STR("geheim");
	asked->has_key = true;
	asked->now = NOW;
	read_question_put(asked, &question);
	assert_int_equal(room_run(room, behind_the_door, &question, &answer), 0);
	assert_int_equal(read_report_get(buf_str(&answer), report), 0);
	free(asked);
}

/* Everything that the libraries load when first used must be there before the sandbox closes, or
 * do without. */
static void
in_the_sandbox(void **state UNUSED)
{
	/* clang-format off */
	static const struct { void (*put)(struct buf *to); const char *container, *name_end; uint32_t keys; enum finding_code first; } cases[] = {
		{ put_old_pfx, "PKCS#12",                   "the delivery", 1, FINDING_CERT_FOREIGN_KEY },
		{ put_zip,     "ZIP and PEM text",          "f\xc3\xbcr.crt", 0, FINDING_CERT_KEY_UNKNOWN },
		{ put_seven,   "7z and PEM text",           "f\xc3\xbcr.crt", 0, FINDING_CERT_KEY_UNKNOWN },
		{ put_mail,    "mail and ZIP and PEM text", ".zip: f\xc3\xbcr.crt", 0, FINDING_CERT_KEY_UNKNOWN },
	};
	/* clang-format on */
	static const struct room room = {
		.time = SECONDS(20), .cpu_seconds = 10, .memory = (size_t)1 << 30
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf file = BUF(1 << 16);
		struct read_report *report = calloc(1, sizeof(*report));

		print_message("%s\n", cases[i].container);
		read_report_init(report);
		make_aside(cases[i].put, &file);
		if (file.len > 0) {
			ask_behind_the_door(&room, &file, report);
			assert_true(report->has_leaf);
			assert_string_equal(report->container, cases[i].container);
			assert_int_equal(report->keys_readable, cases[i].keys);
			assert_int_equal(findings_first(&report->findings)->code, cases[i].first);
			assert_true(str_ends(
			    str_of(finding_value(findings_first(&report->findings), "file")),
			    str_of(cases[i].name_end)));
		} else {
			print_message("passed over: no legacy provider here\n");
		}
		read_report_fini(report);
		free(report);
	}
}

/* ---- a key that was not made here ---- */

static const struct room small_room = {
	.time = SECONDS(20), .cpu_seconds = 10, .memory = (size_t)1 << 30
};

struct peer { /* a keeper that says what the test wants */
	struct channel *end;
	int result;
	unsigned asked;
	struct key_take last;
};

static void *
keep_keys(void *arg)
{
	struct peer *peer = arg;
	int r = 0;

	while (r == 0 || r == CHANNEL_E_TIMEOUT) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };
		CLEAN(buf_fini) struct buf answer = BUF(1024);

		r = channel_receive(peer->end, SECONDS(1), &frame);
		if (r)
			continue;
		peer->asked++;
		if (!key_take_get(buf_str(&frame.payload), &peer->last))
			return NULL;
		key_taken_put(&answer, peer->result, peer->result ? STR("") : STR("wrapped"));
		r = channel_answer(peer->end, &frame, &answer);
	}
	return peer;
}

static void
ask_for_the_key(struct buf *to, enum read_wish_kind wish)
{
	CLEAN(buf_fini) struct buf pem = BUF_SECRET(1 << 16);
	struct delivery_question *question = calloc(1, sizeof(*question));

	test_put_pem(&pem, leaf.x509);
	test_put_key_pem(&pem, leaf.key, NULL);
	question->file_count = 1;
	str_copy(STR("owa.pem"), question->files[0].name, READ_FILE_NAME_SIZE);
	question->files[0].bytes = buf_str(&pem);
	str_copy(STR("owa.contoso.com"), question->host, sizeof(question->host));
	question->has_key = true;
	question->now = NOW;
	question->wish = (struct read_wish){
		.kind = wish, .key = { { 1 } }, .customer = { { 2 } }, .site = { { 3 } }
	};
	read_question_put(question, to);
	free(question);
}

static void
expect(struct buf *answer, bool accepted, enum finding_code code)
{
	struct read_report *report = calloc(1, sizeof(*report));
	CLEAN(buf_fini) struct buf words = BUF(8192);

	read_report_init(report);
	assert_int_equal(read_report_get(buf_str(answer), report), 0);
	assert_int_equal(findings_first(&report->findings)->code, code);
	assert_int_equal(report->accepted, accepted);
	assert_int_equal(report->taken.is_taken, accepted);
	assert_true(str_eq(buf_str(&report->taken.wrapped), accepted ? STR("wrapped") : STR("")));
	if (accepted)
		assert_int_equal(report->taken.kind, KEY_P256);
	finding_param(&report->findings.list[0], "author", "Eva Lindt"); /* the desk's */
	finding_render(&report->findings.list[0], FINDING_WHAT, &words);
	assert_int_equal(str_find(buf_str(&words), STR("{")), words.len);
	read_report_fini(report);
	free(report);
}

static void
the_scalar(uint8_t ret[static 32])
{
	BIGNUM *number = NULL;

	assert_true(EVP_PKEY_get_bn_param(leaf.key, "priv", &number));
	assert_int_equal(BN_bn2binpad(number, ret, 32), 32);
	BN_free(number);
}

static void
a_key_goes_to_the_keeper(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *name; int result; bool accepted; enum finding_code code; } cases[] = {
		{ "taken",        0,                  true,  FINDING_CERT_FOREIGN_KEY_TAKEN },
		{ "weak",         KEY_TAKE_E_WEAK,    false, FINDING_CERT_FOREIGN_KEY_WEAK },
		{ "another's",    KEY_TAKE_E_BROKEN,  false, FINDING_CERT_FOREIGN_KEY_UNFIT },
		{ "too often",    KEY_TAKE_E_LATER,   false, FINDING_CERT_READER_FAILED },
		{ "not allowed",  KEY_TAKE_E_REFUSED, false, FINDING_CERT_READER_FAILED },
	};
	/* clang-format on */
	struct peer peer = { 0 };
	pthread_t thread;
	uint8_t scalar[32], again[32], spki[32];
	int pair[2];

	assert_int_equal(net_pair(pair), 0);
	reader.keeper = channel_new(pair[0], ROLE_READER, ROLE_KEEPER);
	peer.end = channel_new(pair[1], ROLE_KEEPER, ROLE_READER);
	assert_int_equal(pthread_create(&thread, NULL, keep_keys, &peer), 0);
	the_scalar(scalar);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf question = BUF_SECRET(1 << 16);
		CLEAN(buf_fini) struct buf answer = BUF(1 << 20);

		print_message("%s\n", cases[i].name);
		peer.result = cases[i].result;
		ask_for_the_key(&question, READ_TAKE);
		assert_int_equal(answer_question(&reader, buf_str(&question), &answer), 0);
		expect(&answer, cases[i].accepted, cases[i].code);
		assert_null(memmem(answer.data, answer.len, scalar, 16)); /* the desk gets none */
	}
	assert_int_equal(peer.asked, COUNT_OF(cases));
	assert_memory_equal(peer.last.numbers.number[0], scalar, 32);
	assert_int_equal(key_fingerprint(leaf.key, spki, again), 0);
	assert_memory_equal(peer.last.spki_sha256, spki, 32);
	assert_int_equal(
	    peer.last.key.b[0] * 100 + peer.last.customer.b[0] * 10 + peer.last.site.b[0], 123);
	reader.keeper = channel_free(reader.keeper);
	pthread_join(thread, NULL);
	channel_free(peer.end);
}

/* The policy is off: whatever the desk wishes, the key is refused where it is found. */
static void
no_keeper_no_key(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf question = BUF_SECRET(1 << 16);
	CLEAN(buf_fini) struct buf answer = BUF(1 << 20);

	ask_for_the_key(&question, READ_TAKE);
	assert_int_equal(answer_question(&reader, buf_str(&question), &answer), 0);
	expect(&answer, false, FINDING_CERT_FOREIGN_KEY);
}

/* policy.severities refuses every taken key: then none is taken, whatever the other policy says. */
static void
a_policy_that_refuses_them(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf question = BUF_SECRET(1 << 16);
	CLEAN(buf_fini) struct buf answer = BUF(1 << 20);
	int pair[2];

	assert_int_equal(net_pair(pair), 0);
	reader.keeper = channel_new(pair[0], ROLE_READER, ROLE_KEEPER);
	severity_set(&reader.severities, FINDING_CERT_FOREIGN_KEY_TAKEN, SEVERITY_REJECT);
	ask_for_the_key(&question, READ_TAKE);
	assert_int_equal(answer_question(&reader, buf_str(&question), &answer), 0);
	expect(&answer, false, FINDING_CERT_FOREIGN_KEY);
	assert_int_equal(net_wait(pair[1], false, 0), NET_E_TIMEOUT);
	reader.severities = (struct severity_policy){ 0 };
	reader.keeper = channel_free(reader.keeper);
	close(pair[1]);
}

static void
put_a_report(struct buf *to, bool accepted, bool taken, bool offers, bool asks)
{
	struct read_report *report = calloc(1, sizeof(*report));
	struct key_offer offer = { .is_made = offers, .numbers.kind = KEY_P256 };

	read_report_init(report);
	report->has_leaf = true;
	report->accepted = accepted;
	buf_put_text(&report->leaf, "leaf");
	if (!accepted || taken)
		findings_add(&report->findings,
		    taken ? FINDING_CERT_FOREIGN_KEY_TAKEN : FINDING_CERT_EXPIRED, "");
	report->taken.is_taken = taken;
	if (asks)
		report->lookup[report->lookup_count++] =
		    (struct read_lookup){ .kind = REVOCATION_CRL, .url = "http://c.example/1.crl" };
	buf_put_text(&report->taken.wrapped, taken ? "mine" : "");
	offer_put(report, &offer, to);
	read_report_fini(report);
	free(report);
}

static int
lie_taken(const void *about UNUSED, struct buf *answer)
{
	put_a_report(answer, true, true, false, false);
	return 0;
}

static int
lie_unasked(const void *about UNUSED, struct buf *answer)
{
	put_a_report(answer, true, false, true, false);
	return 0;
}

static int
lie_refused(const void *about UNUSED, struct buf *answer)
{
	put_a_report(answer, false, false, true, false);
	return 0;
}

static int
lie_waiting(const void *about UNUSED, struct buf *answer)
{
	put_a_report(answer, true, false, true, true);
	return 0;
}

/* A captured child: what it may not say is answered as a crash, and the keeper hears nothing. */
static void
children_that_lie(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *name; int (*work)(const void *, struct buf *); enum read_wish_kind wish; } cases[] = {
		{ "it took the key itself",     lie_taken,   READ_TAKE },
		{ "a key nobody asked for",     lie_unasked, READ_MAY_TAKE },
		{ "a key of a refused one",     lie_refused, READ_TAKE },
		{ "a key that waits",           lie_waiting, READ_TAKE },
	};
	/* clang-format on */
	int pair[2];

	assert_int_equal(net_pair(pair), 0);
	reader.keeper = channel_new(pair[0], ROLE_READER, ROLE_KEEPER);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf question = BUF_SECRET(1 << 16);
		CLEAN(buf_fini) struct buf answer = BUF(1 << 20);

		print_message("%s\n", cases[i].name);
		ask_for_the_key(&question, cases[i].wish);
		assert_int_equal(answer_in_room(&reader, buf_str(&question), &small_room,
				     cases[i].work, &answer),
		    0);
		expect(&answer, false, FINDING_CERT_READER_FAILED);
		assert_int_equal(net_wait(pair[1], false, 0), NET_E_TIMEOUT);
	}
	reader.keeper = channel_free(reader.keeper);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_it_goes_wrong),
		cmocka_unit_test(the_usual),
		cmocka_unit_test(in_the_sandbox),
		cmocka_unit_test(a_key_goes_to_the_keeper),
		cmocka_unit_test(no_keeper_no_key),
		cmocka_unit_test(a_policy_that_refuses_them),
		cmocka_unit_test(children_that_lie),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
