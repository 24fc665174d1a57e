/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search of names/alike.h in its parts: the name as a whole (alike.c), a domain that is not known
 * (alike_domain.c) and pieces of it (alike_piece.c), the host below one that is (alike_host.c).
 */
#pragma once

#include "names/alike.h"
#include "names/parts.h"

#define DOMAIN_LEAST 3 /* letters: of shorter ones everything is one slip away */

struct alike_search {
	const struct known_names *known;
	struct str typed;
	struct name_parts parts;
	struct letters plain, skeleton; /* of the domain's label */
	struct name_alike *best;
};

/* What may have been meant: `host` in front of a known domain; the best is kept. */
void alike_offer(struct alike_search *s, enum name_mistake mistake, struct str host,
    struct str domain, const char *words);

/* A piece of what was typed that may be the label of a known domain. */
struct alike_piece {
	struct alike_search *search;
	struct letters skeleton;
	struct str host;   /* what stands in front of the domain then */
	struct str front;  /* what the piece was cut off; "" = nothing */
	struct str ending; /* which the domain must have */
	enum name_mistake mistake;
	const char *words;
};

void alike_piece_set(struct alike_piece *piece, struct str label);
/* Offers what is known by this very label and ending; of hosts by front, if there is one. */
void alike_piece_look(struct alike_piece *piece);
/* Offers the one that was seen if it has this very label. */
void alike_piece_offer(
    const struct alike_piece *piece, const struct known_name *seen, const char *words);
/* Cuts the last label off: "mail.berlin" gives "berlin", and "mail" stays. */
struct str alike_last_label(struct str *host);

void alike_look_for_domain(struct alike_search *s);
void alike_look_at_dots(struct alike_search *s);   /* pay.pal.com */
void alike_look_for_words(struct alike_search *s); /* owacontoso.com, contoso-login.com */
void alike_look_for_host(struct alike_search *s);
