/* SPDX-License-Identifier: Apache-2.0 */
/* Archives as resellers, customers and attackers pack them. */
#include "delivery/delivery.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pki/ca_test_kit.h"

#define FROM       ((when)1767225600 * 1000000)
#define UNTIL      (FROM + DAYS(199))
#define MEMBERS    8
#define BOMB       (12u << 20)
#define PACKED_MAX (2u << 20)

static struct test_certificate root, leaf;
static struct delivery_tools *tools;
static struct buf leaf_pem, root_der, large_text;

static int
set_up(void **state UNUSED)
{
	bool legacy;

	(void)uselocale(newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)); /* for the writer */
	root = test_issue(
	    &(struct test_spec){ .name = "Root", .ca = true, .from = FROM, .until = UNTIL }, NULL);
	leaf = test_issue(&(struct test_spec){ .name = "owa.contoso.com",
			      .alternatives = "DNS:owa.contoso.com",
			      .from = FROM,
			      .until = UNTIL },
	    &root);
	leaf_pem = BUF(1 << 16);
	root_der = BUF(1 << 16);
	large_text = BUF(BOMB + 1);
	test_put_pem(&leaf_pem, leaf.x509);
	test_put_der(&root_der, root.x509);
	while (large_text.len < BOMB)
		buf_put_byte(&large_text, 'x');
	return delivery_tools_new(&tools, &legacy);
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&leaf);
	test_certificate_fini(&root);
	delivery_tools_free(tools);
	buf_fini(&leaf_pem);
	buf_fini(&root_der);
	buf_fini(&large_text);
	freelocale(uselocale(LC_GLOBAL_LOCALE));
	return 0;
}

/* What is packed; LEAF is PEM, ROOT is DER. */
enum content { LEAF = 1, ROOT, PROSE, PDF, BROKEN, FOLDER, LARGE, LINK };

struct member {
	const char *path;
	enum content content;
};

enum packing { ZIP, ZIP_CRYPTO, ZIP_AES, TAR, TAR_GZ, GZ, SEVEN };

static struct str
bytes_of(enum content content)
{
	switch (content) {
	case LEAF:
		return buf_str(&leaf_pem);
	case ROOT:
		return buf_str(&root_der);
	case PROSE:
		return STR("Choose the right file for your server: …");
	case PDF:
		return STR("%PDF-1.7 how to install");
	case BROKEN:
		return STR("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
	case LARGE:
		return buf_str(&large_text);
	case FOLDER:
	case LINK:
	default:
		return STR("");
	}
}

static void
choose_packing(struct archive *to, enum packing packing)
{
	switch (packing) {
	case ZIP:
		archive_write_set_format_zip(to);
		archive_write_set_options(to, "zip:hdrcharset=UTF-8");
		break;
	case ZIP_CRYPTO:
	case ZIP_AES:
		archive_write_set_format_zip(to);
		archive_write_set_options(
		    to, packing == ZIP_AES ? "zip:encryption=aes256" : "zip:encryption=zipcrypt");
		archive_write_set_passphrase(to, "geheim");
		break;
	case TAR_GZ:
		archive_write_add_filter_gzip(to);
		archive_write_set_format_pax_restricted(to);
		break;
	case GZ:
		archive_write_add_filter_gzip(to);
		archive_write_set_format_raw(to);
		break;
	case SEVEN:
		archive_write_set_format_7zip(to);
		break;
	case TAR:
	default:
		archive_write_set_format_ustar(to);
		break;
	}
}

static void
pack_one(struct archive *to, const char *path, enum content content, struct str bytes)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname_utf8(entry, path);
	archive_entry_set_filetype(entry, content == FOLDER ? AE_IFDIR : AE_IFREG);
	if (content == LINK) {
		archive_entry_set_filetype(entry, AE_IFLNK);
		archive_entry_set_symlink(entry, "/etc/passwd");
	}
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)bytes.len);
	assert_int_equal(archive_write_header(to, entry), ARCHIVE_OK);
	if (bytes.len > 0)
		assert_int_equal(archive_write_data(to, bytes.p, bytes.len), bytes.len);
	archive_entry_free(entry);
}

static struct archive *
begin(enum packing packing, struct buf *ret)
{
	struct archive *to = archive_write_new();

	choose_packing(to, packing);
	archive_write_set_bytes_in_last_block(to, 1);
	assert_non_null(buf_room(ret, PACKED_MAX));
	return to;
}

