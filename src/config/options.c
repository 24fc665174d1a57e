/* SPDX-License-Identifier: Apache-2.0 */
#include "config/options.h"

#include <assert.h>
#include <stdio.h>

#include "config/calendar.h"

#define ALL                                                                               \
	(CONFIG_FOR_CERTDESKD | CONFIG_FOR_KEEPER | CONFIG_FOR_READER | CONFIG_FOR_DESK | \
	    CONFIG_FOR_WORKER | CONFIG_FOR_COURIER)
#define BOSS    CONFIG_FOR_CERTDESKD
#define KEEPER  (BOSS | CONFIG_FOR_KEEPER)
#define COURIER (BOSS | CONFIG_FOR_COURIER)
#define READER  (BOSS | CONFIG_FOR_READER)
#define DESK    (BOSS | CONFIG_FOR_DESK)
#define WORKER  (BOSS | CONFIG_FOR_WORKER)

#define IN(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define CONFIG(member)   IN(struct config, member)
#define BALANCER(member) IN(struct config_balancer, member)
#define TEMPLATE(member) IN(struct config_template, member)
#define SOURCE(member)   IN(struct config_mailbox_source, member)
#define STUB(member)     IN(struct config_stub, member)
#define PEER(member)     IN(struct config_peer, member)
#define PIN_KIND         STR("sha256//")
#define RANGE(from, to)  .least = (from), .most = (to)
#define OF(kind)         .driver = #kind, .fallback = ""

