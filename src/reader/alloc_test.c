/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No memory, at every place where some is asked for: the reader's child answers as it always does,
 * or its parent answers in its place. Never is something accepted that would be refused, and never
 * is a customer told something of his file that is not so.
 *
 * malloc and its kin are this program's own, so those of all libraries too; they count in the room's
 * child alone. CERTDESK_EVERY_ALLOCATION=1 leaves no place out (minutes).
 */
#include "reader/answer.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/pkcs12.h>

#include "delivery/judge_test_kit.h"
#include "ipc/read_delivery.h"
#include "sys/file.h"
#include "sys/log.h"

#define EACH_UP_TO 300 /* of the first all, of those behind some in equal steps; */
#define STEPS      150
#define FEW        6 /* a part of them where all behind the first are refused too */
#define FILE_MAX   (1u << 17)
#define STACK_MAX  24

/* ---- memory that can be refused ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* What the child leaves for its parent. */
struct trace {
	size_t asked; /* allocations it asked for */
	int signal;   /* it died of; 0 = none */
	int failed_depth, died_depth;
	void *failed[STACK_MAX], *died[STACK_MAX];
};

static struct trace *trace;
static size_t fail_at; /* 0 = none */
static bool and_after; /* those behind it too */
static bool is_counting;

static bool
is_refused(void)
{
	if (!is_counting)
		return false;
	trace->asked++;
	if (trace->asked == fail_at) {
		is_counting = false;
		trace->failed_depth = backtrace(trace->failed, STACK_MAX);
		is_counting = true;
	}
	if (fail_at == 0 || trace->asked < fail_at || (trace->asked > fail_at && !and_after))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return is_refused() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return is_refused() ? NULL : __libc_realloc(old, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return is_refused() ? NULL : __libc_memalign(alignment, size);
}

int
posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *got = aligned_alloc(alignment, size);

	if (!got)
		return ENOMEM;
	*ret = got;
	return 0;
}

static void
on_death(int signal_number)
{
	is_counting = false;
	trace->signal = signal_number;
	trace->died_depth = backtrace(trace->died, STACK_MAX);
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

static void
begin_counting(void)
{
	static const int deaths[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; i < COUNT_OF(deaths); i++)
		(void)signal(deaths[i], on_death);
	(void)dup2(nowhere, 2); /* "out of memory", some thousand times */
	*trace = (struct trace){ 0 };
	is_counting = true;
}

/* ---- what is delivered ---- */

static struct judge_stage stage;
static struct test_certificate leaf, foreign;
static struct reader reader;

static void
put_pem_chain(struct buf *to)
{
	buf_put_text(to, "Your certificate:\r\n");
	test_put_pem(to, leaf.x509);
	test_put_pem(to, stage.issuing.x509);
}

static void
put_leaf_der(struct buf *to)
{
	test_put_der(to, leaf.x509);
}

static void
put_foreign(struct buf *to)
{
	test_put_pem(to, foreign.x509);
	test_put_pem(to, stage.issuing.x509);
}

static void
put_taken(struct buf *to, unsigned char *der, int len)
{
	assert_true(len > 0);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
}

static void
put_pkcs7(struct buf *to)
{
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_DETACHED);
	unsigned char *der = NULL;

	assert_int_equal(CMS_add1_cert(cms, leaf.x509), 1);
	assert_int_equal(CMS_add1_cert(cms, stage.issuing.x509), 1);
	put_taken(to, der, i2d_CMS_ContentInfo(cms, &der));
	CMS_ContentInfo_free(cms);
}

static void
put_pkcs12(struct buf *to)
{
	STACK_OF(X509) *more = sk_X509_new_null();
	unsigned char *der = NULL;
	PKCS12 *pfx;

	sk_X509_push(more, stage.issuing.x509);
	pfx = PKCS12_create("password", "x", leaf.key, leaf.x509, more, 0, 0, 1, 1, 0);
	assert_non_null(pfx);
	put_taken(to, der, i2d_PKCS12(pfx, &der));
	PKCS12_free(pfx);
	sk_X509_free(more);
}

