/* SPDX-License-Identifier: Apache-2.0 */
#include "names/known.h"

#include <stdlib.h>

#include "names/parts.h"

/* Odd, and with bits all over: the number of letter c at place i is c * BASE^i. */
#define BASE        0x9e3779b97f4a7c15u
#define EXTRA_MAX   256 /* letters beyond a-z and 0-9 that skeletons have */
#define TEXT_FIRST  4096
#define SLOTS_FIRST 1024

struct entry {
	uint32_t at;            /* in the text, whose names are terminated */
	uint8_t domain, ending; /* where they begin in the name */
};

/* Open addressing. Half the key is enough: of a thousand looks one meets a name of another key. */
struct slot {
	uint32_t tag;   /* low half of the key; its place, too */
	uint32_t entry; /* from 1; 0 = free */
};

struct known_names {
	uint64_t power[LETTERS_MAX + 1]; /* of BASE */
	char *text;
	size_t text_len, text_cap;
	struct entry *entry;
	size_t count, cap;
	struct slot *slot;
	size_t slots, used; /* slots: a power of two */
	uint32_t extra[EXTRA_MAX];
	size_t extra_count;
	known_ask_fn *ask; /* NULL = nobody wants to know */
	void *to;
};

struct known_names *
known_names_new(void)
{
	struct known_names *known = alloc_zero(sizeof(*known));

	known->power[0] = 1;
	for (size_t i = 1; i <= LETTERS_MAX; i++)
		known->power[i] = known->power[i - 1] * BASE;
	known->slots = SLOTS_FIRST;
	known->slot = alloc_array(known->slots, sizeof(*known->slot));
	return known;
}

void
known_names_free(struct known_names *known)
{
	if (!known)
		return;
	free(known->text);
	free(known->entry);
	free(known->slot);
	free(known);
}

size_t
known_names_count(const struct known_names *known)
{
	return known->count;
}

const char *
known_names_at(const struct known_names *known, size_t at)
{
	return known->text + known->entry[at].at;
}

size_t
known_names_bytes(const struct known_names *known)
{
	return sizeof(*known) + known->text_cap + known->cap * sizeof(*known->entry) +
	       known->slots * sizeof(*known->slot);
}

/* ---- keys ---- */

uint64_t
known_sum(const struct letters *letters)
{
	uint64_t sum = 0, power = 1;

	for (size_t i = 0; i < letters->count; i++, power *= BASE)
		sum += letters->at[i] * power;
	return sum;
}

/* Every bit of the number moves every bit of the key (the finalizer of MurmurHash3). */
static uint64_t
mix(uint64_t n)
{
	n = (n ^ n >> 33) * 0xff51afd7ed558ccdu;
	n = (n ^ n >> 33) * 0xc4ceb9fe1a85ec53u;
	return n ^ n >> 33;
}

/* What all keys of the kind with the same ending or domain have in common. */
static uint64_t
key_salt(enum known_key kind, struct str with)
{
	uint64_t n = (uint64_t)kind + 1;

	for (size_t i = 0; i < with.len; i++)
		n = (n ^ (unsigned char)with.p[i]) * 0x100000001b3u; /* FNV-1a */
	return mix(n);
}

uint64_t
known_key(enum known_key kind, uint64_t sum, struct str with)
{
	return mix(sum ^ key_salt(kind, with));
}

/* Host parts are compared as they are in DNS, and may be longer than struct letters. */
static uint64_t
key_of_host(struct str host, struct str domain)
{
	uint64_t sum = 0, power = 1;

	for (size_t i = 0; i < host.len; i++, power *= BASE)
		sum += (unsigned char)host.p[i] * power;
	return known_key(KNOWN_HOST, sum, domain);
}

/* ---- the table ---- */

static struct known_name
name_at(const struct known_names *known, uint32_t entry)
{
	const struct entry *e = &known->entry[entry - 1];
	struct str whole = str_of(known->text + e->at);

	return (struct known_name){ .whole = whole,
		.domain = str_drop(whole, e->domain),
		.label = str_bytes(whole.p + e->domain,
		    e->ending > e->domain ? (size_t)(e->ending - e->domain - 1) : 0),
		.ending = str_drop(whole, e->ending) };
}

/* The next slot of the key, from `*at` on; NULL when there is no further one. */
static const struct slot *
next_slot(const struct known_names *known, uint64_t key, size_t *at)
{
	const struct slot *slot;

	while ((slot = &known->slot[(*at)++ & (known->slots - 1)])->entry)
		if (slot->tag == (uint32_t)key)
			return slot;
	return NULL;
}

