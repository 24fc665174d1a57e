/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/read_delivery.h"

#include <errno.h>

#include "base/error.h"

#define QUESTION_MAX (16u * 1024 * 1024)

void
read_report_init(struct read_report *report)
{
	*report = (struct read_report){
		.leaf = BUF(READ_CERTIFICATE_MAX),
		.chain = BUF(READ_CHAIN_MAX * READ_CERTIFICATE_MAX),
		.given = BUF(READ_GIVEN_MAX),
		.taken.wrapped = BUF(KEY_WRAPPED_MAX),
	};
}

void
read_report_fini(struct read_report *report)
{
	buf_fini(&report->leaf);
	buf_fini(&report->chain);
	buf_fini(&report->given);
	buf_fini(&report->taken.wrapped);
}

void
read_file_name(struct str from, char to[static READ_FILE_NAME_SIZE])
{
	for (size_t i = from.len; i > 0; i--)
		if (from.p[i - 1] == '/' || from.p[i - 1] == '\\') {
			from = str_drop(from, i);
			break;
		}
	str_show(str_trim(from), to, READ_FILE_NAME_SIZE);
	if (!*to)
		str_copy(STR("the pasted text"), to, READ_FILE_NAME_SIZE);
}

static void
put_order(struct buf *to, const struct read_order *order)
{
	wire_put_text(to, order->organization);
	wire_put_text(to, order->city);
	wire_put_text(to, order->state);
	wire_put_text(to, order->country);
	wire_put_u8(to, (uint8_t)order->key_kind);
	wire_put_str(to, order->csr);
}

static void
get_order(struct wire *from, struct read_order *ret)
{
	wire_get_text(from, ret->organization, sizeof(ret->organization));
	wire_get_text(from, ret->city, sizeof(ret->city));
	wire_get_text(from, ret->state, sizeof(ret->state));
	wire_get_text(from, ret->country, sizeof(ret->country));
	ret->key_kind = (enum key_kind)wire_get_u8(from);
	from->bad |= (unsigned)ret->key_kind >= KEY_KIND_MAX;
	ret->csr = wire_get_str(from, READ_CSR_MAX);
}

static void
put_wish(struct buf *to, const struct read_wish *wish)
{
	wire_put_u8(to, (uint8_t)wish->kind);
	wire_put_id(to, wish->key);
	wire_put_id(to, wish->customer);
	wire_put_id(to, wish->site);
}

static void
get_wish(struct wire *from, struct read_wish *ret)
{
	ret->kind = (enum read_wish_kind)wire_get_u8(from);
	ret->key = wire_get_id(from);
	ret->customer = wire_get_id(from);
	ret->site = wire_get_id(from);
	from->bad |= (unsigned)ret->kind >= READ_WISH_MAX;
	from->bad |= ret->kind == READ_TAKE &&
	             (id_is_none(ret->key) || id_is_none(ret->customer) || id_is_none(ret->site));
}

void
read_question_put(const struct delivery_question *question, struct buf *to)
{
	wire_put_u32(to, (uint32_t)question->file_count);
	for (size_t i = 0; i < question->file_count; i++) {
		wire_put_text(to, question->files[i].name);
		wire_put_str(to, question->files[i].bytes);
	}
	wire_put_bool(to, question->has_password);
	wire_put_str(to, question->has_password ? question->password : STR(""));
	wire_put_text(to, question->host);
	wire_put_bool(to, question->has_key);
	wire_put_fixed(to, question->spki_sha256, 32);
	wire_put_bool(to, question->key_is_customers);
	put_wish(to, &question->wish);
	wire_put_u32(to, (uint32_t)question->key_count);
	for (size_t i = 0; i < question->key_count; i++) {
		const struct read_key *key = &question->keys[i];

		wire_put_fixed(to, key->spki_sha256, 32);
		wire_put_i64(to, key->order_number);
		wire_put_bool(to, key->retired);
		wire_put_bool(to, key->same_site);
		wire_put_bool(to, key->is_customers);
	}
	wire_put_i64(to, question->now);
	wire_put_bool(to, question->is_served);
	wire_put_u32(to, (uint32_t)question->known_count);
	for (size_t i = 0; i < question->known_count; i++)
		wire_put_str(to, question->known[i]);
	wire_put_u32(to, (uint32_t)question->status_count);
	for (size_t i = 0; i < question->status_count; i++)
		wire_put_str(to, question->status[i]);
	wire_put_bool(to, question->has_accepted);
	wire_put_fixed(to, question->accepted_sha256, 32);
	wire_put_bool(to, question->has_in_use);
	wire_put_fixed(to, question->in_use_sha256, 32);
	wire_put_i64(to, question->in_use_until);
	wire_put_bool(to, question->has_order);
	put_order(to, &question->order);
}

