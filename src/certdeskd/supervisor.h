/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the programs (the courier only where a balancer needs it), gives each its slice of the configuration and the channels to its
 * peers, restarts what dies, and remembers how they are. One thread, driven by poll(); waits for
 * nobody.
 */
#pragma once

#include "config/config.h"
#include "sys/world.h"

struct supervisor;

/* `programs`: the folder where they lie. `config` stays the caller's. */
int supervisor_new(const struct config *config, const char *programs, const struct world *world,
    struct supervisor **ret) MUST_USE;
struct supervisor *supervisor_free(struct supervisor *s);
CLEAN_DEFINE(supervisor_free, struct supervisor *);

/* Serves until `stop_fd` is readable; then ends the children, by force after 12 s. */
int supervisor_run(struct supervisor *s, int stop_fd) MUST_USE;
