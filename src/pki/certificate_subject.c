/* SPDX-License-Identifier: Apache-2.0 */
/* The subject's entries, and what typing and typesetting did to them. */
#include <openssl/err.h>

#include "pki/certificate_internal.h"

const struct certificate_attribute *
certificate_attribute(const struct certificate_details *details, int nid)
{
	for (size_t i = 0; i < details->attribute_count; i++)
		if (details->attribute[i].nid == nid)
			return &details->attribute[i];
	return NULL;
}

/* "&amp;", "&#39;": text that went through a web form twice (L-01). */
static bool
has_entities(struct str s)
{
	static const char *const entities[] = { "&amp;", "&quot;", "&lt;", "&gt;", "&apos;",
		"&nbsp;", "&#" };

	for (size_t i = 0; i < COUNT_OF(entities); i++)
		if (str_find(s, str_of(entities[i])) < s.len)
			return true;
	return false;
}

/* "Ã" or "Â" before a character of U+0080…U+00BF: the two bytes of one letter, each taken for a
 * letter. */
static bool
is_mixed_up(struct str s)
{
	const unsigned char *c = (const unsigned char *)s.p;

	for (size_t i = 0; i + 3 < s.len; i++)
		if (c[i] == 0xc3 && (c[i + 1] == 0x83 || c[i + 1] == 0x82) && c[i + 2] == 0xc2 &&
		    c[i + 3] >= 0x80 && c[i + 3] <= 0xbf)
			return true;
	return false;
}

static bool
is_usual(const ASN1_STRING *value, struct str utf8)
{
	int type = ASN1_STRING_type(value);
	size_t characters;

	if (type == V_ASN1_UTF8STRING)
		return str_utf8_length(utf8, &characters);
	return type == V_ASN1_PRINTABLESTRING &&
	       ASN1_PRINTABLE_type(ASN1_STRING_get0_data(value), ASN1_STRING_length(value)) ==
	           V_ASN1_PRINTABLESTRING;
}

static void
put_value(const ASN1_STRING *value, struct certificate_attribute *to)
{
	unsigned char *bytes = NULL;
	int len = ASN1_STRING_to_UTF8(&bytes, value);
	struct str text = str_bytes(bytes, len > 0 ? (size_t)len : 0);

	to->is_usual = len >= 0 && is_usual(value, text);
	if (!str_utf8_length(text, &to->characters))
		to->characters = text.len;
	to->has_blanks = str_trim(text).len != text.len;
	to->has_entities = has_entities(text);
	to->is_mixed_up = is_mixed_up(text);
	str_show(text, to->text, sizeof(to->text));
	OPENSSL_free(bytes);
}

void
certificate_subject_details(const X509 *x509, struct certificate_details *to)
{
	const X509_NAME *subject = X509_get_subject_name(x509);

	for (int i = 0; i < X509_NAME_entry_count(subject); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, i);
		const ASN1_OBJECT *kind = X509_NAME_ENTRY_get_object(entry);
		struct certificate_attribute *attribute;

		if (OBJ_obj2nid(kind) == NID_commonName)
			to->common_names++;
		if (to->attribute_count == CERTIFICATE_ATTRIBUTES_MAX) {
			to->attributes_left_out = true;
			continue;
		}
		attribute = &to->attribute[to->attribute_count++];
		attribute->nid = OBJ_obj2nid(kind);
		if (attribute->nid == NID_undef)
			OBJ_obj2txt(attribute->name, sizeof(attribute->name), kind, 1);
		else
			str_copy(str_of(OBJ_nid2sn(attribute->nid)), attribute->name,
			    sizeof(attribute->name));
		put_value(X509_NAME_ENTRY_get_data(entry), attribute);
	}
	ERR_clear_error();
}
