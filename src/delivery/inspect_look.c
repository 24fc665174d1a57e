/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement, beside the facts: what was found, how the chain ends, what would be served. */
#include <openssl/sha.h>
#include <stdlib.h>

#include "delivery/inspect_internal.h"
#include "pki/certificate.h"
#include "pki/csr_read.h"
#include "pki/name.h"

/* One look: what the judges are asked, what they say, and what they looked at. */
struct look {
	struct delivery_question question;
	struct delivery delivery, request;
	struct read_report report;
	struct chain chain;
};

static struct look *
look_new(const struct delivery_question *question)
{
	struct look *look = alloc_zero(sizeof(*look));

	look->question = *question;
	read_report_init(&look->report);
	return look;
}

static void
look_free(struct look *look)
{
	delivery_fini(&look->delivery);
	delivery_fini(&look->request);
	read_report_fini(&look->report);
	free(look);
}
CLEAN_DEFINE(look_free, struct look *);

/* They speak of keys that live with us and of what came by mail. Here somebody looks at his own
 * files, and a PKCS#12 holds a key for good reasons. */
static bool
needs_an_order(enum finding_code code)
{
	return code == FINDING_CERT_KEY_RECEIVED || code == FINDING_CERT_OWN_KEY_LEAKED;
}

static void
forget_orders(struct findings *findings)
{
	size_t kept = 0;

	for (size_t i = 0; i < findings->count; i++)
		if (!needs_an_order(findings->list[i].code))
			findings->list[kept++] = findings->list[i];
	findings->count = kept;
}

/* Sentences call the site by the order's name; without one, by what the certificate says. */
static void
name_sites(const struct look *look, struct findings *findings)
{
	const char *names = look->report.certificate.names;
	struct str rest = str_of(look->report.has_leaf ? names : ""), name = STR("your site");

	(void)str_next(&rest, ' ', &name);
	for (size_t i = 0; i < findings->count; i++)
		for (size_t p = 0; p < findings->list[i].param_count; p++)
			if (strcmp(findings->list[i].param[p].name, "fqdn") == 0 &&
			    !*findings->list[i].param[p].value)
				str_show(name.len > 0 ? name : STR("your site"),
				    findings->list[i].param[p].value, FINDING_VALUE_SIZE);
}

static json_t *
sentence(const struct finding *finding, enum finding_text text)
{
	CLEAN(buf_fini) struct buf words = BUF(1 << 14);

	finding_render(finding, text, &words);
	return json_string(buf_text(&words));
}

json_t *
inspect_finding(const struct finding *finding)
{
	const struct finding_rule *rule = finding_rule(finding->code);
	json_t *object = json_object();

	json_object_set_new(object, "code", json_string(rule->code));
	json_object_set_new(object, "severity", json_string(severity_name(finding->severity)));
	json_object_set_new(object, "owner", json_string(party_name(rule->owner)));
	json_object_set_new(object, "rules", json_string(rule->rules));
	json_object_set_new(object, "title", sentence(finding, FINDING_TITLE));
	json_object_set_new(object, "what", sentence(finding, FINDING_WHAT));
	json_object_set_new(object, "why", sentence(finding, FINDING_WHY));
	json_object_set_new(object, "next", sentence(finding, FINDING_NEXT));
	return object;
}

static json_t *
finding_list(const struct findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++)
		json_array_append_new(list, inspect_finding(&findings->list[i]));
	return list;
}

static json_t *
file_list(const struct look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; i < look->delivery.file_count; i++) {
		const struct delivery_file *file = &look->delivery.file[i];
		json_t *object =
		    json_pack("{s:s, s:s, s:i, s:i, s:i, s:i}", "name", file->name, "container",
			file->container, "certificates", (int)file->certificates, "private_keys",
			(int)file->keys, "csrs", (int)file->csrs, "crls", (int)file->crls);

		if (file->error != DELIVERY_FINE)
			json_object_set_new(object, "error",
			    json_pack("{s:s, s:s}", "class", delivery_error_name(file->error),
				"message", file->words));
		json_array_append_new(list, object);
	}
	return list;
}

static const char *
end_of(const struct chain *chain)
{
	if (chain->count > 0)
		return "trusted";
	if (*chain->missing)
		return "incomplete";
	if (chain->distrusted)
		return "distrusted";
	if (*chain->root)
		return "untrusted";
	return *chain->reason ? "broken" : "self_signed";
}

static json_t *
chain_status(const struct look *look)
{
	const struct chain *chain = &look->chain;
	json_t *object = json_object();

	if (!look->report.has_leaf) {
		json_object_set_new(object, "end", json_string("no_leaf"));
		return object;
	}
	json_object_set_new(object, "end", json_string(end_of(chain)));
	if (*chain->root)
		json_object_set_new(object, "root", json_string(chain->root));
	if (chain->count > 0) {
		json_object_set_new(object, "root_sha256", inspect_hex(chain->root_sha256));
		json_object_set_new(object, "ways", json_integer((json_int_t)chain->ways));
	}
	if (*chain->missing)
		json_object_set_new(object, "missing", json_string(chain->missing));
	if (*chain->reason)
		json_object_set_new(object, "reason", json_string(chain->reason));
	if (chain->distrusted)
		json_object_set_new(
		    object, "distrusted_by", json_string(chain->distrusted->programs));
	return object;
}

static json_t *
some_of(const struct delivery *delivery, const size_t at[], size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, inspect_hex(delivery->certificate[at[i]].sha256));
	return list;
}

static struct str
link_der(const struct look *look, size_t at)
{
	const struct chain_link *link = &look->chain.served[at];

	return link->at == CHAIN_KNOWN ? link->der : look->delivery.certificate[link->at].der;
}

