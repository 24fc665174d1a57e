/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of check/rdap_read.h. */
#pragma once

#include "check/rdap_read.h"

/* A member's text; "" when it is none. */
void rdap_put_text(const json_t *object, const char *member, char *to, size_t size);
/* rdap_card.c: a contact from its entity. */
void rdap_read_contact(const json_t *entity, struct rdap_contact *ret);
/* rdap_redaction.c: `redacted`, and what it means to the registrant's fields. */
void rdap_read_redaction(const json_t *answer, struct rdap_domain *ret);
