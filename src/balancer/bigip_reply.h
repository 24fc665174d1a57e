/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a BIG-IP's answers mean (iControl REST), as pure functions: the retry table of the driver.
 * Behind one address answer Apache, restjavad and mcpd, each in its own way: HTML, an error with
 * `kind`, or an error whose message begins with eight hexadecimal digits. Those digits are
 * promised, the English behind them is not; where only words tell, the words are the table's.
 * Bodies are a peer's: bounded before they come here, and nothing in them is trusted.
 */
#pragma once

#include <jansson.h>

#include "base/str.h"
#include "base/when.h"

enum bigip_answer {
	BIGIP_DONE,
	BIGIP_ABSENT, /* no such object */
	BIGIP_EXISTS, /* one of that name is there: it may be ours, from before */
	BIGIP_IN_USE, /* refers to it still: not removed */
	BIGIP_STARTING, /* the device, or the part of it that is asked, is not there yet: again later */
	BIGIP_BUSY,     /* it is at something else: again later */
	BIGIP_UNSURE,   /* it gave up waiting for itself: done or not, only a look tells */
	BIGIP_SIGN_IN,  /* the token is gone: sign in, and once more */
	BIGIP_CROWDED,  /* the user has as many tokens as may be */
	BIGIP_DENIED,   /* name, password or rights */
	BIGIP_MISMATCH, /* key and certificate do not belong together */
	BIGIP_REFUSED, /* what was asked for cannot be: our mistake, or somebody's object in the way */
	BIGIP_NONSENSE, /* no answer that a BIG-IP gives */
	BIGIP_ANSWER_MAX
};
const char *bigip_answer_name(enum bigip_answer answer); /* "done", "absent" … */

#define BIGIP_WORDS_SIZE 512

struct bigip_reply {
	enum bigip_answer answer;
	when rest;                    /* before it is worth asking again; 0 = it is not */
	uint32_t number;              /* mcpd's message id (0x01020036); 0 = none */
	char words[BIGIP_WORDS_SIZE]; /* its own, for people; "" = none */
};

/* `body`: JSON, HTML, or nothing; `status`: of HTTP, 100 to 599. */
void bigip_judge(long status, struct str body, struct bigip_reply *ret);

/* A member that may be missing, "none" or "", which all mean that nothing is set; *ret is "" then.
 */
const char *bigip_text(const json_t *object, const char *member);
/* true, "true", "enabled", "yes" … and what says the contrary; absent is `otherwise`. */
bool bigip_flag(const json_t *object, const char *member, bool otherwise);
/* A number, or its digits as text; absent or senseless is `otherwise`. */
int64_t bigip_number(const json_t *object, const char *member, int64_t otherwise);
