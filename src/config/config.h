/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: one YAML file, read by certdeskd alone, described by one table of options
 * (config/options.c). The same table parses, checks, prints `certdesk config defaults`, the manual
 * page certdesk.yaml(5) and the slices that the other processes get: each option says who may see
 * it.
 *
 * Every mistake is reported with file, line and column, what was found and what is needed; a key
 * nobody knows gets "did you mean".
 */
#pragma once

#include "base/addr.h"
#include "base/buf.h"
#include "base/when.h"
#include "order/finding.h"

#define CONFIG_PATH_SIZE     256
#define CONFIG_NAME_SIZE     64
#define CONFIG_TEXT_SIZE     512
#define CONFIG_HOST_SIZE     254
#define CONFIG_PIN_SIZE      56
#define CONFIG_BALANCERS_MAX 64
#define CONFIG_UNITS_MAX     2 /* of a balancer that is managed over HTTPS */
#define CONFIG_STUBS_MAX     64
#define CONFIG_TEMPLATES_MAX 32
#define CONFIG_RESOLVERS_MAX 8
#define CONFIG_RESOLVER_SIZE 56 /* "ADDRESS@PORT" */
#define CONFIG_SOURCES_MAX   32
#define CONFIG_RESELLER_SIZE 64
#define CONFIG_RESELLERS_MAX 64

enum {
	CONFIG_E_ABSENT = 1, /* no such file */
	CONFIG_E_MISTAKES,   /* see the list */
};

enum config_reader { /* bits: which process gets an option */
	CONFIG_FOR_CERTDESKD = 1 << 0,
	CONFIG_FOR_KEEPER = 1 << 1,
	CONFIG_FOR_READER = 1 << 2,
	CONFIG_FOR_DESK = 1 << 3,
	CONFIG_FOR_WORKER = 1 << 4,
	CONFIG_FOR_COURIER = 1 << 5,
};

/* A load balancer we may install on; the store only names it. */
struct config_balancer {
	char name[CONFIG_NAME_SIZE];
	char driver[CONFIG_NAME_SIZE];   /* "haproxy", "bigip", "manual", "dryrun" */
	char socket[CONFIG_PATH_SIZE];   /* haproxy: runtime socket */
	char crt_list[CONFIG_PATH_SIZE]; /* haproxy: the crt-list file as named in its bind line */
	char certificates[CONFIG_PATH_SIZE]; /* haproxy: folder of the .pem files */
	char hosts_map[CONFIG_PATH_SIZE]; /* haproxy: host -> backend map; "" = not routed by us */
	int64_t https_port;               /* where its addresses serve HTTPS; 443 */
	int64_t bufsize;                  /* haproxy: its tune.bufsize; 16384 */
	/* one that is managed over HTTPS */
	char address[ADDR_TEXT_SIZE];       /* "" = it is not */
	int64_t port;                       /* 443 */
	char server_name[CONFIG_HOST_SIZE]; /* in its certificate; "" = its address is */
	char user[CONFIG_NAME_SIZE];
	char password_file[CONFIG_PATH_SIZE]; /* for the keeper alone */
	char ca_file[CONFIG_PATH_SIZE];       /* this or `pin` */
	char pin[CONFIG_PIN_SIZE];            /* "sha256//" and base64 of its public key's hash */
	/* its second unit (docs/decisions/0014): user, password and CA are the same */
	char peer_address[ADDR_TEXT_SIZE]; /* "" = there is none */
	int64_t peer_port;
	char peer_server_name[CONFIG_HOST_SIZE];
	char peer_pin[CONFIG_PIN_SIZE];
	/* bigip: what sites there are made from, where no template says it */
	char partition[CONFIG_NAME_SIZE]; /* where our objects lie: "Common", "Hosting/owa" */
	int64_t route_domain;             /* 0 = the partition's own */
	char parent_profile[CONFIG_TEXT_SIZE];
	char http_profile[CONFIG_TEXT_SIZE],
	    tcp_profile[CONFIG_TEXT_SIZE]; /* "" = of the kind of service */
	char redirect_rule
	    [CONFIG_TEXT_SIZE];        /* of port 80; "certdesk" = ours, "" = nobody listens */
	char snat[CONFIG_TEXT_SIZE];   /* "automap", "none", or a pool's full name */
	char folder[CONFIG_PATH_SIZE]; /* manual: where people find what they install */
	/* when and by whom (config/calendar.h, docs/decisions/0018) */
	char windows[CONFIG_TEXT_SIZE], freezes[CONFIG_TEXT_SIZE];
	char time_zone[CONFIG_NAME_SIZE];   /* "" = the machine's */
	bool approval;                      /* a second person approves each installation */
	char lock_folder[CONFIG_PATH_SIZE]; /* no option: where the one writer's lock lies */
};

