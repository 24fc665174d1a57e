/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "cli/show.h"

#define BY_PLACE(n, v, h)                                              \
	{                                                              \
		.name = (n), .value = (v), .needed = true, .help = (h) \
	}
#define FLAG(n, f, v, h)                                            \
	{                                                           \
		.name = (n), .flag = (f), .value = (v), .help = (h) \
	}
#define FLAG_MANY(n, f, v, h)                                                     \
	{                                                                         \
		.name = (n), .flag = (f), .value = (v), .many = true, .help = (h) \
	}
#define FLAG_NEEDED(n, f, v, h)                                                     \
	{                                                                           \
		.name = (n), .flag = (f), .value = (v), .needed = true, .help = (h) \
	}
#define NUMBER(n, f, v, h)                                                          \
	{                                                                           \
		.name = (n), .flag = (f), .value = (v), .number = true, .help = (h) \
	}
#define QUERY(n, f, v, h)                                                          \
	{                                                                          \
		.name = (n), .flag = (f), .value = (v), .query = true, .help = (h) \
	}
#define SWITCH(n, f, h)                               \
	{                                             \
		.name = (n), .flag = (f), .help = (h) \
	}
#define PAGING                                                            \
	QUERY("limit", "--limit", "N", "at most N; 50 (default) to 200"), \
	    QUERY("cursor", "--cursor", "CURSOR", "go on behind this one")
#define OF_CUSTOMER QUERY("customer", "--customer", "CUSTOMER", "only this one's; name or id")
#define REF         BY_PLACE("ref", "ORDER", "number, host name or id")
#define SURVEYED                                             \
	BY_PLACE("ref", "BALANCER", "of the configuration"), \
	    NUMBER(                                          \
		"timeout", "--timeout", "SECONDS", "300 (default); it goes on without the wait")
#define CSV_RULE                                                                                  \
	FLAG("column", "--column", "NAME",                                                        \
	    "the one that says what a mailbox is; without, all count"),                           \
	    FLAG("values", "--values", "LIST", "its values of full access, with commas between"), \
	    FLAG("listed", "--listed", "NAME",                                                    \
		"the column that names a mailbox; PrimarySmtpAddress"),                           \
	    FLAG("customer_column", "--customer-column", "NAME",                                  \
		"the one that names the customer"),                                               \
	    FLAG("key", "--key", "KEY", "only lines with this one there")
#define CUSTOMER_FIELDS                                                                   \
	FLAG("contact_mail", "--mail", "ADDRESS", "where its mails go"),                  \
	    FLAG("contact_name", "--contact", "NAME", "who reads them"),                  \
	    FLAG("organization", "--organization", "NAME", "as in the company register"), \
	    FLAG("division", "--division", "NAME", "kept, never in the certificate"),     \
	    FLAG("city", "--city", "CITY", "in full"),                                    \
	    FLAG("state", "--state", "STATE", "state or province, in full"),              \
	    FLAG("country", "--country", "CC", "two letters"),                            \
	    FLAG_MANY("domains", "--domain", "DOMAIN",                                    \
		"one it takes mail for; several times for several: all of them"),         \
	    FLAG("mailbox_source", "--mailbox-source", "NAME",                            \
		"where its mailboxes are counted; hand: by people"),                      \
	    FLAG("mailbox_key", "--mailbox-key", "KEY", "what it is called there")

#define BOUGHT_AT                                                                      \
	FLAG("ca", "--ca", "CA", "the authority it is bought at, if it is known yet"), \
	    FLAG("reseller", "--reseller", "NAME", "who sells it, of those the provider named")

#define SERVICE_FIELDS                                                   \
	FLAG("url", "--url", "URL", "what its users type"),              \
	    FLAG("protection", "--extended-protection", "STATE",         \
		"on or off at the Exchange servers; unknown (default)"), \
	    FLAG("backend_tls", "--backend-tls", "STATE",                \
		"on: the balancer speaks TLS to the backend; off: it is offloaded there; unknown (default)")

#define LOOKED_UP                                 \
	FLAG("resolver", "--resolver", "ADDRESS", \
	    "ask this resolver; default: from the root down, or as the group dns of --config FILE says")

