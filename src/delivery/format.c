/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of formats (I-01): the first row that tells by content has the file. A row without a
 * reader names what we know and do not open.
 */
#include "delivery/loosen.h"
#include "delivery/read.h"

#include <openssl/crypto.h>

/* Enough of a page or a mail to know it by. */
#define LOOK_MAX 4096
#define XML_MAX  64 /* elements */

struct format {
	const char *container;
	struct str magic; /* at the very start, or */
	bool (*tells)(struct str bytes);
	void (*read)(struct intake *, struct str bytes);
	/* of one that is not read: */
	const char *what; /* "a …" */
	enum finding_code code;
};

static bool
has_nocase(struct str text, struct str what)
{
	for (size_t i = 0; i + what.len <= text.len && i < LOOK_MAX; i++)
		if (str_eq_nocase(str_bytes(text.p + i, what.len), what))
			return true;
	return false;
}

static bool
starts_nocase(struct str text, struct str what)
{
	return text.len >= what.len && str_eq_nocase(str_bytes(text.p, what.len), what);
}

static bool
tells_html(struct str bytes)
{
	struct str text = str_trim(bytes);

	return starts_nocase(text, STR("<!doctype html")) || starts_nocase(text, STR("<html")) ||
	       (text.len > 0 && text.p[0] == '<' && has_nocase(text, STR("<html")));
}

static bool
tells_xml(struct str bytes)
{
	return str_starts(str_trim(bytes), STR("<?xml"));
}

static bool
tells_ssh_key(struct str bytes)
{
	struct str text = str_trim(bytes);

	return str_starts(text, STR("ssh-rsa ")) || str_starts(text, STR("ssh-ed25519 ")) ||
	       str_starts(text, STR("ecdsa-sha2-")) || str_starts(text, STR("ssh-dss "));
}

static bool
tells_shortcut(struct str bytes)
{
	return starts_nocase(str_trim(bytes), STR("[InternetShortcut]"));
}

static void
read_putty_key(struct intake *in, struct str bytes UNUSED)
{
	intake_key(in, NULL);
}

/* Text is a format that nobody knows more of; beside certificates it is no news. */
static void
read_link(struct intake *in, struct str bytes UNUSED)
{
	intake_answer(in, DELIVERY_UNKNOWN_FORMAT, FINDING_CERT_IS_LINK, "a text with a link");
}

static void
read_text(struct intake *in, struct str bytes UNUSED)
{
	intake_answer(
	    in, DELIVERY_UNKNOWN_FORMAT, FINDING_CERT_IS_TEXT, "a text without a certificate");
}

/* XML signatures and SAML metadata carry certificates as base64 in elements of this name. */
static void
read_xml(struct intake *in, struct str bytes)
{
	static const struct str name = STR_INIT("X509Certificate>");
	CLEAN(buf_fini) struct buf der = BUF_SECRET(DELIVERY_FILE_MAX);
	size_t found = 0;

	for (size_t at; (at = str_find(bytes, name)) < bytes.len && found < XML_MAX; found++) {
		struct str content = str_drop(bytes, at + name.len);
		size_t len = str_find(content, STR("<"));

		buf_clear(&der);
		if (intake_may_loosen(in, len) && loosen(str_bytes(content.p, len), &der))
			intake_der(in, buf_str(&der));
		bytes = str_drop(content, len);
		bytes = str_drop(bytes, bytes.len > name.len + 2 ? name.len + 2 : bytes.len);
	}
	if (in->file->certificates == 0)
		intake_answer(
		    in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_XML, "an XML document");
}

static void
read_rtf(struct intake *in, struct str bytes)
{
	if (intake_tells_pem(bytes))
		intake_pem(in, bytes);
	else
		intake_answer(in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_OFFICE,
		    "a formatted document (RTF)");
}

