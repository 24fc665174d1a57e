/* SPDX-License-Identifier: Apache-2.0 */
/* What one server says about one name: compared, and put in words. Pure. */
#include "check/dns_internal.h"

#include <assert.h>
#include <stdio.h>

bool
dns_reply_failed(enum dns_reply_kind kind)
{
	switch (kind) {
	case REPLY_SILENT:
	case REPLY_UNREACHED:
	case REPLY_RCODE:
	case REPLY_LAME:
	case REPLY_GARBLED:
	case REPLY_NO_ADDRESS:
		return true;
	case REPLY_NOT_ASKED:
	case REPLY_ADDRESSES:
	case REPLY_RECORDS:
	case REPLY_EMPTY:
	case REPLY_NO_NAME:
	case REPLY_ALIAS:
	case REPLY_KIND_MAX:
		break;
	}
	return false;
}

bool
dns_view_failed(const struct dns_view *view)
{
	return dns_reply_failed(view->a.kind) || dns_reply_failed(view->aaaa.kind);
}

bool
dns_view_unreached(const struct dns_view *view)
{
	return view->a.kind == REPLY_UNREACHED;
}

const char *
dns_view_alias(const struct dns_view *view)
{
	return view->a.kind == REPLY_ALIAS      ? view->a.alias
	       : view->aaaa.kind == REPLY_ALIAS ? view->aaaa.alias
	                                        : "";
}

size_t
dns_view_addresses(const struct dns_view *view, struct addr ret[static DNS_ADDRESSES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < view->a.address_count; i++)
		ret[count++] = view->a.address[i];
	for (size_t i = 0; i < view->aaaa.address_count && count < DNS_ADDRESSES_MAX; i++)
		ret[count++] = view->aaaa.address[i];
	return count;
}

static bool
has(const struct addr *list, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (addr_eq(&list[i], a))
			return true;
	return false;
}

/* Order does not count: servers turn their lists round. */
bool
dns_view_same(const struct dns_view *a, const struct dns_view *b)
{
	struct addr in_a[DNS_ADDRESSES_MAX], in_b[DNS_ADDRESSES_MAX];
	size_t count = dns_view_addresses(a, in_a);

	if (strcmp(dns_view_alias(a), dns_view_alias(b)) != 0 ||
	    dns_view_addresses(b, in_b) != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!has(in_b, count, &in_a[i]))
			return false;
	return true;
}

static const char *const rcodes[] = {
	[1] = "FORMERR",
	[2] = "SERVFAIL",
	[4] = "NOTIMP",
	[5] = "REFUSED",
	[9] = "NOTAUTH",
};

void
dns_failure_words(const struct dns_reply *reply, when timeout, char *to, size_t size)
{
	static const char *const words[REPLY_KIND_MAX] = {
		[REPLY_UNREACHED] = "cannot be reached from here",
		[REPLY_LAME] = "is not responsible for the zone",
		[REPLY_GARBLED] = "an answer that makes no sense",
		[REPLY_NO_ADDRESS] = "this server has no address",
	};

	if (reply->kind == REPLY_SILENT)
		snprintf(to, size, "no answer in %g s", (double)timeout / (double)SECONDS(1));
	else if (reply->kind != REPLY_RCODE)
		snprintf(to, size, "%s", words[reply->kind]);
	else if (reply->rcode < COUNT_OF(rcodes) && rcodes[reply->rcode])
		snprintf(to, size, "%s", rcodes[reply->rcode]);
	else
		snprintf(to, size, "error %u", reply->rcode);
}

static void
address_words(const struct dns_view *view, char *to, size_t size)
{
	struct addr list[DNS_ADDRESSES_MAX];
	size_t count = dns_view_addresses(view, list), len = 0;

	for (size_t i = 0; i < count && len < size; i++) {
		char text[ADDR_TEXT_SIZE];

		len += (size_t)snprintf(
		    to + len, size - len, "%s%s", i > 0 ? ", " : "", addr_text(&list[i], text));
	}
}

void
dns_view_words(const struct dns_view *view, when timeout, char *to, size_t size)
{
	char failure[64];

	to[0] = '\0';
	if (dns_reply_failed(view->a.kind)) {
		dns_failure_words(&view->a, timeout, to, size);
	} else if (dns_reply_failed(view->aaaa.kind)) {
		dns_failure_words(&view->aaaa, timeout, failure, sizeof(failure));
		snprintf(to, size, "%s (asked for AAAA)", failure);
	} else if (*dns_view_alias(view)) {
		snprintf(to, size, "alias to %s", dns_view_alias(view));
	} else if (view->a.address_count + view->aaaa.address_count > 0) {
		address_words(view, to, size);
	} else {
		snprintf(
		    to, size, "%s", view->a.kind == REPLY_NO_NAME ? "no such name" : "no address");
	}
}

void
dns_server_words(const struct dns_server *server, char *to, size_t size)
{
	char address[ADDR_TEXT_SIZE], port[16] = "";

	addr_text(&server->address, address);
	if (server->port != 53)
		snprintf(port, sizeof(port), " port %u", server->port);
	if (server->name[0] && address[0])
		snprintf(to, size, "%s (%s%s)", server->name, address, port);
	else
		snprintf(to, size, "%s%s", server->name[0] ? server->name : address, port);
}

const struct dns_view *
dns_trace_witness(const struct dns_trace *trace)
{
	const struct dns_hop *last = &trace->hop[trace->hop_count - 1];

	for (size_t i = 0; i < last->view_count; i++)
		if (!dns_view_failed(&last->view[i]))
			return &last->view[i];
	return NULL;
}
