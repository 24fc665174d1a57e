/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolvers that this machine uses, as its resolv.conf names them: what people here see, which
 * may be an internal DNS (G-07). Asked for a verdict only where nobody else can be, and said so
 * (check/dns_way.h).
 */
#pragma once

#include "config/config.h"

/* Appends those of the file (NULL: the system's); none when it is not there or cannot be read. */
void resolv_conf_read(const char *path, struct config_resolvers *to);