/* clang-format off */
static const struct option balancer_members[] = {
	{ "name", OPTION_NAME, BALANCER(name), .readers = KEEPER | DESK | WORKER,
	  .help = "How pools and sites name it." },
	{ "driver", OPTION_CHOICE, BALANCER(driver), .choices = "haproxy bigip manual dryrun", .readers = KEEPER | DESK | WORKER,
	  .help = "What kind of load balancer it is. manual: one that people drive; certdesk lays ready what they install, tells the steps, and proves what they did. dryrun: none at all; every step is a line in a journal in data.folder, to try certdesk out." },
	{ "socket", OPTION_PATH, BALANCER(socket), OF(haproxy), .needed = true, .readers = KEEPER | WORKER,
	  .help = "HAProxy's runtime socket (stats socket ... level admin)." },
	{ "certificates", OPTION_PATH, BALANCER(certificates), OF(haproxy), .needed = true, .readers = KEEPER | WORKER,
	  .help = "The folder for the .pem files, one per site; only certdesk writes there." },
	{ "crt_list", OPTION_PATH, BALANCER(crt_list), OF(haproxy), .needed = true, .readers = WORKER,
	  .help = "The crt-list file, exactly as the bind line names it." },
	{ "hosts_map", OPTION_PATH, BALANCER(hosts_map), OF(haproxy), .readers = WORKER,
	  .help = "The map file from host to backend; left out: certdesk does not route." },
	{ "folder", OPTION_PATH, BALANCER(folder), OF(manual), .needed = true, .readers = WORKER,
	  .help = "Where people find certificate, chain, private key and steps of what they install, until it is proven; a folder of mode 0700 for certdesk and them alone." },
	{ "https_port", OPTION_NUMBER, BALANCER(https_port), RANGE(1, 65535), .fallback = "443", .readers = WORKER,
	  .help = "The port where its addresses serve HTTPS." },
	{ "bufsize", OPTION_NUMBER, BALANCER(bufsize), RANGE(16384, 1048576), .fallback = "16384", .readers = WORKER,
	  .help = "HAProxy's tune.bufsize: the limit for one certificate with chain and key; 65536 is advised." },
	{ "address", OPTION_ADDRESS, BALANCER(address), OF(bigip), .needed = true, .readers = KEEPER | WORKER,
	  .help = "Where the balancer itself is managed, over HTTPS." },
	{ "port", OPTION_NUMBER, BALANCER(port), RANGE(1, 65535), .fallback = "443", .readers = KEEPER | WORKER,
	  .help = "The port at that address." },
	{ "server_name", OPTION_HOST, BALANCER(server_name), OF(bigip), .readers = KEEPER | WORKER,
	  .help = "The host name in its certificate; left out: its address is in there. It is not looked up, and means nothing to a pin." },
	{ "user", OPTION_TEXT, BALANCER(user), OF(bigip), .needed = true, .readers = KEEPER | WORKER,
	  .help = "The user to sign in as." },
	{ "password_file", OPTION_PATH, BALANCER(password_file), OF(bigip), .needed = true, .readers = KEEPER,
	  .help = "The file with that user's password in one line, mode 0600, for the keeper alone." },
	{ "ca_file", OPTION_PATH, BALANCER(ca_file), OF(bigip), .readers = KEEPER | WORKER,
	  .help = "PEM certificates that the balancer's own must lead to. This or pin must be given: there is no way to trust whoever answers." },
	{ "pin", OPTION_PIN, BALANCER(pin), OF(bigip), .readers = KEEPER | WORKER,
	  .help = "Its public key, as sha256// and the base64 of the SHA-256 of its SubjectPublicKeyInfo: for a certificate that it signed itself." },
	{ "peer_address", OPTION_ADDRESS, BALANCER(peer_address), OF(bigip), .readers = KEEPER | WORKER,
	  .help = "Where the second unit of a pair is managed; user, password_file and ca_file are those of the first. Left out: there is one unit, or nobody looks whether the other has what it should." },
	{ "peer_port", OPTION_NUMBER, BALANCER(peer_port), RANGE(1, 65535), .fallback = "443", .readers = KEEPER | WORKER,
	  .help = "The port at that address." },
	{ "peer_server_name", OPTION_HOST, BALANCER(peer_server_name), OF(bigip), .readers = KEEPER | WORKER,
	  .help = "As server_name, of the second unit." },
	{ "peer_pin", OPTION_PIN, BALANCER(peer_pin), OF(bigip), .readers = KEEPER | WORKER,
	  .help = "As pin, of the second unit: each has a key of its own." },
	{ "partition", OPTION_TEXT, BALANCER(partition), .driver = "bigip", .fallback = "Common", .readers = WORKER,
	  .help = "The partition of a BIG-IP for what certdesk makes there, perhaps with a folder: Hosting, Hosting/owa. It must be there, and be nobody else's: not an AS3 tenant, not an iApp's folder." },
	{ "route_domain", OPTION_NUMBER, BALANCER(route_domain), RANGE(0, 65534), .fallback = "0", .readers = WORKER,
	  .help = "The route domain of its virtual servers' addresses; 0: the partition's own." },
	{ "parent_profile", OPTION_TEXT, BALANCER(parent_profile), .driver = "bigip", .fallback = "/Common/clientssl", .readers = WORKER,
	  .help = "The client-ssl profile that those of the sites inherit from: ciphers, TLS versions." },
	{ "http_profile", OPTION_TEXT, BALANCER(http_profile), .driver = "bigip", .fallback = "", .readers = WORKER,
	  .help = "The http profile of their virtual servers; empty: the one for the kind of service (see SITES ON BIG-IP)." },
	{ "tcp_profile", OPTION_TEXT, BALANCER(tcp_profile), .driver = "bigip", .fallback = "", .readers = WORKER,
	  .help = "The tcp profile of their virtual servers; empty: the one for the kind of service." },
	{ "redirect_rule", OPTION_TEXT, BALANCER(redirect_rule), .driver = "bigip", .fallback = "certdesk", .readers = WORKER,
	  .help = "The iRule of a virtual server at port 80: certdesk is its own, which sends visitors to https and lets validations of certificates through; empty or none: nobody listens there." },
	{ "snat", OPTION_TEXT, BALANCER(snat), .driver = "bigip", .fallback = "automap", .readers = WORKER,
	  .help = "How source addresses are translated: automap, none, or the full name of a SNAT pool." },
	{ "windows", OPTION_WINDOWS, BALANCER(windows), .fallback = "", .readers = DESK | WORKER,
	  .help = "When it may be changed: days and times with commas between, such as Mon-Fri 22:00-04:00, Sat-Sun 00:00-24:00; without days, every day. One that ends before it begins ends the next day. An installation that is running when a window closes is finished. Empty: always." },
	{ "freezes", OPTION_FREEZES, BALANCER(freezes), .fallback = "", .readers = DESK | WORKER,
	  .help = "Days on which it may not be changed whatever the windows say, the first and the last included, such as 2026-12-20..2027-01-02, 2027-05-01." },
	{ "time_zone", OPTION_ZONE, BALANCER(time_zone), .fallback = "", .readers = DESK | WORKER,
	  .help = "The time zone of windows and freezes, such as Europe/Vienna; empty: the machine's." },
	{ "approval", OPTION_BOOL, BALANCER(approval), .fallback = "no", .readers = DESK | WORKER,
	  .help = "Whether an accepted certificate is installed only when somebody of the provider, other than who accepted it, approves: `certdesk order approve`. Renewals too." },
};

