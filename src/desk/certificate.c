/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /orders/{ref}/certificate: the files go to the reader, which answers with findings and facts. What is accepted
 * is stored with the event that follows from it; what is refused leaves its findings on the order and nothing else.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/access.h"
#include "desk/answer.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "desk/order_json.h"
#include "ipc/read_delivery.h"
#include "ipc/wake.h"
#include "store/certificates.h"
#include "store/events.h"
#include "store/keys.h"

static const struct field fields[] = {
	{ "files", FIELD_LIST, 0, true },
	{ "password", FIELD_TEXT, READ_PASSWORD_MAX, false },
};
static const struct field file_fields[] = {
	{ "name", FIELD_TEXT, 512, false },
	{ "content", FIELD_TEXT, READ_FILE_MAX + 1, false },
	{ "content_base64", FIELD_TEXT, READ_FILE_MAX / 3 * 4 + 8, false },
};

struct delivery_in {
	struct form form;
	struct delivery_question question;
	struct buf content[READ_FILES_MAX];
	struct read_report report;
};

static void
delivery_in_free(struct delivery_in *in)
{
	json_t *password = in->form.root ? json_object_get(in->form.root, "password") : NULL;

	if (password) /* jansson's own copy; the body's is wiped with the request */
		sodium_memzero((void *)(uintptr_t)json_string_value(password), json_string_length(password));
	form_fini(&in->form);
	for (size_t i = 0; i < READ_FILES_MAX; i++)
		buf_fini(&in->content[i]);
	read_report_fini(&in->report);
	free(in);
}

static bool
read_file(struct delivery_in *in, json_t *item, struct answer *answer)
{
	struct read_file *file = &in->question.files[in->question.file_count];
	struct buf *content = &in->content[in->question.file_count];
	struct form form = { .root = item };

	if (!json_is_object(item))
		return answer_no(answer, 422, "FIELDS", "files: each file is an object with name and content or content_base64.");
	if (!form_read_member(item, "files", file_fields, COUNT_OF(file_fields), answer))
		return false;
	if (form_has(&form, "content") == form_has(&form, "content_base64"))
		return answer_no(answer, 422, "FIELDS", "files: a file has either content (text) or content_base64.");
	*content = BUF_SECRET(READ_FILE_MAX + 8);
	if (form_has(&form, "content"))
		buf_put_str(content, form_str(&form, "content"));
	else if (!buf_put_from_base64(content, form_str(&form, "content_base64")))
		return answer_no(answer, 422, "FIELDS", "files: content_base64 is not base64, or larger than a mebibyte.");
	read_file_name(form_str(&form, "name"), file->name);
	file->bytes = buf_str(content);
	in->question.file_count++;
	return true;
}

static bool
read_files(struct delivery_in *in, struct answer *answer)
{
	json_t *list = json_object_get(in->form.root, "files"), *item;
	size_t i;

	if (json_array_size(list) < 1 || json_array_size(list) > READ_FILES_MAX)
		return answer_no(answer, 422, "FIELDS", "files: 1 to %d files are needed.", READ_FILES_MAX);
	json_array_foreach(list, i, item)
	{
		if (!read_file(in, item, answer))
			return false;
	}
	in->question.has_password = form_has(&in->form, "password");
	in->question.password = form_str(&in->form, "password");
	return true;
}

/* JSON with files and password, or the bare bytes of one file. */
static bool
read_body(struct request *request, struct answer *answer, struct delivery_in *in)
{
	if (strncmp(request->content_type, "application/json", 16) == 0)
		return form_read(request, fields, COUNT_OF(fields), &in->form, answer) && read_files(in, answer);
	read_file_name(str_of(request->query(request, "name")), in->question.files[0].name);
	in->question.files[0].bytes = request->body;
	in->question.file_count = 1;
	return true;
}

static int
add_keys(struct request *request, const struct order *o, struct delivery_question *question)
{
	struct key_match *keys = alloc_array(READ_KEYS_MAX, sizeof(*keys));
	size_t count = 0;
	int r = store_keys_of_customer(request->store, o->customer, keys, READ_KEYS_MAX, &count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct read_key *to = &question->keys[question->key_count];
		struct key key;

		if (id_eq(keys[i].key, o->key)) {
			memcpy(question->spki_sha256, keys[i].spki_sha256, sizeof(question->spki_sha256));
			continue;
		}
		r = store_key_get(request->store, keys[i].key, &key);
		if (r)
			break;
		memcpy(to->spki_sha256, keys[i].spki_sha256, sizeof(to->spki_sha256));
		to->order_number = keys[i].order_number;
		to->retired = keys[i].state != KEY_ACTIVE;
		to->same_site = id_eq(key.site, o->site);
		question->key_count++;
	}
	free(keys);
	return r;
}

static int
complete(struct request *request, const struct order *o, struct delivery_question *question)
{
	struct certificate accepted;
	int r = add_keys(request, o, question);

	snprintf(question->host, sizeof(question->host), "%s", o->host);
	question->now = world_now(request->desk->process->world);
	if (r || id_is_none(o->certificate))
		return r;
	r = store_certificate_get(request->store, o->certificate, &accepted);
	if (r)
		return r;
	question->has_accepted = true;
	memcpy(question->accepted_sha256, accepted.sha256, sizeof(accepted.sha256));
	return 0;
}

