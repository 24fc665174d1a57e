/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives, by libarchive, out of memory and into memory: the names in them are shown and never
 * used. One level only, and bounded by what comes out (I-07), not by what the archive claims.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "delivery/read.h"

#define HEADERS_MAX 1024 /* folders and litter are no members, but cost time */

static void
archive_close(struct archive *archive)
{
	archive_read_free(archive);
}
CLEAN_DEFINE(archive_close, struct archive *);

/* An archive that is open, and what it has said so far. */
struct opened {
	struct intake *in;
	struct archive *archive;
	const char *container;
	bool is_closed;     /* a member needs a password that was not there or not right */
	const char *office; /* .docx and the like are ZIP archives (I-01); NULL = is none */
};

/* Not every part of libarchive says so itself. */
static bool
lacks_memory(const struct opened *on)
{
	return errno == ENOMEM || (on->archive && archive_errno(on->archive) == ENOMEM);
}

/* A dictionary may be as large as its sender likes: what the room does not give for it is a limit
 * (I-07), no damage. */
static void
tell_broken(const struct opened *on)
{
	if (lacks_memory(on))
		intake_problem(
		    on->in, DELIVERY_LIMIT, "unpacking it takes more memory than it may");
	else
		intake_problem(on->in, DELIVERY_MALFORMED, "the archive is damaged or cut off");
}

/* POSIX: "ustar" at 257; GNU says the same with other bytes behind. */
bool
intake_tells_tar(struct str bytes)
{
	return bytes.len >= 512 && str_eq(str_bytes(bytes.p + 257, 5), STR("ustar"));
}

/* One gzip layer where it was told by its magic, and no search for others: layers over layers cost
 * any time. */
static bool
choose_formats(struct archive *archive, struct str bytes)
{
	if (str_starts(bytes, STR("\x1f\x8b")))
		return archive_read_append_filter(archive, ARCHIVE_FILTER_GZIP) == ARCHIVE_OK &&
		       archive_read_support_format_tar(archive) == ARCHIVE_OK &&
		       archive_read_support_format_raw(archive) == ARCHIVE_OK;
	return archive_read_support_format_zip(archive) == ARCHIVE_OK &&
	       archive_read_support_format_7zip(archive) == ARCHIVE_OK &&
	       archive_read_support_format_rar(archive) == ARCHIVE_OK &&
	       archive_read_support_format_rar5(archive) == ARCHIVE_OK &&
	       archive_read_support_format_tar(archive) == ARCHIVE_OK;
}

/* Refused (an empty one) or not understood (7z): then its members stay closed. */
static void
add_password(struct archive *archive, const struct str *password)
{
	char *text = str_dup(*password);

	(void)archive_read_add_passphrase(archive, text);
	OPENSSL_cleanse(text, password->len);
	free(text);
}

static bool
open_archive(struct opened *on, struct str bytes)
{
	if (!choose_formats(on->archive, bytes))
		return false;
	if (on->in->password)
		add_password(on->archive, on->in->password);
	return archive_read_open_memory(on->archive, bytes.p, bytes.len) == ARCHIVE_OK;
}

/* What macOS and Windows put beside the files. */
static bool
is_litter(struct str path)
{
	struct str rest = path, part = STR("");

	while (str_next(&rest, '/', &part))
		if (str_eq(part, STR("__MACOSX")))
			return true;
	return str_starts(part, STR("._")) || str_eq(part, STR(".DS_Store")) ||
	       str_eq_nocase(part, STR("Thumbs.db")) || str_eq_nocase(part, STR("desktop.ini"));
}

/* All of a member, or why not. Bytes beyond the limit are counted and thrown away. */
static ssize_t
unpack(struct opened *on, struct buf *to)
{
	char block[16384];
	ssize_t got;

	while ((got = archive_read_data(on->archive, block, sizeof(block))) > 0) {
		buf_put(to, block, (size_t)got);
		if (!intake_unpacked(on->in, (size_t)got))
			break;
	}
	OPENSSL_cleanse(block, sizeof(block));
	return got;
}