#define OWN(member) TEMPLATE(member), .fallback = "", .readers = WORKER
static const struct option template_members[] = {
	{ "name", OPTION_NAME, TEMPLATE(name), .readers = WORKER, .help = "What it is called here." },
	{ "balancer", OPTION_TEXT, OWN(balancer), .help = "The balancer it is for; empty: all with the driver bigip." },
	{ "service", OPTION_CHOICE, TEMPLATE(service), .choices = "any owa sharepoint web", .fallback = "any", .readers = WORKER,
	  .help = "The kind of service it is for." },
	{ "parent_profile", OPTION_TEXT, OWN(parent_profile), .help = "The client-ssl profile that those of the sites inherit from." },
	{ "http_profile", OPTION_TEXT, OWN(http_profile), .help = "The http profile." },
	{ "tcp_profile", OPTION_TEXT, OWN(tcp_profile), .help = "The tcp profile." },
	{ "server_ssl_profile", OPTION_TEXT, OWN(server_ssl_profile),
	  .help = "The server-ssl profile, where the servers behind speak TLS; empty: they do not." },
	{ "persistence", OPTION_TEXT, OWN(persistence), .help = "The persistence profile." },
	{ "pool", OPTION_TEXT, OWN(pool), .help = "The pool; empty: the one that the service names as its backend." },
	{ "servers", OPTION_TEXT, OWN(servers),
	  .help = "The servers behind, as 192.0.2.11:443 or 2001:db8::11.443 with spaces between them: certdesk makes their pool and its monitor, one for all sites of the template. Instead of pool." },
	{ "monitor_host", OPTION_HOST, OWN(monitor_host), .help = "The host name that this monitor asks for; empty: localhost." },
	{ "rules", OPTION_TEXT, OWN(rules), .help = "iRules of the virtual server at port 443, with spaces between them." },
	{ "redirect_rule", OPTION_TEXT, OWN(redirect_rule), .help = "The iRule at port 80: certdesk for its own; none: nobody listens there." },
	{ "snat", OPTION_TEXT, OWN(snat), .help = "automap, none, or a SNAT pool." },
	{ "shared_virtual", OPTION_TEXT, OWN(shared_virtual),
	  .help = "A virtual server of the provider's that serves many names (SNI): the site's profile is added to it, and none is made for the site. It needs a default profile of its own; pool, rules, port 80 are the provider's." },
};

static const struct option_items template_items = {
	.offset = offsetof(struct config, templates), .stride = sizeof(struct config_template),
	.max = CONFIG_TEMPLATES_MAX, .count_offset = offsetof(struct config, template_count),
	.members = template_members, .member_count = COUNT_OF(template_members),
	.example = "  - name: exchange\n    service: owa\n    http_profile: /Common/http_owa\n"
	           "    server_ssl_profile: /Common/serverssl\n    persistence: /Common/cookie\n",
	.check = template_check,
};

#define FOR_KIND(kinds) .driver = (kinds), .fallback = "", .readers = WORKER
static const struct option source_members[] = {
	{ "name", OPTION_NAME, SOURCE(name), .readers = DESK | WORKER, .help = "How customers and policy.mailbox_source name it; not hand, which is people's." },
	{ "kind", OPTION_CHOICE, SOURCE(kind), .choices = "ldap csv json", .readers = DESK | WORKER,
	  .help = "ldap: a directory, Active Directory too. csv: a file on this machine that Exchange exported (Get-Mailbox | Export-Csv). json: a control panel, over HTTPS." },
	{ "url", OPTION_TEXT, SOURCE(url), FOR_KIND("ldap json"), .needed = true,
	  .help = "ldap: ldaps://HOST, or ldap://HOST with StartTLS, which must succeed. json: https://HOST/..., with {customer} for the customer's key behind the host; it must answer with all at once, not with a page." },
	{ "ca_file", OPTION_PATH, SOURCE(ca_file), FOR_KIND("ldap json"), .help = "PEM certificates that the server's own must lead to; empty: the system's." },
	{ "user", OPTION_TEXT, SOURCE(user), FOR_KIND("ldap"), .help = "The name (DN, or user@domain) to sign in as, with no more than the right to read; empty: nobody." },
	{ "password_file", OPTION_PATH, SOURCE(password_file), FOR_KIND("ldap json"), .help = "The file with that user's password, or the panel's token (sent as Bearer), in one line, mode 0600." },
	{ "base", OPTION_TEXT, SOURCE(base), FOR_KIND("ldap"), .needed = true,
	  .help = "Below what it is counted, with {customer} for the customer's key, such as OU={customer},OU=Hosting,DC=hosting,DC=example. If a part of what lies below it is at another server, such as a domain below, nothing is counted: choose a base that the server has as a whole, or the global catalog (port 3269) if that has the attributes. Only the partitions in which Active Directory keeps its own house (CN=Configuration, DC=DomainDnsZones, DC=ForestDnsZones) are passed by: it sends there from every whole domain." },
	{ "filter", OPTION_TEXT, SOURCE(filter), FOR_KIND("ldap"), .needed = true,
	  .help = "What counts as a mailbox with full access, such as (&(objectCategory=person)(msExchRecipientTypeDetails=1)); {customer} for the customer's key. To Active Directory computers are of objectClass=user, too; objectCategory=person are people alone." },
	{ "page_size", OPTION_NUMBER, SOURCE(page_size), RANGE(1, 1000), .fallback = "500", .readers = WORKER,
	  .help = "ldap: entries asked for at once; no more than the server gives at once." },
	{ "file", OPTION_PATH, SOURCE(file), FOR_KIND("csv"), .needed = true,
	  .help = "The exported file, with {customer} for the customer's key or with all customers in it (see customer_column)." },
	{ "oldest_days", OPTION_NUMBER, SOURCE(oldest_days), RANGE(1, 3650), .fallback = "7", .readers = WORKER,
	  .help = "csv: an export older than that is not counted." },
	{ "pointer", OPTION_TEXT, SOURCE(pointer), FOR_KIND("json"), .help = "Where in the answer the number or the list is (RFC 6901), such as /data/mailboxes; empty: it is the answer." },
	{ "column", OPTION_TEXT, SOURCE(column), FOR_KIND("csv json"), .help = "The column, or the member of the list's items, that says what a mailbox is; empty: all count." },
	{ "values", OPTION_TEXT, SOURCE(values), FOR_KIND("csv json"), .help = "Its values that count as full access, with commas between, such as UserMailbox,LinkedMailbox." },
	{ "customer_column", OPTION_TEXT, SOURCE(customer_column), FOR_KIND("csv json"), .help = "The column, or member, with the customer's key: only what has it is looked at; empty: all is." },
	{ "listed", OPTION_TEXT, SOURCE(listed), .fallback = "", .readers = WORKER,
	  .help = "The attribute, column or member by which a mailbox is named in the list that was counted; empty: mail, for csv PrimarySmtpAddress." },
	{ "timeout", OPTION_NUMBER, SOURCE(timeout), RANGE(1, 60), .fallback = "20", .readers = WORKER,
	  .help = "ldap, json: seconds to wait for an answer, of a directory for each page." },
};

