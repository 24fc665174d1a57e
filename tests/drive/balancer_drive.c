/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load balancer's driver without the house around it: reads one JSON object from standard input,
 * does what its `op` says, prints one: {"result": "done", "kind": "done", "words": "…"}.
 *
 *     op          install, rollback, withdraw, observe
 *     balancer    driver, address, port, pin, …: the members of a balancer in the configuration
 *     host vip backend service site   what the bundle says of the site; `site` is a number
 *     template    its members in the configuration; absent = what is built in
 *     leaf chain key          files: DER, DER, PEM
 *     twin        leaf, chain, key of the other key type; absent = none
 *     previous    leaf, chain, key, perhaps twin of what may be served again; absent = none
 *     trust       file of the roots by which what is served is verified
 *     user password           of the device; who plays keeper and courier must know them
 */
#include <curl/curl.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "balancer/balancer.h"
#include "balancer/device.h"
#include "pki/der_read.h"
#include "site/site.h"
#include "sys/file.h"

#define PATIENCE SECONDS(20)
#define FILE_MAX (1u << 20)

static const json_t *order;
static struct config_template template;

struct part {
	struct bundle bundle; /* first: upload() gets it back */
	struct buf leaf, chain, key;
};

static void
part_fini(struct part *part)
{
	buf_fini(&part->leaf);
	buf_fini(&part->chain);
	buf_fini(&part->key);
}

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "balancer_drive: %s\n", what);
	exit(2);
}

static const char *
text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}

/* Members of that name, if they are there. */
#define COPY(to, from, member) copy_member((from), #member, (to).member, sizeof((to).member))

static void
copy_member(const json_t *from, const char *member, char *to, size_t size)
{
	if (json_object_get(from, member))
		must(str_copy(str_of(text_of(from, member)), to, size), member);
}

static struct config_balancer
read_balancer(const json_t *from)
{
	struct config_balancer b = { .name = "edge",
		.port = json_integer_value(json_object_get(from, "port")),
		.https_port = json_integer_value(json_object_get(from, "https_port")),
		.route_domain = json_integer_value(json_object_get(from, "route_domain")),
		.redirect_rule = "certdesk" };

	COPY(b, from, driver);
	COPY(b, from, address);
	COPY(b, from, pin);
	COPY(b, from, ca_file);
	COPY(b, from, partition);
	COPY(b, from, parent_profile);
	COPY(b, from, http_profile);
	COPY(b, from, tcp_profile);
	COPY(b, from, redirect_rule);
	COPY(b, from, snat);
	COPY(b, from, lock_folder);
	return b;
}

static struct config_template
read_template(const json_t *from)
{
	struct config_template t = { .name = "template" };

	COPY(t, from, parent_profile);
	COPY(t, from, http_profile);
	COPY(t, from, tcp_profile);
	COPY(t, from, server_ssl_profile);
	COPY(t, from, persistence);
	COPY(t, from, pool);
	COPY(t, from, servers);
	COPY(t, from, monitor_host);
	COPY(t, from, rules);
	COPY(t, from, redirect_rule);
	COPY(t, from, snat);
	COPY(t, from, shared_virtual);
	return t;
}

static void
read_file(const json_t *from, const char *member, struct buf *to)
{
	*to = BUF(FILE_MAX);
	must(file_read(text_of(from, member), to) == 0, member);
}

static void
read_part(const json_t *files, struct part *to)
{
	struct bundle *b = &to->bundle;
	struct name_report report;

	read_file(files, "leaf", &to->leaf);
	read_file(files, "chain", &to->chain);
	read_file(files, "key", &to->key);
	must(host_name_parse(str_of(text_of(order, "host")), &b->name, &report) == 0, "host");
	must(addr_parse(str_of(text_of(order, "vip")), &b->address), "vip");
	b->site.b[15] = (uint8_t)json_integer_value(json_object_get(order, "site"));
	b->backend = text_of(order, "backend");
	b->service = text_of(order, "service");
	b->template = json_object_get(order, "template") ? &template : NULL;
	b->leaf = buf_str(&to->leaf);
	b->chain = buf_str(&to->chain);
	SHA256((const unsigned char *)b->leaf.p, b->leaf.len, b->leaf_sha256);
	b->installation = world_id(world_real());
}

/* A part, and its twin behind it. */
static void
read_pair(const json_t *files, struct part *to)
{
	const json_t *twin = json_object_get(files, "twin");

	read_part(files, &to[0]);
	if (!twin)
		return;
	read_part(twin, &to[1]);
	to[0].bundle.twin = &to[1].bundle;
}

/* ---- who plays keeper and courier */

static int
carry(const struct config_balancer *to, const struct device_request *request, long *ret_status,
    struct buf *answer, struct outcome *what)
{
	const struct device_place place = { .address = to->address,
		.port = to->port,
		.ca_file = to->ca_file,
		.pin = to->pin,
		.timeout = SECONDS(20) };
	CLEAN(device_close) struct device *device = NULL;
	int r;

	must(device_open(&place, &device) == 0, "a connection");
	r = device->exchange(device, request, ret_status, answer);
	if (r <= 0)
		return r;
	outcome_set(what, OUTCOME_LATER, "%s (%s)", device_words(r), device->problem);
	return r == DEVICE_E_LOST ? BALANCER_E_AMBIGUOUS : BALANCER_E_UNREACHABLE;
}

