/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
/*
 * What an event of the audit log says beside its name, as a small JSON object. For this folder only.
 *
 *     CLEAN(detail_fini) struct detail d = { 0 };
 *     detail_text(&d, "name", customer->name);
 *     return detail_event(&d, s, "customer.added", "customer", customer->id, ID_NONE);
 *
 * Never a secret. Text that is no UTF-8 is shown with "?" for what is not.
 */
/* clang-format on */
#pragma once

#include <jansson.h>

#include "store/store.h"

struct detail {
	json_t *object;
};

void detail_fini(struct detail *d);
CLEAN_DEFINE_FINI(detail_fini, struct detail);

void detail_text(struct detail *d, const char *name, const char *value); /* "" is left out */
void detail_number(struct detail *d, const char *name, int64_t value);
/* {"name":{"before":…,"after":…}}, nothing if both are the same. */
void detail_change(struct detail *d, const char *name, const char *before, const char *after);
/* store_event_add() with it. */
int detail_event(const struct detail *d, struct store *s, const char *action, const char *object,
    struct id object_id, struct id order) MUST_USE;

/* A JSON string of any bytes; NULL when there is no memory. */
json_t *detail_string(const char *value);
