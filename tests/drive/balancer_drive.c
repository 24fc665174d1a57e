/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load balancer's driver without the house around it: reads one JSON object from standard input,
 * does what its `op` says, prints one: {"result": "done", "kind": "done", "words": "…", "steps":
 * [verbs as they were taken]}; of `plan` also {"plan": {…}}, of `observe` {"seen": {…}}.
 *
 *     op          install, rollback, withdraw, observe, plan, probe
 *     balancer    driver, address, port, pin, …: the members of a balancer in the configuration
 *     host vip backend service site   what the bundle says of the site; `site` is a number
 *     template    its members in the configuration; absent = what is built in
 *     leaf chain key          files: DER, DER, PEM
 *     twin        leaf, chain, key of the other key type; absent = none
 *     previous    leaf, chain, key, perhaps twin of what may be served again; absent = none
 *     trust       file of the roots by which what is served is verified
 *     doubt       true: the verification of the bundle fails, whatever is served
 *     user password           of the device; who plays keeper and courier must know them
 */
#include <curl/curl.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "balancer/balancer_internal.h"
#include "balancer/device.h"
#include "balancer/plan.h"
#include "pki/der_read.h"
#include "site/site.h"
#include "sys/failpoint.h"
#include "sys/file.h"
#include "sys/net.h"

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
		.bufsize = json_integer_value(json_object_get(from, "bufsize")),
		.port = json_integer_value(json_object_get(from, "port")),
		.peer_port = json_integer_value(json_object_get(from, "peer_port")),
		.https_port = json_integer_value(json_object_get(from, "https_port")),
		.route_domain = json_integer_value(json_object_get(from, "route_domain")),
		.redirect_rule = "certdesk" };

	COPY(b, from, driver);
	COPY(b, from, address);
	COPY(b, from, pin);
	COPY(b, from, peer_address);
	COPY(b, from, peer_pin);
	COPY(b, from, ca_file);
	COPY(b, from, user);
	COPY(b, from, partition);
	COPY(b, from, parent_profile);
	COPY(b, from, http_profile);
	COPY(b, from, tcp_profile);
	COPY(b, from, redirect_rule);
	COPY(b, from, snat);
	COPY(b, from, socket);
	COPY(b, from, certificates);
	COPY(b, from, crt_list);
	COPY(b, from, hosts_map);
	COPY(b, from, folder);
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
carry(const struct config_balancer *to, size_t number, const struct device_request *request,
    long *ret_status, struct buf *answer, struct outcome *what)
{
	const struct config_unit unit = config_unit_of(to, number);
	const struct device_place place = { .address = unit.address,
		.port = unit.port,
		.ca_file = to->ca_file,
		.pin = unit.pin,
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
sign_in(const struct pourer *self, size_t unit, long *ret_status, struct buf *answer,
    struct outcome *what)
{
	json_t *body = json_pack("{s:s, s:s, s:s}", "username", text_of(order, "user"), "password",
	    text_of(order, "password"), "loginProviderName", "tmos");
	const struct device_request request = { .method = "POST",
		.path = "/mgmt/shared/authn/login",
		.token = "",
		.coordination = "",
		.json = body };
	int r = carry(self->context, unit, &request, ret_status, answer, what);

	json_decref(body);
	return r;
}

static int
upload(const struct pourer *self, const struct bundle *bundle, size_t unit, const char *name,
    const char *token, long *ret_status, struct buf *answer, struct outcome *what)
{
	const struct part *part = (const struct part *)(const void *)bundle;
	char path[300];
	const struct device_request request = { .method = "POST",
		.path = path,
		.token = token,
		.coordination = "",
		.bytes = buf_str(&part->key) };

	snprintf(path, sizeof(path), "/mgmt/shared/file-transfer/uploads/%s", name);
	return carry(self->context, unit, &request, ret_status, answer, what);
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
pour(const struct pourer *self UNUSED, const struct bundle *bundle, int fd, bool is_socket,
    struct str before, struct str after, size_t max_total, struct outcome *what)
{
	const struct part *part = (const struct part *)(const void *)bundle;
	CLEAN(buf_fini) struct buf all = BUF_SECRET(FILE_MAX);

	buf_put_str(&all, before);
	buf_put_str(&all, buf_str(&part->key));
	buf_put_str(&all, after);
	if (all.len > max_total) {
		outcome_set(what, OUTCOME_HUMAN, "%zu bytes are too many", all.len);
		return BALANCER_E_CAPACITY;
	}
	if (is_socket)
		return net_write(fd, buf_str(&all), SECONDS(5)) ? BALANCER_E_AMBIGUOUS : 0;
	must(write(fd, all.data, all.len) == (ssize_t)all.len, "pouring");
	return 0;
}

static int
look_for(const struct pourer *self, const struct bundle *bundle, const char *signatures,
    struct outcome *what)
{
	CLEAN(site_trust_free) struct site_trust *trust = NULL;
	const struct config_balancer *balancer = self->context;
	struct site_target target = { .name = bundle->name,
		.address = bundle->address,
		.port = (uint16_t)balancer->https_port,
		.chain = bundle->chain,
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
look(const struct pourer *self, const struct bundle *bundle, struct outcome *what)
{
	int r;

	if (!bundle->twin)
		return look_for(self, bundle, NULL, what);
	r = look_for(self, bundle, signatures_for(bundle), what);
	return r ? r : look_for(self, bundle->twin, signatures_for(bundle->twin), what);
}

/* ---- which steps were taken */

static const struct balancer_driver *real;
static json_t *steps;

static void
note(enum plan_verb verb)
{
	json_array_append_new(steps, json_string(plan_verb_name(verb)));
}

static int
verify(const struct installer *self, const struct bundle *bundle, struct outcome *what)
{
	note(PLAN_VERIFY);
	if (!json_is_true(json_object_get(order, "doubt")))
		return look(self->pourer, bundle, what);
	outcome_set(what, OUTCOME_LATER, "doubted");
	return BALANCER_E_INVALID;
}

static int
noted_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what)
{
	note(PLAN_STAGE);
	return real->stage(b, bundle, pourer, what);
}

#define NOTED(name, verb)                                                          \
	static int noted_##name(                                                   \
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) \
	{                                                                          \
		note(verb);                                                        \
		return real->name(b, bundle, what);                                \
	}                                                                          \
	struct macro_swallow_semicolon
NOTED(check, PLAN_CHECK);
NOTED(activate, PLAN_ACTIVATE);
NOTED(route, PLAN_ROUTE);
NOTED(persist, PLAN_PERSIST);
NOTED(settle, PLAN_SETTLE);

/* The driver itself, with a note at each door. */
static struct balancer_driver
noting(const struct balancer_driver *driver)
{
	struct balancer_driver noted = *driver;

	real = driver;
	noted.stage = noted_stage;
	noted.check = noted_check;
	noted.activate = noted_activate;
	noted.route = noted_route;
	noted.persist = noted_persist;
	noted.settle = noted_settle;
	return noted;
}

/* ---- */

static int
tell_plan(struct balancer *b, const struct part *part, json_t *said, struct outcome *what)
{
	struct observation seen;
	struct plan plan;
	char words[OUTCOME_WORDS_SIZE];
	int r = balancer_plan(b, &part->bundle, &seen, &plan, what);

	if (r)
		return r;
	plan_words(&plan, words, sizeof(words));
	outcome_set(what, OUTCOME_DONE, "%s", words);
	json_object_set_new(said, "plan", plan_json(&plan));
	return 0;
}

static int
observe(struct balancer *b, const struct part *part, json_t *said, struct outcome *what)
{
	struct observation seen;
	int r = real->observe(b, &part->bundle, &seen, what);

	if (r)
		return r;
	outcome_set(what, OUTCOME_DONE, "%s", seen.words);
	json_object_set_new(said, "seen",
	    json_pack("{s:b, s:b, s:b, s:b, s:b}", "active", seen.running == SERVED_ACTIVE, "same",
		seen.running_same, "on_disk", seen.on_disk, "disk_same", seen.disk_same, "routed",
		seen.routed));
	return 0;
}

static int
probe(struct balancer *b, struct outcome *what)
{
	struct probe told;
	int r = real->probe(b, &told, what);

	if (r == 0)
		outcome_set(what, OUTCOME_DONE, "%s", told.words);
	return r;
}

static int
act(struct balancer *b, const struct part *part, const struct installer *installer, json_t *said,
    struct outcome *what)
{
	const char *op = text_of(order, "op");

	if (strcmp(op, "install") == 0)
		return balancer_install(b, &part->bundle, installer, what);
	if (strcmp(op, "withdraw") == 0)
		return real->withdraw(b, &part->bundle, what);
	if (strcmp(op, "rollback") == 0)
		return real->rollback(b, &part->bundle, installer->pourer, what);
	if (strcmp(op, "plan") == 0)
		return tell_plan(b, part, said, what);
	if (strcmp(op, "probe") == 0)
		return probe(b, what);
	must(strcmp(op, "observe") == 0, "op");
	return observe(b, part, said, what);
}

static int
run(const struct config_balancer *balancer, const struct part *part,
    const struct installer *installer, json_t *said, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	struct balancer_driver noted;
	int r = balancer_open(balancer, world_real(), installer->pourer, NULL, PATIENCE, &b, what);

	if (r)
		return r;
	noted = noting(balancer_driver_of(b));
	b->driver = &noted;
	return act(b, part, installer, said, what);
}

int
main(void)
{
	CLEAN(buf_fini) struct buf points = BUF(1 << 16);
	json_t *given, *said = json_object();
	const json_t *previous;
	struct config_balancer balancer;
	const struct pourer pourer = { .pour = pour,
		.sign_in = sign_in,
		.upload = upload,
		.look = look,
		.context = &balancer };
	const struct installer installer = {
		.pourer = &pourer, .verify = verify, .context = &balancer
	};
	struct outcome what = { .kind = OUTCOME_DONE };
	struct part parts[4] = { 0 }; /* what shall be served, its twin, and both of before */
	int r;

	if (failpoint_list_wanted()) {
		failpoint_list(&points);
		fputs(buf_text(&points), stdout);
		json_decref(said);
		return 0;
	}
	order = given = json_loadf(stdin, JSON_REJECT_DUPLICATES, NULL);
	must(given != NULL, "no JSON");
	steps = json_array();
	json_object_set_new(said, "steps", steps);
	balancer = read_balancer(json_object_get(given, "balancer"));
	template = read_template(json_object_get(given, "template"));
	previous = json_object_get(given, "previous");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	read_pair(given, &parts[0]);
	if (previous)
		read_pair(previous, &parts[2]);
	parts[0].bundle.previous = previous ? &parts[2].bundle : NULL;
	r = run(&balancer, &parts[0], &installer, said, &what);
	json_object_update_new(said, json_pack("{s:s, s:s, s:s}", "result", balancer_words(r),
					 "kind", outcome_name(what.kind), "words", what.words));
	json_dumpf(said, stdout, JSON_COMPACT);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		part_fini(&parts[i]);
	json_decref(said);
	json_decref(given);
	curl_global_cleanup();
	return 0;
}