static void
pack(enum packing packing, const struct member members[MEMBERS], struct buf *ret)
{
	struct archive *to = begin(packing, ret);
	size_t used = 0;

	assert_int_equal(
	    archive_write_open_memory(to, buf_room(ret, PACKED_MAX), PACKED_MAX, &used),
	    ARCHIVE_OK);
	for (size_t i = 0; i < MEMBERS && members[i].path; i++)
		pack_one(to, members[i].path, members[i].content, bytes_of(members[i].content));
	assert_int_equal(archive_write_close(to), ARCHIVE_OK);
	archive_write_free(to);
	buf_added(ret, used);
}

struct row {
	const char *name;
	enum packing packing;
	struct member members[MEMBERS];
	const char *password;
	size_t certificates;
	enum delivery_error error; /* of the whole */
	const char *problem;       /* words of the first problem; NULL = there is none */
	const char *where;         /* the row it is told about */
};

#define USUAL                                            \
	{                                                \
		{ "a/", FOLDER }, { "a/owa.crt", LEAF }, \
		{                                        \
			"a/Root.crt", ROOT               \
		}                                        \
	}

/* clang-format off */
static const struct row rows[] = {
	{ "ZIP",              ZIP,    USUAL, NULL, 2, DELIVERY_FINE, NULL, NULL },
	{ "tar",              TAR,    USUAL, NULL, 2, DELIVERY_FINE, NULL, NULL },
	{ "tar.gz",           TAR_GZ, USUAL, NULL, 2, DELIVERY_FINE, NULL, NULL },
	{ "7z",               SEVEN,  USUAL, NULL, 2, DELIVERY_FINE, NULL, NULL },
	{ "gz",               GZ,     { { "owa.crt", LEAF } }, NULL, 1, DELIVERY_FINE, NULL, NULL },
	{ "with leaflets",    ZIP,    { { "Read me.txt", PROSE }, { "x/How.pdf", PDF }, { "owa.crt", LEAF } }, NULL, 1, DELIVERY_FINE, NULL, NULL },
	{ "from a Mac",       ZIP,    { { "owa.crt", LEAF }, { "__MACOSX/._owa.crt", BROKEN }, { "._b.crt", BROKEN }, { ".DS_Store", BROKEN } }, NULL, 1, DELIVERY_FINE, NULL, NULL },
	{ "one damaged",      ZIP,    { { "bad.crt", BROKEN }, { "owa.crt", LEAF } }, NULL, 1, DELIVERY_FINE, "block 1 (CERTIFICATE): it is cut off or damaged", "a.zip: bad.crt" },
	{ "names that climb", ZIP,    { { "../../../etc/owa.crt", LEAF }, { "/etc/Root.crt", ROOT } }, NULL, 2, DELIVERY_FINE, NULL, NULL },
	{ "a link",           TAR,    { { "passwd", LINK }, { "owa.crt", LEAF } }, NULL, 1, DELIVERY_FINE, NULL, NULL },
	{ "umlaut",           ZIP,    { { "für.crt", LEAF }, { "falsch für.crt", BROKEN } }, NULL, 1, DELIVERY_FINE, "block 1 (CERTIFICATE): it is cut off or damaged", "a.zip: falsch für.crt" },
	{ "umlaut in 7z",     SEVEN,  { { "für.crt", LEAF }, { "falsch für.crt", BROKEN } }, NULL, 1, DELIVERY_FINE, "block 1 (CERTIFICATE): it is cut off or damaged", "a.zip: falsch für.crt" },
	{ "prose only",       ZIP,    { { "Read me.txt", PROSE } }, NULL, 0, DELIVERY_NO_CERTIFICATE, "no certificate is in it", "a.zip" },
	{ "a PDF only",       ZIP,    { { "x/How.pdf", PDF } }, NULL, 0, DELIVERY_UNSUPPORTED_FORMAT, "a PDF document", "a.zip: How.pdf" },
	{ "a Word document",  ZIP,    { { "[Content_Types].xml", PROSE }, { "x.pdf", PDF } }, NULL, 0, DELIVERY_UNSUPPORTED_FORMAT, "a Microsoft Office document", "a.zip" },
	{ "nothing",          ZIP,    { { NULL, 0 } }, NULL, 0, DELIVERY_NO_CERTIFICATE, "no certificate is in it", "a.zip" },
	{ "locked",           ZIP_CRYPTO, USUAL, NULL,     0, DELIVERY_PASSWORD_REQUIRED, "the archive is protected by a password", "a.zip" },
	{ "wrong key",        ZIP_CRYPTO, USUAL, "Geheim", 0, DELIVERY_PASSWORD_WRONG, "the password does not open the archive", "a.zip" },
	{ "empty key",        ZIP_CRYPTO, USUAL, "",       0, DELIVERY_PASSWORD_WRONG, "the password does not open the archive", "a.zip" },
	{ "opened",           ZIP_CRYPTO, USUAL, "geheim", 2, DELIVERY_FINE, NULL, NULL },
	{ "AES, locked",      ZIP_AES,    USUAL, NULL,     0, DELIVERY_PASSWORD_REQUIRED, "the archive is protected by a password", "a.zip" },
	{ "AES, wrong key",   ZIP_AES,    USUAL, "Geheim", 0, DELIVERY_PASSWORD_WRONG, "the password does not open the archive", "a.zip" },
	{ "AES, opened",      ZIP_AES,    USUAL, "geheim", 2, DELIVERY_FINE, NULL, NULL },
	{ "not needed",       ZIP,        USUAL, "geheim", 2, DELIVERY_FINE, NULL, NULL },
	{ "a bomb (I-07)",    ZIP,    { { "big.crt", LARGE }, { "owa.crt", LEAF } }, NULL, 0, DELIVERY_LIMIT, "more than 8 MiB are packed in it", "a.zip" },
	{ "a bomb in tar.gz", TAR_GZ, { { "owa.crt", LEAF }, { "big.crt", LARGE } }, NULL, 1, DELIVERY_FINE, "more than 8 MiB are packed in it", "a.zip" },
	{ "a bomb in litter", TAR_GZ, { { "__MACOSX/big", LARGE }, { "owa.crt", LEAF } }, NULL, 0, DELIVERY_LIMIT, "more than 8 MiB are packed in it", "a.zip" },
	{ "a bomb in gz",     GZ,     { { "big.crt", LARGE } }, NULL, 0, DELIVERY_LIMIT, "more than 8 MiB are packed in it", "a.zip" },
};
/* clang-format on */