/* clang-format off */
static const struct format formats[] = {
	{ "ZIP",            STR_INIT("PK\x03\x04"),          NULL, intake_archive, NULL, 0 },
	{ "ZIP",            STR_INIT("PK\x05\x06"),          NULL, intake_archive, NULL, 0 }, /* empty */
	{ "7z",             STR_INIT("7z\xbc\xaf\x27\x1c"),  NULL, intake_archive, NULL, 0 },
	{ "RAR",            STR_INIT("Rar!\x1a\x07"),        NULL, intake_archive, NULL, 0 },
	{ "gzip",           STR_INIT("\x1f\x8b\x08"),        NULL, intake_archive, NULL, 0 },
	{ "tar",            { 0 }, intake_tells_tar,        intake_archive, NULL, 0 },
	{ "JKS",            STR_INIT("\xfe\xed\xfe\xed"),    NULL, intake_keystore, NULL, 0 },
	{ "JCEKS",          STR_INIT("\xce\xce\xce\xce"),    NULL, intake_keystore, NULL, 0 },
	{ "BKS",            STR_INIT("\0\0\0\x01\0\0\0\x14"), NULL, NULL, "a Java key store (BKS or UBER)", FINDING_CERT_IS_KEY_STORE },
	{ "BKS",            STR_INIT("\0\0\0\x02\0\0\0\x14"), NULL, NULL, "a Java key store (BKS or UBER)", FINDING_CERT_IS_KEY_STORE },
	{ "SST",            STR_INIT("\0\0\0\0CERT"),       NULL, NULL, "a serialized certificate store of Windows (SST)", FINDING_CERT_IS_WINDOWS_STORE },
	{ "SQLite",         STR_INIT("SQLite format 3\0"),   NULL, NULL, "a database (SQLite)", FINDING_CERT_IS_DATABASE },
	{ "TNEF",           STR_INIT("\x78\x9f\x3e\x22"),    NULL, NULL, "an Outlook attachment (winmail.dat)", FINDING_CERT_IS_OUTLOOK },
	{ "Outlook",        { 0 }, intake_tells_outlook,    NULL, "a mail saved by Outlook (.msg)", FINDING_CERT_IS_OUTLOOK },
	{ "OLE",            STR_INIT("\xd0\xcf\x11\xe0"),    NULL, NULL, "a Microsoft Office file", FINDING_CERT_IS_OFFICE },
	{ "PDF",            STR_INIT("%PDF-"),               NULL, NULL, "a PDF document", FINDING_CERT_IS_PDF },
	{ "RTF",            STR_INIT("{\\rtf"),              NULL, read_rtf, NULL, 0 },
	{ "PNG",            STR_INIT("\x89PNG\r\n"),         NULL, NULL, "a picture (PNG)", FINDING_CERT_IS_PICTURE },
	{ "JPEG",           STR_INIT("\xff\xd8\xff"),        NULL, NULL, "a picture (JPEG)", FINDING_CERT_IS_PICTURE },
	{ "GIF",            STR_INIT("GIF8"),                NULL, NULL, "a picture (GIF)", FINDING_CERT_IS_PICTURE },
	{ "TIFF",           STR_INIT("II*\0"),               NULL, NULL, "a picture (TIFF)", FINDING_CERT_IS_PICTURE },
	{ "TIFF",           STR_INIT("MM\0*"),               NULL, NULL, "a picture (TIFF)", FINDING_CERT_IS_PICTURE },
	{ "picture",        { 0 }, intake_tells_picture,    NULL, "a picture", FINDING_CERT_IS_PICTURE },
	{ "program",        STR_INIT("\x7f" "ELF"),           NULL, NULL, "a program (ELF)", FINDING_CERT_IS_PROGRAM },
	{ "program",        { 0 }, intake_tells_program,    NULL, "a program for Windows", FINDING_CERT_IS_PROGRAM },
	{ "shortcut",       STR_INIT("L\0\0\0\x01\x14\x02\0"), NULL, NULL, "a shortcut of Windows (.lnk)", FINDING_CERT_IS_SHORTCUT },
	{ "shortcut",       { 0 }, tells_shortcut,          NULL, "a bookmark (.url)", FINDING_CERT_IS_SHORTCUT },
	{ "PuTTY key",      STR_INIT("PuTTY-User-Key-File"), NULL, read_putty_key, NULL, 0 },
	{ "mail",           { 0 }, intake_tells_mail,       intake_mail, NULL, 0 }, /* PEM may stand in it */
	{ "DER",            { 0 }, intake_tells_der,        intake_der, NULL, 0 },
	{ "PEM text",       { 0 }, intake_tells_pem,        intake_pem, NULL, 0 },
	{ "HTML",           { 0 }, tells_html,              NULL, "a web page (HTML)", FINDING_CERT_IS_WEB_PAGE },
	{ "XML",            { 0 }, tells_xml,               read_xml, NULL, 0 },
	{ "SSH public key", { 0 }, tells_ssh_key,           NULL, "an SSH public key", FINDING_CERT_IS_SSH_KEY },
	{ "base64 text",    { 0 }, intake_tells_base64,     intake_base64, NULL, 0 },
};

/* Text that is in no other format, not even dressed up as one. */
static const struct format plain[] = {
	{ "thumbprint",     { 0 }, intake_tells_thumbprint, NULL, "a thumbprint", FINDING_CERT_IS_THUMBPRINT },
	{ "listing",        { 0 }, intake_tells_listing,    NULL, "a printed description of a certificate", FINDING_CERT_IS_LISTING },
	{ "link",           { 0 }, intake_tells_link,       read_link, NULL, 0 },
	{ "text",           { 0 }, intake_tells_text,       read_text, NULL, 0 },
};
/* clang-format on */

