/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers questions side by side. Who receives hands each one that may take long to the next free of
 * a few threads, so that a slow device, or a file that takes seconds to open, holds nobody else up.
 */
#pragma once

#include "ipc/channel.h"

struct lanes;

/* In a lane, 0 to count - 1: answers or refuses the question on the channel it came by. */
typedef void lane_fn(void *self, size_t lane, struct channel *from, const struct frame *question);

/* `self` is shared by all lanes. */
struct lanes *lanes_new(size_t count, lane_fn *serve, void *self) MUST_USE;
int lanes_start(struct lanes *lanes) MUST_USE; /* in the sandbox: threads inherit it */
/* Waits for what is under way. */
struct lanes *lanes_free(struct lanes *lanes);
CLEAN_DEFINE(lanes_free, struct lanes *);

/* Takes *question over. While all lanes are busy and one waits already, waits too: as nobody
 * receives meanwhile, askers wait on their side, for as long as they like. */
void lanes_give(struct lanes *lanes, struct channel *from, struct frame *question);