/* What a site is made from on a balancer: members of config_balancer that are otherwise for one
 * kind of service. All by full names; "" = as the balancer, or the kind of service, has it; "none" =
 * none. */
struct config_template {
	char name[CONFIG_NAME_SIZE];
	char balancer[CONFIG_NAME_SIZE]; /* "" = on each that can */
	char service[CONFIG_NAME_SIZE];  /* "any", "owa", "sharepoint", "web" */
	char parent_profile[CONFIG_TEXT_SIZE], http_profile[CONFIG_TEXT_SIZE],
	    tcp_profile[CONFIG_TEXT_SIZE], server_ssl_profile[CONFIG_TEXT_SIZE];
	char persistence[CONFIG_TEXT_SIZE], pool[CONFIG_TEXT_SIZE];
	char servers[CONFIG_TEXT_SIZE];      /* by spaces: their pool is certdesk's */
	char monitor_host[CONFIG_HOST_SIZE]; /* what their monitor asks for */
	char rules[CONFIG_TEXT_SIZE];        /* of port 443, by spaces */
	char redirect_rule[CONFIG_TEXT_SIZE], snat[CONFIG_TEXT_SIZE];
	char shared_virtual[CONFIG_TEXT_SIZE]; /* "" = each site has virtual servers of its own */
};

/* Where a customer's mailboxes are counted (check/mailboxes.h). */
struct config_mailbox_source {
	char name[CONFIG_NAME_SIZE];
	char kind[CONFIG_NAME_SIZE];          /* "ldap", "csv", "json" */
	char url[CONFIG_TEXT_SIZE];           /* ldap, json */
	char ca_file[CONFIG_PATH_SIZE];       /* ldap, json: "" = the system's */
	char user[CONFIG_TEXT_SIZE];          /* ldap: "" = nobody */
	char password_file[CONFIG_PATH_SIZE]; /* ldap, json: the user's, the token */
	char base[CONFIG_TEXT_SIZE], filter[CONFIG_TEXT_SIZE];   /* ldap */
	int64_t page_size;                                       /* ldap */
	char file[CONFIG_PATH_SIZE];                             /* csv */
	int64_t oldest_days;                                     /* csv */
	char pointer[CONFIG_TEXT_SIZE];                          /* json */
	char column[CONFIG_NAME_SIZE], values[CONFIG_TEXT_SIZE]; /* csv, json: what counts */
	char customer_column[CONFIG_NAME_SIZE];                  /* csv, json */
	char listed[CONFIG_NAME_SIZE]; /* what names a mailbox; "" = as usual for the kind */
	int64_t timeout;               /* seconds, of one answer */
};

/* A peer inside that may be fetched from, against the rule. */
struct config_peer {
	char address[ADDR_TEXT_SIZE];
	int64_t port;
};

/* Each "ADDRESS", or "ADDRESS@PORT" where it is not 53. */
struct config_resolvers {
	char list[CONFIG_RESOLVERS_MAX][CONFIG_RESOLVER_SIZE];
	size_t count;
};
bool config_resolver_parse(struct str text, struct addr *ret, uint16_t *ret_port);
/* False: it is no resolver, or one too many. */
bool config_resolver_add(struct config_resolvers *to, struct str text);