static const struct option_items source_items = {
	.offset = offsetof(struct config, mailbox_sources), .stride = sizeof(struct config_mailbox_source),
	.max = CONFIG_SOURCES_MAX, .count_offset = offsetof(struct config, mailbox_source_count),
	.members = source_members, .member_count = COUNT_OF(source_members), .kind = "kind",
	.example = "  - name: directory\n    kind: ldap\n    url: ldaps://dc1.hosting.example\n    user: certdesk@hosting.example\n"
	           "    password_file: /etc/certdesk/directory\n    base: OU={customer},OU=Hosting,DC=hosting,DC=example\n"
	           "    filter: (&(objectCategory=person)(msExchRecipientTypeDetails=1))\n",
	.check = mailbox_source_check,
};

static const struct option stub_members[] = {
	{ "zone", OPTION_TEXT, STUB(zone), .readers = WORKER, .help = "The zone, for example contoso.com." },
	{ "address", OPTION_ADDRESS, STUB(address), .readers = WORKER, .help = "The address of its server." },
	{ "port", OPTION_NUMBER, STUB(port), RANGE(1, 65535), .fallback = "53", .readers = WORKER, .help = "Its port." },
};

static const struct option_items balancer_items = {
	.offset = offsetof(struct config, balancers), .stride = sizeof(struct config_balancer),
	.max = CONFIG_BALANCERS_MAX, .count_offset = offsetof(struct config, balancer_count),
	.members = balancer_members, .member_count = COUNT_OF(balancer_members), .kind = "driver",
	.example = "  - name: edge\n    driver: haproxy\n    socket: /run/haproxy/admin.sock\n"
	           "    certificates: /etc/haproxy/certdesk\n    crt_list: /etc/haproxy/certdesk/crt-list.txt\n"
	           "    hosts_map: /etc/haproxy/certdesk/hosts.map\n    bufsize: 65536\n"
	           "  - name: trial\n    driver: dryrun\n",
	.check = balancer_check,
};

static const struct option_items stub_items = {
	.offset = offsetof(struct config, stubs), .stride = sizeof(struct config_stub),
	.max = CONFIG_STUBS_MAX, .count_offset = offsetof(struct config, stub_count),
	.members = stub_members, .member_count = COUNT_OF(stub_members),
	.example = "  - zone: corp.contoso.com\n    address: 192.0.2.53\n    port: 53\n",
};

static const struct option peer_members[] = {
	{ "address", OPTION_ADDRESS, PEER(address), .readers = WORKER, .help = "The address of the server." },
	{ "port", OPTION_NUMBER, PEER(port), RANGE(1, 65535), .fallback = "80", .readers = WORKER, .help = "Its port." },
};

static const struct option_items peer_items = {
	.offset = offsetof(struct config, fetch_peers), .stride = sizeof(struct config_peer),
	.max = CONFIG_STUBS_MAX, .count_offset = offsetof(struct config, fetch_peer_count),
	.members = peer_members, .member_count = COUNT_OF(peer_members),
	.example = "  - address: 192.0.2.80\n    port: 8080\n",
};

