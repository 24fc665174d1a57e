/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a load balancer says and holds: replies of HAProxy's runtime socket
 * (balancer/haproxy_reply.h, haproxy_listing.h), crt-list and map files (balancer/lines.h), and the
 * certificates that become its material (balancer/material.h).
 *
 * Holds: a line that was taken out is not found any more, and no other one is gone; the PEM made of
 * a bundle has no blank line, which would end HAProxy's payload.
 *
 * A reply, a file and a bundle are all the same bytes. Choice: where the bundle's leaf ends, in 32
 * bytes; 0 = at the end.
 */
#include "fuzz/fuzz.h"

#include <openssl/err.h>

#include "balancer/haproxy_internal.h"
#include "balancer/haproxy_listing.h"
#include "balancer/haproxy_reply.h"
#include "balancer/lines.h"
#include "balancer/material.h"

#define HOST      STR("a.test")
#define FILE_NAME STR("/c/a.pem")

static void
reply(struct str text)
{
	struct haproxy_cert certificate;
	struct haproxy_version version;
	enum haproxy_route route;
	struct str file;
	int64_t line;

	for (int i = 0; i < HAPROXY_COMMAND_MAX; i++)
		(void)!haproxy_judge((enum haproxy_command)i, text);
	if (haproxy_transaction_in(text, &file))
		(void)haproxy_is_plain(file);
	(void)haproxy_open_transaction(text);
	(void)haproxy_cert_parse(text, FILE_NAME, &certificate);
	if (haproxy_list_parse(text, FILE_NAME, &line))
		MUST_HOLD(line >= 0);
	(void)haproxy_route_parse(text, HOST, STR("be"), &route);
	if (haproxy_version_parse(text, &version))
		MUST_HOLD(fuzz_is_words(str_of(version.text)));
	(void)haproxy_info(text, STR("Uptime_sec"));
}

/* What a line lists lies within it, and what a certificate says is fit for people. */
static void
listing(struct str text)
{
	static haproxy_split_fn *const splits[] = { haproxy_split_certificate, haproxy_split_list,
		haproxy_split_map };
	struct haproxy_said said;
	struct haproxy_listed one;
	struct str rest = text, line;
	char host[64];

	haproxy_said_parse(text, &said);
	MUST_HOLD(fuzz_is_words(str_of(said.subject)) && fuzz_is_words(str_of(said.organization)));
	while (str_next(&rest, '\n', &line))
		for (size_t i = 0; i < COUNT_OF(splits); i++) {
			if (!splits[i](line, &one))
				continue;
			MUST_HOLD(one.key.len + one.rest.len <= line.len);
			haproxy_first_filter(one.rest, host, sizeof(host));
			MUST_HOLD(!strchr(host, ' ') && host[0] != '!');
		}
}

/* Those that are not empty. */
static size_t
count_lines(struct str text, struct str key, size_t *ret_with_key)
{
	size_t count = 0;
	struct str line, found;

	*ret_with_key = 0;
	while (str_next(&text, '\n', &line)) {
		count += line.len > 0;
		*ret_with_key += lines_find(line, key, &found);
	}
	return count;
}

static void
lines(struct str text)
{
	CLEAN(buf_fini) struct buf without = BUF(1u << 20);
	size_t before, with_key, after, left;
	struct str line;

	if (lines_find(text, HOST, &line))
		MUST_HOLD(str_starts(line, HOST) && lines_value(line).len < line.len);
	lines_without(text, HOST, &without);
	MUST_HOLD(!buf_failed(&without));
	before = count_lines(text, HOST, &with_key);
	after = count_lines(buf_str(&without), HOST, &left);
	MUST_HOLD(left == 0 && after == before - with_key);
}

static void
material(struct str bytes, size_t leaf)
{
	CLEAN(material_fini) struct material m = { 0 };
	struct bundle bundle = { .leaf = str_bytes(bytes.p, leaf), .chain = str_drop(bytes, leaf) };
	struct str pem;

	if (material_make(&bundle, &m) != 0)
		return;
	pem = buf_str(&m.pem);
	MUST_HOLD(str_starts(pem, STR("-----BEGIN CERTIFICATE-----\n")));
	MUST_HOLD(str_ends(pem, STR("\n-----END CERTIFICATE-----\n")));
	MUST_HOLD(str_find(pem, STR("\n\n")) == pem.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	size_t leaf = (size_t)input.choice * 32;

	reply(input.bytes);
	listing(input.bytes);
	lines(input.bytes);
	material(input.bytes, leaf > 0 && leaf < input.bytes.len ? leaf : input.bytes.len);
	ERR_clear_error();
	return 0;
}
