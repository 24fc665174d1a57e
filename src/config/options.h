/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of options behind config.h, for the files of this folder only: one row gives an
 * option's YAML name, its place in a struct, type, range, default, readers and help.
 */
#pragma once

#include "config/config.h"

enum option_kind {
	OPTION_TEXT,
	OPTION_PATH,    /* absolute, or "" where `fallback` is "" */
	OPTION_NAME,    /* [a-z0-9-], 1 to 63 */
	OPTION_ADDRESS, /* an IP address, or "" where `fallback` is "" */
	OPTION_HOST,    /* a host name, or "" */
	OPTION_PIN,     /* "sha256//" and base64 of 32 bytes, or "" */
	OPTION_WINDOWS, /* as config/calendar.h reads them, or "" */
	OPTION_FREEZES,
	OPTION_ZONE, /* a name below the system's zoneinfo, or "" */
	OPTION_NUMBER,
	OPTION_BOOL,
	OPTION_CHOICE,
	OPTION_RESOLVERS,  /* a struct config_resolvers */
	OPTION_ITEMS,      /* a list of mappings, each as `items` says */
	OPTION_SEVERITIES, /* a mapping of codes to severities */
};

struct option_items;

struct option {
	const char *name; /* dotted: "keeper.stock.rsa2048" */
	enum option_kind kind;
	size_t offset, size;
	int64_t least, most;  /* OPTION_NUMBER */
	const char *choices;  /* OPTION_CHOICE: "a b c" */
	const char *fallback; /* default as text; NULL: must be given (members of items only) */
	uint32_t readers;     /* enum config_reader */
	const char *help;
	const struct option_items *items;
	const char *driver; /* a member of balancers or mailbox_sources: of those with this driver
	                       or one of these kinds alone ("a b"); NULL: all */
	bool needed;        /* and they must have it */
};

/* A list of mappings: where its array and count are, and what a mapping may say. */
struct option_items {
	size_t offset, stride, max, count_offset;
	const struct option *members;
	size_t member_count;
	const char
	    *kind; /* the member that says which of `driver` an entry is; NULL = there is none */
	const char *example; /* YAML, commented out in the printed defaults */
	/* What no single member can see; NULL = nothing. tell() once for each mistake. */
	void (*check)(const void *item, void (*tell)(void *to, const char *words), void *to);
};

#define OPTION_SEVERITIES_EXAMPLE "  FQDN_APEX: reject\n  CERT_SCT_FEW: warn\n"

extern const struct option config_options[];
extern const size_t config_option_count;

const struct option *option_named(
    const struct option *table, size_t count, struct str name); /* or NULL */
/* The option whose name is nearest, if near enough to be meant; NULL else. */
const struct option *option_like(const struct option *table, size_t count, struct str name);

/* Sets a scalar option in the struct at `base` from its text. False: `words` (of CONFIG_TEXT_SIZE)
 * say what is needed. */
bool option_set(const struct option *option, void *base, struct str text, char *words);
/* The scalar's value as text, as option_set() takes it. */
void option_print(const struct option *option, const void *base, struct buf *to);
/* A code and its severity. False: `words` say what is needed. */
bool option_set_severity(
    struct severity_policy *policy, struct str code, struct str severity, char *words);
bool option_is_scalar(const struct option *option);

/* Has an entry of that list and kind what its kind needs, and nothing of another's? */
void option_check_kind(const char *list, const char *kind, const void *item,
    void (*tell)(void *to, const char *words), void *to);
/* An entry of balancers: has it what its driver needs, and nothing else? */
void balancer_check(const void *item, void (*tell)(void *to, const char *words), void *to);
/* An entry of templates: are its objects full names? */
void template_check(const void *item, void (*tell)(void *to, const char *words), void *to);
/* An entry of mailbox_sources: as of balancers; is nothing sent in clear, or where a key leads? */
void mailbox_source_check(const void *item, void (*tell)(void *to, const char *words), void *to);
void option_defaults(const struct option *table, size_t count, void *base);
