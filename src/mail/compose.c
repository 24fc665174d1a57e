/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a template and facts to text. Pure. White space and control characters within a value count
 * as one space, so that nothing a customer typed can look like a paragraph or a header of ours.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "mail/mail_internal.h"

#define WIDTH       76
#define BODY_MAX    (64u * 1024)
#define SUBJECT_MAX 1024
#define PART_MAX    (16u * 1024)

static const char *const purposes[] = {
	[MAIL_QUESTION] = "question",
	[MAIL_DECLINED] = "declined",
	[MAIL_CSR] = "csr",
	[MAIL_REVIEW] = "review",
	[MAIL_REFUSED] = "refused",
	[MAIL_DNS] = "dns",
	[MAIL_LIVE] = "live",
	[MAIL_RETIRED] = "retired",
};
static_assert(COUNT_OF(purposes) == MAIL_PURPOSE_MAX, "a name for each purpose");

const char *
mail_purpose_name(enum mail_purpose purpose)
{
	return (size_t)purpose < COUNT_OF(purposes) ? purposes[purpose] : "unknown";
}

void
mail_draft_fini(struct mail_draft *draft)
{
	buf_fini(&draft->subject);
	buf_fini(&draft->body);
	buf_fini(&draft->attachment);
}

/* The placeholders: which fact, as text. */
#define FACT(field)                                        \
	{                                                  \
#field, offsetof(struct mail_facts, field) \
	}
static const struct {
	const char *name;
	size_t at;
} facts_by_name[] = {
	FACT(provider),
	FACT(platform),
	FACT(contact_name),
	FACT(fqdn),
	FACT(address),
	FACT(record_type),
	FACT(organization),
	FACT(city),
	FACT(state),
	FACT(country),
	FACT(key_kind_words),
	FACT(ca),
	FACT(advice),
	FACT(csr_pem),
	FACT(issuer),
	FACT(not_after),
	FACT(names),
	FACT(finding_what),
	FACT(finding_why),
	FACT(finding_next),
	FACT(finding_more),
	FACT(api_hint),
	FACT(accept_hint),
	FACT(confirm_hint),
	FACT(spelled),
};
#undef FACT

static const char *
fact_at(const struct mail_facts *facts, size_t at)
{
	const char *value;

	copy_bytes(&value, (const char *)facts + at, sizeof(value));
	return value ? value : "";
}

/* False: no such placeholder, or its fact is not there. */
static bool
put_value(struct str name, const struct mail_facts *facts, struct buf *to)
{
	for (size_t i = 0; i < COUNT_OF(facts_by_name); i++)
		if (str_eq(name, str_of(facts_by_name[i].name))) {
			buf_put_text(to, fact_at(facts, facts_by_name[i].at));
			return true;
		}
	if (str_eq(name, STR("order")))
		buf_printf(to, "%lld", (long long)facts->order);
	return str_eq(name, STR("order"));
}

static bool
fill(const char *text, const struct mail_facts *facts, struct buf *to)
{
	struct str rest = str_of(text);

	while (rest.len > 0) {
		size_t open = str_find(rest, STR("{"));
		struct str name = str_drop(rest, open + 1);

		buf_put(to, rest.p, open);
		if (open == rest.len)
			break;
		name.len = str_find(name, STR("}"));
		if (!put_value(name, facts, to))
			return false;
		rest = str_drop(rest, open + name.len + 2);
	}
	return true;
}

