/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/message.h"

#include <assert.h>

#define KIB 1024u
#define MIB (1024u * 1024u)

#define READER    (1u << ROLE_READER)
#define DESK      (1u << ROLE_DESK)
#define WORKER    (1u << ROLE_WORKER)
#define KEEPER    (1u << ROLE_KEEPER)
#define BOSS      (1u << ROLE_CERTDESKD)
#define ANY_CHILD (((1u << ROLE_MAX) - 1) & ~BOSS)

/* clang-format off */
static const struct message_rule rules[MESSAGE_MAX] = {
	/*                        name         from           to              request    answer     fd */
	[MESSAGE_HELLO]      = { "hello",      ANY_CHILD,     ROLE_CERTDESKD, 1 * KIB,   256 * KIB, false },
	[MESSAGE_READY]      = { "ready",      ANY_CHILD,     ROLE_CERTDESKD, 4 * KIB,   0,         false },
	[MESSAGE_PEER]       = { "peer",       BOSS,          ROLE_MAX,       8,         0,         true  },
	[MESSAGE_REPORT]     = { "report",     ANY_CHILD,     ROLE_CERTDESKD, 8 * KIB,   0,         false },
	[MESSAGE_LOST]       = { "lost",       ANY_CHILD,     ROLE_CERTDESKD, 1 * KIB,   0,         false },
	[MESSAGE_HOUSE]      = { "house",      DESK,          ROLE_CERTDESKD, 0,         128 * KIB, false },
	[MESSAGE_KEY_MAKE]   = { "key_make",   WORKER,        ROLE_KEEPER,    16 * KIB,  64 * KIB,  false },
	[MESSAGE_KEY_EXPORT] = { "key_export", WORKER,        ROLE_KEEPER,    144 * KIB, 20 * KIB,  true  },
	[MESSAGE_KEY_TAKE]   = { "key_take",   READER,        ROLE_KEEPER,    1 * KIB,   16 * KIB,  false },
	[MESSAGE_READ]       = { "read",       DESK | WORKER, ROLE_READER,    16 * MIB,  4 * MIB,   false },
	[MESSAGE_WAKE]       = { "wake",       DESK,          ROLE_WORKER,    0,         0,         false },
	[MESSAGE_SIGN_IN]    = { "sign_in",    WORKER,        ROLE_KEEPER,    1 * KIB,   20 * KIB,  true  },
	[MESSAGE_CARRY]      = { "carry",      KEEPER,        ROLE_COURIER,   48 * KIB,  20 * KIB,  true  },
};

static const char *const role_names[] = {
	[ROLE_CERTDESKD] = "certdeskd",
	[ROLE_KEEPER]    = "certdesk-keeper",
	[ROLE_READER]    = "certdesk-reader",
	[ROLE_DESK]      = "certdesk-desk",
	[ROLE_WORKER]    = "certdesk-worker",
	[ROLE_COURIER]   = "certdesk-courier",
};
/* clang-format on */
static_assert(COUNT_OF(role_names) == ROLE_MAX, "a name for every role");

const struct message_rule *
message_rule(enum message_type type)
{
	if (type <= MESSAGE_NONE || type >= MESSAGE_MAX || !rules[type].name)
		return NULL;
	return &rules[type];
}

bool
message_may(const struct message_rule *rule, enum role from, enum role to)
{
	if (from >= ROLE_MAX || (rule->from & (1u << from)) == 0)
		return false;
	return rule->to == ROLE_MAX ? to != ROLE_CERTDESKD : rule->to == to;
}

const char *
role_name(enum role role)
{
	return role < ROLE_MAX ? role_names[role] : "unknown";
}