static void
add_known(json_t *list, struct str der, const uint8_t sha256[static 32])
{
	CLEAN(x509_free) X509 *x509 = NULL;

	if (certificate_parse(der, &x509) == 0)
		json_array_append_new(list, inspect_certificate(x509, der, sha256));
}

/* What would be served; null when no chain holds. */
static json_t *
repaired(const struct look *look)
{
	const struct chain *chain = &look->chain;
	json_t *list, *added, *object;

	if (chain->count == 0)
		return json_null();
	list = json_array();
	added = json_array();
	for (size_t i = 0; i < chain->count; i++) {
		struct str der = link_der(look, i);
		uint8_t sha256[32];

		SHA256((const unsigned char *)der.p, der.len, sha256);
		json_array_append_new(list, inspect_hex(sha256));
		if (chain->served[i].at == CHAIN_KNOWN)
			add_known(added, der, sha256);
	}
	object = json_object();
	json_object_set_new(object, "chain", list);
	json_object_set_new(object, "certificates", added);
	json_object_set_new(object, "order_repaired", json_boolean(chain->order_repaired));
	json_object_set_new(object, "completed", json_integer((json_int_t)chain->completed));
	json_object_set_new(
	    object, "roots", some_of(&look->delivery, chain->roots, chain->root_count));
	json_object_set_new(
	    object, "extras", some_of(&look->delivery, chain->extras, chain->extra_count));
	return object;
}

static json_t *
bundle(const struct look *look)
{
	json_t *list = json_array();

	for (size_t i = 0; i < look->chain.count; i++) {
		CLEAN(buf_fini) struct buf text = BUF(2 * CERTIFICATE_MAX);
		struct str der = link_der(look, i);

		buf_put_base64(&text, der.p, der.len);
		json_array_append_new(list, json_string(buf_text(&text)));
	}
	return list;
}

static json_t *
difference_list(const struct read_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->difference_count; i++) {
		const struct read_difference *row = &report->differences[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:b}", "field", row->field, "requested",
			      row->requested, "delivered", row->delivered, "same", row->same));
	}
	return list;
}

static json_t *
csr_object(const struct look *look)
{
	json_t *object = json_object();
	bool fits = false;

	for (size_t i = 0; i < look->delivery.certificate_count && look->report.has_leaf; i++)
		if (memcmp(look->delivery.certificate[i].sha256, look->report.certificate.sha256,
			32) == 0)
			fits = memcmp(look->delivery.certificate[i].key_sha256,
				   look->question.spki_sha256, 32) == 0;
	json_object_set_new(
	    object, "matches_leaf", look->report.has_leaf ? json_boolean(fits) : json_null());
	json_object_set_new(object, "differences", difference_list(&look->report));
	return object;
}

/* Only what is a host name as it stands: a request asks for exactly what it says. */
static bool
take_host(struct str name, char ret[static READ_HOST_SIZE])
{
	struct name_report report;
	struct host_name host;

	if (host_name_parse(name, &host, &report) != 0 || report.changed)
		return false;
	return str_copy(str_of(host.text), ret, READ_HOST_SIZE);
}

/* The request's key, for the leaf to have; its name too, unless another was asked for. */
static bool
take_csr(struct look *look)
{
	struct delivery_question *question = &look->question;
	CLEAN(csr_facts_fini) struct csr_facts asked = { 0 };

	if (look->request.csr_count == 0 || csr_describe(look->request.csr[0], &asked) != 0 ||
	    !asked.has_key)
		return false;
	question->has_key = true;
	copy_bytes(question->spki_sha256, asked.key_sha256, sizeof(question->spki_sha256));
	question->order.csr = look->request.csr[0];
	if (*question->host || take_host(str_of(asked.common_name), question->host))
		return true;
	for (size_t i = 0; i < asked.name_count; i++)
		if (take_host(asked.names[i], question->host))
			return true;
	return true;
}

static json_t *
tell(const struct inspection *about, struct look *look)
{
	json_t *object = inspect_facts(&look->delivery, look->question.has_password,
	    look->question.has_key ? look->question.spki_sha256 : NULL);
	struct findings *findings = &look->report.findings;

	forget_orders(findings);
	name_sites(look, findings);
	json_object_set_new(object, "usable",
	    json_boolean(
		look->report.has_leaf && look->chain.count > 0 && !findings_refuse(findings)));
	json_object_set_new(object, "files", file_list(look));
	json_object_set_new(object, "chain_status", chain_status(look));
	json_object_set_new(object, "repaired", repaired(look));
	if (*look->question.host)
		json_object_set_new(object, "name", json_string(look->question.host));
	if (about->csr)
		json_object_set_new(object, "csr", csr_object(look));
	if (about->bundle)
		json_object_set_new(object, "bundle", bundle(look));
	json_object_set_new(object, "findings", finding_list(findings));
	return object;
}

int
inspect_look(const struct inspection *about, const struct delivery_tools *tools,
    const struct judge_setting *setting, struct buf *to)
{
	CLEAN(look_free) struct look *look = look_new(about->question);
	CLEAN(json_free) json_t *object = NULL;

	if (about->csr)
		delivery_add(&look->request, tools, STR(""), *about->csr, NULL);
	if (about->csr && !take_csr(look)) {
		object = json_pack("{s:s}", "csr_error", "no certificate signing request is in it");
		return inspect_put(object, to);
	}
	judge_open(&look->question, tools, &look->delivery);
	judge_delivery(
	    &look->question, &look->delivery, tools, setting, &look->report, &look->chain);
	object = tell(about, look);
	return inspect_put(object, to);
}
