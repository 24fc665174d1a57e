/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys cost up to seconds, so some are made before anybody asks. Two threads: one at idle
 * priority fills the stock and takes only what nobody else wants of the CPU; one at ordinary
 * priority sleeps until somebody asks for a kind that is out, and makes one of it at once. (A
 * thread that has gone idle may not become ordinary again without privileges, hence two.)
 */
#pragma once

#include "keeper/secret_key.h"

enum {
	STOCK_E_EMPTY = 1, /* one is being made */
};

struct stock;

struct stock_count {
	size_t here, target;
	uint64_t made;
};

/* `target`: how many of each kind to keep; ignored for kinds that are not RSA. */
struct stock *stock_new(
    const struct world *world, const size_t target[static KEY_KIND_MAX]) MUST_USE;
struct stock *stock_free(struct stock *stock); /* waits for keys in the making */
CLEAN_DEFINE(stock_free, struct stock *);

/* Starts the threads: after the sandbox closed, so that it holds for them too. */
int stock_start(struct stock *stock) MUST_USE;

/* Takes one out; on STOCK_E_EMPTY *ret_later_ms says when asking again makes sense. */
int stock_take(struct stock *stock, enum key_kind kind, struct secret_key *ret,
    uint32_t *ret_later_ms) MUST_USE;

struct stock_count stock_count(struct stock *stock, enum key_kind kind);