static void
put_pbmac1(struct buf *to)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	const char *fixtures = getenv("CERTDESK_FIXTURES");

	buf_printf(&path, "%s/corpus/intake/p12/nss__pbmac1-valid-sha256.p12",
	    fixtures ? fixtures : "../shared/fixtures");
	if (file_read(buf_text(&path), to))
		buf_clear(to);
}

static void
put_number(struct buf *to, size_t size, uint64_t number)
{
	while (size-- > 0)
		buf_put_byte(to, (uint8_t)(number >> 8 * size));
}

/* A store without a key; its digest is nobody's, which says nothing as no password is given. */
static void
put_jks(struct buf *to)
{
	X509 *const inside[] = { leaf.x509, stage.issuing.x509 };

	buf_put(to, "\xfe\xed\xfe\xed\0\0\0\2\0\0\0\2", 12);
	for (size_t i = 0; i < COUNT_OF(inside); i++) {
		CLEAN(buf_fini) struct buf der = BUF(FILE_MAX);

		test_put_der(&der, inside[i]);
		buf_put(to, "\0\0\0\2\0\3owa\0\0\0\0\0\0\0\0\0\5X.509", 24);
		put_number(to, 4, der.len);
		buf_put_str(to, buf_str(&der));
	}
	buf_put_text(to, "the digest's 20 byte");
}

