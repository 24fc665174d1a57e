/* SPDX-License-Identifier: Apache-2.0 */
/* Between the building of paths (chain_path.c) and their judging (chain.c). */
#pragma once

#include "pki/chain.h"

#define STOCK_MAX (CHAIN_GIVEN_MAX + 64)

/* What paths are made of: the given certificates, then the roots and known intermediates that any
 * of them names. */
struct stock_item {
	X509 *x509;     /* owned unless given */
	struct str der; /* of a known one: borrowed from its shelf */
	struct str subject, issuer;
	bool is_root;  /* one that we trust */
	bool is_given; /* its position is that in `given` */
	bool signs_itself;
	bool is_closed; /* no path leads through it */
};

enum path_end {
	PATH_TRUSTED,    /* the last certificate is a root we trust */
	PATH_UNTRUSTED,  /* the last one is signed by itself */
	PATH_INCOMPLETE, /* the last one's issuer is not there */
	PATH_FORGED,     /* somebody has the issuer's name, but did not sign it */
};

struct path {
	size_t count;
	size_t item[CHAIN_DEPTH_MAX]; /* the leaf first */
	enum path_end end;
};

struct stock {
	size_t count;
	struct stock_item item[STOCK_MAX];
	uint8_t issued[STOCK_MAX][STOCK_MAX]; /* 0 not looked at, 1 no, 2 yes: [issuer][child] */
	size_t checks;
	size_t path_count;
	struct path path[CHAIN_PATHS_MAX];
};

struct stock *stock_new(X509 *const given[], size_t count, const struct trust *trust,
    const struct shelf *known) MUST_USE;
void stock_free(struct stock *stock);
CLEAN_DEFINE(stock_free, struct stock *);
/* Fills in what is known of the missing issuer of `child`. */
void chain_tell_gap(X509 *child, const char *issuer, struct chain *to);
/* Closes those whose SHA-256 is in the list. */
void stock_close(struct stock *stock, const uint8_t (*without)[32], size_t count);
/* All paths from `leaf`, each to where it ends. */
void stock_walk(struct stock *stock, size_t leaf);