int
read_question_get(struct str from, struct delivery_question *ret)
{
	struct wire wire = WIRE(from);

	*ret = (struct delivery_question){ 0 };
	ret->file_count = wire_get_count(&wire, READ_FILES_MAX, 8);
	for (size_t i = 0; i < ret->file_count; i++) {
		wire_get_text(&wire, ret->files[i].name, sizeof(ret->files[i].name));
		ret->files[i].bytes = wire_get_str(&wire, READ_TOTAL_MAX);
	}
	ret->has_password = wire_get_bool(&wire);
	ret->password = wire_get_str(&wire, READ_PASSWORD_MAX);
	wire.bad |= !ret->has_password && ret->password.len > 0;
	wire_get_text(&wire, ret->host, sizeof(ret->host));
	ret->has_key = wire_get_bool(&wire);
	wire_get_fixed(&wire, ret->spki_sha256, 32);
	ret->key_is_customers = wire_get_bool(&wire);
	get_wish(&wire, &ret->wish);
	ret->key_count = wire_get_count(&wire, READ_KEYS_MAX, 43);
	for (size_t i = 0; i < ret->key_count; i++) {
		wire_get_fixed(&wire, ret->keys[i].spki_sha256, 32);
		ret->keys[i].order_number = wire_get_i64(&wire);
		ret->keys[i].retired = wire_get_bool(&wire);
		ret->keys[i].same_site = wire_get_bool(&wire);
		ret->keys[i].is_customers = wire_get_bool(&wire);
	}
	ret->now = wire_get_i64(&wire);
	ret->is_served = wire_get_bool(&wire);
	ret->known_count = wire_get_count(&wire, READ_KNOWN_MAX, 4);
	for (size_t i = 0; i < ret->known_count; i++)
		ret->known[i] = wire_get_str(&wire, READ_FILE_MAX);
	ret->status_count = wire_get_count(&wire, READ_STATUS_MAX, 4);
	for (size_t i = 0; i < ret->status_count; i++)
		ret->status[i] = wire_get_str(&wire, READ_STATUS_FILE_MAX);
	ret->has_accepted = wire_get_bool(&wire);
	wire_get_fixed(&wire, ret->accepted_sha256, 32);
	ret->has_in_use = wire_get_bool(&wire);
	wire_get_fixed(&wire, ret->in_use_sha256, 32);
	ret->in_use_until = wire_get_i64(&wire);
	ret->has_order = wire_get_bool(&wire);
	get_order(&wire, &ret->order);
	return wire_end(&wire) ? 0 : error_origin(EBADMSG);
}

static void
put_finding(struct buf *to, const struct finding *finding)
{
	wire_put_text(to,
	    finding_rule(finding->code)->code); /* the name: numbers change with the catalogue */
	wire_put_u8(to, (uint8_t)finding->severity);
	wire_put_text(to, finding->field);
	wire_put_u32(to, (uint32_t)finding->param_count);
	for (size_t i = 0; i < finding->param_count; i++) {
		wire_put_text(to, finding->param[i].name);
		wire_put_text(to, finding->param[i].value);
	}
}

static void
get_finding(struct wire *from, struct finding *ret)
{
	struct str code = wire_get_str(from, 64);

	from->bad |= !finding_code_parse(code, &ret->code);
	ret->severity = (enum finding_severity)wire_get_u8(from);
	from->bad |= (unsigned)ret->severity >= SEVERITY_MAX;
	wire_get_text(from, ret->field, sizeof(ret->field));
	ret->param_count = wire_get_count(from, FINDING_PARAMS_MAX, 8);
	for (size_t i = 0; i < ret->param_count; i++) {
		wire_get_text(from, ret->param[i].name, sizeof(ret->param[i].name));
		wire_get_text(from, ret->param[i].value, sizeof(ret->param[i].value));
	}
}

