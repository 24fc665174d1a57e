/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a captured worker may send the keeper with an export: the text around the key
 * (keeper/around.h), the name its socket is bound to (keeper/vessel.h), and a wrapped key
 * (keeper/wrap.h); and what a captured reader may offer as a key (keeper/secret_key.h).
 *
 * Holds: what may stand around a key in HAProxy's socket is one command with one payload, into a
 * file of the folder, and no byte behind it; around a key in a file there is no empty line; a
 * wrapped key with any bit changed does not open; numbers make a whole key or none.
 *
 * First text (to a byte 1): before the key; the rest: behind it, and the other two inputs.
 */
#include "fuzz/fuzz.h"

#include "keeper/around.h"
#include "keeper/vessel.h"
#include "keeper/wrap.h"

#define FOLDER "/etc/haproxy/certdesk"
#define SOCKET STR("/run/haproxy/admin.sock")

static const struct key_owner owner = {
	.key = { { 1 } }, .customer = { { 2 } }, .site = { { 3 } }
};
static struct kek kek = { .id = { 4 }, .key = { 5 } };
static struct buf wrapped = BUF(KEY_WRAPPED_MAX);

int
LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	struct ec_maker maker;

	MUST_HOLD(ec_maker_init(&maker) == 0);
	MUST_HOLD(secret_key_make_ec(&maker, KEY_P256, &key) == 0);
	MUST_HOLD(wrap_key(&kek, world_real(), &owner, &key, &wrapped) == 0);
	ec_maker_fini(&maker);
	return 0;
}

static void
check_command(struct str line)
{
	MUST_HOLD(str_starts(line, STR("set ssl cert " FOLDER "/")));
	MUST_HOLD(str_ends(line, STR(" <<")));
	for (size_t i = 0; i < line.len; i++)
		MUST_HOLD(line.p[i] > ' ' ? !strchr(";\\\"'", line.p[i]) : line.p[i] == ' ');
	MUST_HOLD(!memmem(line.p, line.len, "/../", 4));
}

/* `text` as HAProxy gets it, the key left out. */
static void
check_payload(struct str text)
{
	size_t end = str_find(text, STR("\n\n"));
	struct str command;

	MUST_HOLD(end + 2 >= text.len);
	MUST_HOLD(!memchr(text.p, '\0', text.len) && !memchr(text.p, '\r', text.len));
	MUST_HOLD(str_next(&text, '\n', &command) && text.p);
	check_command(command);
}

static void
around(struct str before, struct str after)
{
	CLEAN(buf_fini) struct buf whole = BUF(4 * KEY_EXPORT_AROUND_MAX);

	buf_put_str(&whole, before);
	buf_put_text(&whole, "KEY\n");
	buf_put_str(&whole, after);
	if (!around_fault(FORM_HAPROXY_SOCKET, FOLDER, before, after))
		check_payload(buf_str(&whole));
	if (!around_fault(FORM_FILE, FOLDER, before, after))
		MUST_HOLD(str_find(buf_str(&whole), STR("\n\n")) == whole.len);
}

static void
vessel(struct str bound)
{
	if (!vessel_is_bound_to(bound, SOCKET))
		return;
	MUST_HOLD(str_starts(bound, SOCKET));
	bound = str_drop(bound, SOCKET.len);
	for (size_t i = 0; i < bound.len; i++)
		MUST_HOLD(memchr(".0123456789tmp", bound.p[i], 14));
}

static void
expect_shut(struct str sealed)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };

	MUST_HOLD(unwrap_key(&kek, &owner, sealed, &key) > 0);
}

/* Each byte of `patch` changes one of a good wrapped key. */
static void
wrapped_key(struct str patch)
{
	CLEAN(buf_fini) struct buf changed = BUF(KEY_WRAPPED_MAX);

	buf_put_str(&changed, buf_str(&wrapped));
	for (size_t i = 0; i < patch.len && i < changed.len; i++)
		changed.data[i] = (char)(changed.data[i] ^ patch.p[i]);
	if (!str_eq(buf_str(&changed), buf_str(&wrapped)))
		expect_shut(buf_str(&changed));
	expect_shut(patch);
}

/* A scalar as it stands; two "primes" are too seldom ones to go further than that. */
static void
foreign_key(struct str bytes)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	CLEAN(key_numbers_fini) struct key_numbers numbers;
	struct wire w = WIRE(bytes);
	int r;

	if (!key_numbers_get(&w, &numbers))
		return;
	r = secret_key_from_numbers(&numbers, &key);
	MUST_HOLD(r >= 0 && (r == 0) == (key.pkey != NULL));
	MUST_HOLD(r || (key.origin == KEY_FROM_CUSTOMER && key.len <= SECRET_KEY_DER_MAX));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_bytes(data, size), before;

	(void)str_next(&rest, '\1', &before);
	rest = rest.p ? rest : STR("");
	around(before, rest);
	vessel(rest);
	wrapped_key(rest);
	foreign_key(rest);
	return 0;
}
