/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many sites, and new certificates for them:
 *
 *     swap_drive make CA CERTIFICATES LIST MAP BACKEND COUNT
 *         a CA in the folder CA; COUNT sites in files and lists as the haproxy driver writes them
 *     swap_drive leaf CA NUMBER STEM
 *         a new certificate for a site: STEM.key, .leaf, .chain, .pem (all three); prints its hash
 *     swap_drive replace CONFIG CA COUNT REPLACEMENTS HOT
 *         installs new certificates by balancer_install() over the first balancer of CONFIG, one
 *         after the other; every HOT-th is for site 0, the others go through the whole list
 *
 * Keys are P-256. Prints one JSON object; trouble goes to stderr.
 */
#include <unistd.h>

#include "fresh.h"
#include "tool.h"

#include "config/config.h"
#include "site/site.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define STRIDE   7919 /* a prime: neighbours in time are no neighbours in the list */
#define PATIENCE SECONDS(20)

/* ---- make */

/* Not durable, unlike the driver's: nobody measures it. */
static void
write_all(const char *path, const struct buf *content)
{
	FILE *file = fopen(path, "wbe");

	must(file && fwrite(content->data, 1, content->len, file) == content->len &&
		 fclose(file) == 0,
	    path);
}

static void
make_site(const struct authority *a, int64_t site, const char *certificates, const char *backend,
    struct buf *list, struct buf *map)
{
	CLEAN(fresh_fini) struct fresh f = { .leaf = BUF(0) };
	CLEAN(buf_fini) struct buf pem = BUF_SECRET(PEM_MOST);
	char path[CONFIG_PATH_SIZE + 300];

	fresh_make(a, site, &f);
	put_certificate(&pem, f.bundle.leaf);
	put_certificate(&pem, f.bundle.chain);
	buf_put_str(&pem, buf_str(&f.key_pem));
	snprintf(path, sizeof(path), "%s/%s.pem", certificates, f.bundle.name.text);
	write_all(path, &pem);
	buf_printf(list, "%s %s\n", path, f.bundle.name.text);
	buf_printf(map, "%s %s\n", f.bundle.name.text, backend);
}

static int
make(char *args[])
{
	CLEAN(buf_fini) struct buf list = BUF(1 << 28), map = BUF(1 << 28);
	struct authority a = authority_make(args[0]);
	int64_t count = number(args[5], 1);

	must(file_make_folder(args[1], 0700) == 0, args[1]);
	for (int64_t i = 0; i < count; i++)
		make_site(&a, i, args[1], args[4], &list, &map);
	write_all(args[2], &list);
	write_all(args[3], &map);
	authority_free(&a);
	printf("{\"made\": %lld}\n", (long long)count);
	return 0;
}

/* ---- leaf */

static void
write_part(const char *stem, const char *suffix, const struct buf *content)
{
	char path[CONFIG_PATH_SIZE];

	snprintf(path, sizeof(path), "%s%s", stem, suffix);
	write_all(path, content);
}

static int
leaf(char *args[])
{
	CLEAN(fresh_fini) struct fresh f = { .leaf = BUF(0) };
	CLEAN(buf_fini)
	struct buf one = BUF(PEM_MOST), chain = BUF(PEM_MOST), all = BUF_SECRET(3 * PEM_MOST),
		   hash = BUF(65);
	struct authority a = authority_read(args[0]);

	fresh_make(&a, number(args[1], 0), &f);
	put_certificate(&one, f.bundle.leaf);
	put_certificate(&chain, f.bundle.chain);
	buf_put_str(&all, buf_str(&one));
	buf_put_str(&all, buf_str(&chain));
	buf_put_str(&all, buf_str(&f.key_pem));
	write_part(args[2], ".leaf", &one);
	write_part(args[2], ".chain", &chain);
	write_part(args[2], ".key", &f.key_pem);
	write_part(args[2], ".pem", &all);
	buf_put_hex(&hash, f.bundle.leaf_sha256, sizeof(f.bundle.leaf_sha256));
	printf("{\"host\": \"%s\", \"sha256\": \"%s\"}\n", f.bundle.name.text, buf_text(&hash));
	authority_free(&a);
	return 0;
}

/* ---- replace */

struct span {
	when served, durable;
	double cpu; /* ours, in seconds; HAProxy's own comes on top */
};

struct swap {
	const struct config_balancer *balancer;
	struct site_trust *trust;
	const struct fresh *now;
	when began, served;
};

/* Plays the keeper. */
static int
pour(const struct pourer *self, const struct bundle *bundle UNUSED, int fd, bool is_socket,
    struct str before, struct str after, size_t max_total, struct outcome *what)
{
	CLEAN(buf_fini) struct buf all = BUF_SECRET(1 << 20);
	const struct swap *swap = self->context;