void
known_names_under(const struct known_names *known, uint64_t key, known_seen_fn *seen, void *to)
{
	const struct slot *slot;
	size_t at = (uint32_t)key;

	if (known->ask)
		known->ask(known->to, key);
	for (size_t i = 0; i < KNOWN_SEEN_MAX && (slot = next_slot(known, key, &at)); i++) {
		const struct known_name name = name_at(known, slot->entry);

		seen(to, &name);
	}
}

static void
put_slot(struct slot *slots, size_t count, struct slot new)
{
	size_t at = new.tag;

	while (slots[at & (count - 1)].entry)
		at++;
	slots[at & (count - 1)] = new;
}

static void
grow_slots(struct known_names *known)
{
	size_t count = known->slots * 2;
	struct slot *slots = alloc_array(count, sizeof(*slots));

	for (size_t i = 0; i < known->slots; i++)
		if (known->slot[i].entry)
			put_slot(slots, count, known->slot[i]);
	free(known->slot);
	known->slot = slots;
	known->slots = count;
}

static void
put_key(struct known_names *known, uint64_t key, uint32_t entry)
{
	if (known->used >= known->slots / 4 * 3)
		grow_slots(known);
	put_slot(known->slot, known->slots, (struct slot){ (uint32_t)key, entry });
	known->used++;
}

void
known_names_tell(struct known_names *known, known_ask_fn *ask, void *to)
{
	known->ask = ask;
	known->to = to;
}

/* ---- exact ---- */

/* What is looked for, and how often it was met. */
struct match {
	struct str whole, domain, label; /* the first that is not empty counts */
	size_t count;
};

static void
count_match(void *to, const struct known_name *seen)
{
	struct match *match = to;
	bool same = match->whole.len > 0    ? str_eq(seen->whole, match->whole)
	            : match->domain.len > 0 ? str_eq(seen->domain, match->domain)
	                                    : str_eq(seen->label, match->label);

	match->count += same;
}

static bool
has_parts(const struct known_names *known, struct str whole, const struct name_parts *parts)
{
	struct match match = { .whole = whole };

	known_names_under(known, key_of_host(parts->host, parts->domain), count_match, &match);
	return match.count > 0;
}

bool
known_names_has(const struct known_names *known, const char *name)
{
	const struct name_parts parts = name_parts_of(name);

	return has_parts(known, str_of(name), &parts);
}

static size_t
count_domain(const struct known_names *known, struct str domain, struct str label, uint64_t sum)
{
	struct match match = { .domain = domain };
	struct str ending = str_drop(domain, label.len + 1);

	known_names_under(known, known_key(KNOWN_DOMAIN, sum, ending), count_match, &match);
	return match.count;
}

static uint64_t
sum_of_skeleton(struct str label)
{
	struct letters plain, skeleton;

	letters_of(label, &plain);
	letters_skeleton(&plain, &skeleton);
	return known_sum(&skeleton);
}

bool
known_names_has_domain(const struct known_names *known, struct str domain)
{
	struct str label = str_bytes(domain.p, str_find(domain, STR(".")));

	return count_domain(known, domain, label, sum_of_skeleton(label)) > 0;
}

bool
known_names_cover(const struct known_names *known, const char *name)
{
	for (const char *dot; (dot = strchr(name, '.')); name = dot + 1)
		if (known_names_has(known, name))
			return true;
	return false;
}

/* ---- adding ---- */

static uint32_t
add_entry(struct known_names *known, struct str whole, const struct name_parts *parts)
{
	size_t domain = (size_t)(parts->domain.p - whole.p);

	while (known->text_len + whole.len + 1 > known->text_cap) {
		known->text_cap = known->text_cap ? known->text_cap * 2 : TEXT_FIRST;
		known->text = alloc_again(known->text, known->text_cap, 1);
	}
	if (known->count == known->cap) {
		known->cap = known->cap ? known->cap * 2 : TEXT_FIRST / sizeof(*known->entry);
		known->entry = alloc_again(known->entry, known->cap, sizeof(*known->entry));
	}
	known->entry[known->count] = (struct entry){ .at = (uint32_t)known->text_len,
		.domain = (uint8_t)domain,
		.ending = (uint8_t)(domain + parts->label.len + (parts->ending.len > 0)) };
	copy_bytes(known->text + known->text_len, whole.p, whole.len + 1);
	known->text_len += whole.len + 1;
	return (uint32_t)++known->count;
}

/* The letters that a name may have too many or too few, beside those of all names. */
static void
note_extra(struct known_names *known, const struct letters *skeleton)
{
	for (size_t i = 0; i < skeleton->count; i++) {
		size_t at = 0;

		while (at < known->extra_count && known->extra[at] != skeleton->at[i])
			at++;
		if (skeleton->at[i] >= 0x80 && at == known->extra_count && at < EXTRA_MAX)
			known->extra[known->extra_count++] = skeleton->at[i];
	}
}