/* clang-format off */
const struct verb verbs[] = {
	{ "init", "", "Make configuration, key-encryption key, database and a first token; keeps what is there", .run = run_init,
	  .params = { FLAG("dir", "--dir", "FOLDER", "everything below this folder, for trying it out") } },
	{ "status", "", "Processes, sandboxes, queue and orders", "GET", "/status", .show = show_status },
	{ "customer", "add", "Add a customer", "POST", "/customers", .params = { BY_PLACE("name", "NAME", "unique"), CUSTOMER_FIELDS } },
	{ "customer", "list", "List customers", "GET", "/customers", .params = { PAGING }, .show = show_customers },
	{ "customer", "show", "Show a customer", "GET", "/customers/{ref}", .params = { BY_PLACE("ref", "CUSTOMER", "name or id") } },
	{ "customer", "change", "Change a customer", "PATCH", "/customers/{ref}",
	  .params = { BY_PLACE("ref", "CUSTOMER", "name or id"), FLAG("name", "--name", "NAME", "a new name"), CUSTOMER_FIELDS } },
	{ "mailboxes", "add", "Record a count of full-access mailboxes", "POST", "/customers/{ref}/mailboxes",
	  .params = { BY_PLACE("ref", "CUSTOMER", "name or id"),
	              { .name = "mailboxes", .value = "COUNT", .needed = true, .number = true, .help = "counted by hand" } } },
	{ "mailboxes", "file", "Count the full-access mailboxes in a file that Exchange exported (Get-Mailbox | Export-Csv); no server is asked",
	  .run = run_mailboxes_file, .alone = true, .params = { BY_PLACE("file", "FILE", "CSV; - is standard input"), CSV_RULE } },
	{ "mailboxes", "count", "Count them so, and record the count with its list for a customer", .run = run_mailboxes_count,
	  .params = { BY_PLACE("ref", "CUSTOMER", "name or id"), BY_PLACE("file", "FILE", "CSV; - is standard input"), CSV_RULE } },
	{ "mailboxes", "counts", "List the counts of a customer's mailboxes", "GET", "/customers/{ref}/mailboxes", .show = show_mailbox_counts,
	  .params = { BY_PLACE("ref", "CUSTOMER", "name or id"), PAGING } },
	{ "mailboxes", "list", "List the mailboxes that were counted", "GET", "/customers/{ref}/mailboxes/list", .show = show_mailboxes,
	  .params = { BY_PLACE("ref", "CUSTOMER", "name or id"), QUERY("count", "--count", "ID", "of this count; the latest (default)"), PAGING } },
	{ "waiver", "add", "Propose to waive the mailbox minimum; it holds when somebody else confirms it", "POST", "/customers/{ref}/waivers",
	  .params = { BY_PLACE("ref", "CUSTOMER", "name or id"), FLAG_NEEDED("reason", "--reason", "WORDS", "why"),
	              FLAG("expires", "--expires", "TIME", "2027-03-15T00:00:00Z") } },
	{ "waiver", "confirm", "Confirm a waiver that somebody else proposed", "POST", "/waivers/{ref}/confirm",
	  .params = { BY_PLACE("ref", "ID", "of the waiver") } },
	{ "waiver", "list", "List waivers of the mailbox minimum", "GET", "/customers/{ref}/waivers", .show = show_waivers,
	  .params = { BY_PLACE("ref", "CUSTOMER", "name or id"), PAGING } },
	{ "service", "add", "Add a service", "POST", "/customers/{ref}/services",
	  .params = { BY_PLACE("ref", "CUSTOMER", "name or id"), BY_PLACE("name", "NAME", "unique for this customer"),
	              FLAG_NEEDED("kind", "--kind", "KIND", "owa, sharepoint or web"), FLAG_NEEDED("backend", "--backend", "NAME", "the balancer's name of the servers behind"),
	              FLAG_NEEDED("pool", "--pool", "POOL", "where its addresses come from"), SERVICE_FIELDS } },
	{ "service", "list", "List services", "GET", "/services",
	  .params = { OF_CUSTOMER, PAGING }, .show = show_services },
	{ "service", "show", "Show a service", "GET", "/services/{ref}", .params = { BY_PLACE("ref", "ID", "of the service") } },
	{ "service", "change", "Change a service; its kind, backend and pool stay, as sites were made with them", "PATCH", "/services/{ref}",
	  .params = { BY_PLACE("ref", "ID", "of the service"), FLAG("name", "--name", "NAME", "a new name"), SERVICE_FIELDS } },
	{ "pool", "add", "Add an address pool", "POST", "/pools",
	  .params = { BY_PLACE("name", "NAME", "unique"), FLAG_NEEDED("balancer", "--balancer", "NAME", "of the configuration"),
	              FLAG_NEEDED("prefix", "--prefix", "PREFIX", "192.0.2.0/24") } },
	{ "pool", "list", "List address pools", "GET", "/pools", .params = { PAGING }, .show = show_pools },
	{ "ca", "list", "List certificate authorities, and how orders went there", "GET", "/cas", .show = show_cas },
	{ "balancer", "list", "List the load balancers of the configuration", "GET", "/balancers", .show = show_balancers },
	{ "balancer", "probe", "Ask a load balancer how it is: version, units, state", .run = run_survey, .show = show_survey, .params = { SURVEYED } },
	{ "balancer", "drift", "Compare what certdesk believes to be served with what is, site by site; nothing is changed", .run = run_survey,
	  .show = show_survey, .params = { SURVEYED } },
	{ "balancer", "import", "Propose customers, services and sites from what is on a load balancer and is not certdesk's; nothing is written", .run = run_survey,
	  .show = show_survey, .params = { SURVEYED } },
	{ "balancer", "surveys", "List what a load balancer was asked: probe, drift, import", "GET", "/balancers/{ref}/surveys", .show = show_surveys,
	  .params = { BY_PLACE("ref", "BALANCER", "of the configuration"), PAGING } },
	{ "balancer", "survey", "Show again what a survey found", .run = run_survey_again, .show = show_survey,
	  .params = { BY_PLACE("id", "ID", "of the survey") } },
	{ "order", "add", "Order a certificate for a host name", "POST", "/orders", .run = run_order_add, .show = show_order,
	  .params = { BY_PLACE("host", "HOST", "what the users type"), FLAG_NEEDED("service", "--service", "SERVICE", "its name, CUSTOMER/NAME, or its id"),
	              FLAG("kind", "--kind", "KIND", "first (default), renewal, reissue, rekey"), FLAG("key", "--key", "KIND", "rsa2048 (default), rsa3072, rsa4096, p256, p384"),
	              FLAG("organization", "--organization", "NAME", "if not the customer's"), FLAG("division", "--division", "NAME", "kept, never in the certificate"),
	              FLAG("city", "--city", "CITY", "if not the customer's"), FLAG("state", "--state", "STATE", "if not the customer's"),
	              FLAG("country", "--country", "CC", "if not the customer's"),
	              NUMBER("mailboxes", "--mailboxes", "COUNT", "counted by hand today"), BOUGHT_AT } },
	{ "order", "list", "List orders", "GET", "/orders", .show = show_orders,
	  .params = { QUERY("stage", "--stage", "STAGE", "only these"), OF_CUSTOMER, PAGING } },
	{ "order", "show", "Show an order: where it is, whose turn, what next", "GET", "/orders/{ref}", .params = { REF }, .show = show_order },
	{ "order", "confirm", "Look at what is odd about an order before anything is bought, and confirm that it is meant", .run = run_order_confirm, .show = show_order,
	  .params = { REF, FLAG("question", "--question", "NUMBER", "confirm exactly what was shown under this number") } },
	{ "order", "cas", "List whom an order's certificate may be bought from: how orders went there, and whom its DNS forbids", "GET", "/orders/{ref}/cas",
	  .show = show_cas, .params = { REF } },
	{ "order", "ca", "Say where an order's certificate is bought; its DNS is held against that", "POST", "/orders/{ref}/ca", .show = show_order,
	  .params = { REF, BY_PLACE("ca", "CA", "the authority: its name, a brand, or its name in CAA records"), FLAG("reseller", "--reseller", "NAME", "who sells it, of those the provider named") } },
	{ "order", "csr", "Print the certificate request", .run = run_order_csr, .params = { REF } },
	{ "order", "certificate", "Deliver the certificate, with its chain, in any format", .run = run_order_certificate, .files = 16,
	  .params = { REF, FLAG("password_file", "--password-file", "FILE", "of a protected PKCS#12 (PFX)"),
	              SWITCH("accept", "--accept", "accept it at once if nothing but remarks is found"),
	              FLAG("foreign_key", "--accept-foreign-key", "AUTHOR", "who accepts the risk of using a private key that came along"),
	              FLAG("statement", "--statement", "WORDS", "the words of that, which are shown and asked for without it") } },
	{ "order", "accept", "Look at the certificate that was delivered, and accept it", .run = run_order_accept,
	  .params = { REF, FLAG("review", "--review", "NUMBER", "accept exactly what was shown under this number") } },
	{ "order", "approve", "Approve the installation of a certificate that somebody else accepted", .run = run_order_approve, .show = show_order,
	  .params = { REF, FLAG("certificate", "--certificate", "SHA256", "approve exactly what was shown under this fingerprint") } },
	{ "order", "install", "Install now, although the load balancer's window is closed", "POST", "/orders/{ref}/install", .show = show_order,
	  .params = { REF, { .name = "now", .flag = "--now", .needed = true, .help = "without it, it is installed when the window opens" },
	              FLAG_NEEDED("reason", "--reason", "WORDS", "why it cannot wait; it stands in the audit log, and the customer may read it") } },
	{ "order", "dns", "Look at the DNS now", "POST", "/orders/{ref}/dns-check", .params = { REF }, .show = show_order },
	{ "order", "go-on", "Let an order that was set aside go on", "POST", "/orders/{ref}/go-on", .params = { REF }, .show = show_order },
	{ "order", "done", "Say that an installation by hand is done: it is looked at, and the order goes on", "POST", "/orders/{ref}/done", .params = { REF }, .show = show_order },
	{ "order", "cancel", "Cancel an order, or close its live site", "POST", "/orders/{ref}/cancel", .params = { REF }, .show = show_order },
	{ "order", "findings", "What was noticed about an order", "GET", "/orders/{ref}/findings", .params = { REF }, .show = show_order_findings },
	{ "order", "tests", "The latest looks at DNS and registry, and the site tests", "GET", "/orders/{ref}/tests", .params = { REF }, .show = show_tests },
	{ "order", "plan", "What the installation does on the load balancer, step by step", "GET", "/orders/{ref}/plan", .params = { REF }, .show = show_plan },
	{ "order", "messages", "Mails of an order", "GET", "/orders/{ref}/messages", .params = { REF, PAGING }, .show = show_messages },
	{ "order", "tasks", "Open tasks of an order", "GET", "/orders/{ref}/tasks", .params = { REF }, .show = show_tasks },
	{ "order", "events", "What happened to an order", "GET", "/orders/{ref}/events", .params = { REF, PAGING }, .show = show_events },
	{ "order", "wait", "Wait until an order reaches a stage", .run = run_order_wait, .show = show_order,
	  .params = { REF, FLAG("stage", "--stage", "STAGE", "live (default)"), NUMBER("timeout", "--timeout", "SECONDS", "300 (default)") } },
	{ "site", "list", "List sites", "GET", "/sites", .params = { OF_CUSTOMER, PAGING }, .show = show_sites },
	{ "site", "show", "Show a site", "GET", "/sites/{ref}", .params = { BY_PLACE("ref", "SITE", "host name or id") } },
	{ "audit", "list", "The audit log", "GET", "/events", .params = { PAGING }, .show = show_events },
	{ "audit", "verify", "Verify the audit log's chain", "GET", "/events/verify", .show = show_verified },
	{ "token", "add", "Make an API token; it is shown once", "POST", "/tokens",
	  .params = { BY_PLACE("name", "NAME", "for the log"), FLAG_NEEDED("role", "--role", "ROLE", "provider or customer"),
	              FLAG("customer", "--customer", "CUSTOMER", "name or id, for a customer's token") } },
	{ "token", "list", "List API tokens", "GET", "/tokens", .params = { PAGING }, .show = show_tokens },
	{ "token", "revoke", "Revoke an API token", "DELETE", "/tokens/{ref}", .params = { BY_PLACE("ref", "ID", "of the token") } },
	{ "findings", "", "The catalogue of findings", .run = run_findings, .alone = true },
	{ "inspect", "", "Open certificate files of any format, alone or as one delivery: what is in them, what is wrong, what to do", .run = run_inspect,
	  .files = FILES_ANY, .alone = true,
	  .params = { FLAG("password", "--password", "PASSWORD", "of protected files; others may see it while it is typed: better --password-file"),
	              FLAG("password_file", "--password-file", "FILE", "its first line; - is standard input"),
	              FLAG("name", "--name", "HOST", "must be covered by the certificate"),
	              FLAG("csr", "--csr", "FILE", "the request that the certificate must answer: its key, and its name unless --name says another"),
	              FLAG("at", "--at", "TIME", "judge as of then: 2027-03-15 or 2027-03-15T14:00:00Z"),
	              FLAG("roots", "--roots", "FILE", "trust these roots (PEM) instead of the system's"),
	              FLAG("intermediates", "--intermediates", "DIR", "complete chains from a folder or PEM file of CA certificates"),
	              FLAG("fix", "--fix", "OUT", "write the repaired chain there: PEM, leaf first, no root, no key"),
	              SWITCH("each", "--each", "every file by itself; one line of JSON for each"),
	              SWITCH("verbose", "-v", "all sentences of all findings, all names") } },
	{ "name", "", "Judge a host name before anything is bought for it: is it one, whose is it, was another one meant", .run = run_name, .alone = true,
	  .params = { BY_PLACE("host", "HOST", "as pasted: a URL is taken apart"),
	              FLAG_MANY("domain", "--domain", "DOMAIN", "one of the customer's own domains; several times for several"),
	              FLAG("known", "--known", "FILE", "names that are known, one a line: what could have been meant"),
	              FLAG("others", "--others", "FILE", "domains and sites of other customers, one a line; none of them is told"),
	              FLAG("service", "--service", "KIND", "owa, sharepoint or web"),
	              FLAG("url", "--url", "URL", "the service's address, which the name must be that of"),
	              FLAG("protection", "--extended-protection", "STATE", "on or off at the Exchange servers behind it"),
	              FLAG("backend_tls", "--backend-tls", "STATE", "on: the load balancer speaks TLS to them; off: it is offloaded there") } },
	{ "org", "", "Is this organization fit for a certificate, and what does the domain's registration say of it", .run = run_org,
	  .params = { FLAG("name", "--name", "NAME", "as in the company register"), FLAG("city", "--city", "CITY", "in full"),
	              FLAG("state", "--state", "STATE", "state or province, in full"), FLAG("country", "--country", "CC", "two letters"),
	              FLAG("division", "--division", "NAME", "kept, never in the certificate"),
	              FLAG("domain", "--domain", "DOMAIN", "or a name in it: ask its registry (RDAP), and compare"),
	              FLAG("rdap_url", "--rdap-url", "URL", "ask this RDAP server instead of the registry's"),
	              FLAG("bootstrap", "--bootstrap", "FILE", "the list of registries' servers (RFC 9224), or its URL; default: rdap.bootstrap"),
	              FLAG("rdap_file", "--rdap-file", "FILE", "ask nobody: read this answer; - is standard input"),
	              FLAG("at", "--at", "TIME", "judge as of then: 2027-03-15 or 2027-03-15T14:00:00Z"),
	              SWITCH("verbose", "-v", "all sentences of all findings") } },
	{ "dns", "", "Where a host name leads: what each of its name servers says, and what resolvers still say", .run = run_dns, .alone = true,
	  .params = { BY_PLACE("host", "HOST", "what the users type"), FLAG_NEEDED("expect", "--expect", "ADDRESS", "where it must lead"), LOOKED_UP,
	              FLAG("views", "--views", "ADDRESSES", "public resolvers to look at, with commas between; none; default 1.1.1.1,8.8.8.8") } },
	{ "caa", "", "May a certificate authority issue for a host name? What DNS allows it (CAA), before money is spent", .run = run_caa, .alone = true,
	  .params = { BY_PLACE("host", "HOST", "or *.HOST for a wildcard"), FLAG_NEEDED("ca", "--ca", "NAME", "the CA, a brand of it, or the name it accepts"), LOOKED_UP,
	              FLAG("account", "--account", "URL", "of the ACME account that will order"), FLAG("method", "--method", "NAME", "of the proof: http-01, dns-01") } },
	{ "config", "check", "Check the configuration file", .run = run_config_check },
	{ "config", "defaults", "Print a configuration file with all defaults", .run = run_config_defaults },
	{ "config", "manual", "Print the source of certdesk.yaml(5)", .run = run_config_manual },
	{ "manual", "command", "Print the source of certdesk(1)", .run = run_manual_command, .alone = true },
	{ "manual", "findings", "Print the source of certdesk-findings(7), for scdoc", .run = run_manual_findings, .alone = true },
	{ "manual", "stages", "Draw the life of an order, from the code", .run = run_manual_stages,
	  .params = { SWITCH("dot", "--dot", "for Graphviz") } },
	{ "completion", "bash", "Print the shell's completion: source <(certdesk completion bash)", .run = run_completion, .alone = true },
	{ "version", "", "Print the version", .run = run_version, .alone = true },
};
/* clang-format on */
const size_t verb_count = COUNT_OF(verbs);