static void
put_certificate(struct buf *to, const struct read_certificate *certificate)
{
	wire_put_fixed(to, certificate->sha256, 32);
	wire_put_fixed(to, certificate->spki_sha256, 32);
	wire_put_text(to, certificate->serial);
	wire_put_text(to, certificate->subject);
	wire_put_text(to, certificate->issuer);
	wire_put_text(to, certificate->issuer_organization);
	wire_put_text(to, certificate->names);
	wire_put_u32(to, certificate->name_count);
	wire_put_i64(to, certificate->not_before);
	wire_put_i64(to, certificate->not_after);
}

static void
get_certificate(struct wire *from, struct read_certificate *ret)
{
	wire_get_fixed(from, ret->sha256, 32);
	wire_get_fixed(from, ret->spki_sha256, 32);
	wire_get_text(from, ret->serial, sizeof(ret->serial));
	wire_get_text(from, ret->subject, sizeof(ret->subject));
	wire_get_text(from, ret->issuer, sizeof(ret->issuer));
	wire_get_text(from, ret->issuer_organization, sizeof(ret->issuer_organization));
	wire_get_text(from, ret->names, sizeof(ret->names));
	ret->name_count = wire_get_u32(from);
	ret->not_before = wire_get_i64(from);
	ret->not_after = wire_get_i64(from);
}

static void
put_link(struct buf *to, const struct read_link *link)
{
	wire_put_fixed(to, link->sha256, 32);
	wire_put_fixed(to, link->subject_sha256, 32);
	wire_put_text(to, link->subject);
	wire_put_i64(to, link->not_after);
}

static void
get_link(struct wire *from, struct read_link *ret)
{
	wire_get_fixed(from, ret->sha256, 32);
	wire_get_fixed(from, ret->subject_sha256, 32);
	wire_get_text(from, ret->subject, sizeof(ret->subject));
	ret->not_after = wire_get_i64(from);
}

static void
put_status(struct buf *to, const struct read_status *status)
{
	wire_put_fixed(to, status->sha256, 32);
	wire_put_u8(to, (uint8_t)status->state);
	wire_put_i64(to, status->since);
	wire_put_text(to, status->why);
}

static void
get_status(struct wire *from, struct read_status *ret)
{
	wire_get_fixed(from, ret->sha256, 32);
	ret->state = (enum revocation_state)wire_get_u8(from);
	from->bad |= (unsigned)ret->state >= REVOCATION_STATE_MAX;
	ret->since = wire_get_i64(from);
	wire_get_text(from, ret->why, sizeof(ret->why));
}

static void
put_lookup(struct buf *to, const struct read_lookup *lookup)
{
	wire_put_u8(to, (uint8_t)lookup->kind);
	wire_put_text(to, lookup->url);
	wire_put_str(to, str_bytes(lookup->request, lookup->request_len));
}

static void
get_lookup(struct wire *from, struct read_lookup *ret)
{
	struct str request;

	ret->kind = (enum revocation_kind)wire_get_u8(from);
	from->bad |= (unsigned)ret->kind >= REVOCATION_KIND_MAX;
	wire_get_text(from, ret->url, sizeof(ret->url));
	request = wire_get_str(from, sizeof(ret->request));
	copy_bytes(ret->request, request.p, request.len);
	ret->request_len = (uint32_t)request.len;
	from->bad |= (ret->kind == REVOCATION_OCSP) != (request.len > 0);
}

static void
put_taken(struct buf *to, const struct read_taken *taken)
{
	wire_put_bool(to, taken->is_taken);
	wire_put_u8(to, (uint8_t)taken->kind);
	wire_put_str(to, buf_str(&taken->wrapped));
}

static void
get_taken(struct wire *from, struct read_taken *ret)
{
	ret->is_taken = wire_get_bool(from);
	ret->kind = (enum key_kind)wire_get_u8(from);
	buf_put_str(&ret->wrapped, wire_get_str(from, KEY_WRAPPED_MAX));
	from->bad |= (unsigned)ret->kind >= KEY_KIND_MAX;
	from->bad |= ret->is_taken != (ret->wrapped.len > 0);
}

