/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of an installation on HAProxy, in words. */
#include <stdio.h>

#include "balancer/haproxy_internal.h"
#include "balancer/plan.h"

enum {                   /* facts */
	SERVED = 1 << 0, /* a certificate of the site, whichever */
	LISTED = 1 << 1, /* on disk */
	KEPT = 1 << 2,   /* the file is this one already */
	ROUTED = 1 << 3, /* on disk */
};

/* clang-format off */
static const struct plan_row rows[] = {
	{ PLAN_STAGE,    0,      LISTED, PLAN_NONE, "{file}", "Write certificate, chain and key, mode 0600; the keeper pours the key. No list names the file yet." },
	{ PLAN_STAGE,    LISTED, 0,      PLAN_NONE, "{next}", "Write certificate, chain and key, mode 0600; the keeper pours the key. The file that is served stays as it is." },
	{ PLAN_STAGE,    0,      0,      PLAN_NONE, "{socket}", "Give the same to the running HAProxy as {file}, not committed (set ssl cert)." },
	{ PLAN_CHECK,    0,      0,      PLAN_NONE, "{socket}", "Read back what is staged: this certificate with its whole chain (show ssl cert)." },
	{ PLAN_ACTIVATE, SERVED, 0,      PLAN_HOT,  "{file}", "Commit: new connections to {host} get the new certificate, open ones stay." },
	{ PLAN_ACTIVATE, 0,      SERVED, PLAN_HOT,  "{list}", "Commit, and add {host} to the running list (add ssl crt-list): served from here on." },
	{ PLAN_ROUTE,    0,      0,      PLAN_HOT,  "{map}", "Send requests for {host} to {backend}, running (add map, set map)." },
	{ PLAN_VERIFY,   0,      0,      PLAN_NONE, "{address} port {port}", "Shake hands as a visitor of {host} and see this certificate; if not, go back." },
	{ PLAN_PERSIST,  LISTED, KEPT,   PLAN_NONE, "{file}", "Replace it by {next}, for the next start of HAProxy." },
	{ PLAN_PERSIST,  0,      LISTED, PLAN_NONE, "{list}", "Add a line for {file} and {host}, for the next start of HAProxy." },
	{ PLAN_PERSIST,  0,      ROUTED, PLAN_NONE, "{map}", "Set the line from {host} to {backend}, for the next start of HAProxy." },
	{ PLAN_PERSIST,  LISTED | KEPT | ROUTED, 0, PLAN_NONE, "{file}", "Make sure that it, the list and the map are on disk." },
	{ PLAN_SETTLE,   0,      0,      PLAN_NONE, "{next}", "Remove what is left over beside the file." },
};
/* clang-format on */

int
haproxy_plan(struct balancer *b, const struct bundle *bundle, const struct observation *seen,
    struct plan *ret, struct outcome *what)
{
	char address[ADDR_TEXT_SIZE], port[24];
	struct haproxy_site s;
	const struct plan_value values[] = { { "file", s.file }, { "next", s.next },
		{ "host", bundle->name.text }, { "socket", b->config->socket },
		{ "list", b->config->crt_list }, { "map", b->config->hosts_map },
		{ "backend", bundle->backend }, { "address", addr_text(&bundle->address, address) },
		{ "port", port }, { NULL, NULL } };
	uint32_t facts = (seen->running == SERVED_ACTIVE ? SERVED : 0) |
	                 (seen->on_disk ? LISTED : 0) | (seen->disk_same ? KEPT : 0) |
	                 (seen->disk_routed ? ROUTED : 0);
	int r = haproxy_site_of(b, bundle, &s, what);

	if (r)
		return r;
	snprintf(port, sizeof(port), "%lld", (long long)b->config->https_port);
	plan_fill(ret, plan_due(seen), facts, rows, COUNT_OF(rows), values);
	return 0;
}
