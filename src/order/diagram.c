/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The picture of an order's life, found by walking: from no facts at all, every event is tried on
 * every set of facts that can be reached, and each step from one stage to another becomes an edge.
 */
#include "order/order.h"

#include <stdlib.h>

#define SETS (1u << FACT_MAX)

struct edges {
	bool there[STAGE_MAX][EVENT_MAX][STAGE_MAX];
};

static struct order_facts
facts_of(uint32_t mask)
{
	struct order_facts facts = { 0 };

	for (int f = 0; f < FACT_MAX; f++)
		facts.fact[f] = (mask >> f) & 1;
	return facts;
}

static uint32_t
mask_of(const struct order_facts *facts)
{
	uint32_t mask = 0;

	for (int f = 0; f < FACT_MAX; f++)
		mask |= facts->fact[f] ? 1u << f : 0;
	return mask;
}

static void
walk(struct edges *edges)
{
	bool *seen = alloc_array(SETS, sizeof(*seen));
	uint32_t *queue = alloc_array(SETS, sizeof(*queue));
	size_t head = 0, tail = 0;

	seen[0] = true;
	queue[tail++] = 0;
	while (head < tail) {
		struct order_facts from = facts_of(queue[head++]);

		for (int e = 0; e < EVENT_MAX; e++) {
			struct order_facts to = from;

			if (order_apply(&to, (enum order_event)e, 1) != 0)
				continue;
			edges->there[order_stage(&from)][e][order_stage(&to)] = true;
			if (!seen[mask_of(&to)]) {
				seen[mask_of(&to)] = true;
				queue[tail++] = mask_of(&to);
			}
		}
	}
	free(seen);
	free(queue);
}

/* Calls back for every edge between two different stages, with the events that cause it joined by
 * ", ". */
static void
each_edge(void (*draw)(struct buf *to, const char *from, const char *into, const char *events),
    struct buf *to)
{
	struct edges *edges = alloc_zero(sizeof(*edges));

	walk(edges);
	for (int from = 0; from < STAGE_MAX; from++)
		for (int into = 0; into < STAGE_MAX; into++) {
			CLEAN(buf_fini) struct buf events = BUF(1024);

			for (int e = 0; e < EVENT_MAX && from != into; e++)
				if (edges->there[from][e][into])
					buf_printf(&events, "%s%s", events.len ? ", " : "",
					    order_event_name((enum order_event)e));
			if (events.len > 0)
				draw(to, order_stage_name((enum order_stage)from),
				    order_stage_name((enum order_stage)into), buf_text(&events));
		}
	free(edges);
}

static void
draw_dot(struct buf *to, const char *from, const char *into, const char *events)
{
	buf_printf(to, "\t%s -> %s [label=\"%s\"];\n", from, into, events);
}

void
order_diagram_dot(struct buf *to)
{
	buf_put_text(to, "digraph order {\n\trankdir=LR;\n\tnode [shape=box, style=rounded];\n");
	each_edge(draw_dot, to);
	buf_put_text(to, "}\n");
}

static void
draw_text(struct buf *to, const char *from, const char *into, const char *events)
{
	buf_printf(to, "%-11s -> %-11s  when %s\n", from, into, events);
}

void
order_diagram_text(struct buf *to)
{
	each_edge(draw_text, to);
}
