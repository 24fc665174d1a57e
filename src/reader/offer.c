/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/offer.h"

#include "sys/failpoint.h"
#include "sys/world.h"

#define REPORT_MAX (4u * 1024 * 1024)
/* The keeper may be restarting; it stores nothing, so nothing is done twice. A connection may be
 * replaced once more while it does. */
#define ASKS_MOST 4
#define ASKS_TIME SECONDS(8)

void
offer_put(const struct read_report *report, const struct key_offer *offer, struct buf *to)
{
	CLEAN(buf_fini) struct buf told = BUF(REPORT_MAX);

	read_report_put(report, &told);
	wire_put_str(to, buf_str(&told));
	wire_put_bool(to, offer->is_made);
	wire_put_text(to, offer->file);
	if (offer->is_made)
		key_numbers_put(to, &offer->numbers);
	to->failed = to->failed || buf_failed(&told);
}

bool
offer_get(struct str from, struct read_report *report, struct key_offer *ret_offer)
{
	struct wire wire = WIRE(from);
	struct str told = wire_get_str(&wire, REPORT_MAX);

	*ret_offer = (struct key_offer){ .is_made = wire_get_bool(&wire) };
	wire_get_text(&wire, ret_offer->file, sizeof(ret_offer->file));
	if (ret_offer->is_made && !key_numbers_get(&wire, &ret_offer->numbers))
		return false;
	return wire_end(&wire) && read_report_get(told, report) == 0;
}

/* Only this process speaks with the keeper: a child has taken nothing. */
bool
offer_is_wanted(const struct delivery_question *question, const struct read_report *report,
    const struct key_offer *offer)
{
	if (report->taken.is_taken)
		return false;
	return !offer->is_made ||
	       (question->wish.kind == READ_TAKE && report->accepted && report->lookup_count == 0);
}

static int
ask(struct channel *keeper, const struct delivery_question *question, const struct key_offer *offer,
    struct read_report *report)
{
	CLEAN(key_take_fini)
	struct key_take take = { .key = question->wish.key,
		.customer = question->wish.customer,
		.site = question->wish.site,
		.numbers = offer->numbers };
	const when until = world_ticks() + ASKS_TIME;
	int r = KEY_TAKE_E_AWAY;

	copy_bytes(take.spki_sha256, report->certificate.spki_sha256, sizeof(take.spki_sha256));
	for (int i = 0; r == KEY_TAKE_E_AWAY && i < ASKS_MOST && world_ticks() < until; i++)
		r = key_take_ask(keeper, &take, &report->taken.wrapped);
	return r;
}

static void
tell(const struct delivery_question *question, const char *name, int r, struct findings *to)
{
	enum finding_code code = r == 0                   ? FINDING_CERT_FOREIGN_KEY_TAKEN
	                         : r == KEY_TAKE_E_WEAK   ? FINDING_CERT_FOREIGN_KEY_WEAK
	                         : r == KEY_TAKE_E_BROKEN ? FINDING_CERT_FOREIGN_KEY_UNFIT
	                                                  : FINDING_CERT_READER_FAILED;
	struct finding *finding = findings_add(to, code, "");

	finding_param(finding, "fqdn", "%s", question->host);
	finding_param(finding, "file", "%s", *name ? name : "the delivery");
	finding_param(finding, "problem", "%s",
	    r == KEY_TAKE_E_BROKEN ? "it is not the key of the certificate beside it"
	    : r == KEY_TAKE_E_LATER
		? "too many private keys came within a minute; send it again in a moment"
		: "the private key could not be locked away; send it again in a moment");
}

void
offer_hand_over(struct channel *keeper, const struct delivery_question *question,
    const struct key_offer *offer, struct read_report *report)
{
	int r;

	FAILPOINT("reader.offered");
	r = ask(keeper, question, offer, report);
	FAILPOINT("reader.taken");
	report->taken.is_taken = report->accepted = r == 0;
	report->taken.kind = r == 0 ? offer->numbers.kind : (enum key_kind)0;
	tell(question, offer->file, r, &report->findings);
}