const struct option config_options[] = {
	{ "data.folder", OPTION_PATH, CONFIG(data), .fallback = "/var/lib/certdesk", .readers = DESK | WORKER,
	  .help = "Where the database and its lock lie." },
	{ "keeper.kek_file", OPTION_PATH, CONFIG(kek_file), .fallback = "/etc/certdesk/kek", .readers = KEEPER,
	  .help = "The key-encryption key, made by `certdesk init`, mode 0600." },
	{ "keeper.stock.rsa2048", OPTION_NUMBER, CONFIG(stock_rsa2048), RANGE(0, 10000), .fallback = "16", .readers = KEEPER,
	  .help = "Fresh RSA-2048 keys kept ready, so that a request is answered at once." },
	{ "keeper.stock.rsa3072", OPTION_NUMBER, CONFIG(stock_rsa3072), RANGE(0, 10000), .fallback = "0", .readers = KEEPER,
	  .help = "The same for RSA-3072." },
	{ "keeper.stock.rsa4096", OPTION_NUMBER, CONFIG(stock_rsa4096), RANGE(0, 10000), .fallback = "0", .readers = KEEPER,
	  .help = "The same for RSA-4096." },
	{ "desk.listen", OPTION_TEXT, CONFIG(desk_listen), .fallback = "127.0.0.1:8780", .readers = DESK,
	  .help = "Where the API listens: ADDRESS:PORT, [ADDRESS]:PORT or unix:/path. TLS is done in front of it." },
	{ "desk.threads", OPTION_NUMBER, CONFIG(desk_threads), RANGE(1, 64), .fallback = "4", .readers = DESK,
	  .help = "Threads that answer the API." },
	{ "worker.threads", OPTION_NUMBER, CONFIG(worker_threads), RANGE(1, 64), .fallback = "8", .readers = WORKER | KEEPER | COURIER,
	  .help = "Tasks done at the same time. One at a time is done at each load balancer, at most three quarters of them at load balancers at all." },
	{ "mail.smtp_url", OPTION_TEXT, CONFIG(smtp_url), .fallback = "smtp://127.0.0.1:25", .readers = WORKER,
	  .help = "The server that takes our mails: smtp://HOST:PORT or smtps://HOST:PORT." },
	{ "mail.starttls", OPTION_BOOL, CONFIG(smtp_starttls), .fallback = "yes", .readers = WORKER,
	  .help = "With smtp://: the server must offer STARTTLS and its certificate must verify." },
	{ "mail.user", OPTION_TEXT, CONFIG(smtp_user), .fallback = "", .readers = WORKER,
	  .help = "The user to log in as; empty: no login." },
	{ "mail.password_file", OPTION_PATH, CONFIG(smtp_password_file), .fallback = "", .readers = WORKER,
	  .help = "The file with that user's password, mode 0600." },
	{ "mail.ca_file", OPTION_PATH, CONFIG(smtp_ca_file), .fallback = "", .readers = WORKER,
	  .help = "PEM roots for the mail server; empty: the system's." },
	{ "mail.from", OPTION_TEXT, CONFIG(mail_from), .fallback = "certificates@localhost.localdomain", .readers = WORKER,
	  .help = "The sender of our mails." },
	{ "provider.name", OPTION_TEXT, CONFIG(provider_name), .fallback = "Your hosting provider", .readers = DESK | WORKER,
	  .help = "How mails name the provider." },
	{ "provider.platform", OPTION_TEXT, CONFIG(platform), .fallback = "F5 BIG-IP", .readers = DESK | WORKER,
	  .help = "The platform that the customer names in its CA's order form." },
	{ "provider.shared_url", OPTION_TEXT, CONFIG(shared_url), .fallback = "", .readers = DESK | WORKER,
	  .help = "The shared address for customers without a name of their own." },
	{ "policy.mailboxes_least", OPTION_NUMBER, CONFIG(mailboxes_least), RANGE(0, 1000000), .fallback = "200", .readers = DESK | WORKER,
	  .help = "Full-access mailboxes from which a customer may have its own host name." },
	{ "policy.mailbox_source", OPTION_TEXT, CONFIG(mailbox_source), .fallback = "", .readers = DESK | WORKER,
	  .help = "Where the mailboxes of customers that name no source are counted, of mailbox_sources; empty: people count them." },
	{ "policy.count_days", OPTION_NUMBER, CONFIG(count_days), RANGE(1, 3650), .fallback = "90", .readers = DESK,
	  .help = "Days after which what people counted must be counted again for an order." },
	{ "policy.waiver_days", OPTION_NUMBER, CONFIG(waiver_days), RANGE(1, 3650), .fallback = "365", .readers = DESK,
	  .help = "Days that a waiver of the mailbox minimum holds at most." },
	{ "policy.orders_most", OPTION_NUMBER, CONFIG(orders_most), RANGE(1, 1000000), .fallback = "50", .readers = DESK,
	  .help = "Orders that a customer may have open at the same time by its own token; what it cancelled counts for a day. The provider's tokens are not limited." },
	{ "policy.quarantine_days", OPTION_NUMBER, CONFIG(quarantine_days), RANGE(0, 3650), .fallback = "30", .readers = WORKER,
	  .help = "Days that a released address rests at least. Then it is given to somebody else only if the name that had it no longer leads there." },
	{ "policy.review", OPTION_CHOICE, CONFIG(review), .choices = "always warnings never", .fallback = "always", .readers = DESK | WORKER,
	  .help = "Which certificates somebody looks at before they are installed (the Subscriber's duty of review): always; warnings: those with anything but remarks; never: those that wait for a decision." },
	{ "policy.foreign_keys", OPTION_BOOL, CONFIG(foreign_keys), .fallback = "no", .readers = KEEPER | READER | DESK,
	  .help = "Whether a private key that came with its certificate may be taken, if the customer accepts the risk in writing and somebody accepts it in the review. Nobody knows who else has such a key; if a copy comes out, the issuer must revoke the certificate within a day. With no, the keeper takes keys from nobody." },
	{ "policy.resellers", OPTION_TEXT, CONFIG(resellers), .fallback = "", .readers = DESK | WORKER,
	  .help = "Who sells certificates of others to your customers, with commas between: an order may name one, and how well each did is counted for itself (`certdesk ca list`)." },
	{ "policy.severities", OPTION_SEVERITIES, CONFIG(severities), .fallback = "", .readers = READER | DESK | WORKER,
	  .help = "Findings that weigh more here than in the catalogue (certdesk-findings(7)): CODE and info, warn, hold or reject. Only what CT logs say (CERT_SCT_...) may be made to weigh less, down to warn." },
	{ "trust.file", OPTION_PATH, CONFIG(trust_file), .fallback = "", .readers = READER | WORKER,
	  .help = "PEM roots that certificates must lead to; empty: the system's." },
	{ "trust.intermediates_file", OPTION_PATH, CONFIG(intermediates_file), .fallback = "", .readers = READER,
	  .help = "PEM file, or folder, of CA certificates that chains are completed with; empty: only what customers send and what was fetched before." },
	{ "trust.distrust_file", OPTION_PATH, CONFIG(distrust_file), .fallback = "", .readers = READER | DESK | WORKER,
	  .help = "Which CAs browsers have stopped trusting, and since when (certdesk-data(7)); empty: the list that came with this version." },
	{ "trust.cas_file", OPTION_PATH, CONFIG(cas_file), .fallback = "", .readers = DESK | WORKER,
	  .help = "The certificate authorities that customers buy from (certdesk-data(7)); empty: the list that came with this version." },
	{ "trust.public_rules", OPTION_CHOICE, CONFIG(public_rules), .choices = "auto yes no", .fallback = "auto", .readers = READER,
	  .help = "Whether certificates are held to what only public authorities must heed: public logs, length of life, form of names and owner. auto: yes for the system's roots, no for those of trust.file. Without it they are told as info." },
	{ "trust.ct_logs_file", OPTION_PATH, CONFIG(ct_logs_file), .fallback = "", .readers = READER,
	  .help = "The list of public certificate logs (JSON, version 3), to be renewed every few weeks: certdesk-data(7). Empty: the one that came with this version." },
	{ "dns.resolvers", OPTION_RESOLVERS, CONFIG(dns_resolvers), .fallback = "", .readers = WORKER,
	  .help = "Public resolvers to ask, as ADDRESS or ADDRESS@PORT; empty: from the root servers down. Never a resolver with an inside view." },
	{ "dns.views", OPTION_RESOLVERS, CONFIG(dns_views), .fallback = "", .readers = WORKER,
	  .help = "Public resolvers whose answers are shown beside those of the name servers, two of different operators: what visitors see until caches have forgotten. They learn the names that are looked at. Such as 1.1.1.1 and 8.8.8.8." },
	{ "dns.our_names", OPTION_TEXT, CONFIG(dns_our_names), .fallback = "", .readers = WORKER,
	  .help = "Names of the provider's own, with spaces between them, that customers may lead an alias (CNAME) to instead of an address: such an alias is right, and where it leads is the provider's business." },
	{ "dns.trust_anchor_file", OPTION_PATH, CONFIG(dns_anchor_file), .fallback = "", .readers = WORKER,
	  .help = "DNSSEC trust anchor (root key file); empty: signatures are not checked." },
	{ "dns.timeout_ms", OPTION_NUMBER, CONFIG(dns_timeout_ms), RANGE(50, 60000), .fallback = "3000", .readers = WORKER,
	  .help = "Milliseconds to wait for one answer." },
	{ "dns.stubs", OPTION_ITEMS, .readers = WORKER, .items = &stub_items, .fallback = "",
	  .help = "Zones whose server is told here instead of looked up." },
	{ "fetch.allow", OPTION_ITEMS, .readers = WORKER, .items = &peer_items, .fallback = "",
	  .help = "Servers inside that a certificate may point at, such as a CA of one's own. All else is fetched from port 80 of public addresses only: whoever buys a certificate writes these addresses. For registries (RDAP) it is port 443, or 80, with the same exceptions." },
	{ "rdap.bootstrap", OPTION_TEXT, CONFIG(rdap_bootstrap), .fallback = "https://data.iana.org/rdap/dns.json", .readers = WORKER,
	  .help = "IANA's list of the registries' RDAP servers (RFC 9224): its address, or the absolute path of a file. What is fetched is kept for a day. Empty: no registry is asked." },
	{ "rdap.cache_folder", OPTION_PATH, CONFIG(rdap_cache), .fallback = "", .readers = WORKER,
	  .help = "Where that copy is kept; empty: in the folder rdap of data.folder; `certdesk org` keeps it in the user's cache, ~/.cache/certdesk." },
	{ "rdap.ca_file", OPTION_PATH, CONFIG(rdap_ca_file), .fallback = "", .readers = WORKER,
	  .help = "PEM roots for these servers; empty: the system's." },
	{ "balancers", OPTION_ITEMS, .readers = KEEPER | DESK | WORKER, .items = &balancer_items, .fallback = "",
	  .help = "The load balancers that certificates may be installed on." },
	{ "templates", OPTION_ITEMS, .readers = WORKER, .items = &template_items, .fallback = "",
	  .help = "What sites are made from on a BIG-IP, for kinds of service: the first that is for a site's balancer and service counts, and what it leaves empty is the balancer's, then the one for the kind of service (see SITES ON BIG-IP). Objects by full names (/Common/cookie); none: none." },
	{ "mailbox_sources", OPTION_ITEMS, .readers = DESK | WORKER, .items = &source_items, .fallback = "",
	  .help = "Where customers' mailboxes are counted, for each order anew. What a source cannot tell as a whole is not counted." },
	{ "users.keeper", OPTION_TEXT, CONFIG(user_keeper), .fallback = "", .readers = BOSS,
	  .help = "The user certdesk-keeper becomes when certdeskd runs as root; empty: stays." },
	{ "users.reader", OPTION_TEXT, CONFIG(user_reader), .fallback = "", .readers = BOSS, .help = "The same for certdesk-reader." },
	{ "users.desk", OPTION_TEXT, CONFIG(user_desk), .fallback = "", .readers = BOSS, .help = "The same for certdesk-desk." },
	{ "users.worker", OPTION_TEXT, CONFIG(user_worker), .fallback = "", .readers = KEEPER, .help = "The same for certdesk-worker." },
	{ "users.courier", OPTION_TEXT, CONFIG(user_courier), .fallback = "", .readers = BOSS, .help = "The same for certdesk-courier." },
	{ "log.level", OPTION_CHOICE, CONFIG(log_level), .choices = "error warning notice info debug", .fallback = "notice", .readers = ALL,
	  .help = "The least important lines that are logged." },
	{ "log.format", OPTION_CHOICE, CONFIG(log_format), .choices = "text json", .fallback = "text", .readers = ALL,
	  .help = "key=value lines, or a JSON object each." },
};
/* clang-format on */
const size_t config_option_count = COUNT_OF(config_options);