static void
check_row(const struct row *row)
{
	CLEAN(buf_fini) struct buf packed = BUF(PACKED_MAX);
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	struct str password = str_of(row->password);
	const struct delivery_file *problem;
	locale_t before;

	print_message("%s\n", row->name);
	pack(row->packing, row->members, &packed);
	before = uselocale(LC_GLOBAL_LOCALE); /* as programs run */
	delivery_add(
	    &delivery, tools, STR("a.zip"), buf_str(&packed), row->password ? &password : NULL);
	uselocale(before);
	problem = delivery_problem(&delivery);
	print_message("    %s %s\n", delivery_error_name(delivery_error(&delivery)),
	    problem ? problem->words : "");
	assert_int_equal(delivery.certificate_count, row->certificates);
	assert_int_equal(delivery_error(&delivery), row->error);
	if (!row->problem) {
		assert_null(problem);
		return;
	}
	assert_non_null(problem);
	assert_string_equal(problem->words, row->problem);
	assert_string_equal(problem->name, row->where);
}

static void
packings(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		check_row(&rows[i]);
}

/* Rows of leaflets go, and what pointed behind them still points at the right file. */
static void
names(void **state UNUSED)
{
	static const struct member members[MEMBERS] = { { "How.pdf", PDF }, { "x/owa.crt", LEAF },
		{ "Other.pdf", PDF }, { "Root.crt", ROOT } };
	CLEAN(buf_fini) struct buf packed = BUF(PACKED_MAX);
	CLEAN(delivery_fini) struct delivery delivery = { 0 };

	pack(ZIP, members, &packed);
	delivery_add(&delivery, tools, STR("b\x1b.pem"), buf_str(&root_der), NULL);
	delivery_add(&delivery, tools, STR("a.zip"), buf_str(&packed), NULL);
	assert_int_equal(delivery.file_count, 4);
	assert_string_equal(delivery.file[0].name, "b .pem");
	assert_string_equal(delivery.file[1].container, "ZIP");
	assert_string_equal(delivery.file[2].name, "a.zip: owa.crt");
	assert_string_equal(delivery.file[3].name, "a.zip: Root.crt");
	assert_int_equal(delivery.certificate_count, 2);
	assert_int_equal(delivery.certificate[0].file, 0);
	assert_int_equal(delivery.certificate[1].file, 2);
}