static int
sign_in(const struct pourer *self, long *ret_status, struct buf *answer, struct outcome *what)
{
	json_t *body = json_pack("{s:s, s:s, s:s}", "username", text_of(order, "user"), "password",
	    text_of(order, "password"), "loginProviderName", "tmos");
	const struct device_request request = { .method = "POST",
		.path = "/mgmt/shared/authn/login",
		.token = "",
		.coordination = "",
		.json = body };
	int r = carry(self->context, &request, ret_status, answer, what);

	json_decref(body);
	return r;
}

static int
upload(const struct pourer *self, const struct bundle *bundle, const char *name, const char *token,
    long *ret_status, struct buf *answer, struct outcome *what)
{
	const struct part *part = (const struct part *)(const void *)bundle;
	char path[300];
	const struct device_request request = { .method = "POST",
		.path = path,
		.token = token,
		.coordination = "",
		.bytes = buf_str(&part->key) };

	snprintf(path, sizeof(path), "/mgmt/shared/file-transfer/uploads/%s", name);
	return carry(self->context, &request, ret_status, answer, what);
}

/* What only a visitor offers who cannot take the other one. */
static const char *
signatures_for(const struct bundle *bundle)
{
	const unsigned char *der = (const unsigned char *)bundle->leaf.p;
	X509 *leaf = d2i_X509(NULL, &der, (long)bundle->leaf.len);
	bool is_rsa = leaf && EVP_PKEY_get_base_id(X509_get0_pubkey(leaf)) == EVP_PKEY_RSA;

	X509_free(leaf);
	return is_rsa ? "RSA-PSS+SHA256:RSA+SHA256" : "ECDSA+SHA256:ECDSA+SHA384";
}

static int
verify_one(const struct installer *self, const struct bundle *bundle, const char *signatures,
    struct outcome *what)
{
	CLEAN(site_trust_free) struct site_trust *trust = NULL;
	const struct config_balancer *balancer = self->context;
	struct site_target target = { .name = bundle->name,
		.address = bundle->address,
		.port = (uint16_t)balancer->https_port,
		.path = "/",
		.signatures = signatures,
		.timeout = SECONDS(5) };
	int r;

	must(site_trust_load(text_of(order, "trust"), &trust) == 0, "trust");
	target.trust = trust;
	memcpy(target.leaf_sha256, bundle->leaf_sha256, sizeof(target.leaf_sha256));
	r = site_serves(&target, what);
	if (r)
		return r;
	return what->kind == OUTCOME_DONE ? 0 : BALANCER_E_INVALID;
}

/* Two are each asked for by those who can take nothing else. */
static int
verify(const struct installer *self, const struct bundle *bundle, struct outcome *what)
{
	int r;

	if (!bundle->twin)
		return verify_one(self, bundle, NULL, what);
	r = verify_one(self, bundle, signatures_for(bundle), what);
	return r ? r : verify_one(self, bundle->twin, signatures_for(bundle->twin), what);
}

static int
act(struct balancer *b, const struct part *part, const struct installer *installer,
    struct outcome *what)
{
	const struct balancer_driver *driver = balancer_driver_of(b);
	const char *op = text_of(order, "op");
	struct observation seen;
	int r;

	if (strcmp(op, "install") == 0)
		return balancer_install(b, &part->bundle, installer, what);
	if (strcmp(op, "withdraw") == 0)
		return driver->withdraw(b, &part->bundle, what);
	if (strcmp(op, "rollback") == 0)
		return driver->rollback(b, &part->bundle, installer->pourer, what);
	must(strcmp(op, "observe") == 0, "op");
	r = driver->observe(b, &part->bundle, &seen, what);
	if (r == 0)
		outcome_set(what, OUTCOME_DONE, "%s", seen.words);
	return r;
}

int
main(void)
{
	json_t *given = json_loadf(stdin, JSON_REJECT_DUPLICATES, NULL);
	const json_t *previous = json_object_get(given, "previous");
	struct config_balancer balancer = read_balancer(json_object_get(given, "balancer"));
	const struct pourer pourer = { .sign_in = sign_in, .upload = upload, .context = &balancer };
	const struct installer installer = {
		.pourer = &pourer, .verify = verify, .context = &balancer
	};
	struct outcome what = { .kind = OUTCOME_DONE };
	struct part parts[4] = { 0 }; /* what shall be served, its twin, and both of before */
	struct balancer *b = NULL;
	json_t *said;
	int r;

	order = given;
	template = read_template(json_object_get(given, "template"));
	must(given != NULL, "no JSON");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	read_pair(given, &parts[0]);
	if (previous)
		read_pair(previous, &parts[2]);
	parts[0].bundle.previous = previous ? &parts[2].bundle : NULL;
	r = balancer_open(&balancer, world_real(), &pourer, NULL, PATIENCE, &b, &what);
	if (r == 0)
		r = act(b, &parts[0], &installer, &what);
	balancer_close(b);
	said = json_pack("{s:s, s:s, s:s}", "result", balancer_words(r), "kind",
	    outcome_name(what.kind), "words", what.words);
	json_dumpf(said, stdout, JSON_COMPACT);
	json_decref(said);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		part_fini(&parts[i]);
	json_decref(given);
	curl_global_cleanup();
	return 0;
}