const struct option *
option_named(const struct option *table, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(name, str_of(table[i].name)))
			return &table[i];
	return NULL;
}

const struct option *
option_like(const struct option *table, size_t count, struct str name)
{
	const struct option *best = NULL;
	size_t least = name.len / 3 + 1;

	for (size_t i = 0; i < count; i++) {
		size_t away = str_distance(name, str_of(table[i].name));

		if (away <= least && (!best || away < str_distance(name, str_of(best->name))))
			best = &table[i];
	}
	return best;
}

bool
option_is_scalar(const struct option *option)
{
	return option->kind != OPTION_RESOLVERS && option->kind != OPTION_ITEMS &&
	       option->kind != OPTION_SEVERITIES;
}

static bool
say(char *words, const struct option *option, struct str text, const char *fault)
{
	char shown[80];

	str_show(text, shown, sizeof(shown));
	snprintf(words, CONFIG_TEXT_SIZE, "%s: \"%s\" %s", option->name, shown, fault);
	return false;
}

static bool
set_number(const struct option *option, void *at, struct str text, char *words)
{
	int64_t value;

	if (!str_to_i64(text, &value))
		return say(words, option, text, "is not a whole number");
	if (value < option->least || value > option->most) {
		snprintf(words, CONFIG_TEXT_SIZE,
		    "%s: %lld is out of range, %lld to %lld are allowed", option->name,
		    (long long)value, (long long)option->least, (long long)option->most);
		return false;
	}
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool
set_bool(const struct option *option, void *at, struct str text, char *words)
{
	bool yes = str_eq(text, STR("yes")) || str_eq(text, STR("true"));

	if (!yes && !str_eq(text, STR("no")) && !str_eq(text, STR("false")))
		return say(words, option, text, "is neither yes nor no");
	memcpy(at, &yes, sizeof(yes));
	return true;
}

static bool
is_choice(const struct option *option, struct str text)
{
	struct str rest = str_of(option->choices), choice;

	while (str_next(&rest, ' ', &choice))
		if (str_eq(choice, text))
			return true;
	return false;
}

#define SMALL  "abcdefghijklmnopqrstuvwxyz"
#define LARGE  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
is_made_of(struct str text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] == '\0' || !strchr(characters, text.p[i]))
			return false;
	return true;
}

