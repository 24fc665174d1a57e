/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of CAA records (RFC 8659 section 4) and what stands in them. Pure. */
#include <ctype.h>
#include <stdio.h>

#include "check/caa_internal.h"

#define FLAG_CRITICAL 0x80 /* bit 0 of RFC 8659, which counts from the left */
#define FLAG_ONE      0x01 /* what people write who read "bit 0" from the right */

struct caa_record
caa_record_read(struct str rdata)
{
	struct caa_record record = { .broken = true };
	size_t tag_len = rdata.len >= 2 ? (uint8_t)rdata.p[1] : 0;

	if (tag_len == 0 || rdata.len < 2 + tag_len)
		return record;
	record.broken = false;
	record.flags = (uint8_t)rdata.p[0];
	record.tag = str_bytes(rdata.p + 2, tag_len);
	record.value = str_drop(rdata, 2 + tag_len);
	return record;
}

enum caa_tag
caa_record_tag(const struct caa_record *record)
{
	static const char *const others[] = { "iodef", "issuemail", "issuevmc" };

	if (str_eq_nocase(record->tag, STR("issue")))
		return TAG_ISSUE;
	if (str_eq_nocase(record->tag, STR("issuewild")))
		return TAG_ISSUEWILD;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (str_eq_nocase(record->tag, str_of(others[i])))
			return TAG_OTHER;
	return TAG_UNKNOWN;
}

bool
caa_record_critical(const struct caa_record *record)
{
	return record->flags & (FLAG_CRITICAL | FLAG_ONE);
}

void
caa_record_words(const struct caa_record *record, char *to, size_t size)
{
	char tag[64], value[200];

	str_show(record->tag, tag, sizeof(tag));
	str_show(record->value, value, sizeof(value));
	if (record->broken)
		snprintf(to, size, "(an entry that cannot be read)");
	else
		snprintf(to, size, "%u %s \"%s\"", (unsigned)record->flags, tag, value);
}

/* ---- the value of issue and issuewild, RFC 8659 section 4.2 ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct str *rest)
{
	while (rest->len > 0 && is_blank(rest->p[0]))
		*rest = str_drop(*rest, 1);
}

/* Letters and digits, with hyphens between them. */
static bool
take_label(struct str *rest, struct str *ret)
{
	size_t len = 0;

	while (len < rest->len && (isalnum((unsigned char)rest->p[len]) || rest->p[len] == '-'))
		len++;
	*ret = str_bytes(rest->p, len);
	*rest = str_drop(*rest, len);
	return len > 0 && ret->p[0] != '-' && ret->p[len - 1] != '-';
}

static bool
take_domain(struct str *rest, struct str *ret)
{
	const char *begin = rest->p;
	struct str label;

	do {
		if (!take_label(rest, &label))
			return false;
		*ret = str_bytes(begin, (size_t)(label.p + label.len - begin));
		if (rest->len == 0 || rest->p[0] != '.')
			return true;
		*rest = str_drop(*rest, 1);
	} while (true);
}

/* Printable ASCII but ';' and blanks. */
static struct str
take_parameter_value(struct str *rest)
{
	struct str value;
	size_t len = 0;

	while (len < rest->len && rest->p[len] > ' ' && rest->p[len] < 0x7f && rest->p[len] != ';')
		len++;
	value = str_bytes(rest->p, len);
	*rest = str_drop(*rest, len);
	return value;
}

static bool
take_parameter(struct str *rest, struct caa_issuer *to)
{
	struct caa_parameter *p = &to->parameter[to->parameter_count];

	if (to->parameter_count == CAA_PARAMETERS_MAX || !take_label(rest, &p->tag))
		return false;
	skip_blanks(rest);
	if (rest->len == 0 || rest->p[0] != '=')
		return false;
	*rest = str_drop(*rest, 1);
	skip_blanks(rest);
	p->value = take_parameter_value(rest);
	to->parameter_count++;
	skip_blanks(rest);
	return rest->len == 0 || rest->p[0] == ';';
}

bool
caa_issuer_read(struct str value, struct caa_issuer *ret)
{
	struct str rest = value;

	*ret = (struct caa_issuer){ .domain = STR("") };
	skip_blanks(&rest);
	if (rest.len > 0 && rest.p[0] != ';' && !take_domain(&rest, &ret->domain))
		return false;
	skip_blanks(&rest);
	if (rest.len > 0 && rest.p[0] != ';')
		return false;
	while (rest.len > 0) {
		rest = str_drop(rest, 1);
		skip_blanks(&rest);
		if (rest.len > 0 && !take_parameter(&rest, ret))
			return false;
	}
	return true;
}
