/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole mails, by GMime: every leaf part is decoded and read like a file. Text is taken as the bytes
 * it is, whatever its charset: all that matters to us is ASCII, and conversion would open files.
 *
 * S/MIME is opened and not verified (who sent it is not our question). The certificates of a
 * signature are the sender's own; they are looked at only when nothing else came.
 */
#include <ctype.h>
#include <gmime/gmime.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "delivery/read.h"

#define PARTS_DEPTH_MAX 16   /* of multiparts and forwarded mails */
#define COLONS_MAX      1000 /* in one list of addresses */
#define BOUNDARIES_MAX  4000 /* lines that may be one: an object each, before any is looked at */

static void
object_unref(void *object)
{
	if (object)
		g_object_unref(object);
}
CLEAN_DEFINE(object_unref, GMimeMessage *);

static void
stream_unref(GMimeStream *stream)
{
	object_unref(stream);
}
CLEAN_DEFINE(stream_unref, GMimeStream *);

static void
wrapper_unref(GMimeDataWrapper *wrapper)
{
	object_unref(wrapper);
}
CLEAN_DEFINE(wrapper_unref, GMimeDataWrapper *);

static void
cms_free(CMS_ContentInfo *cms)
{
	CMS_ContentInfo_free(cms);
}
CLEAN_DEFINE(cms_free, CMS_ContentInfo *);

/* Which parts are read now: pages behind the rest, as most often they hold the same text again, and
 * signatures only if nothing came of all others. */
enum pass { PASS_PARTS, PASS_PAGES, PASS_SIGNATURES, PASS_MAX };

struct walk {
	struct intake *in;
	enum pass pass;
	unsigned depth;
};

static void walk_part(struct walk *on, GMimeObject *part);

/* Fields (RFC 5322, RFC 2045), and how many of these make a mail of a text: two points. */
struct field {
	struct str name;
	int points;
};

/* clang-format off */
static const struct field fields[] = {
	{ STR_INIT("content-type"), 2 }, { STR_INIT("mime-version"), 2 }, { STR_INIT("message-id"), 2 },
	{ STR_INIT("received"),     2 }, { STR_INIT("return-path"),  2 }, { STR_INIT("delivered-to"), 2 },
	{ STR_INIT("from"),         1 }, { STR_INIT("to"),           1 }, { STR_INIT("cc"), 1 },
	{ STR_INIT("subject"),      1 }, { STR_INIT("date"),         1 }, { STR_INIT("sender"), 1 },
	{ STR_INIT("reply-to"),     1 }, { STR_INIT("content-transfer-encoding"), 1 },
	{ STR_INIT("content-disposition"), 1 },
};
/* clang-format on */

static bool
is_field(struct str line, int *points)
{
	size_t colon = str_find(line, STR(":"));
	struct str name = str_trim(str_bytes(line.p, colon));

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		*points += str_eq_nocase(name, fields[i].name) ? fields[i].points : 0;
	for (size_t i = 0; i < name.len; i++)
		if (!isgraph((unsigned char)name.p[i]))
			return false;
	return name.len > 0 && colon < line.len;
}

/* Without what stands before the first field: a byte order mark, the "From " line of mailboxes. */
static struct str
without_preface(struct str text)
{
	struct str rest, line;

	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_drop(text, 3);
	while (text.len > 0 && (text.p[0] == '\n' || text.p[0] == '\r'))
		text = str_drop(text, 1);
	rest = text;
	if (str_starts(text, STR("From ")) && str_next(&rest, '\n', &line) && rest.p)
		text = rest;
	return text;
}

/* Begins with fields such as mails have. */
bool
intake_tells_mail(struct str text)
{
	struct str rest = without_preface(text), line;
	int points = 0;

	while (points < 2 && str_next(&rest, '\n', &line)) {
		bool continued = line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t');

		if (!continued && !is_field(line, &points))
			return false;
	}
	return points >= 2;
}

/* The bytes a part stands for; they are never more than those it is written with. */
static GByteArray *
decode(GMimeDataWrapper *content)
{
	GByteArray *bytes = g_byte_array_new();
	CLEAN(stream_unref) GMimeStream *to = g_mime_stream_mem_new_with_byte_array(bytes);

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(to), FALSE);
	(void)g_mime_data_wrapper_write_to_stream(content, to);
	return bytes;
}

static struct str
str_of_array(const GByteArray *bytes)
{
	return str_bytes(bytes->data, bytes->len);
}

