/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dns_bogus.h"

#include <string.h>

/* The words are libunbound's (validator/val_*.c), the first that is found counts. */
struct cause {
	const char *words;
	unsigned ede; /* RFC 8914 section 4 */
	const char *cause, *repair;
};

#define SIGN_ANEW                                                                             \
	"your DNS provider to sign the zone anew, and to repair what should have done so by " \
	"itself"
#define DS_REPAIR                                                                             \
	"your registrar to remove the DS entry, or to replace it by that of the present DNS " \
	"provider"

/* clang-format off */
static const struct cause causes[] = {
	{ "signature expired", 7,
	  "The signatures have expired: whatever renews them has stopped", SIGN_ANEW },
	{ "before inception", 8,
	  "The signatures are valid only in the future: a clock was wrong when the zone was signed", SIGN_ANEW },
	{ "no DNSSEC records", 10,
	  "The registry has a DS entry for the zone, but the zone is not signed: most often it has moved to another DNS provider and the old DS entry was left behind", DS_REPAIR },
	{ "No DNSKEY", 9,
	  "The registry has a DS entry for the zone, but the zone has no key: most often it has moved to another DNS provider and the old DS entry was left behind", DS_REPAIR },
	{ "no keys have a DS", 9,
	  "The DS entry at the registry belongs to another key than the zone is signed with", DS_REPAIR },
	{ "DS hash mismatches", 9,
	  "The DS entry at the registry belongs to another key than the zone is signed with", DS_REPAIR },
	{ "no keys match", 9,
	  "The DS entry at the registry belongs to another key than the zone is signed with", DS_REPAIR },
	{ "DNSKEY", 9,
	  "The zone's keys and the DS entry at the registry do not fit together", DS_REPAIR },
	{ "no signatures", 10,
	  "Entries of the zone carry no signature", SIGN_ANEW },
	{ "signature missing", 10,
	  "Entries of the zone carry no signature", SIGN_ANEW },
	{ "crypto failed", 6,
	  "A signature does not fit its entry: the zone was changed after it was signed", SIGN_ANEW },
	{ "NSEC", 12,
	  "The proof that an entry does not exist is missing or wrong", SIGN_ANEW },
	{ "", 6,
	  "A frequent cause: the domain moved to another DNS provider, and the old DS entry at the registrar was left behind",
	  "your DNS provider to repair the signatures, or your registrar to remove the DS entry" },
};
/* clang-format on */

unsigned
dns_bogus_tell(struct finding *finding, const char *reason)
{
	const struct cause *c = causes;

	while (!strstr(reason, c->words))
		c++;
	finding_param(finding, "reason", "%s", reason);
	finding_param(finding, "cause", "%s", c->cause);
	finding_param(finding, "repair", "%s", c->repair);
	return c->ede;
}