void
read_report_put(const struct read_report *report, struct buf *to)
{
	wire_put_bool(to, report->accepted);
	wire_put_u32(to, (uint32_t)report->findings.count);
	for (size_t i = 0; i < report->findings.count; i++)
		put_finding(to, &report->findings.list[i]);
	wire_put_bool(to, report->has_leaf);
	put_certificate(to, &report->certificate);
	wire_put_str(to, buf_str(&report->leaf));
	wire_put_str(to, buf_str(&report->chain));
	wire_put_u32(to, report->chain_length);
	for (size_t i = 0; i < report->chain_length; i++)
		put_link(to, &report->link[i]);
	wire_put_bool(to, report->root_dropped);
	wire_put_bool(to, report->order_repaired);
	wire_put_bool(to, report->extras_dropped);
	wire_put_u32(to, report->status_count);
	for (size_t i = 0; i < report->status_count; i++)
		put_status(to, &report->status[i]);
	wire_put_u32(to, report->lookup_count);
	for (size_t i = 0; i < report->lookup_count; i++)
		put_lookup(to, &report->lookup[i]);
	wire_put_bool(to, report->is_incomplete);
	wire_put_fixed(to, report->missing, 32);
	for (size_t i = 0; i < READ_URLS_MAX; i++)
		wire_put_text(to, report->urls[i]);
	wire_put_str(to, buf_str(&report->given));
	wire_put_text(to, report->container);
	wire_put_u32(to, report->certificate_count);
	wire_put_u32(to, report->key_count);
	wire_put_u32(to, report->keys_readable);
	for (size_t i = 0; i < report->keys_readable; i++)
		wire_put_fixed(to, report->keys[i], 32);
	put_taken(to, &report->taken);
	wire_put_u32(to, report->difference_count);
	for (size_t i = 0; i < report->difference_count; i++) {
		const struct read_difference *row = &report->differences[i];

		wire_put_text(to, row->field);
		wire_put_text(to, row->ordered);
		wire_put_text(to, row->requested);
		wire_put_text(to, row->delivered);
		wire_put_bool(to, row->same);
	}
}

static void
get_differences(struct wire *from, struct read_report *ret)
{
	ret->difference_count = wire_get_count(from, READ_DIFFERENCES_MAX, 17);
	for (size_t i = 0; i < ret->difference_count; i++) {
		struct read_difference *row = &ret->differences[i];

		wire_get_text(from, row->field, sizeof(row->field));
		wire_get_text(from, row->ordered, sizeof(row->ordered));
		wire_get_text(from, row->requested, sizeof(row->requested));
		wire_get_text(from, row->delivered, sizeof(row->delivered));
		row->same = wire_get_bool(from);
	}
}

static void
get_report(struct wire *from, struct read_report *ret)
{
	ret->accepted = wire_get_bool(from);
	ret->findings.count = wire_get_count(from, FINDINGS_MAX, 13);
	for (size_t i = 0; i < ret->findings.count; i++)
		get_finding(from, &ret->findings.list[i]);
	ret->has_leaf = wire_get_bool(from);
	get_certificate(from, &ret->certificate);
	buf_put_str(&ret->leaf, wire_get_str(from, READ_CERTIFICATE_MAX));
	buf_put_str(&ret->chain, wire_get_str(from, READ_CHAIN_MAX * READ_CERTIFICATE_MAX));
	ret->chain_length = wire_get_u32(from);
	from->bad |= ret->chain_length > READ_CHAIN_MAX;
	for (size_t i = 0; !from->bad && i < ret->chain_length; i++)
		get_link(from, &ret->link[i]);
	ret->root_dropped = wire_get_bool(from);
	ret->order_repaired = wire_get_bool(from);
	ret->extras_dropped = wire_get_bool(from);
	ret->status_count = wire_get_count(from, COUNT_OF(ret->status), 45);
	for (size_t i = 0; i < ret->status_count; i++)
		get_status(from, &ret->status[i]);
	ret->lookup_count = wire_get_count(from, READ_LOOKUPS_MAX, 9);
	for (size_t i = 0; i < ret->lookup_count; i++)
		get_lookup(from, &ret->lookup[i]);
	ret->is_incomplete = wire_get_bool(from);
	wire_get_fixed(from, ret->missing, 32);
	for (size_t i = 0; i < READ_URLS_MAX; i++)
		wire_get_text(from, ret->urls[i], READ_URL_SIZE);
	buf_put_str(&ret->given, wire_get_str(from, READ_GIVEN_MAX));
	wire_get_text(from, ret->container, sizeof(ret->container));
	ret->certificate_count = wire_get_u32(from);
	ret->key_count = wire_get_u32(from);
	ret->keys_readable = wire_get_count(from, READ_KEYS_SEEN_MAX, 32);
	for (size_t i = 0; i < ret->keys_readable; i++)
		wire_get_fixed(from, ret->keys[i], 32);
	get_taken(from, &ret->taken);
	get_differences(from, ret);
}