/* Whom the DNS is asked of. */
enum dns_way {
	DNS_WAY_SERVERS, /* the name servers, each by itself */
	/* These cannot be asked from here: in their place the first of dns_resolvers. */
	DNS_WAY_RESOLVER,
	DNS_WAY_NOBODY,  /* nor does a resolver answer */
	DNS_WAY_TO_FIND, /* for dns_way_find() */
};

/* A zone whose servers are told, not looked up: internal zones, tests. */
struct config_stub {
	char zone[256];
	char address[ADDR_TEXT_SIZE];
	int64_t port;
};

struct config {
	/* where things live */
	char data[CONFIG_PATH_SIZE];     /* data.folder: database, lock */
	char kek_file[CONFIG_PATH_SIZE]; /* keeper.kek_file */
	int64_t stock_rsa2048; /* keeper.stock.rsa2048: fresh keys kept ready; default 16 */
	int64_t stock_rsa3072, stock_rsa4096; /* default 0 */
	/* desk */
	char desk_listen[CONFIG_TEXT_SIZE]; /* desk.listen: "127.0.0.1:8780", "[::1]:8780" or
	                                       "unix:/path" */
	int64_t desk_threads;
	/* worker */
	int64_t worker_threads;
	/* mail */
	char smtp_url[CONFIG_TEXT_SIZE]; /* mail.smtp_url: "smtp://127.0.0.1:25" */
	char smtp_user[CONFIG_NAME_SIZE];
	char smtp_password_file[CONFIG_PATH_SIZE];
	char smtp_ca_file[CONFIG_PATH_SIZE]; /* "" = the system's */
	bool smtp_starttls;  /* mail.starttls: must be offered and verified; default true unless
	                        loopback */
	char mail_from[320]; /* "certificates@provider.example" */
	char provider_name[CONFIG_NAME_SIZE]; /* provider.name, for mails */
	char platform[CONFIG_NAME_SIZE];   /* provider.platform: what the customer tells its CA; "F5
	                                      BIG-IP" */
	char shared_url[CONFIG_TEXT_SIZE]; /* provider.shared_url (M-01) */
	/* policy */
	int64_t mailboxes_least;               /* policy.mailboxes_least; 200 (M-G) */
	char mailbox_source[CONFIG_NAME_SIZE]; /* policy.mailbox_source, for customers that name
	                                          none; "" = counted by hand */
	int64_t count_days;  /* policy.count_days: how long what people counted holds; 90 */
	int64_t waiver_days; /* policy.waiver_days: how long a waiver holds at most; 365 */
	int64_t orders_most; /* policy.orders_most, open at once by a customer's own token; 50 */
	int64_t quarantine_days; /* policy.quarantine_days of a released address; 30 */
	bool foreign_keys; /* policy.foreign_keys: keys not made here may be taken; default false */
	char review[16];   /* policy.review: "always", "warnings", "never" */
	struct severity_policy severities; /* policy.severities */
	char resellers[CONFIG_TEXT_SIZE];  /* policy.resellers, with commas between */
	/* trust and DNS */
	char trust_file[CONFIG_PATH_SIZE];         /* trust.file: PEM roots; "" = the system's
	                                      /etc/ssl/certs/ca-certificates.crt */
	char intermediates_file[CONFIG_PATH_SIZE]; /* trust.intermediates_file; "" = none known */
	char distrust_file[CONFIG_PATH_SIZE];      /* trust.distrust_file; "" = data_distrust */
	char cas_file[CONFIG_PATH_SIZE];           /* trust.cas_file; "" = data_cas */
	char public_rules[8];                      /* trust.public_rules: "auto", "yes", "no" */
	char ct_logs_file[CONFIG_PATH_SIZE];       /* trust.ct_logs_file; "" = data_ct_logs */
	struct config_resolvers dns_resolvers;     /* dns.resolvers; none = from the root */
	struct config_resolvers dns_inside;        /* no option: the resolvers of this machine */
	struct config_resolvers dns_views;         /* dns.views */
	char dns_our_names[CONFIG_TEXT_SIZE];      /* dns.our_names, with spaces between */
	char dns_anchor_file[CONFIG_PATH_SIZE];    /* dns.trust_anchor_file; "" = no validation */
	bool dns_root_anchors;                     /* no option: the built-in keys of the root */
	int64_t dns_timeout_ms;                    /* one question; default 3000 */
	enum dns_way dns_way;                      /* no option: see check/dns_way.h */
	char rdap_bootstrap[CONFIG_TEXT_SIZE]; /* rdap.bootstrap: an address, or a file's path */
	char rdap_cache[CONFIG_PATH_SIZE];     /* rdap.cache_folder; "" = none */
	char rdap_ca_file[CONFIG_PATH_SIZE];   /* rdap.ca_file; "" = the system's */
	struct config_peer fetch_peers[CONFIG_STUBS_MAX]; /* fetch.allow */
	size_t fetch_peer_count;
	struct config_stub stubs[CONFIG_STUBS_MAX];
	size_t stub_count;
	struct config_balancer balancers[CONFIG_BALANCERS_MAX];
	size_t balancer_count;
	struct config_template templates[CONFIG_TEMPLATES_MAX];
	size_t template_count;
	struct config_mailbox_source mailbox_sources[CONFIG_SOURCES_MAX];
	size_t mailbox_source_count;
	/* processes */
	char user_keeper[CONFIG_NAME_SIZE], user_reader[CONFIG_NAME_SIZE],
	    user_desk[CONFIG_NAME_SIZE], user_worker[CONFIG_NAME_SIZE],
	    user_courier[CONFIG_NAME_SIZE]; /* users.*: taken when started as root; "" = stay */
	char log_level[16], log_format[16];
};