/* A certificate is taken from the request on until the order is live or ended. */
static bool
awaits(const struct order *o, struct answer *answer)
{
	struct order_facts facts = o->facts;
	struct findings findings = { 0 };
	struct finding *f;

	if (order_apply(&facts, EVENT_CERTIFIED, o->changed) == 0)
		return true;
	f = findings_add(&findings, FINDING_CERT_NOT_AWAITED, "files");
	finding_param(f, "fqdn", "%s", o->host);
	finding_param(f, "stage", "%s", order_stage_name(order_stage(&o->facts)));
	if (answer_findings(answer, 409, &findings) != 0)
		answer->status = 500;
	return false;
}

static int
reader_failed(struct answer *answer, const struct delivery_in *in, int r)
{
	struct findings findings = { 0 };
	struct finding *f = findings_add(&findings, r == READ_E_LIMIT ? FINDING_CERT_LIMIT : FINDING_CERT_READER_FAILED, "files");

	finding_param(f, "file", "%s", in->question.files[0].name);
	finding_param(f, "problem", "%s", r == READ_E_LIMIT ? "it is larger than we take"
		: r == READ_E_TIMEOUT			     ? "it took too long"
							     : "the reader is being restarted; send it again in a moment");
	answer->retry_after = r == READ_E_LIMIT ? 0 : 3;
	return answer_findings(answer, r == READ_E_LIMIT ? 422 : 503, &findings);
}

static int
refuse(struct request *request, struct answer *answer, const struct order *o, const struct read_report *report)
{
	int r = store_begin(request->store);

	if (r == 0)
		r = store_findings_replace(request->store, o->id, GATE_CERTIFICATE, &report->findings);
	if (r == 0)
		r = store_event_add(request->store, "certificate.refused", "order", o->id, o->id, "");
	if (r == 0)
		r = answer_findings(answer, 422, &report->findings);
	return r ? r : request_commit(request, answer, "desk.refused");
}

static void
fill_certificate(const struct order *o, const struct read_report *report, struct certificate *c)
{
	const struct read_certificate *from = &report->certificate;

	*c = (struct certificate){ .order = o->id, .site = o->site, .key = o->key, .chain_length = report->chain_length,
		.not_before = from->not_before, .not_after = from->not_after };
	memcpy(c->sha256, from->sha256, sizeof(c->sha256));
	snprintf(c->serial, sizeof(c->serial), "%s", from->serial);
	snprintf(c->subject, sizeof(c->subject), "%s", from->subject);
	snprintf(c->issuer, sizeof(c->issuer), "%s", from->issuer);
	snprintf(c->names, sizeof(c->names), "%s", from->names);
}

static int
answer_accepted(struct request *request, struct answer *answer, struct id order, const struct read_report *report)
{
	struct order o;
	json_t *certificate;
	int r = store_order_get(request->store, order, &o);

	if (r == 0)
		r = order_certificate_json(request, &o, &certificate);
	if (r)
		return r;
	return answer_json(answer, 200, json_pack("{s:b, s:s, s:o, s:o}", "accepted", 1, "container", report->container, "certificate",
	    certificate, "findings", findings_json(&report->findings)));
}

static bool
is_known(const struct delivery_question *question, const struct read_report *report)
{
	return question->has_accepted && memcmp(question->accepted_sha256, report->certificate.sha256, 32) == 0;
}

static int
accept(struct request *request, struct answer *answer, const struct order *seen, const struct delivery_in *in)
{
	const struct read_report *report = &in->report;
	struct certificate c;
	struct order o;
	int r = store_begin(request->store);

	if (r == 0)
		r = store_order_get(request->store, seen->id, &o);
	if (r)
		return r;
	if (!awaits(&o, answer)) /* it went on while the reader was reading */
		return 0;
	fill_certificate(&o, report, &c);
	r = store_certificate_add(request->store, &c, buf_str(&report->leaf), buf_str(&report->chain));
	if (r == 0)
		r = store_order_point(request->store, o.id, ID_NONE, ID_NONE, c.id, ID_NONE);
	if (r == 0)
		r = store_order_set_valid_from(request->store, o.id, c.not_before);
	if (r == 0)
		r = store_findings_replace(request->store, o.id, GATE_CERTIFICATE, &report->findings);
	if (r == 0)
		r = store_order_event(request->store, o.id, EVENT_CERTIFIED, "");
	if (r == 0)
		r = answer_accepted(request, answer, o.id, report);
	if (r == 0)
		r = request_commit(request, answer, "desk.certificate");
	if (r == 0)
		wake_tell(request->desk->worker);
	return r;
}

static int
take(struct request *request, struct answer *answer, struct delivery_in *in)
{
	struct order o;
	int r;

	if (!access_order(request, answer, &o) || !awaits(&o, answer) || !read_body(request, answer, in))
		return 0;
	r = complete(request, &o, &in->question);
	if (r)
		return r;
	r = read_delivery_ask(request->desk->reader, &in->question, &in->report);
	if (r > 0)
		return reader_failed(answer, in, r);
	if (r)
		return r;
	if (!in->report.accepted)
		return refuse(request, answer, &o, &in->report);
	if (is_known(&in->question, &in->report)) /* nothing changes by sending it again (I-20) */
		return answer_accepted(request, answer, o.id, &in->report);
	return accept(request, answer, &o, in);
}

int
certificate_add(struct request *request, struct answer *answer)
{
	struct delivery_in *in = alloc_zero(sizeof(*in));
	int r;

	read_report_init(&in->report);
	r = take(request, answer, in);
	delivery_in_free(in);
	return r;
}
