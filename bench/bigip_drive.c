/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many sites on BIG-IPs, by the drivers alone:
 *
 *     bigip_drive make CA FOLDER COUNT NUMBER
 *         a CA in the folder CA, unless it is there; COUNT certificates in FOLDER, each in the files
 *         SITE.NUMBER.key, .crt, .chain (PEM), .der, .chain.der
 *     bigip_drive install CONFIG CA FOLDER COUNT NUMBER
 *         puts COUNT of them on each balancer of CONFIG by balancer_install_many(), all balancers at
 *         once, a thread each; the first balancer has the first COUNT sites, and so on
 *
 * The program plays keeper and courier itself. Prints one JSON object; trouble goes to stderr.
 */
#include <curl/curl.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sys/stat.h>

#include "fresh.h"
#include "tool.h"

#include "balancer/device.h"
#include "config/config.h"
#include "site/site.h"
#include "sys/file.h"
#include "sys/world.h"

#define PATIENCE SECONDS(20)
#define LEAVES   256 /* of one balancer */

static void
path_of(const char *folder, int64_t site, int64_t number_, const char *ending,
    char to[static CONFIG_PATH_SIZE])
{
	snprintf(to, CONFIG_PATH_SIZE, "%s/%lld.%lld%s", folder, (long long)site,
	    (long long)number_, ending);
}

/* ---- make */

static void
write_part(const char *folder, int64_t site, int64_t which, const char *ending, struct str content)
{
	char path[CONFIG_PATH_SIZE];

	path_of(folder, site, which, ending, path);
	must(file_write(path, content, 0600) == 0, path);
}

static void
write_all(const char *folder, int64_t site, int64_t which, const struct fresh *f)
{
	CLEAN(buf_fini) struct buf leaf = BUF(PEM_MOST), chain = BUF(PEM_MOST);

	put_certificate(&leaf, f->bundle.leaf);
	put_certificate(&chain, f->bundle.chain);
	write_part(folder, site, which, ".key", buf_str(&f->key_pem));
	write_part(folder, site, which, ".crt", buf_str(&leaf));
	write_part(folder, site, which, ".chain", buf_str(&chain));
	write_part(folder, site, which, ".der", f->bundle.leaf);
	write_part(folder, site, which, ".chain.der", f->bundle.chain);
}

static int
make(char *args[])
{
	char root[CONFIG_PATH_SIZE];
	struct stat there;
	struct authority a;
	int64_t count = number(args[2], 1), which = number(args[3], 0);

	snprintf(root, sizeof(root), "%s/root.pem", args[0]);
	a = stat(root, &there) == 0 ? authority_read(args[0]) : authority_make(args[0]);
	for (int64_t i = 0; i < count; i++) {
		CLEAN(fresh_fini) struct fresh f = { .leaf = BUF(0) };

		fresh_make(&a, i, &f);
		write_all(args[1], i, which, &f);
	}
	authority_free(&a);
	printf("{\"made\": %lld}\n", (long long)count);
	return 0;
}

/* ---- install */

struct pair {
	const struct config_balancer *config;
	const struct site_trust *trust;
	struct fresh fresh[LEAVES];
	struct install_item items[LEAVES];
	size_t count;
	pthread_t thread;
	when took;
};

static void
read_part(const char *folder, int64_t site, int64_t which, const char *ending, struct buf *to)
{
	char path[CONFIG_PATH_SIZE];

	path_of(folder, site, which, ending, path);
	*to = BUF_SECRET(PEM_MOST);
	must(file_read(path, to) == 0, path);
}

static void
read_site(struct fresh *f, const char *folder, int64_t site, int64_t which, size_t place)
{
	struct bundle *b = &f->bundle;
	char text[64];

	read_part(folder, site, which, ".der", &f->leaf);
	read_part(folder, site, which, ".chain.der", &f->chain);
	read_part(folder, site, which, ".key", &f->key_pem);
	snprintf(b->name.text, sizeof(b->name.text), "site%05lld.contoso.com", (long long)site);
	b->leaf = buf_str(&f->leaf);
	b->chain = buf_str(&f->chain);
	SHA256((const unsigned char *)b->leaf.p, b->leaf.len, b->leaf_sha256);
	snprintf(text, sizeof(text), "127.%zu.%lld.%lld", 100 + place, (long long)site / 250,
	    (long long)site % 250 + 1);
	must(addr_parse(str_of(text), &b->address), "an address");
	b->site.b[14] = (uint8_t)(site / 256);
	b->site.b[15] = (uint8_t)(site % 256);
	b->installation = world_id(world_real());
	b->backend = "exchange";
}

/* A connection for each, as the courier has it. */
static int
carry(const struct config_balancer *to, const struct device_request *request, long *ret_status,
    struct buf *answer, struct outcome *what)
{
	const struct device_place place = { .address = to->address,
		.port = to->port,
		.ca_file = to->ca_file,
		.pin = to->pin,
		.timeout = SECONDS(60) };
	CLEAN(device_close) struct device *device = NULL;
	int r;

	must(device_open(&place, &device) == 0, "a connection");
	r = device->exchange(device, request, ret_status, answer);
	if (r == 0)
		return 0;
	outcome_set(what, OUTCOME_LATER, "%s (%s)", device_words(r), device->problem);
	return BALANCER_E_AMBIGUOUS;
}

