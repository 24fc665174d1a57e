/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/message.h"

#include <assert.h>

#define KIB 1024u
#define MIB (1024u * 1024u)

/* clang-format off */
static const struct message_rule rules[MESSAGE_MAX] = {
	/*                        name         from            to              request    answer     fd */
	[MESSAGE_HELLO]      = { "hello",      ROLE_MAX,       ROLE_CERTDESKD, 1 * KIB,   256 * KIB, false },
	[MESSAGE_READY]      = { "ready",      ROLE_MAX,       ROLE_CERTDESKD, 4 * KIB,   0,         false },
	[MESSAGE_PEER]       = { "peer",       ROLE_CERTDESKD, ROLE_MAX,       8,         0,         true  },
	[MESSAGE_REPORT]     = { "report",     ROLE_MAX,       ROLE_CERTDESKD, 8 * KIB,   0,         false },
	[MESSAGE_LOST]       = { "lost",       ROLE_MAX,       ROLE_CERTDESKD, 1 * KIB,   0,         false },
	[MESSAGE_HOUSE]      = { "house",      ROLE_DESK,      ROLE_CERTDESKD, 0,         128 * KIB, false },
	[MESSAGE_KEY_MAKE]   = { "key_make",   ROLE_WORKER,    ROLE_KEEPER,    16 * KIB,  64 * KIB,  false },
	[MESSAGE_KEY_EXPORT] = { "key_export", ROLE_WORKER,    ROLE_KEEPER,    144 * KIB, 16 * KIB,  true  },
	[MESSAGE_KEY_TAKE]   = { "key_take",   ROLE_READER,    ROLE_KEEPER,    1 * KIB,   16 * KIB,  false },
	[MESSAGE_READ]       = { "read",       ROLE_DESK,      ROLE_READER,    16 * MIB,  4 * MIB,   false },
	[MESSAGE_WAKE]       = { "wake",       ROLE_DESK,      ROLE_WORKER,    0,         0,         false },
};

static const char *const role_names[] = {
	[ROLE_CERTDESKD] = "certdeskd",
	[ROLE_KEEPER]    = "certdesk-keeper",
	[ROLE_READER]    = "certdesk-reader",
	[ROLE_DESK]      = "certdesk-desk",
	[ROLE_WORKER]    = "certdesk-worker",
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

static bool
is_meant(enum role in_rule, enum role is)
{
	return in_rule == ROLE_MAX ? is != ROLE_CERTDESKD : in_rule == is;
}

bool
message_may(const struct message_rule *rule, enum role from, enum role to)
{
	return is_meant(rule->from, from) && is_meant(rule->to, to);
}

const char *
role_name(enum role role)
{
	return role < ROLE_MAX ? role_names[role] : "unknown";
}
