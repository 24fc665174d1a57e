/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data files of data/ as they were when this program was built, so that it works alone. Each
 * tells its own date; the configuration may name newer ones (certdesk-data(7)).
 */
#pragma once

#include "base/str.h"

extern const struct str data_ct_logs;      /* delivery/ct_logs.h */
extern const struct str data_distrust;     /* pki/distrust.h */
extern const struct str data_cas;          /* pki/cas.h */
extern const struct str data_proxies;      /* check/proxies.h */
extern const struct str data_root_anchors; /* check/dns_resolve.c */