	buf_put_str(&all, before);
	buf_put_str(&all, buf_str(&swap->now->key_pem));
	buf_put_str(&all, after);
	if (all.len > max_total) {
		outcome_set(what, OUTCOME_HUMAN, "%zu bytes are too many", all.len);
		return BALANCER_E_CAPACITY;
	}
	if (is_socket)
		return net_write(fd, buf_str(&all), SECONDS(5)) == 0 ? 0 : BALANCER_E_AMBIGUOUS;
	must(write(fd, all.data, all.len) == (ssize_t)all.len, "a key into a file");
	return 0;
}

/* As the worker verifies: a full handshake, and the leaf is the new one. */
static int
verify(const struct installer *self, const struct bundle *bundle, struct outcome *what)
{
	struct swap *swap = self->context;
	struct site_target target = { .name = bundle->name,
		.address = bundle->address,
		.port = (uint16_t)swap->balancer->https_port,
		.path = "/",
		.trust = swap->trust,
		.timeout = SECONDS(5) };
	int r;

	memcpy(target.leaf_sha256, bundle->leaf_sha256, sizeof(target.leaf_sha256));
	r = site_serves(&target, what);
	if (r)
		return r;
	swap->served = world_ticks();
	return what->kind == OUTCOME_DONE ? 0 : BALANCER_E_INVALID;
}

static bool
replace_one(struct swap *swap, struct span *ret)
{
	struct bundle bundle = swap->now->bundle;
	const struct pourer pourer = { .pour = pour, .context = swap };
	const struct installer installer = { .pourer = &pourer, .verify = verify, .context = swap };
	struct outcome what = { .kind = OUTCOME_DONE };
	struct balancer *b = NULL;
	double before = cpu(CLOCK_PROCESS_CPUTIME_ID);
	int r;

	must(addr_parse(STR("127.0.0.1"), &bundle.address), "the address");
	bundle.installation = world_id(world_real());
	bundle.backend = "exchange";
	swap->began = world_ticks();
	r = balancer_open(swap->balancer, world_real(), NULL, NULL, PATIENCE, &b, &what);
	if (r == 0)
		r = balancer_install(b, &bundle, &installer, &what);
	balancer_close(b);
	ret->durable = world_ticks() - swap->began;
	ret->served = swap->served - swap->began;
	ret->cpu = cpu(CLOCK_PROCESS_CPUTIME_ID) - before;
	if (r)
		fprintf(stderr, "swap_drive: %s: %d, %s\n", bundle.name.text, r, what.words);
	return r == 0;
}

static void
print(const struct span *spans, int64_t count, int64_t failed)
{
	double spent = 0;

	for (int64_t i = 0; i < count; i++)
		spent += spans[i].cpu;
	printf("{\"failed\": %lld, \"cpu_seconds\": %.6f, \"served\": [", (long long)failed, spent);
	for (int64_t i = 0; i < count; i++)
		printf("%s%lld", i ? "," : "", (long long)spans[i].served);
	printf("], \"durable\": [");
	for (int64_t i = 0; i < count; i++)
		printf("%s%lld", i ? "," : "", (long long)spans[i].durable);
	printf("]}\n");
}

static int
replace(char *args[])
{
	static struct config config;
	struct config_mistakes mistakes;
	struct authority a = authority_read(args[1]);
	int64_t count = number(args[2], 2), all = number(args[3], 1), hot = number(args[4], 1),
		well = 0;
	struct span *spans = alloc_array((size_t)all, sizeof(*spans));
	char root[CONFIG_PATH_SIZE];
	struct swap swap = { 0 };

	must(config_read(args[0], &config, &mistakes) == 0 && config.balancer_count > 0,
	    "the configuration is not good");
	swap.balancer = &config.balancers[0];
	snprintf(root, sizeof(root), "%s/root.pem", args[1]);
	must(site_trust_load(root, &swap.trust) == 0, root);
	for (int64_t i = 0; i < all; i++) {
		CLEAN(fresh_fini) struct fresh f = { .leaf = BUF(0) };

		fresh_make(&a, i % hot == 0 ? 0 : 1 + i * STRIDE % (count - 1), &f);
		swap.now = &f;
		well += replace_one(&swap, &spans[well]);
	}
	print(spans, well, all - well);
	site_trust_free(swap.trust);
	authority_free(&a);
	free(spans);
	return 0;
}

int
main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int count;
		int (*run)(char *args[]);
	} modes[] = { { "make", 6, make }, { "leaf", 3, leaf }, { "replace", 5, replace } };

	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (argc == modes[i].count + 2 && strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argv + 2);
	must_have_arguments(false);
	return 1;
}
