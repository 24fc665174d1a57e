/* SPDX-License-Identifier: Apache-2.0 */
#include "check/ldap_patience.h"

#include <errno.h>

#include "sys/net.h"
#include "sys/world.h"

#define LEVEL (LBER_SBIOD_LEVEL_PROVIDER + 1) /* above TCP, below TLS */

static int
set_up(Sockbuf_IO_Desc *layer, void *patience)
{
	layer->sbiod_pvt = patience;
	return 0;
}

static int
take_down(Sockbuf_IO_Desc *layer UNUSED)
{
	return 0;
}

static int
control(Sockbuf_IO_Desc *layer, int option, void *value)
{
	return LBER_SBIOD_CTRL_NEXT(layer, option, value);
}

/* False, and errno is not EAGAIN, which would be tried again: the time is over. */
static bool
is_ready(Sockbuf_IO_Desc *layer, bool writable)
{
	const struct ldap_patience *patience = layer->sbiod_pvt;
	when left = patience->deadline - world_ticks();
	ber_socket_t fd = -1;

	ber_sockbuf_ctrl(layer->sbiod_sb, LBER_SB_OPT_GET_FD, &fd);
	if (left > 0 && net_wait(fd, writable, left) == 0)
		return true;
	errno = ETIMEDOUT;
	return false;
}

static ber_slen_t
take(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t len)
{
	return is_ready(layer, false) ? LBER_SBIOD_READ_NEXT(layer, bytes, len) : -1;
}

static ber_slen_t
give(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t len)
{
	return is_ready(layer, true) ? LBER_SBIOD_WRITE_NEXT(layer, bytes, len) : -1;
}

static int
connected(LDAP *ldap UNUSED, Sockbuf *sockbuf, LDAPURLDesc *at UNUSED,
    struct sockaddr *address UNUSED, struct ldap_conncb *callback)
{
	static Sockbuf_IO layer = { set_up, take_down, control, take, give, take_down };
	ber_len_t most = LDAP_MESSAGE_MAX;

	ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_MAX_INCOMING, &most);
	return ber_sockbuf_add_io(sockbuf, &layer, LEVEL, callback->lc_arg);
}

static void
gone(LDAP *ldap UNUSED, Sockbuf *sockbuf UNUSED, struct ldap_conncb *callback UNUSED)
{
}

bool
ldap_patience_begin(LDAP *ldap, struct ldap_patience *patience)
{
	patience->callback = (struct ldap_conncb){ connected, gone, patience };
	return ldap_set_option(ldap, LDAP_OPT_CONNECT_CB, &patience->callback) == LDAP_OPT_SUCCESS;
}