static void
wipe(GByteArray *bytes)
{
	if (!bytes)
		return;
	if (bytes->len > 0)
		OPENSSL_cleanse(bytes->data, bytes->len);
	g_byte_array_free(bytes, TRUE);
}
CLEAN_DEFINE(wipe, GByteArray *);

/* In old mails files stand in the text: "begin 644 name", lines, "end". */
static void
read_uuencoded(struct walk *on, struct str text)
{
	static const struct str begin = STR_INIT("\nbegin ");

	for (size_t at; (at = str_find(text, begin)) < text.len &&
			on->in->unpacked.members <= INTAKE_MEMBERS_MAX;) {
		struct str name, mode;
		CLEAN(stream_unref) GMimeStream *stream = NULL;
		CLEAN(wrapper_unref) GMimeDataWrapper *wrapper = NULL;

		text = str_drop(text, at + 1);
		name = str_bytes(text.p, str_find(text, STR("\n")));
		if (!str_next(&name, ' ', &mode) || !name.p || !str_next(&name, ' ', &mode) ||
		    mode.len < 3 || mode.len > 4 || !name.p)
			continue;
		stream = g_mime_stream_mem_new_with_buffer(text.p, text.len);
		wrapper =
		    g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_UUENCODE);
		{
			CLEAN(wipe) GByteArray *bytes = decode(wrapper);

			if (!intake_unpacked(on->in, bytes->len))
				return;
			intake_member(on->in, str_trim(name), str_of_array(bytes));
		}
	}
}

static bool
is_address_list(struct str line)
{
	static const struct str lists[] = { STR_INIT("from"), STR_INIT("sender"),
		STR_INIT("reply-to"), STR_INIT("to"), STR_INIT("cc"), STR_INIT("bcc") };
	struct str name = str_trim(str_bytes(line.p, str_find(line, STR(":"))));

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (str_eq_nocase(name, lists[i]))
			return true;
	return false;
}

/* GMime reads a list of addresses by calling itself at every colon ("group:"), in forwarded mails
 * too: enough of them use up the stack. */
static bool
has_endless_group(struct str text)
{
	bool in_list = false;
	size_t colons = 0;

	for (struct str line; str_next(&text, '\n', &line) && colons <= COLONS_MAX;) {
		if (line.len == 0 || (line.p[0] != ' ' && line.p[0] != '\t')) {
			in_list = is_address_list(line);
			colons = 0;
		}
		for (size_t i = 0; in_list && i < line.len; i++)
			colons += line.p[i] == ':';
	}
	return colons > COLONS_MAX;
}

static bool
has_endless_parts(struct str text)
{
	size_t count = 0;

	for (size_t at; count <= BOUNDARIES_MAX && (at = str_find(text, STR("\n--"))) < text.len;
	     count++)
		text = str_drop(text, at + 3);
	return count > BOUNDARIES_MAX;
}

/* NULL: it cannot be read, and that is remembered. */
static GMimeMessage *
parse(struct intake *in, struct str text)
{
	CLEAN(stream_unref)
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text.p, text.len);
	GMimeParser *parser;
	GMimeMessage *message;

	if (has_endless_group(text)) {
		intake_problem(in, DELIVERY_LIMIT, "a list of addresses is too long");
		return NULL;
	}
	if (has_endless_parts(text)) {
		intake_problem(in, DELIVERY_LIMIT, "it has more than %d parts", BOUNDARIES_MAX);
		return NULL;
	}
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	return message;
}

static void
walk_message(struct walk *on, GMimeMessage *message)
{
	GMimeObject *part = message ? g_mime_message_get_mime_part(message) : NULL;

	if (part)
		walk_part(on, part);
}

/* Signed: what was signed is a mail of its own; where nothing is, it only carries certificates. */
static void
read_smime(struct walk *on, struct str name, struct str der)
{
	const unsigned char *at = (const unsigned char *)der.p;
	CLEAN(cms_free) CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
	int type = cms ? OBJ_obj2nid(CMS_get0_type(cms)) : NID_undef;
	ASN1_OCTET_STRING **content = cms ? CMS_get0_content(cms) : NULL;

	bool carries = type == NID_pkcs7_signed && content && *content;

	ERR_clear_error();
	if (type == NID_pkcs7_enveloped || type == NID_id_smime_ct_authEnvelopedData)
		intake_answer(on->in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_ENCRYPTED,
		    "an encrypted mail");
	else if (on->pass == (carries ? PASS_SIGNATURES : PASS_PARTS))
		intake_member(on->in, name, der);
	if (carries) {
		CLEAN(object_unref)
		GMimeMessage *inner = parse(on->in, str_bytes(ASN1_STRING_get0_data(*content),
							(size_t)ASN1_STRING_length(*content)));

		walk_message(on, inner);
	}
}