static bool
is_name(struct str text)
{
	return is_made_of(text, SMALL DIGITS "-") && text.len > 0 && text.len < CONFIG_NAME_SIZE;
}

static bool
may_be_empty(const struct option *option, struct str text)
{
	return text.len == 0 && option->fallback && option->fallback[0] == '\0';
}

static bool
is_host(struct str text)
{
	return is_made_of(text, SMALL LARGE DIGITS "-.") &&
	       (text.len == 0 || (text.p[0] != '.' && text.p[0] != '-'));
}

static bool
is_pin(struct str text)
{
	CLEAN(buf_fini) struct buf hash = BUF(64);

	return text.len == 0 ||
	       (str_starts(text, PIN_KIND) &&
		   buf_put_from_base64(&hash, str_drop(text, PIN_KIND.len)) && hash.len == 32);
}

/* What they mean is read again where it is used; here it must be readable. */
static bool
is_calendar(const struct option *option, struct str text, char *words)
{
	struct calendar calendar = { 0 };

	return option->kind == OPTION_WINDOWS ? calendar_read_windows(text, &calendar, words)
	                                      : calendar_read_freezes(text, &calendar, words);
}

static bool
is_fit(const struct option *option, struct str text, char *words)
{
	struct addr addr;

	switch (option->kind) {
	case OPTION_PATH:
		return may_be_empty(option, text) || (text.len > 0 && text.p[0] == '/') ||
		       say(words, option, text, "is not an absolute path");
	case OPTION_NAME:
		return is_name(text) ||
		       say(words, option, text,
			   "is not a name of a-z, 0-9 and hyphens, at most 63 characters");
	case OPTION_ADDRESS:
		return addr_parse(text, &addr) || may_be_empty(option, text) ||
		       say(words, option, text, "is not an IP address");
	case OPTION_HOST:
		return is_host(text) || say(words, option, text, "is not a host name");
	case OPTION_PIN:
		return is_pin(text) ||
		       say(words, option, text, "is not sha256// and the base64 of 32 bytes");
	case OPTION_WINDOWS:
	case OPTION_FREEZES:
		return is_calendar(option, text, words);
	case OPTION_ZONE:
		return calendar_is_zone_name(text) ||
		       say(words, option, text, "is not the name of a time zone");
	case OPTION_CHOICE:
		if (is_choice(option, text))
			return true;
		say(words, option, text, "is not one of: ");
		snprintf(
		    words + strlen(words), CONFIG_TEXT_SIZE - strlen(words), "%s", option->choices);
		return false;
	case OPTION_TEXT:
	case OPTION_NUMBER:
	case OPTION_BOOL:
	case OPTION_RESOLVERS:
	case OPTION_ITEMS:
	case OPTION_SEVERITIES:
		break;
	}
	return true;
}

