/* SPDX-License-Identifier: Apache-2.0 */
#include "order/advice.h"

#include <assert.h>

const char *
advice_verdict_name(enum advice_verdict verdict)
{
	static const char *const names[] = {
		[ADVICE_FIT] = "fit",
		[ADVICE_FEW_ORDERS] = "few_orders",
		[ADVICE_CAA_FORBIDS] = "caa_forbids",
		[ADVICE_DISTRUSTED] = "distrusted",
	};
	static_assert(COUNT_OF(names) == ADVICE_VERDICT_MAX, "a name for each verdict");

	return (size_t)verdict < COUNT_OF(names) ? names[verdict] : "unknown";
}

/* More cannot have been accepted than there were; a wrong count must not make a recommendation. */
static uint32_t
accepted(const struct advice_row *row)
{
	return row->accepted_first < row->orders ? row->accepted_first : row->orders;
}

static enum advice_verdict
verdict_of(const struct advice_row *row)
{
	if (row->distrusted)
		return ADVICE_DISTRUSTED;
	if (row->caa_forbids)
		return ADVICE_CAA_FORBIDS;
	return row->orders < ADVICE_ORDERS_LEAST ? ADVICE_FEW_ORDERS : ADVICE_FIT;
}

static when
median_of(const struct advice_row *row)
{
	size_t middle = row->took_count / 2;

	if (row->took_count == 0)
		return 0;
	return row->took_count % 2 ? row->took[middle]
	                           : row->took[middle - 1] / 2 + row->took[middle] / 2;
}

static enum finding_code
often_of(const struct advice_row *row)
{
	enum finding_code often = FINDING_MAX;
	uint32_t most = 0;

	for (size_t i = 0; i < row->reason_count; i++)
		if (row->reason[i].count > most) {
			most = row->reason[i].count;
			often = row->reason[i].code;
		}
	return often;
}

static struct advice_line
line_of(const struct advice_row *row)
{
	return (struct advice_line){
		.verdict = verdict_of(row),
		.percent =
		    row->orders ? (unsigned)((uint64_t)accepted(row) * 100 / row->orders) : 0,
		.median = median_of(row),
		.often = often_of(row),
	};
}

/* By the rule of succession, (accepted + 1) / (orders + 2): ten of ten is a smaller promise than 98 of
 * 100. Compared crosswise, so that nothing is rounded. */
static int
compare_success(const struct advice_row *a, const struct advice_row *b)
{
	uint64_t of_a = ((uint64_t)accepted(a) + 1) * ((uint64_t)b->orders + 2),
		 of_b = ((uint64_t)accepted(b) + 1) * ((uint64_t)a->orders + 2);

	return (of_a > of_b) - (of_a < of_b);
}

static bool
is_better(const struct advice_row *a, const struct advice_line *line_a, const struct advice_row *b,
    const struct advice_line *line_b)
{
	int success = compare_success(a, b);

	if (success != 0)
		return success > 0;
	return line_a->median != 0 && (line_b->median == 0 || line_a->median < line_b->median);
}

bool
advice_choose(
    const struct advice_row rows[], size_t count, struct advice_line lines[], size_t *ret_best)
{
	size_t best = count;

	for (size_t i = 0; i < count; i++) {
		lines[i] = line_of(&rows[i]);
		if (lines[i].verdict == ADVICE_FIT &&
		    (best == count || is_better(&rows[i], &lines[i], &rows[best], &lines[best])))
			best = i;
	}
	if (best == count)
		return false;
	*ret_best = best;
	return true;
}

/* A day and more in days, half days rounded up; less in hours. */
static void
put_time(struct buf *to, when time)
{
	bool in_days = time >= DAYS(1);
	when unit = in_days ? DAYS(1) : HOURS(1);
	long long count = (time + unit / 2) / unit;

	buf_printf(
	    to, "%lld %s%s", count > 0 ? count : 1, in_days ? "day" : "hour", count > 1 ? "s" : "");
}

static void
put_history(const struct advice_row *row, const struct advice_line *line, struct buf *to)
{
	buf_printf(to, "%s: %u of %u certificates were accepted at the first delivery", row->name,
	    accepted(row), row->orders);
	if (line->median != 0) {
		buf_put_text(to, ", half of them within ");
		put_time(to, line->median);
		buf_put_text(to, " of the request");
	}
	buf_put_text(to, ".");
}

void
advice_words(const struct advice_row *row, const struct advice_line *line, struct buf *to)
{
	if (!row) {
		buf_printf(to,
		    "We have not seen enough orders to recommend an authority (at least %d are needed with one of them); any that browsers trust will do.",
		    ADVICE_ORDERS_LEAST);
		return;
	}
	switch (line->verdict) {
	case ADVICE_FIT:
		put_history(row, line, to);
		break;
	case ADVICE_FEW_ORDERS:
		buf_printf(to, "%s: too few orders to say (%u).", row->name, row->orders);
		break;
	case ADVICE_CAA_FORBIDS:
		buf_printf(to, "%s: the domain's CAA records do not allow it.", row->name);
		break;
	case ADVICE_DISTRUSTED:
	case ADVICE_VERDICT_MAX:
		buf_printf(to, "%s: browsers have stopped trusting it.", row->name);
		break;
	}
}