static void
add_and_expect(struct str bytes, enum delivery_error error, const char *words, size_t certificates)
{
	CLEAN(delivery_fini) struct delivery delivery = { 0 };

	print_message("%s\n", words);
	delivery_add(&delivery, tools, STR(""), bytes, NULL);
	assert_non_null(delivery_problem(&delivery));
	assert_string_equal(delivery_problem(&delivery)->words, words);
	assert_int_equal(delivery_problem(&delivery)->error, error);
	assert_int_equal(delivery.certificate_count, certificates);
}

static void
damage(void **state UNUSED)
{
	static const struct member usual[MEMBERS] = USUAL;
	CLEAN(buf_fini) struct buf zip = BUF(PACKED_MAX);
	CLEAN(buf_fini) struct buf seven = BUF(PACKED_MAX);
	CLEAN(buf_fini) struct buf gz = BUF(PACKED_MAX);
	size_t last = 0; /* where the last member begins */

	pack(ZIP, usual, &zip);
	pack(SEVEN, usual, &seven);
	pack(TAR_GZ, usual, &gz);
	add_and_expect(
	    str_bytes(zip.data, 200), DELIVERY_MALFORMED, "the archive is damaged or cut off", 0);
	while (str_find(str_drop(buf_str(&zip), last + 1), STR("PK\x03\x04")) < zip.len - last - 1)
		last += 1 + str_find(str_drop(buf_str(&zip), last + 1), STR("PK\x03\x04"));
	add_and_expect(str_bytes(zip.data, last + 100), DELIVERY_MALFORMED,
	    "the archive is damaged or cut off", 1);
	add_and_expect(str_bytes(seven.data, seven.len - 20), DELIVERY_MALFORMED,
	    "the archive is damaged or cut off", 0);
	add_and_expect(str_bytes(gz.data, gz.len / 2), DELIVERY_MALFORMED,
	    "the archive is damaged or cut off", 0);
	add_and_expect(STR("Rar!\x1a\x07\0zzzzzzzzzzzzzzzz"), DELIVERY_MALFORMED,
	    "the archive is damaged or cut off", 0);
}

static void
pack_many(struct buf *to, size_t count, struct str bytes)
{
	struct archive *zip = begin(ZIP, to);
	size_t used = 0;

	assert_int_equal(
	    archive_write_open_memory(zip, buf_room(to, PACKED_MAX), PACKED_MAX, &used),
	    ARCHIVE_OK);
	for (size_t i = 0; i < count; i++)
		pack_one(zip, "a.zip", LEAF, bytes);
	assert_int_equal(archive_write_close(zip), ARCHIVE_OK);
	archive_write_free(zip);
	buf_added(to, used);
}

static void
limits(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf many = BUF(PACKED_MAX);
	CLEAN(buf_fini) struct buf inner = BUF(PACKED_MAX);
	CLEAN(buf_fini) struct buf outer = BUF(PACKED_MAX);
	CLEAN(buf_fini) struct buf large = BUF(PACKED_MAX);

	pack_many(&many, 65, buf_str(&leaf_pem));
	add_and_expect(buf_str(&many), DELIVERY_LIMIT, "more than 64 files are in it", 1);
	pack_many(&inner, 1, buf_str(&leaf_pem));
	pack_many(&outer, 1, buf_str(&inner));
	add_and_expect(buf_str(&outer), DELIVERY_LIMIT, "packed too deep", 0);
	pack_many(&large, 1, str_bytes(large_text.data, DELIVERY_FILE_MAX + 1));
	add_and_expect(buf_str(&large), DELIVERY_LIMIT, "a file in it is larger than 1 MiB", 0);
}

/* I-07: what is unpacked counts for all files of a delivery together. */
static void
limit_of_a_delivery(void **state UNUSED)
{
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	CLEAN(buf_fini) struct buf zip = BUF(PACKED_MAX);

	pack_many(&zip, 5, str_bytes(large_text.data, DELIVERY_FILE_MAX));
	delivery_add(&delivery, tools, STR("a.zip"), buf_str(&zip), NULL);
	assert_int_equal(delivery.file[0].error, DELIVERY_NO_CERTIFICATE);
	delivery_add(&delivery, tools, STR("b.zip"), buf_str(&zip), NULL);
	assert_int_equal(delivery.file[1].error, DELIVERY_LIMIT);
	assert_string_equal(delivery.file[1].words, "more than 8 MiB are packed in it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packings),
		cmocka_unit_test(names),
		cmocka_unit_test(damage),
		cmocka_unit_test(limits),
		cmocka_unit_test(limit_of_a_delivery),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