static bool
is_space(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* The next run without white space; false at the end. */
static bool
next_word(struct str *rest, struct str *ret)
{
	size_t len = 0;

	while (rest->len > 0 && is_space(rest->p[0]))
		*rest = str_drop(*rest, 1);
	while (len < rest->len && !is_space(rest->p[len]))
		len++;
	*ret = (struct str){ .p = rest->p, .len = len };
	*rest = str_drop(*rest, len);
	return len > 0;
}

static size_t
columns_of(struct str word)
{
	size_t characters;

	return str_utf8_length(word, &characters) ? characters : word.len;
}

/* A word longer than a line stays whole: cutting an address would break it. */
static void
put_wrapped(struct str text, const char *first, const char *later, struct buf *to)
{
	size_t column = 0;
	struct str word;

	while (next_word(&text, &word)) {
		size_t columns = columns_of(word);

		if (column > 0 && column + 1 + columns > WIDTH) {
			buf_put_byte(to, '\n');
			column = 0;
		}
		if (column == 0) {
			buf_put_text(to, first);
			column = strlen(first);
			first = later;
		} else {
			buf_put_byte(to, ' ');
			column++;
		}
		buf_put_str(to, word);
		column += columns;
	}
	buf_put_byte(to, '\n');
}

/* One line: the template's own spaces stay, those of a value are made one by one. */
static void
put_line(struct str text, struct buf *to)
{
	buf_put_text(to, "    ");
	for (size_t i = 0; i < text.len; i++)
		buf_put_byte(to, is_space(text.p[i]) ? ' ' : (uint8_t)text.p[i]);
	buf_put_byte(to, '\n');
}

static void
put_csr(struct str pem, struct buf *to)
{
	buf_put_str(to, pem);
	if (!str_ends(pem, STR("\n")))
		buf_put_byte(to, '\n');
}

static bool
is_wanted(enum mail_condition condition, const struct mail_facts *facts)
{
	bool has_contact = facts->contact_name && *facts->contact_name;

	switch (condition) {
	case ALWAYS:
		return true;
	case DNS_IS_LAST:
		return facts->dns_last;
	case DNS_IS_NOW:
		return !facts->dns_last;
	case HAS_CA:
		return facts->ca && *facts->ca;
	case HAS_NO_CA:
		return !facts->ca || !*facts->ca;
	case HAS_CONTACT:
		return has_contact;
	case HAS_NO_CONTACT:
		return !has_contact;
	case SITE_STAYS:
		return facts->site_stays;
	case SITE_GOES:
		return !facts->site_stays;
	case HAS_HINT:
		return facts->api_hint && *facts->api_hint;
	case HAS_MORE:
		return facts->finding_more && *facts->finding_more;
	case HAS_FINDING:
		return facts->finding_what && *facts->finding_what;
	}
	return false;
}

static void
put_paragraph(enum mail_layout layout, struct str text, struct buf *to)
{
	switch (layout) {
	case LAYOUT_TEXT:
		put_wrapped(text, "", "", to);
		break;
	case LAYOUT_STEP:
		put_wrapped(text, "- ", "  ", to);
		break;
	case LAYOUT_RECORD:
		put_line(text, to);
		break;
	case LAYOUT_CSR:
		put_csr(text, to);
		break;
	}
}

static bool
put_body(const struct mail_template *template, const struct mail_facts *facts, struct buf *to)
{
	const struct mail_paragraph *before = NULL;

	for (const struct mail_paragraph *p = template->paragraph; p->text; p++) {
		CLEAN(buf_fini) struct buf text = BUF(PART_MAX);

		if (!is_wanted(p->condition, facts))
			continue;
		if (!fill(p->text, facts, &text) || buf_failed(&text))
			return false;
		if (p->layout == LAYOUT_RECORD && str_ends(str_trim(buf_str(&text)), STR(":")))
			continue; /* a line for a fact that is not there, as a state in small
			             countries */
		/* an empty line between paragraphs, none within a list of records or steps */
		if (before && !(before->layout == p->layout &&
				  (p->layout == LAYOUT_RECORD || p->layout == LAYOUT_STEP)))
			buf_put_byte(to, '\n');
		put_paragraph(p->layout, buf_str(&text), to);
		before = p;
	}
	return true;
}

static bool
put_subject(const struct mail_template *template, const struct mail_facts *facts, struct buf *to)
{
	CLEAN(buf_fini) struct buf text = BUF(SUBJECT_MAX);
	struct str rest, word;

	if (!fill(template->subject, facts, &text) || buf_failed(&text))
		return false;
	rest = buf_str(&text);
	while (next_word(&rest, &word)) {
		buf_put_str(to, word);
		buf_put_byte(to, ' ');
	}
	buf_printf(to, "[#%lld]", (long long)facts->order);
	return true;
}

static void
attach_csr(const struct mail_facts *facts, struct mail_draft *draft)
{
	buf_put_text(&draft->attachment, facts->csr_pem);
	snprintf(draft->attachment_name, sizeof(draft->attachment_name), "%s.csr", facts->fqdn);
	snprintf(draft->attachment_type, sizeof(draft->attachment_type), "application/pkcs10");
}

int
mail_compose(enum mail_purpose purpose, const struct mail_facts *facts, struct mail_draft *ret)
{
	CLEAN(mail_draft_fini)
	struct mail_draft draft = {
		.subject = BUF(SUBJECT_MAX), .body = BUF(BODY_MAX), .attachment = BUF(PART_MAX)
	};

	if ((size_t)purpose >= MAIL_PURPOSE_MAX)
		return error_origin(EINVAL);
	if (!put_subject(&mail_templates[purpose], facts, &draft.subject) ||
	    !put_body(&mail_templates[purpose], facts, &draft.body))
		return error_origin(EMSGSIZE);
	if (purpose == MAIL_CSR)
		attach_csr(facts, &draft);
	if (buf_failed(&draft.subject) || buf_failed(&draft.body) || buf_failed(&draft.attachment))
		return error_origin(EMSGSIZE);
	*ret = draft;
	draft = (struct mail_draft){ 0 };
	return 0;
}