static const struct format *
format_of(const struct format *table, size_t count, struct str bytes)
{
	for (size_t i = 0; i < count; i++) {
		const struct format *format = &table[i];

		if (format->tells ? format->tells(bytes) : str_starts(bytes, format->magic))
			return format;
	}
	return NULL;
}

static bool
is_utf16(struct str bytes, bool *ret_big)
{
	*ret_big = str_starts(bytes, STR("\xfe\xff"));
	return bytes.len % 2 == 0 && !str_starts(bytes, STR("\xff\xfe\0\0")) &&
	       (*ret_big || str_starts(bytes, STR("\xff\xfe")));
}

/* Notepad's "Unicode": all that matters to us is ASCII, and the dashes that word processors make.
 */
static void
from_utf16(struct str bytes, bool big, struct buf *to)
{
	for (size_t i = 2; i + 1 < bytes.len; i += 2) {
		unsigned high = (uint8_t)bytes.p[big ? i : i + 1],
			 low = (uint8_t)bytes.p[big ? i + 1 : i];
		unsigned unit = high << 8 | low;

		if (unit < 0x80)
			buf_put_byte(to, (uint8_t)unit);
		else if (unit >= 0x2010 && unit <= 0x2015)
			buf_put_byte(to, '-');
		else if (unit != 0xfeff)
			buf_put_byte(to, '?');
	}
}

static void read_file(struct intake *in, struct str bytes);

/* False: it is not dressed up. */
static bool
read_disguised(struct intake *in, struct str bytes)
{
	CLEAN(buf_fini) struct buf meant = BUF_SECRET(DELIVERY_FILE_MAX);

	if (!intake_may_loosen(in, bytes.len) || !loosen_file(bytes, &meant))
		return false;
	if (++in->depth > INTAKE_DEPTH_MAX)
		intake_problem(in, DELIVERY_LIMIT, "packed too deep");
	else
		read_file(in, buf_str(&meant));
	in->depth--;
	return true;
}

static void
read_file(struct intake *in, struct str bytes)
{
	const struct format *format;

	if (intake_is_blank(bytes)) {
		intake_problem(in, DELIVERY_EMPTY, "nothing is in it");
		return;
	}
	format = format_of(formats, COUNT_OF(formats), bytes);
	if (!format && read_disguised(in, bytes))
		return;
	if (!format)
		format = format_of(plain, COUNT_OF(plain), bytes);
	if (!format) {
		intake_problem(in, DELIVERY_UNKNOWN_FORMAT, "in no format we know");
		return;
	}
	in->file->container = format->container;
	if (!format->read)
		intake_answer(in, DELIVERY_UNSUPPORTED_FORMAT, format->code, "%s", format->what);
	else
		format->read(in, bytes);
	if (in->holds_files || intake_has_found(in))
		return;
	if (in->aside)
		intake_answer(
		    in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_PARAMETERS, "%s", in->aside);
	else
		intake_problem(in, DELIVERY_NO_CERTIFICATE, "no certificate is in it");
}

void
intake_file(struct intake *in, struct str bytes)
{
	CLEAN(buf_fini) struct buf text = BUF_SECRET(DELIVERY_FILE_MAX);
	bool big = false;

	if (bytes.len > DELIVERY_FILE_MAX) {
		intake_problem(in, DELIVERY_LIMIT, "it is larger than 1 MiB");
		return;
	}
	if (is_utf16(bytes, &big)) {
		from_utf16(bytes, big, &text);
		bytes = buf_str(&text);
	}
	read_file(in, bytes);
}

void
delivery_add(struct delivery *delivery, const struct delivery_tools *tools, struct str name,
    struct str bytes, const struct str *password)
{
	struct intake in = { .delivery = delivery, .tools = tools, .password = password };
	bool too_many =
	    delivery->given++ >= DELIVERY_FILES_MAX || delivery->file_count == DELIVERY_ROWS_MAX;

	in.number = too_many ? delivery->file_count - 1 : delivery->file_count++;
	in.file = &delivery->file[in.number];
	if (too_many) {
		intake_problem(&in, DELIVERY_LIMIT, "more than %d files",
		    delivery->given > DELIVERY_FILES_MAX ? DELIVERY_FILES_MAX : DELIVERY_ROWS_MAX);
		return;
	}
	*in.file = (struct delivery_file){ .container = "" };
	str_show(name, in.file->name, sizeof(in.file->name));
	intake_file(&in, bytes);
}
