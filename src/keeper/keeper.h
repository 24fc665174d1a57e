/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: sees private keys and the KEK, stores nothing, and answers three questions of the
 * worker: make a key (make.c), pour one into a balancer (export.c), sign in to one (sign_in.c); what
 * goes to a balancer behind TLS is carried by the courier. Where policy.foreign_keys
 * allows it, also one of the reader: take a key that was not made here (take.c). Every question is
 * read to its end before anything is done; one that is ill-formed is refused and the next one
 * served. Questions about balancers, which may be slow, are answered side by side; making and taking
 * a key are for one thread.
 */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "ipc/channel.h"
#include "ipc/process.h"
#include "keeper/device.h"
#include "keeper/secret_key.h"
#include "keeper/stock.h"
#include "pki/kek_file.h"

enum {
	KEEPER_E_MALFORMED = 1, /* answer with a refusal */
};

struct keeper {
	const struct world *world;
	const struct config *config;
	struct kek *kek; /* in the secure heap */
	struct stock *stock;
	struct ec_maker ec;
	uid_t worker; /* whose files may take a key; our own user when the worker is no other */
	bool locked;  /* secrets cannot reach the swap space */
	struct devices *devices; /* NULL = no balancer is managed over HTTPS; owned */
	struct channel *courier; /* NULL as well */
	when takes_since;        /* world_ticks() from which `takes` counts */
	unsigned takes;
	atomic_ulong made, exported, taken, signed_in,
	    refused; /* for the report, which another thread writes */
};

/* Needs memory_protect() before. Checks itself with one key made, wrapped and unwrapped. */
int keeper_new(const struct world *world, const struct config *config, const struct kek *kek,
    struct keeper **ret) MUST_USE;
struct keeper *keeper_free(struct keeper *keeper);
CLEAN_DEFINE(keeper_free, struct keeper *);

/* One question, answered or refused on the channel it came by. */
int keeper_handle(
    struct keeper *keeper, struct channel *from, const struct frame *question) MUST_USE;

/* The questions; the answer's payload is put into *answer. 0 or KEEPER_E_MALFORMED. */
int keeper_make(struct keeper *keeper, struct str question, struct buf *answer) MUST_USE;
int keeper_export(
    struct keeper *keeper, struct str question, int vessel, struct buf *answer) MUST_USE;
int keeper_sign_in(
    struct keeper *keeper, struct str question, int device, struct buf *answer) MUST_USE;
int keeper_take(struct keeper *keeper, struct str question, struct buf *answer) MUST_USE;

void keeper_report(struct keeper *keeper, struct buf *to);