static bool
tells(const struct findings *findings, enum finding_code code)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].code == code)
			return true;
	return false;
}

/* A report that contradicts itself is as bad as one cut short. A key is taken for an accepted
 * certificate alone that nothing is fetched for, and never without a word. */
static bool
is_coherent(const struct read_report *report)
{
	if (report->is_incomplete && (report->accepted || report->given.len == 0))
		return false;
	if (report->taken.is_taken != tells(&report->findings, FINDING_CERT_FOREIGN_KEY_TAKEN) ||
	    (report->taken.is_taken && (!report->accepted || report->lookup_count > 0)))
		return false;
	return !report->accepted ||
	       (report->has_leaf && report->leaf.len > 0 && !findings_refuse(&report->findings));
}

int
read_report_get(struct str from, struct read_report *ret)
{
	CLEAN(read_report_fini) struct read_report report;
	struct wire wire = WIRE(from);

	read_report_init(&report);
	get_report(&wire, &report);
	if (!wire_end(&wire) || buf_failed(&report.leaf) || buf_failed(&report.chain) ||
	    buf_failed(&report.given) || buf_failed(&report.taken.wrapped) || !is_coherent(&report))
		return error_origin(EBADMSG);
	read_report_fini(ret);
	*ret = report;
	report.leaf = report.chain = report.given = report.taken.wrapped = BUF(0);
	return 0;
}

/* Do they fit, and what came before them? */
static bool
add_sizes(const struct str of[], size_t count, size_t most, size_t *total)
{
	for (size_t i = 0; i < count; i++) {
		if (of[i].len > most || of[i].len > READ_TOTAL_MAX - *total)
			return false;
		*total += of[i].len;
	}
	return true;
}

static bool
is_within_limits(const struct delivery_question *question)
{
	size_t total = 0;

	if (question->file_count > READ_FILES_MAX || question->key_count > READ_KEYS_MAX ||
	    question->known_count > READ_KNOWN_MAX || question->status_count > READ_STATUS_MAX ||
	    question->order.csr.len > READ_CSR_MAX ||
	    (question->has_password && question->password.len > READ_PASSWORD_MAX))
		return false;
	for (size_t i = 0; i < question->file_count; i++) {
		if (question->files[i].bytes.len > READ_TOTAL_MAX - total)
			return false;
		total += question->files[i].bytes.len;
	}
	return add_sizes(question->known, question->known_count, READ_TOTAL_MAX, &total) &&
	       add_sizes(question->status, question->status_count, READ_STATUS_FILE_MAX, &total);
}

int
read_delivery_ask(
    struct channel *reader, const struct delivery_question *question, struct read_report *ret)
{
	CLEAN(buf_fini) struct buf payload = BUF_SECRET(QUESTION_MAX);
	CLEAN(buf_fini) struct buf answer = BUF(message_rule(MESSAGE_READ)->max_answer);
	int r;

	if (!is_within_limits(question))
		return READ_E_LIMIT;
	read_question_put(question, &payload);
	if (buf_failed(&payload))
		return READ_E_LIMIT;
	r = channel_call(reader, MESSAGE_READ, &payload, -1, READ_TIMEOUT, &answer);
	if (r == CHANNEL_E_CLOSED)
		return READ_E_UNAVAILABLE;
	if (r == CHANNEL_E_TIMEOUT)
		return READ_E_TIMEOUT;
	if (r)
		return error_fold(r); /* refused: question and table disagree, a defect of ours */
	return read_report_get(buf_str(&answer), ret);
}