struct config_mistake {
	char file[CONFIG_PATH_SIZE];
	size_t line, column; /* from 1 */
	char words[CONFIG_TEXT_SIZE];
};

#define CONFIG_MISTAKES_MAX 32

struct config_mistakes {
	struct config_mistake list[CONFIG_MISTAKES_MAX];
	size_t count;
};

void config_defaults(struct config *ret);

/* Reads and checks the file; on CONFIG_E_MISTAKES *mistakes tells all of them (the first 32). */
int config_read(const char *path, struct config *ret, struct config_mistakes *mistakes) MUST_USE;

/* The file with every option, its default, type, range and help as comments. */
void config_print_defaults(struct buf *to);
/* The body of certdesk.yaml(5) in scdoc, from the same table. */
void config_print_manual(struct buf *to);

/* What one process may see, as a message's payload, and back. */
void config_put_slice(const struct config *config, enum config_reader reader, struct buf *to);
int config_get_slice(struct str slice, struct config *ret) MUST_USE;

const struct config_balancer *config_balancer(
    const struct config *config, const char *name); /* or NULL */
/* Where one unit of it is managed; all of it is borrowed. */
struct config_unit {
	const char *address; /* "" = there is no such unit */
	int64_t port;
	const char *server_name, *pin;
};
/* `number`: 0 is the one that `address` names, 1 its peer. */
struct config_unit config_unit_of(const struct config_balancer *balancer, size_t number);
/* The first template that is for them; NULL = none is. */
const struct config_template *config_template(
    const struct config *config, const char *balancer, const char *service);
const struct config_mailbox_source *config_mailbox_source(
    const struct config *config, const char *name); /* or NULL */
/* The n-th of policy.resellers; false behind the last. */
bool config_reseller(const struct config *config, size_t n, struct str *ret);
/* Where a customer is counted that names `own` itself, or "": a source's name; "" = by people. */
const char *config_counted_by(const struct config *config, const char *own);
/* Is there a balancer that is managed over HTTPS? (docs/decisions/0013) */
bool config_needs_courier(const struct config *config);