static void
put_domain(struct known_names *known, const struct name_parts *parts, uint32_t entry)
{
	struct match alike = { .label = parts->label };
	struct letters plain, skeleton;
	uint64_t sum, label_key;

	letters_of(parts->label, &plain);
	letters_skeleton(&plain, &skeleton);
	sum = known_sum(&skeleton);
	if (count_domain(known, parts->domain, parts->label, sum) > 0)
		return;
	note_extra(known, &skeleton);
	put_key(known, known_key(KNOWN_DOMAIN, sum, parts->ending), entry);
	label_key = known_key(KNOWN_LABEL, sum, STR(""));
	known_names_under(known, label_key, count_match, &alike);
	if (alike.count < KNOWN_SEEN_MAX)
		put_key(known, label_key, entry);
}

int
known_names_add(struct known_names *known, const struct host_name *name)
{
	const struct name_parts parts = name_parts_of(name->text);
	struct str whole = str_of(name->text);
	uint32_t entry;

	if (has_parts(known, whole, &parts))
		return 0;
	if (known->count >= KNOWN_MAX)
		return KNOWN_E_FULL;
	entry = add_entry(known, whole, &parts);
	put_key(known, key_of_host(parts.host, parts.domain), entry);
	put_domain(known, &parts, entry);
	return 0;
}

void
known_keys_of(const struct host_name *name, uint64_t ret[static KNOWN_KEYS])
{
	const struct name_parts parts = name_parts_of(name->text);
	uint64_t sum = sum_of_skeleton(parts.label);

	ret[KNOWN_HOST] = key_of_host(parts.host, parts.domain);
	ret[KNOWN_DOMAIN] = known_key(KNOWN_DOMAIN, sum, parts.ending);
	ret[KNOWN_LABEL] = known_key(KNOWN_LABEL, sum, STR(""));
}

/* ---- near ---- */

/* The walk over what is one slip away. `head[i]` is the number of the first i letters, `tail[i]` that
 * of those from i on, as if they stood where they stand. */
struct walk {
	const struct known_names *known;
	const struct letters *letters;
	uint64_t salt;
	known_seen_fn *seen;
	void *to;
	uint64_t head[LETTERS_MAX + 1], tail[LETTERS_MAX + 1];
};

static void
look(const struct walk *w, uint64_t sum)
{
	known_names_under(w->known, mix(sum ^ w->salt), w->seen, w->to);
}

/* Letter `c` at place `at`: instead of what is there, and in front of it. */
static void
look_with(const struct walk *w, uint64_t c, size_t at)
{
	uint64_t put = c * w->known->power[at];

	if (at < w->letters->count)
		look(w, w->head[at] + put + w->tail[at + 1]);
	look(w, w->head[at] + put + w->tail[at] * BASE);
}

/* BASE is odd: to divide by it is to multiply by its inverse modulo 2^64, found by Newton's way. */
static uint64_t
inverse_of_base(void)
{
	uint64_t inverse = BASE;

	for (int i = 0; i < 5; i++)
		inverse *= 2 - BASE * inverse;
	return inverse;
}

static void
look_without(const struct walk *w, size_t at, uint64_t inverse)
{
	const uint32_t *letter = w->letters->at;

	look(w, w->head[at] + w->tail[at + 1] * inverse);
	if (at + 1 < w->letters->count)
		look(w, w->head[at] + letter[at + 1] * w->known->power[at] +
			    letter[at] * w->known->power[at + 1] + w->tail[at + 2]);
}

static void
look_around(const struct walk *w, size_t at, size_t extra, uint64_t inverse)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	for (size_t i = 0; i < sizeof(usual) - 1; i++)
		look_with(w, (unsigned char)usual[i], at);
	for (size_t i = 0; i < extra; i++)
		look_with(w, w->known->extra[i], at);
	if (at < w->letters->count)
		look_without(w, at, inverse);
}

void
known_names_near(const struct known_names *known, enum known_key kind,
    const struct letters *letters, struct str with, known_seen_fn *seen, void *to)
{
	struct walk w = { known, letters, key_salt(kind, with), seen, to };
	uint64_t inverse = inverse_of_base();
	size_t count = letters->count;

	for (size_t i = 0; i < count; i++)
		w.head[i + 1] = w.head[i] + letters->at[i] * known->power[i];
	for (size_t i = count; i > 0; i--)
		w.tail[i - 1] = w.tail[i] + letters->at[i - 1] * known->power[i - 1];
	for (size_t i = 0; i <= count && count < LETTERS_MAX; i++)
		look_around(&w, i, letters->beyond ? known->extra_count : 0, inverse);
}
