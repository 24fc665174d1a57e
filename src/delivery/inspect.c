/* SPDX-License-Identifier: Apache-2.0 */
/* What a delivery holds, without judgement. */
#include "delivery/inspect_internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/certificate.h"
#include "pki/chain.h"
#include "pki/csr_read.h"
#include "delivery/leaf.h"

json_t *
inspect_hex(const uint8_t bytes[static 32])
{
	CLEAN(buf_fini) struct buf text = BUF(80);

	buf_put_hex(&text, bytes, 32);
	return json_string(buf_text(&text));
}

json_t *
inspect_encoded(struct str s)
{
	json_t *exact = json_stringn(s.p, s.len);
	char text[512];

	if (exact)
		return exact;
	str_show(s, text, sizeof(text));
	return json_string(text);
}

static json_t *
names_of(const struct certificate_facts *facts)
{
	json_t *names = json_array();

	for (size_t i = 0; i < facts->name_count; i++)
		json_array_append_new(names, inspect_encoded(facts->names[i]));
	return names;
}

static void
put_name(json_t *object, const char *member, const X509_NAME *name)
{
	char text[CERTIFICATE_NAME_SIZE];

	certificate_name_text(name, text, sizeof(text));
	json_object_set_new(object, member, json_string(text));
}

json_t *
inspect_certificate(X509 *x509, struct str der, const uint8_t sha256[static 32])
{
	CLEAN(certificate_facts_fini) struct certificate_facts facts = { 0 };
	char from[WHEN_RFC3339_SIZE], until[WHEN_RFC3339_SIZE];
	json_t *object = json_object();

	json_object_set_new(object, "sha256", inspect_hex(sha256));
	put_name(object, "subject", X509_get_subject_name(x509));
	put_name(object, "issuer", X509_get_issuer_name(x509));
	if (certificate_describe_parsed(x509, der, &facts))
		return object; /* readable, but with a date nobody can make sense of */
	if (facts.common_name.len > 0)
		json_object_set_new(object, "subject_cn", inspect_encoded(facts.common_name));
	json_object_set_new(object, "san_dns", names_of(&facts));
	json_object_set_new(object, "serial_hex", json_string(facts.serial));
	json_object_set_new(
	    object, "not_before", json_string(when_rfc3339(facts.not_before, from)));
	json_object_set_new(object, "not_after", json_string(when_rfc3339(facts.not_after, until)));
	json_object_set_new(object, "is_ca", json_boolean(facts.is_ca));
	json_object_set_new(object, "key_algorithm", json_string(facts.key_algorithm));
	json_object_set_new(object, "key_bits", json_integer(facts.key_bits));
	if (*facts.curve)
		json_object_set_new(object, "curve", json_string(facts.curve));
	json_object_set_new(object, "signature", json_string(facts.signature));
	json_object_set_new(object, "spki_sha256", inspect_hex(facts.spki_sha256));
	return object;
}

static json_t *
certificate_list(const struct delivery *delivery)
{
	json_t *list = json_array();

	for (size_t i = 0; i < delivery->certificate_count; i++) {
		const struct delivery_certificate *one = &delivery->certificate[i];

		json_array_append_new(list, inspect_certificate(one->x509, one->der, one->sha256));
	}
	return list;
}

