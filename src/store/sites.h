/* SPDX-License-Identifier: Apache-2.0 */
/* Services (what a customer rents) and sites (one host name of a service, served over TLS). */
#pragma once

#include "base/addr.h"
#include "order/told.h"
#include "store/store.h"

enum service_kind { SERVICE_OWA, SERVICE_SHAREPOINT, SERVICE_WEB, SERVICE_KIND_MAX };
const char *service_kind_name(enum service_kind kind); /* "owa", "sharepoint", "web" */
bool service_kind_parse(struct str s, enum service_kind *ret);

struct service {
	struct id id, customer;
	enum service_kind kind;
	char name[128];       /* unique per customer */
	char url[512];        /* what its users type; "" = not known yet */
	char backend[128];    /* the balancer's name of the provider's side */
	char pool[64];        /* name of the pool its addresses come from */
	enum told protection; /* Exchange's Extended Protection (F-09) */
	enum told
	    backend_tls; /* does the balancer speak TLS to the backend? off: it is offloaded */
	when created, changed;
	int64_t version;
};
struct service_list {
	struct service *row;
	size_t count;
	bool more;
};
void service_list_fini(struct service_list *list);
CLEAN_DEFINE_FINI(service_list_fini, struct service_list);
int store_service_add(struct store *s,
    struct service *v) MUST_USE; /* TAKEN: name of this customer; ABSENT: customer or pool */
/* Its name, url, protection and backend_tls, if it is of this version still. ABSENT; STALE; TAKEN:
 * name of this customer. */
int store_service_change(struct store *s, struct service *v) MUST_USE;
int store_service_get(struct store *s, struct id id, struct service *ret) MUST_USE;
int store_service_list(struct store *s, struct id customer /* or ID_NONE */, struct page page,
    struct service_list *ret) MUST_USE;

struct site {
	struct id id, customer, service;
	char host[254];                    /* A-labels; unique among sites that are not retired */
	struct id address;                 /* ID_NONE when released */
	char address_text[ADDR_TEXT_SIZE]; /* joined in for reading */
	char balancer[64];
	struct id certificate; /* the one in force, ID_NONE before the first */
	struct id live_order;  /* the order that made it live last, ID_NONE before */
	when not_after;        /* of the certificate in force, for lists */
	when created, retired;
};
struct site_list {
	struct site *row;
	size_t count;
	bool more;
};
void site_list_fini(struct site_list *list);
CLEAN_DEFINE_FINI(site_list_fini, struct site_list);
int store_site_add(struct store *s, struct site *v) MUST_USE; /* TAKEN: host */
int store_site_get(struct store *s, struct id id, struct site *ret) MUST_USE;
int store_site_by_host(
    struct store *s, const char *host, struct site *ret) MUST_USE; /* not retired */
int store_site_list(struct store *s, struct id customer /* or ID_NONE */, struct page page,
    struct site_list *ret) MUST_USE;
int store_site_set_live(struct store *s, struct id site, struct id certificate, struct id order,
    when not_after) MUST_USE;
int store_site_retire(struct store *s, struct id site) MUST_USE;