static bool
unknown_code(struct str code, char *words)
{
	enum finding_code like;
	char shown[80];

	str_show(code, shown, sizeof(shown));
	if (finding_code_like(code, &like))
		snprintf(words, CONFIG_TEXT_SIZE,
		    "policy.severities: unknown code \"%s\" (did you mean \"%s\"?)", shown,
		    finding_rule(like)->code);
	else
		snprintf(words, CONFIG_TEXT_SIZE, "policy.severities: unknown code \"%s\"", shown);
	return false;
}

bool
option_set_severity(struct severity_policy *policy, struct str code, struct str text, char *words)
{
	enum finding_severity severity;
	enum finding_code found;
	char shown[80];

	str_show(text, shown, sizeof(shown));
	if (!finding_code_parse(code, &found))
		return unknown_code(code, words);
	if (!severity_parse(text, &severity)) {
		snprintf(words, CONFIG_TEXT_SIZE,
		    "policy.severities: \"%s\" is not one of: info warn hold reject", shown);
		return false;
	}
	if (!severity_allowed(found, severity)) {
		snprintf(words, CONFIG_TEXT_SIZE,
		    "policy.severities: %s is %s and may only weigh more, not \"%s\"",
		    finding_rule(found)->code, severity_name(finding_rule(found)->severity), shown);
		return false;
	}
	severity_set(policy, found, severity);
	return true;
}

bool
option_set(const struct option *option, void *base, struct str text, char *words)
{
	char *at = (char *)base + option->offset;

	assert(option_is_scalar(option));
	if (option->kind == OPTION_NUMBER)
		return set_number(option, at, text, words);
	if (option->kind == OPTION_BOOL)
		return set_bool(option, at, text, words);
	if (!is_fit(option, text, words))
		return false;
	if (!str_copy(text, at, option->size)) {
		snprintf(words, CONFIG_TEXT_SIZE, "%s: longer than %zu characters", option->name,
		    option->size - 1);
		return false;
	}
	return true;
}

void
option_print(const struct option *option, const void *base, struct buf *to)
{
	const char *at = (const char *)base + option->offset;
	int64_t number;
	bool yes;

	if (option->kind == OPTION_NUMBER) {
		memcpy(&number, at, sizeof(number));
		buf_printf(to, "%lld", (long long)number);
	} else if (option->kind == OPTION_BOOL) {
		memcpy(&yes, at, sizeof(yes));
		buf_put_text(to, yes ? "yes" : "no");
	} else {
		buf_put_text(to, at);
	}
}

void
option_defaults(const struct option *table, size_t count, void *base)
{
	char words[CONFIG_TEXT_SIZE];

	for (size_t i = 0; i < count; i++)
		if (option_is_scalar(&table[i]) && table[i].fallback) {
			bool fits = option_set(&table[i], base, str_of(table[i].fallback), words);

			assert(fits);
			(void)fits;
		}
}