static bool
is_type(GMimeContentType *type, const char *name)
{
	return g_mime_content_type_is_type(type, "application", name);
}

/* What is broken in a page matters only if nothing else came, and one without a certificate is no
 * news. */
static void
read_page(struct walk *on, struct str name, struct str page)
{
	struct delivery *delivery = on->in->delivery;
	size_t row = delivery->file_count;

	intake_member(on->in, name, page);
	if (row == delivery->file_count)
		return;
	if (delivery->file[row].error == DELIVERY_UNSUPPORTED_FORMAT &&
	    delivery->file_count == row + 1)
		delivery->file_count--;
	else if (delivery->certificate_count > 0)
		delivery->file[row].error = DELIVERY_FINE;
}

static struct str
name_of(GMimePart *part)
{
	const char *name = g_mime_part_get_filename(part);

	return name && *name ? str_of(name) : STR("the text");
}

static enum pass
pass_of(GMimeContentType *type)
{
	if (is_type(type, "pkcs7-signature") || is_type(type, "x-pkcs7-signature"))
		return PASS_SIGNATURES;
	return g_mime_content_type_is_type(type, "text", "html") ? PASS_PAGES : PASS_PARTS;
}

static void
read_leaf(struct walk *on, GMimePart *part, GMimeDataWrapper *content)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	bool smime = is_type(type, "pkcs7-mime") || is_type(type, "x-pkcs7-mime");
	CLEAN(wipe) GByteArray *bytes = NULL;

	if (!smime && pass_of(type) != on->pass)
		return;
	bytes = decode(content);
	if (!intake_unpacked(on->in, bytes->len))
		return;
	if (smime)
		read_smime(on, name_of(part), str_of_array(bytes));
	else if (on->pass == PASS_PAGES)
		read_page(on, name_of(part), str_of_array(bytes));
	else
		intake_member(on->in, name_of(part), str_of_array(bytes));
	if (g_mime_content_type_is_type(type, "text", "plain"))
		read_uuencoded(on, str_of_array(bytes));
}

static void
walk_part(struct walk *on, GMimeObject *part)
{
	if (++on->depth > PARTS_DEPTH_MAX) {
		intake_problem(on->in, DELIVERY_LIMIT, "packed too deep");
	} else if (GMIME_IS_MULTIPART(part)) {
		int count = g_mime_multipart_get_count(GMIME_MULTIPART(part));

		for (int i = 0; i < count && on->in->unpacked.members <= INTAKE_MEMBERS_MAX; i++)
			walk_part(on, g_mime_multipart_get_part(GMIME_MULTIPART(part), i));
	} else if (GMIME_IS_MESSAGE_PART(part)) {
		walk_message(on, g_mime_message_part_get_message(GMIME_MESSAGE_PART(part)));
	} else if (GMIME_IS_PART(part) && g_mime_part_get_content(GMIME_PART(part))) {
		read_leaf(on, GMIME_PART(part), g_mime_part_get_content(GMIME_PART(part)));
	}
	on->depth--;
}

/* Fields at the beginning do not make a mail: somebody may have pasted them above a certificate. */
static void
read_as_text(struct intake *in, struct str text)
{
	in->file->container = "PEM text";
	intake_pem(in, text);
}

static void
read_parts(struct intake *in, struct str text)
{
	CLEAN(object_unref) GMimeMessage *message = parse(in, without_preface(text));

	for (enum pass pass = PASS_PARTS; pass < PASS_MAX; pass++)
		if (pass < PASS_SIGNATURES || !intake_has_found(in))
			walk_message(&(struct walk){ .in = in, .pass = pass }, message);
}

void
intake_mail(struct intake *in, struct str text)
{
	in->holds_files = true;
	if (in->unpacked.mails == INTAKE_MAILS_MAX) {
		intake_problem(in, DELIVERY_LIMIT, "packed too deep");
		return;
	}
	in->unpacked.mails++;
	read_parts(in, text);
	in->unpacked.mails--;
	if (!intake_has_told(in) && !intake_has_found(in) && intake_tells_pem(text))
		read_as_text(in, text);
	intake_settle(in, FINDING_CERT_MAIL_EMPTY);
}