static int
sign_in(const struct pourer *self, long *ret_status, struct buf *answer, struct outcome *what)
{
	const struct pair *pair = self->context;
	CLEAN(buf_fini) struct buf password = BUF_SECRET(1024);
	struct device_request request = { .method = "POST",
		.path = "/mgmt/shared/authn/login",
		.token = "",
		.coordination = "" };
	json_t *body;
	int r;

	must(file_read(pair->config->password_file, &password) == 0, "the password");
	body = json_pack("{s:s, s:s#, s:s}", "username", pair->config->user, "password",
	    password.data, str_trim(buf_str(&password)).len, "loginProviderName", "tmos");
	request.json = body;
	r = carry(pair->config, &request, ret_status, answer, what);
	json_decref(body);
	return r;
}

static int
upload(const struct pourer *self, const struct bundle *bundle, const char *name, const char *token,
    long *ret_status, struct buf *answer, struct outcome *what)
{
	const struct pair *pair = self->context;
	const char *start = (const char *)bundle - offsetof(struct fresh, bundle);
	const struct fresh *f = (const struct fresh *)(const void *)start;
	char path[300];
	const struct device_request request = { .method = "POST",
		.path = path,
		.token = token,
		.coordination = "",
		.bytes = buf_str(&f->key_pem) };

	snprintf(path, sizeof(path), "/mgmt/shared/file-transfer/uploads/%s", name);
	return carry(pair->config, &request, ret_status, answer, what);
}

/* As the worker verifies: a full handshake, and the leaf is the new one. */
static int
verify(const struct installer *self, const struct bundle *bundle, struct outcome *what)
{
	const struct pair *pair = self->context;
	struct site_target target = { .name = bundle->name,
		.address = bundle->address,
		.port = (uint16_t)pair->config->https_port,
		.path = "/",
		.trust = pair->trust,
		.timeout = SECONDS(5) };
	int r;

	memcpy(target.leaf_sha256, bundle->leaf_sha256, sizeof(target.leaf_sha256));
	r = site_serves(&target, what);
	if (r)
		return r;
	return what->kind == OUTCOME_DONE ? 0 : BALANCER_E_INVALID;
}

static void *
install_all(void *arg)
{
	struct pair *pair = arg;
	const struct pourer pourer = { .sign_in = sign_in, .upload = upload, .context = pair };
	const struct installer installer = { .pourer = &pourer, .verify = verify, .context = pair };
	struct outcome what = { .kind = OUTCOME_DONE };
	struct balancer *b = NULL;
	when began = world_ticks();
	int r = balancer_open(pair->config, world_real(), &pourer, NULL, PATIENCE, &b, &what);

	for (size_t i = 0; i < pair->count; i++)
		pair->items[i] = (struct install_item){
			.bundle = &pair->fresh[i].bundle, .result = r, .what = what
		};
	if (r == 0)
		balancer_install_many(b, &installer, pair->items, pair->count);
	balancer_close(b);
	pair->took = world_ticks() - began;
	return NULL;
}

static void
print_pair(const struct pair *pair, const char *before)
{
	int64_t done = 0, noop = 0;

	for (size_t i = 0; i < pair->count; i++) {
		int r = pair->items[i].result;

		done += r == 0;
		noop += r == BALANCER_E_NOOP;
		if (r != 0 && r != BALANCER_E_NOOP)
			fprintf(stderr, "bigip_drive: %s: %s\n", pair->fresh[i].bundle.name.text,
			    pair->items[i].what.words);
	}
	printf("%s{\"us\": %lld, \"done\": %lld, \"noop\": %lld}", before, (long long)pair->took,
	    (long long)done, (long long)noop);
}

static void
run_all(struct pair *pairs, size_t count)
{
	when began = world_ticks();
	double before = cpu(CLOCK_PROCESS_CPUTIME_ID);

	for (size_t i = 0; i < count; i++)
		must(pthread_create(&pairs[i].thread, NULL, install_all, &pairs[i]) == 0,
		    "a thread");
	for (size_t i = 0; i < count; i++)
		pthread_join(pairs[i].thread, NULL);
	printf("{\"wall_us\": %lld, \"cpu_s\": %.6f, \"pairs\": [",
	    (long long)(world_ticks() - began), cpu(CLOCK_PROCESS_CPUTIME_ID) - before);
	for (size_t i = 0; i < count; i++)
		print_pair(&pairs[i], i ? ", " : "");
	printf("]}\n");
}

static int
install(char *args[])
{
	static struct config config;
	struct config_mistakes mistakes;
	int64_t count = number(args[3], 1), which = number(args[4], 0);
	struct site_trust *trust = NULL;
	char root[CONFIG_PATH_SIZE];
	struct pair *pairs;

	must(count <= LEAVES, "too many sites for a balancer");
	must(config_read(args[0], &config, &mistakes) == 0 && config.balancer_count > 0,
	    "the configuration is not good");
	snprintf(root, sizeof(root), "%s/root.pem", args[1]);
	must(site_trust_load(root, &trust) == 0, root);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	pairs = alloc_array(config.balancer_count, sizeof(*pairs));
	for (size_t p = 0; p < config.balancer_count; p++) {
		str_show(str_of(args[2]), config.balancers[p].lock_folder, CONFIG_PATH_SIZE);
		pairs[p] = (struct pair){
			.config = &config.balancers[p], .trust = trust, .count = (size_t)count
		};
		for (int64_t i = 0; i < count; i++)
			read_site(&pairs[p].fresh[i], args[2], (int64_t)p * count + i, which, p);
	}
	run_all(pairs, config.balancer_count);
	for (size_t p = 0; p < config.balancer_count; p++)
		for (int64_t i = 0; i < count; i++)
			fresh_fini(&pairs[p].fresh[i]);
	free(pairs);
	site_trust_free(trust);
	return 0;
}

int
main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int count;
		int (*run)(char *args[]);
	} modes[] = { { "make", 4, make }, { "install", 5, install } };

	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (argc == modes[i].count + 2 && strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argv + 2);
	must_have_arguments(false);
	return 1;
}