static void
put_archive(struct buf *to, int (*choose)(struct archive *), bool gzip)
{
	X509 *const inside[] = { stage.issuing.x509, leaf.x509 };
	struct archive *archive = archive_write_new();
	size_t used = 0;

	assert_int_equal(choose(archive), ARCHIVE_OK);
	if (gzip)
		assert_int_equal(archive_write_add_filter_gzip(archive), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(archive, 1);
	assert_int_equal(
	    archive_write_open_memory(archive, buf_room(to, FILE_MAX / 2), FILE_MAX / 2, &used),
	    ARCHIVE_OK);
	for (size_t i = 0; i < COUNT_OF(inside); i++) {
		struct archive_entry *entry = archive_entry_new();
		CLEAN(buf_fini) struct buf pem = BUF(FILE_MAX);

		test_put_pem(&pem, inside[i]);
		archive_entry_set_pathname(entry, i ? "x/owa.crt" : "x/ca.crt");
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
	put_archive(to, archive_write_set_format_zip, false);
}

static int
choose_closed_zip(struct archive *archive)
{
	int r = archive_write_set_format_zip(archive);

	return r ? r
	       : archive_write_set_options(archive, "zip:encryption=traditional")
	           ? ARCHIVE_FATAL
	           : archive_write_set_passphrase(archive, "password");
}

static void
put_closed_zip(struct buf *to)
{
	put_archive(to, choose_closed_zip, false);
}

static void
put_seven(struct buf *to)
{
	put_archive(to, archive_write_set_format_7zip, false);
}

/* Its dictionary is to be 3 GiB. */
static void
put_greedy_seven(struct buf *to)
{
	assert_true(buf_put_from_hex(
	    to, STR("377abcaf271c00033892e61918000000000000003600000000000000a89cdc3e003088086694"
		    "53962d7d95e113759fdc712cffff856e00000104060001091800070b01000123030101055d00"
		    "0000c00c0d00080a0107f53b8e000005011105006100000015060100218000800000")));
}

static void
put_tar_gz(struct buf *to)
{
	put_archive(to, archive_write_set_format_ustar, true);
}

static void
put_lines(struct buf *to, struct str bytes)
{
	CLEAN(buf_fini) struct buf base64 = BUF(FILE_MAX);

	buf_put_base64(&base64, bytes.p, bytes.len);
	for (struct str rest = buf_str(&base64); rest.len > 0; rest = str_drop(rest, 76))
		buf_printf(to, "%.76s\n", rest.p);
}

static void
put_mail(struct buf *to)
{
	CLEAN(buf_fini) struct buf zip = BUF(FILE_MAX);

	put_zip(&zip);
	buf_put_text(to,
	    "From: =?utf-8?Q?K=C3=BCm?= <kim@contoso.com>\nSubject: Certificate\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello\n"
	    "--b\nContent-Type: application/zip; name*=utf-8''%C3%BC.zip\n"
	    "Content-Transfer-Encoding: base64\n\n");
	put_lines(to, buf_str(&zip));
	buf_put_text(to, "--b--\n");
}

static void
put_signed_mail(struct buf *to)
{
	CLEAN(buf_fini) struct buf inner = BUF(FILE_MAX), signed_part = BUF(FILE_MAX);
	CMS_ContentInfo *cms;
	unsigned char *der = NULL;
	BIO *in;

	buf_put_text(&inner, "Content-Type: text/plain\n\n");
	put_pem_chain(&inner);
	in = BIO_new_mem_buf(inner.data, (int)inner.len);
	cms = CMS_sign(foreign.x509, foreign.key, NULL, in, CMS_BINARY | CMS_NOATTR);
	assert_non_null(cms);
	put_taken(&signed_part, der, i2d_CMS_ContentInfo(cms, &der));
	buf_put_text(to, "From: kim@contoso.com\nMIME-Version: 1.0\nContent-Type: "
			 "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n"
			 "Content-Transfer-Encoding: base64\n\n");
	put_lines(to, buf_str(&signed_part));
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

static void
put_closed_key(struct buf *to)
{
	test_put_key_pem(to, foreign.key, "password");
	put_pem_chain(to);
}

static void
put_garbage(struct buf *to)
{
	for (unsigned i = 0; i < 5000; i++)
		buf_put_byte(to, (uint8_t)(i * i * 31 >> 3));
}

static void
put_crl(struct buf *to, bool is_revoked)
{
	test_put_crl(to,
	    &(struct test_list){
		.revoked = (X509 *const[]){ is_revoked ? leaf.x509 : foreign.x509, NULL },
		.reason = 1,
		.from = TEST_NOW - DAYS(1),
		.until = TEST_NOW + DAYS(5) },
	    &stage.issuing);
}

static void
put_good_crl(struct buf *to)
{
	put_crl(to, false);
}

static void
put_bad_crl(struct buf *to)
{
	put_crl(to, true);
}

static void
put_issuing(struct buf *to)
{
	test_put_der(to, stage.issuing.x509);
}

struct delivery_case {
	const char *name;
	void (*put)(struct buf *to);
	enum finding_code code; /* the cause it is refused for; FINDING_MAX = it is accepted */
	const char *password;
	void (*put_known)(struct buf *to), (*put_status)(struct buf *to);
};

/* clang-format off */
static const struct delivery_case cases[] = {
	{ "PEM chain",           put_pem_chain,   FINDING_MAX },
	{ "DER, issuer known",   put_leaf_der,    FINDING_MAX, .put_known = put_issuing },
	{ "DER, no issuer",      put_leaf_der,    FINDING_CERT_CHAIN },
	{ "PKCS#7",              put_pkcs7,       FINDING_MAX },
	{ "PKCS#12",             put_pkcs12,      FINDING_CERT_OWN_KEY_LEAKED, .password = "password" },
	{ "PBMAC1",              put_pbmac1,      FINDING_CERT_ONLY_CA, .password = "1234" },
	{ "JKS",                 put_jks,         FINDING_MAX },
	{ "ZIP",                 put_zip,         FINDING_MAX },
	{ "ZIP with password",   put_closed_zip,  FINDING_MAX, .password = "password" },
	{ "7z",                  put_seven,       FINDING_MAX },
	{ "7z, 3 GiB",           put_greedy_seven, FINDING_CERT_LIMIT },
	{ "tar.gz",              put_tar_gz,      FINDING_MAX },
	{ "mail with ZIP",       put_mail,        FINDING_MAX },
	{ "S/MIME",              put_signed_mail, FINDING_MAX },
	{ "encrypted key",       put_closed_key,  FINDING_MAX, .password = "password" },
	{ "another key",         put_foreign,     FINDING_CERT_KEY_UNKNOWN },
	{ "CRL, not revoked",    put_pem_chain,   FINDING_MAX, .put_status = put_good_crl },
	{ "CRL, revoked",        put_pem_chain,   FINDING_CERT_REVOKED, .put_status = put_bad_crl },
	{ "garbage",             put_garbage,     FINDING_CERT_FORMAT },
};
/* clang-format on */

static void
put_question(const struct delivery_case *row, struct buf *to)
{
	CLEAN(buf_fini)
	struct buf file = BUF(FILE_MAX), known = BUF(FILE_MAX), status = BUF(FILE_MAX);
	struct delivery_question *question = stage_question(&stage);

	row->put(&file);
	question->file_count = 1;
	question->files[0].bytes = buf_str(&file);
	question->has_password = row->password != NULL;
	question->password = str_of(row->password ? row->password : "");
	question->has_order = true;
	str_copy(STR("Contoso GmbH"), question->order.organization,
	    sizeof(question->order.organization));
	if (row->put_known) {
		row->put_known(&known);
		question->known[question->known_count++] = buf_str(&known);
	}
	if (row->put_status) {
		row->put_status(&status);
		question->status[question->status_count++] = buf_str(&status);
	}
	if (file.len > 0)
		read_question_put(question, to);
	free(question);
}

/* ---- what is answered ---- */

static void
ask(const struct buf *question, size_t refuse, struct buf *answer, struct read_report *report)
{
	fail_at = refuse;
	buf_clear(answer);
	read_report_fini(report);
	read_report_init(report);
	assert_int_equal(answer_question(&reader, buf_str(question), answer), 0);
	assert_int_equal(read_report_get(buf_str(answer), report), 0);
}

/* Defects of libraries, by the function that was refused memory and uses it nevertheless. */
static const struct {
	const char *function, *why;
} defects[] = {
	{ "archive_entry_new2", "libarchive 3.6: archive_read_new() does not look at its entry" },
	{ "archive_read_set_callback_data2",
	    "libarchive 3.6: sets a field of the list it did not get" },
};

static bool
is_library_defect(void)
{
	for (int i = 0; i < trace->failed_depth; i++) {
		Dl_info at = { 0 };

		if (!dladdr(trace->failed[i], &at) || !at.dli_sname)
			continue;
		for (size_t k = 0; k < COUNT_OF(defects); k++)
			if (strcmp(at.dli_sname, defects[k].function) == 0)
				return true;
	}
	return false;
}

enum verdict { SAME, GAVE_UP, LIBRARY, CRASHED, OTHERWISE, OPENED, VERDICT_MAX };

static bool
is_crash(int signal_number)
{
	return signal_number == SIGSEGV || signal_number == SIGBUS || signal_number == SIGFPE ||
	       signal_number == SIGILL;
}

static enum verdict
verdict_of(const struct buf *usual, const struct read_report *as_usual, const struct buf *answer,
    const struct read_report *report)
{
	const struct finding *first = findings_first(&report->findings);

	if (str_eq(buf_str(usual), buf_str(answer)))
		return SAME;
	if (report->accepted &&
	    (!as_usual->accepted || !str_eq(buf_str(&report->leaf), buf_str(&as_usual->leaf))))
		return OPENED;
	if (is_crash(trace->signal))
		return is_library_defect() ? LIBRARY : CRASHED;
	return !report->accepted && first &&
	               (first->code == FINDING_CERT_READER_FAILED ||
			   first->code == FINDING_CERT_LIMIT)
	           ? GAVE_UP
	           : OTHERWISE;
}

static void
print_stack(const char *what, void *const stack[], int depth)
{
	print_message("    %s:", what);
	for (int i = 0; i < depth; i++) {
		Dl_info at = { 0 };
		const char *file = "?";

		if (dladdr(stack[i], &at) && at.dli_fname)
			file = strrchr(at.dli_fname, '/') ? strrchr(at.dli_fname, '/') + 1
			                                  : at.dli_fname;
		print_message(" %s(%s+%#zx)", file, at.dli_sname ? at.dli_sname : "",
		    (size_t)((const char *)stack[i] - (const char *)at.dli_fbase));
	}
	print_message("\n");
}

static void
tell(const char *name, const struct read_report *report)
{
	print_message("  %s, allocation %zu%s: %s", name, fail_at,
	    and_after ? " and those behind" : "", report->accepted ? "accepted" : "refused");
	for (size_t i = 0; i < report->findings.count; i++)
		print_message(" %s", finding_rule(report->findings.list[i].code)->code);
	print_message("; signal %d\n", trace->signal);
	print_stack("refused to", trace->failed, trace->failed_depth);
	if (trace->died_depth > 0)
		print_stack("died in", trace->died, trace->died_depth);
}

static size_t
next_behind(size_t at, size_t asked)
{
	size_t part = and_after ? FEW : 1, each = EACH_UP_TO / part, steps = STEPS / part;

	if (at < each || asked <= each + steps || getenv("CERTDESK_EVERY_ALLOCATION"))
		return at + 1;
	return at + (asked - each) / steps;
}

static size_t
run(const struct delivery_case *row, const struct buf *question)
{
	CLEAN(buf_fini) struct buf usual = BUF(1 << 22), answer = BUF(1 << 22);
	static struct read_report as_usual, report;
	size_t count[VERDICT_MAX] = { 0 }, asked, runs = 0;
	const struct finding *first;

	read_report_init(&as_usual);
	read_report_init(&report);
	ask(question, 0, &usual, &as_usual);
	asked = trace->asked;
	first = findings_first(&as_usual.findings);
	assert_int_equal(as_usual.accepted, row->code == FINDING_MAX);
	if (!as_usual.accepted)
		assert_int_equal(first->code, row->code);
	for (size_t at = 1; at <= asked; at = next_behind(at, asked), runs++) {
		enum verdict verdict;

		ask(question, at, &answer, &report);
		verdict = verdict_of(&usual, &as_usual, &answer, &report);
		if (verdict > LIBRARY)
			tell(row->name, &report);
		count[verdict]++;
	}
	print_message("%-18s %6zu allocations, %4zu refused: %4zu as usual, %4zu gave up, %zu "
		      "by a library's defect, %zu crashed, %zu otherwise, %zu opened\n",
	    row->name, asked, runs, count[SAME], count[GAVE_UP], count[LIBRARY], count[CRASHED],
	    count[OTHERWISE], count[OPENED]);
	read_report_fini(&as_usual);
	read_report_fini(&report);
	return count[CRASHED] + count[OTHERWISE] + count[OPENED];
}

static void
run_all(bool after)
{
	size_t bad = 0;

	and_after = after;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf question = BUF_SECRET(1 << 20);

		put_question(&cases[i], &question);
		if (question.len > 0)
			bad += run(&cases[i], &question);
		else
			print_message("%s: passed over, no fixtures here\n", cases[i].name);
	}
	assert_int_equal(bad, 0);
}

static void
one_is_refused(void **state UNUSED)
{
	run_all(false);
}

static void
all_from_one_on_are_refused(void **state UNUSED)
{
	run_all(true);
}

static int
set_up(void **state UNUSED)
{
	void *stack[STACK_MAX];

	stage_up(&stage);
	leaf = test_issue(&(struct test_spec){ TEST_GOOD, .key = stage.key }, &stage.issuing);
	foreign = test_issue(&(struct test_spec){ TEST_GOOD }, &stage.issuing);
	reader = (struct reader){ .trust = stage.trust,
		.ct_logs = stage.logs,
		.public_rules = true,
		.tools = stage.tools };
	answer_warm_up(&reader);
	trace =
	    mmap(NULL, sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	log_start("alloc_test", LOG_AS_TEXT, LOG_ERROR);
	(void)backtrace(stack, STACK_MAX); /* loads what it needs */
	return trace == MAP_FAILED || pthread_atfork(NULL, NULL, begin_counting);
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&leaf);
	test_certificate_fini(&foreign);
	stage_down(&stage);
	return munmap(trace, sizeof(*trace));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_refused),
		cmocka_unit_test(all_from_one_on_are_refused),
	};

	if (delivery_strict_memory())
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
