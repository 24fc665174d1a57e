/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every message our processes may send each other, as one table: who to whom, how large, with or
 * without a file descriptor. Both ends hold each frame against its row; what has no row is refused.
 *
 * Each message has a file of its own (ipc/key_make.c …) with the caller's stub, the handler's type
 * and the codec, encoder and decoder next to each other.
 */
#pragma once

#include "base/macro.h"

#define IPC_VERSION 1 /* of this table and all codecs; both ends of a channel must agree */

enum role {
	ROLE_CERTDESKD,
	ROLE_KEEPER,
	ROLE_READER,
	ROLE_DESK,
	ROLE_WORKER,
	ROLE_COURIER, /* runs only where a balancer needs it */
	ROLE_MAX
};

enum message_type {
	MESSAGE_NONE = 0,
	/* between certdeskd and each child, on the child's fd 3 */
	MESSAGE_HELLO,  /* child: who I am, version, pid; answered by its slice of the configuration
	                 */
	MESSAGE_READY,  /* child: the sandbox in force; one way */
	MESSAGE_PEER,   /* certdeskd: here is your channel to …, carries an fd; one way */
	MESSAGE_REPORT, /* child: how it is, every 2 s: text of `key=value` lines; one way */
	MESSAGE_LOST, /* child: my channel to … is closed; one way, a new one comes by MESSAGE_PEER
	               */
	MESSAGE_HOUSE, /* desk asks certdeskd: status of all processes */
	/* between children */
	MESSAGE_KEY_MAKE,   /* worker -> keeper */
	MESSAGE_KEY_EXPORT, /* worker -> keeper, carries an fd */
	MESSAGE_KEY_TAKE,   /* reader -> keeper, only where the policy allows it */
	MESSAGE_READ,       /* desk, worker -> reader: a delivery */
	MESSAGE_WAKE,       /* desk -> worker: something is due; one way */
	MESSAGE_SIGN_IN,    /* worker -> keeper, carries an fd */
	MESSAGE_CARRY,      /* keeper -> courier, carries an fd */
	MESSAGE_MAX
};

struct message_rule {
	const char *name;
	uint32_t from;        /* who may ask: bits (1 << ROLE_X) */
	enum role to;         /* whom; ROLE_MAX = any child */
	uint32_t max_request; /* bytes of payload */
	uint32_t max_answer;  /* 0 = one way, no answer */
	bool fd_in_request;
};

/* May `from` ask `to` this? */
bool message_may(const struct message_rule *rule, enum role from, enum role to);

const struct message_rule *message_rule(enum message_type type); /* NULL for no such message */
const char *role_name(enum role role);                           /* "certdesk-keeper" … */