static void
read_member(struct opened *on, struct archive_entry *entry)
{
	CLEAN(buf_fini) struct buf bytes = BUF_SECRET(DELIVERY_FILE_MAX);
	const char *path = archive_entry_pathname(entry);
	struct str name = path ? str_of(path) : STR("a file");
	bool closed = archive_entry_is_encrypted(entry) != 0;
	ssize_t got;

	if (archive_format(on->archive) == ARCHIVE_FORMAT_RAW)
		name = STR("the packed file");
	if (archive_entry_filetype(entry) != AE_IFREG || is_litter(name)) {
		(void)unpack(on, &bytes); /* passing over it may cost as much as reading it */
		return;
	}
	if (str_eq(name, STR("[Content_Types].xml")))
		on->office = "a Microsoft Office document";
	else if (str_eq(name, STR("mimetype")))
		on->office = "an OpenDocument file";
	if (closed && !on->in->password) {
		on->is_closed = true;
		return;
	}
	got = unpack(on, &bytes);
	if (got < 0 && closed && !lacks_memory(on))
		on->is_closed = true;
	else if (got < 0)
		tell_broken(on);
	else if (buf_failed(&bytes))
		intake_problem(on->in, DELIVERY_LIMIT, "a file in it is larger than 1 MiB");
	else if (got == 0)
		intake_member(on->in, name, buf_str(&bytes));
}

/* libarchive opens the encryption of ZIP; of the others it knows that they have it. */
static void
tell_closed(const struct opened *on)
{
	if (strcmp(on->container, "ZIP") != 0)
		intake_answer(on->in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_ARCHIVE_PASSWORD,
		    "a %s archive with a password", on->container);
	else if (on->in->password)
		intake_problem(
		    on->in, DELIVERY_PASSWORD_WRONG, "the password does not open the archive");
	else
		intake_problem(
		    on->in, DELIVERY_PASSWORD_REQUIRED, "the archive is protected by a password");
}

static void
read_members(struct opened *on)
{
	struct archive_entry *entry;
	int r, headers = 0;

	while ((r = archive_read_next_header(on->archive, &entry)) == ARCHIVE_OK ||
	       r == ARCHIVE_WARN) {
		if (++headers > HEADERS_MAX) {
			intake_problem(
			    on->in, DELIVERY_LIMIT, "more than %d entries are in it", HEADERS_MAX);
			break;
		}
		read_member(on, entry);
		if (on->in->delivery->unpacked > INTAKE_UNPACKED_MAX ||
		    on->in->unpacked.members > INTAKE_MEMBERS_MAX)
			break;
	}
	on->is_closed |= archive_read_has_encrypted_entries(on->archive) > 0 && r < ARCHIVE_WARN &&
	                 !lacks_memory(on);
	if (on->is_closed)
		tell_closed(on);
	else if (r < ARCHIVE_WARN)
		tell_broken(on);
	if (on->office && !intake_has_found(on->in))
		intake_answer(
		    on->in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_OFFICE, "%s", on->office);
}

/* Names become UTF-8 only where that is the locale's charset. */
static void
read_archive(struct intake *in, struct str bytes)
{
	CLEAN(archive_close) struct archive *archive = archive_read_new();
	struct opened on = { .in = in, .archive = archive, .container = in->file->container };
	locale_t before = uselocale(in->tools->text);

	errno = archive ? 0 : ENOMEM;
	in->unpacked.archives++;
	if (!archive || !open_archive(&on, bytes))
		tell_broken(&on);
	else
		read_members(&on);
	in->unpacked.archives--;
	uselocale(before);
}

void
intake_archive(struct intake *in, struct str bytes)
{
	in->holds_files = true;
	if (in->unpacked.archives == INTAKE_ARCHIVES_MAX) {
		intake_answer(in, DELIVERY_LIMIT, FINDING_CERT_ARCHIVE_DEEP, "packed too deep");
		return;
	}
	read_archive(in, bytes);
	intake_settle(in, FINDING_CERT_ARCHIVE_EMPTY);
}