static json_t *
key_list(const struct delivery *delivery)
{
	json_t *list = json_array();

	for (size_t i = 0; i < delivery->key_count; i++) {
		const struct delivery_key *key = &delivery->key[i];
		json_t *object = json_object();

		if (key->readable)
			json_object_set_new(object, "spki_sha256", inspect_hex(key->spki_sha256));
		else
			json_object_set_new(object, "unread", json_true());
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *
csr_object(struct str der)
{
	CLEAN(csr_facts_fini) struct csr_facts facts;
	json_t *object = json_object(), *names = json_array();

	if (csr_describe(der, &facts) == 0) {
		json_object_set_new(object, "subject", json_string(facts.subject));
		json_object_set_new(object, "subject_cn", json_string(facts.common_name));
		for (size_t i = 0; i < facts.name_count; i++)
			json_array_append_new(names, inspect_encoded(facts.names[i]));
		json_object_set_new(object, "key", json_string(facts.key));
		json_object_set_new(object, "signed", json_boolean(facts.is_signed));
		json_object_set_new(object, "spki_sha256",
		    facts.has_key ? inspect_hex(facts.spki_sha256) : json_null());
	}
	json_object_set_new(object, "san_dns", names);
	return object;
}

static json_t *
csr_list(const struct delivery *delivery)
{
	json_t *list = json_array();

	for (size_t i = 0; i < delivery->csr_count; i++)
		json_array_append_new(list, csr_object(delivery->csr[i]));
	return list;
}

/* Null when there is nothing to compare. */
static json_t *
key_matches(const struct delivery *delivery, size_t leaf)
{
	bool readable = false;

	for (size_t i = 0; i < delivery->key_count; i++) {
		readable |= delivery->key[i].readable;
		if (delivery->key[i].readable &&
		    memcmp(delivery->key[i].key_sha256, delivery->certificate[leaf].key_sha256,
			32) == 0)
			return json_true();
	}
	return readable ? json_false() : json_null();
}

static void
put_leaf(const struct delivery *delivery, const uint8_t *key_sha256, json_t *to)
{
	X509 *given[DELIVERY_CERTIFICATES_MAX];
	size_t leaf, path[CHAIN_DEPTH_MAX], count;
	json_t *chain = json_array();

	if (leaf_choose(delivery, key_sha256, &leaf)) {
		json_object_set_new(to, "leaf", json_null());
		json_object_set_new(to, "chain", chain);
		json_object_set_new(to, "key_matches_leaf", json_null());
		return;
	}
	count = chain_follow(given, delivery_x509s(delivery, given), leaf, path);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(chain, inspect_hex(delivery->certificate[path[i]].sha256));
	json_object_set_new(to, "leaf", inspect_hex(delivery->certificate[leaf].sha256));
	json_object_set_new(to, "chain", chain);
	json_object_set_new(to, "key_matches_leaf", key_matches(delivery, leaf));
}

/* The key of a delivery that holds nothing but closed ones; NULL. */
static const struct delivery_key *
closed_only(const struct delivery *delivery)
{
	if (delivery->certificate_count > 0 || delivery_csrs(delivery) > 0)
		return NULL;
	for (size_t i = 0; i < delivery->key_count; i++)
		if (delivery->key[i].readable)
			return NULL;
	return delivery->key_count > 0 ? &delivery->key[0] : NULL;
}

/* A file that holds nothing but a closed key asks for its password here, where files are only
 * looked at; and where no leaf is to be named, a damaged or closed part explains it. */
static enum delivery_error
error_of(const struct delivery *delivery, bool had_password)
{
	const struct delivery_file *problem = delivery_problem(delivery);
	const struct delivery_key *closed = closed_only(delivery);
	size_t leaf;

	if (closed && closed->error != DELIVERY_FINE)
		return closed->error;
	if (closed && !had_password)
		return DELIVERY_PASSWORD_REQUIRED;
	if (problem && problem->error != DELIVERY_UNSUPPORTED_FORMAT &&
	    leaf_choose(delivery, NULL, &leaf) == LEAF_E_NONE)
		return problem->error;
	return delivery_error(delivery);
}

static void
put_outcome(const struct delivery *delivery, bool had_password, json_t *to)
{
	enum delivery_error error = error_of(delivery, had_password);
	const struct delivery_file *problem = delivery_problem(delivery);
	const struct delivery_key *closed = closed_only(delivery);
	const char *words = closed && *closed->words ? closed->words
	                    : problem                ? problem->words
	                                             : "";
	json_t *object;

	json_object_set_new(to, "outcome", json_string(error == DELIVERY_FINE ? "ok" : "error"));
	if (error == DELIVERY_FINE)
		return;
	object = json_object();
	json_object_set_new(object, "class", json_string(delivery_error_name(error)));
	json_object_set_new(object, "message", json_string(words));
	json_object_set_new(to, "error", object);
}

json_t *
inspect_facts(const struct delivery *delivery, bool had_password, const uint8_t *key_sha256)
{
	json_t *object = json_object();

	put_outcome(delivery, had_password, object);
	json_object_set_new(object, "container",
	    json_string(delivery->file_count > 0 ? delivery->file[0].container : ""));
	json_object_set_new(object, "certificates", certificate_list(delivery));
	json_object_set_new(object, "private_keys", key_list(delivery));
	json_object_set_new(object, "csrs", csr_list(delivery));
	put_leaf(delivery, key_sha256, object);
	return object;
}

int
inspect_put(const json_t *object, struct buf *to)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	free(text);
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}

int
inspect_to_json(const struct delivery *delivery, bool had_password, struct buf *to)
{
	CLEAN(json_free) json_t *object = inspect_facts(delivery, had_password, NULL);

	return inspect_put(object, to);
}
