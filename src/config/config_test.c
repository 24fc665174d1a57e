/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/options.h"
#include "sys/file.h"

static struct config config;
static struct config_mistakes mistakes;

static int
read_text(const char *text)
{
	char path[] = "/tmp/certdesk-config-XXXXXX";
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_write(path, str_of(text), 0600), 0);
	r = config_read(path, &config, &mistakes);
	unlink(path);
	return r;
}

struct mistaken {
	const char *text;
	size_t line, column;
	const char *words;
};

static void
check_mistakes(const struct mistaken *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(read_text(cases[i].text), CONFIG_E_MISTAKES);
		assert_string_equal(mistakes.list[0].words, cases[i].words);
		assert_int_equal(mistakes.list[0].line, cases[i].line);
		assert_int_equal(mistakes.list[0].column, cases[i].column);
	}
}

#define NEEDED_URL \
	"mailbox_sources: url: needed is https://HOST/..., without a password, with {customer} behind the host alone"

static void
mistakes_in_sources(void **state UNUSED)
{
	static const struct mistaken cases[] = {
		{ "mailbox_sources:\n  - name: ad\n    kind: ldap\n    url: ldaps://dc1\n    base: dc=x\n",
		    2, 5, "mailbox_sources: an entry needs \"filter\"" },
		{ "mailbox_sources:\n  - name: ad\n    kind: csv\n    file: /x\n    base: dc=x\n",
		    2, 5, "mailbox_sources: \"base\" is for the kind ldap alone" },
		{ "mailbox_sources:\n  - name: ad\n    kind: csv\n    file: /x\n    url: https://x/\n",
		    2, 5, "mailbox_sources: \"url\" is for the kind ldap json alone" },
		{ "mailbox_sources:\n  - name: ad\n    kind: ldap\n    url: http://dc1\n    base: dc=x\n    filter: (a=b)\n",
		    2, 5,
		    "mailbox_sources: url: needed is ldaps://HOST, or ldap://HOST for StartTLS" },
		{ "mailbox_sources:\n  - name: ad\n    kind: ldap\n    url: ldap://dc1\n    base: dc=x\n    filter: (a=b)\n    user: cn=x\n",
		    2, 5, "mailbox_sources: \"user\" and \"password_file\" go together" },
		{ "mailbox_sources:\n  - name: p\n    kind: json\n    url: http://panel/{customer}\n",
		    2, 5, NEEDED_URL },
		{ "mailbox_sources:\n  - name: p\n    kind: json\n    url: https://{customer}.panel/\n",
		    2, 5, NEEDED_URL },
		{ "mailbox_sources:\n  - name: p\n    kind: json\n    url: https://user:word@panel/\n",
		    2, 5, NEEDED_URL },
		{ "mailbox_sources:\n  - name: p\n    kind: json\n    url: https://panel\n", 2, 5,
		    NEEDED_URL },
		{ "mailbox_sources:\n  - name: p\n    kind: json\n    url: https://panel/\n    pointer: data\n",
		    2, 5, "mailbox_sources: pointer: it begins with /, as in RFC 6901" },
		{ "mailbox_sources:\n  - name: p\n    kind: csv\n    file: /x\n    column: Kind\n",
		    2, 5, "mailbox_sources: \"column\" and \"values\" go together" },
		{ "mailbox_sources:\n  - name: hand\n    kind: csv\n    file: /x\n", 2, 5,
		    "mailbox_sources: name: \"hand\" is what people counted" },
		{ "mailbox_sources:\n  - name: p\n    kind: csv\n    file: /x\n  - name: p\n    kind: csv\n    file: /y\n",
		    1, 1, "mailbox_sources: two are named \"p\"" },
		{ "mailbox_sources:\n  - name: p\n    knid: csv\n", 3, 5,
		    "unknown option \"knid\" (did you mean \"kind\"?)" },
		{ "policy:\n  mailbox_source: ad\n", 1, 1,
		    "policy.mailbox_source: \"ad\" is not among mailbox_sources" },
		{ "policy:\n  resellers: Alpine, "
		  "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft\n",
		    1, 1, "policy.resellers: \"Donaudampfschifffahr...\" is longer than 63 bytes" },
	};

	check_mistakes(cases, COUNT_OF(cases));
}

static void
mistakes_have_a_place(void **state UNUSED)
{
	static const struct mistaken cases[] = {
		{ "worker:\n  threads: many\n", 2, 12,
		    "worker.threads: \"many\" is not a whole number" },
		{ "worker:\n  threads: 4000\n", 2, 12,
		    "worker.threads: 4000 is out of range, 1 to 64 are allowed" },
		{ "worker:\n  treads: 4\n", 2, 3,
		    "unknown option \"worker.treads\" (did you mean \"worker.threads\"?)" },
		{ "wrker:\n  threads: 4\n", 1, 1,
		    "unknown option \"wrker\" (did you mean \"worker\"?)" },
		{ "worker: 5\n", 1, 9,
		    "worker: a group of options is needed, this is a single value" },
		{ "worker:\n  threads: [1]\n", 2, 12,
		    "worker.threads: a single value is needed, this is a list" },
		{ "worker:\n  threads: 4\n  threads: 5\n", 3, 3, "\"threads\": given twice" },
		{ "log:\n  level: loud\n", 2, 10,
		    "log.level: \"loud\" is not one of: error warning notice info debug" },
		{ "mail:\n  starttls: maybe\n", 2, 13,
		    "mail.starttls: \"maybe\" is neither yes nor no" },
		{ "data:\n  folder: var/lib\n", 2, 11,
		    "data.folder: \"var/lib\" is not an absolute path" },
		{ "dns:\n  resolvers: [one.one]\n", 2, 15,
		    "dns.resolvers: \"one.one\" is not an IP address" },
		{ "dns:\n  views: [192.0.2.1, 192.0.2.1@0]\n", 2, 22,
		    "dns.views: \"192.0.2.1@0\" is not an IP address" },
		{ "dns:\n  views: [8.8.8.8,8.8.8.8,8.8.8.8,8.8.8.8,8.8.8.8,8.8.8.8,8.8.8.8,8.8.8.8,8.8.8.8]\n",
		    2, 75, "dns.views: more than 8 entries" },
		{ "balancers:\n  - name: edge\n    driver: haproxy\n", 2, 5,
		    "balancers: an entry needs \"socket\"" },
		{ "balancers:\n  - name: edge\n    driver: haproxy\n    socket: /s\n    certificates: /c\n    crt_list: /l\n    user: admin\n",
		    2, 5, "balancers: \"user\" is for the driver bigip alone" },
		{ "balancers:\n  - name: edge\n    server_name: a b\n", 3, 18,
		    "server_name: \"a b\" is not a host name" },
		{ "balancers:\n  - name: edge\n    pin: sha256//abc\n", 3, 10,
		    "pin: \"sha256//abc\" is not sha256// and the base64 of 32 bytes" },
		{ "balancers:\n  - name: edge\n    windows: Mon 22-04\n", 3, 14,
		    "windows: \"Mon 22-04\" has no times like 22:00-04:00 or 00:00-24:00" },
		{ "balancers:\n  - name: edge\n    time_zone: ../passwd\n", 3, 16,
		    "time_zone: \"../passwd\" is not the name of a time zone" },
		{ "balancers:\n  - name: edge\n    driver: haproxy\n    socket: /s\n    certificates: /c\n    crt_list: /l\n    time_zone: Europe/Wien\n",
		    2, 5,
		    "time_zone: \"Europe/Wien\" is no time zone of this machine; needed is a name like Europe/Vienna, as below /usr/share/zoneinfo/" },
		{ "balancers:\n  - edge\n", 2, 5,
		    "balancers: an entry is a group of options, this is a single value" },
		{ "balancers:\n  - nam: edge\n", 2, 5,
		    "unknown option \"nam\" (did you mean \"name\"?)" },
		{ "balancers: edge\n", 1, 12,
		    "balancers: a list is needed, this is a single value" },
		{ "templates:\n  - name: mail\n    service: owa\n    rules: /Common/a b\n", 2, 5,
		    "templates: rules: \"b\" is not a full name, such as /Common/b" },
		{ "templates:\n  - name: mail\n    servers: 192.0.2.1:443 2001:db8::1:443\n", 2, 5,
		    "templates: servers: \"2001:db8::1:443\" is neither ADDRESS:PORT nor, of IPv6, ADDRESS.PORT" },
		{ "templates:\n  - name: mail\n    servers: 192.0.2.1\n", 2, 5,
		    "templates: servers: \"192.0.2.1\" is neither ADDRESS:PORT nor, of IPv6, ADDRESS.PORT" },
		{ "templates:\n  - name: mail\n    servers: 192.0.2.1:443\n    pool: /Common/p\n",
		    2, 5,
		    "templates: servers: they have a pool of their own, so no \"pool\" and no \"shared_virtual\" is needed" },
		{ "templates:\n  - name: mail\n    balancer: edge\n", 1, 1,
		    "templates: mail is for the balancer \"edge\", which is not there" },
		{ "templates:\n  - name: mail\n  - name: mail\n", 1, 1,
		    "templates: two are named \"mail\"" },
		{ "templates:\n  - name: mail\n    service: exchange\n", 3, 14,
		    "service: \"exchange\" is not one of: any owa sharepoint web" },
		{ "policy:\n  severities:\n    FQDN_APX: reject\n", 3, 5,
		    "policy.severities: unknown code \"FQDN_APX\" (did you mean \"FQDN_APEX\"?)" },
		{ "policy:\n  severities:\n    something: reject\n", 3, 5,
		    "policy.severities: unknown code \"something\"" },
		{ "policy:\n  severities: { FQDN_APEX: bad }\n", 2, 28,
		    "policy.severities: \"bad\" is not one of: info warn hold reject" },
		{ "policy:\n  severities:\n    CERT_EXPIRED: warn\n", 3, 19,
		    "policy.severities: CERT_EXPIRED is reject and may only weigh more, not \"warn\"" },
		{ "policy:\n  severities:\n    CERT_SCT_FEW: info\n", 3, 19,
		    "policy.severities: CERT_SCT_FEW is reject and may only weigh more, not \"info\"" },
		{ "policy:\n  severities: [CERT_EXPIRED]\n", 2, 15,
		    "policy.severities: codes and their severities are needed, this is a list" },
		{ "policy:\n  severities:\n    FQDN_APEX: hold\n    FQDN_APEX: reject\n", 4, 5,
		    "policy.severities: FQDN_APEX is given twice" },
		{ "- a\n", 1, 1, "options are needed here, this is a list" },
		{ "a: b: c\n", 1, 5,
		    "this is not YAML: mapping values are not allowed in this context" },
		{ "log:\n  level: info\n---\nlog:\n", 3, 1,
		    "a second document begins here; only one is read" },
	};

	check_mistakes(cases, COUNT_OF(cases));
}

static const char good[] =
    "data:\n  folder: /srv/certdesk\nkeeper:\n  stock:\n    rsa2048: 3\n"
    "mail:\n  from: Desk <desk@alpine.example>\n  starttls: no\ndns:\n  resolvers: [192.0.2.1, '2001:db8::1']\n  views: ['192.0.2.3@5353']\n"
    "  stubs:\n    - zone: contoso.com\n      address: 127.0.0.1\n      port: 5300\n"
    "balancers:\n  - name: edge\n    driver: haproxy\n    socket: /run/h.sock\n    certificates: /etc/h\n"
    "    crt_list: /etc/h/list\n    bufsize: 65536\n    windows: Mon-Fri 22:00-04:00, Sat-Sun 00:00-24:00\n"
    "    freezes: 2026-12-20..2027-01-02\n    time_zone: Europe/Vienna\n    approval: yes\n"
    "mailbox_sources:\n  - name: ad\n    kind: ldap\n    url: ldaps://dc1.hosting.example\n    user: certdesk@hosting.example\n"
    "    password_file: /etc/certdesk/ad\n    base: OU={customer},DC=hosting,DC=example\n    filter: (mail=*)\n"
    "policy:\n  mailbox_source: ad\n";

static void
a_good_file(void **state UNUSED)
{
	assert_int_equal(read_text(good), 0);
	assert_string_equal(config.data, "/srv/certdesk");
	assert_int_equal(config.stock_rsa2048, 3);
	assert_false(config.smtp_starttls);
	assert_int_equal(config.dns_resolvers.count, 2);
	assert_int_equal(config.stub_count, 1);
	assert_int_equal(config.stubs[0].port, 5300);
	assert_int_equal(config.balancer_count, 1);
	assert_int_equal(config.balancers[0].https_port, 443);
	assert_true(config.balancers[0].approval);
	assert_string_equal(config.balancers[0].freezes, "2026-12-20..2027-01-02");
	assert_non_null(config_balancer(&config, "edge"));
	assert_null(config_balancer(&config, "other"));
	assert_int_equal(config_mailbox_source(&config, "ad")->page_size, 500);
	assert_null(config_mailbox_source(&config, "hand"));
}

static void
the_first_template_that_fits(void **state UNUSED)
{
	static const char text[] =
	    "balancers:\n  - name: edge\n    driver: haproxy\n    socket: /s\n    certificates: /c\n    crt_list: /l\n"
	    "templates:\n  - name: one\n    balancer: edge\n    service: owa\n    snat: none\n"
	    "  - name: two\n    service: owa\n    persistence: /Common/cookie\n  - name: three\n    balancer: edge\n";
	static const struct {
		const char *balancer, *service, *name;
	} cases[] = { { "edge", "owa", "one" }, { "big", "owa", "two" }, { "edge", "web", "three" },
		{ "big", "web", NULL } };

	assert_int_equal(read_text(text), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct config_template *t =
		    config_template(&config, cases[i].balancer, cases[i].service);

		if (cases[i].name)
			assert_string_equal(t->name, cases[i].name);
		else
			assert_null(t);
	}
}

static void
an_empty_file_is_the_defaults(void **state UNUSED)
{
	struct config defaults;

	config_defaults(&defaults);
	assert_int_equal(read_text(""), 0);
	assert_memory_equal(&config, &defaults, sizeof(config));
	assert_int_equal(defaults.mailboxes_least, 200);
}

static void
the_printed_defaults_are_the_defaults(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	struct config defaults;

	config_defaults(&defaults);
	config_print_defaults(&text);
	assert_int_equal(read_text(buf_text(&text)), 0);
	assert_memory_equal(&config, &defaults, sizeof(config));
}

static void
a_slice_has_what_its_reader_may_see(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf slice = BUF(1 << 16);
	struct config got;

	assert_int_equal(read_text(good), 0);
	config_put_slice(&config, CONFIG_FOR_WORKER, &slice);
	assert_int_equal(config_get_slice(buf_str(&slice), &got), 0);
	assert_string_equal(got.balancers[0].crt_list, "/etc/h/list");
	assert_int_equal(got.dns_resolvers.count, 2);
	assert_int_equal(got.dns_views.count, 1);
	assert_string_equal(got.dns_views.list[0], "192.0.2.3@5353");
	assert_string_equal(got.kek_file, "/etc/certdesk/kek"); /* the default: it was not told */
	buf_clear(&slice);
	config_put_slice(&config, CONFIG_FOR_READER, &slice);
	assert_int_equal(config_get_slice(buf_str(&slice), &got), 0);
	assert_int_equal(got.balancer_count, 0);
	assert_int_equal(str_find(buf_str(&slice), STR("/srv/certdesk")), slice.len);
	buf_clear(&slice);
	config_put_slice(&config, CONFIG_FOR_DESK, &slice);
	assert_int_equal(config_get_slice(buf_str(&slice), &got), 0);
	assert_string_equal(got.balancers[0].name, "edge");
	assert_string_equal(got.balancers[0].socket, "");
	assert_string_equal(got.mailbox_sources[0].name, "ad");
	assert_string_equal(got.mailbox_sources[0].password_file, "");
}

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct config_balancer device = { .name = "big",
	.driver = "bigip",
	.address = "192.0.2.9",
	.port = 8443,
	.https_port = 443,
	.bufsize = 16384,
	.server_name = "big.example",
	.user = "certdesk",
	.password_file = "/etc/certdesk/big",
	.pin = PIN,
	.peer_port = 443 };

static void
keep_first(void *to, const char *words)
{
	char *first = to;

	if (first[0] == '\0')
		str_copy(str_of(words), first, CONFIG_TEXT_SIZE);
}

static void
a_balancer_has_what_its_driver_needs(void **state UNUSED)
{
	static const struct {
		size_t member; /* is set to */
		const char *value, *words;
	} cases[] = {
		{ offsetof(struct config_balancer, name), "big", "" },
		{ offsetof(struct config_balancer, server_name), "", "" },
		{ offsetof(struct config_balancer, address), "",
		    "balancers: an entry needs \"address\"" },
		{ offsetof(struct config_balancer, user), "",
		    "balancers: an entry needs \"user\"" },
		{ offsetof(struct config_balancer, password_file), "",
		    "balancers: an entry needs \"password_file\"" },
		{ offsetof(struct config_balancer, socket), "/s",
		    "balancers: \"socket\" is for the driver haproxy alone" },
		{ offsetof(struct config_balancer, pin), "", /* there is no insecure switch */
		    "balancers: an entry with \"address\" needs either \"ca_file\" or \"pin\"" },
		{ offsetof(struct config_balancer, ca_file), "/ca",
		    "balancers: an entry with \"address\" needs either \"ca_file\" or \"pin\"" },
		{ offsetof(struct config_balancer, driver), "haproxy",
		    "balancers: an entry needs \"socket\"" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config_balancer balancer = device;
		char words[CONFIG_TEXT_SIZE] = "";

		snprintf((char *)&balancer + cases[i].member, 32, "%s", cases[i].value);
		balancer_check(&balancer, keep_first, words);
		assert_string_equal(words, cases[i].words);
	}
}

static void
a_pair_has_two_units(void **state UNUSED)
{
	static const struct {
		const char *address, *server_name, *pin, *ca_file, *words;
		int64_t port;
	} cases[] = {
		{ "", "", "", "", "", 443 },
		{ "192.0.2.10", "", PIN, "", "", 8443 },
		{ "192.0.2.9", "", PIN, "", "", 443 }, /* behind one address, at two ports */
		{ "192.0.2.10", "b.example", "", "/ca", "", 8443 },
		{ "192.0.2.9", "", PIN, "",
		    "balancers: \"peer_address\" names the first unit again", 8443 },
		{ "192.0.2.10", "", "", "",
		    "balancers: an entry with \"pin\" and \"peer_address\" needs \"peer_pin\"",
		    443 },
		{ "192.0.2.10", "", PIN, "/ca",
		    "balancers: an entry with \"ca_file\" takes no \"peer_pin\"", 443 },
		{ "", "b.example", "", "",
		    "balancers: \"peer_server_name\" and \"peer_pin\" need \"peer_address\"", 443 },
		{ "", "", PIN, "",
		    "balancers: \"peer_server_name\" and \"peer_pin\" need \"peer_address\"", 443 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config_balancer b = device;
		char words[CONFIG_TEXT_SIZE] = "";

		str_copy(str_of(cases[i].address), b.peer_address, sizeof(b.peer_address));
		str_copy(
		    str_of(cases[i].server_name), b.peer_server_name, sizeof(b.peer_server_name));
		str_copy(str_of(cases[i].pin), b.peer_pin, sizeof(b.peer_pin));
		str_copy(str_of(cases[i].ca_file), b.ca_file, sizeof(b.ca_file));
		if (b.ca_file[0])
			b.pin[0] = '\0';
		b.peer_port = cases[i].port;
		balancer_check(&b, keep_first, words);
		assert_string_equal(words, cases[i].words);
		assert_string_equal(config_unit_of(&b, 0).address, "192.0.2.9");
		assert_string_equal(config_unit_of(&b, 0).server_name, "big.example");
		assert_string_equal(config_unit_of(&b, 1).address, cases[i].address);
		assert_string_equal(config_unit_of(&b, 1).pin, cases[i].pin);
		assert_int_equal(config_unit_of(&b, 1).port, cases[i].port);
		assert_string_equal(config_unit_of(&b, CONFIG_UNITS_MAX).address, "");
	}
}

/* The password's file is the keeper's, the name of its user the worker's too, who looks up what that
 * one may; the courier knows of no balancer. */
static void
who_sees_what_of_a_device(void **state UNUSED)
{
	static const struct {
		enum config_reader reader;
		const char *address, *pin, *user, *password_file;
	} cases[] = {
		{ CONFIG_FOR_KEEPER, "192.0.2.9", PIN, "certdesk", "/etc/certdesk/big" },
		{ CONFIG_FOR_WORKER, "192.0.2.9", PIN, "certdesk", "" },
		{ CONFIG_FOR_DESK, "", "", "", "" },
		{ CONFIG_FOR_READER, "", "", "", "" },
		{ CONFIG_FOR_COURIER, "", "", "", "" },
	};

	config_defaults(&config);
	assert_false(config_needs_courier(&config));
	config.balancers[config.balancer_count++] = device;
	str_copy(STR("192.0.2.10"), config.balancers[0].peer_address, ADDR_TEXT_SIZE);
	str_copy(STR("haproxy"), config.balancers[0].driver, CONFIG_NAME_SIZE);
	assert_true(config_needs_courier(&config));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf slice = BUF(1 << 16);
		static struct config got;

		config_put_slice(&config, cases[i].reader, &slice);
		assert_int_equal(config_get_slice(buf_str(&slice), &got), 0);
		assert_string_equal(got.balancers[0].address, cases[i].address);
		assert_string_equal(
		    got.balancers[0].peer_address, cases[i].address[0] ? "192.0.2.10" : "");
		assert_string_equal(got.balancers[0].pin, cases[i].pin);
		assert_string_equal(got.balancers[0].user, cases[i].user);
		assert_string_equal(got.balancers[0].password_file, cases[i].password_file);
	}
}

static void
severities(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf slice = BUF(1 << 16);
	struct config got;

	assert_int_equal(
	    read_text("policy:\n  severities:\n    FQDN_APEX: reject\n    CERT_SCT_FEW: warn\n"),
	    0);
	assert_true(severity_is_set(&config.severities, FINDING_FQDN_APEX));
	assert_false(severity_is_set(&config.severities, FINDING_FQDN_WWW));
	config_put_slice(&config, CONFIG_FOR_READER, &slice);
	assert_int_equal(config_get_slice(buf_str(&slice), &got), 0);
	assert_memory_equal(&got.severities, &config.severities, sizeof(got.severities));
	assert_string_equal(got.public_rules, "auto");
	buf_clear(&slice);
	config_put_slice(&config, CONFIG_FOR_KEEPER, &slice);
	assert_int_equal(config_get_slice(buf_str(&slice), &got), 0);
	assert_false(severity_is_set(&got.severities, FINDING_FQDN_APEX));
}

static void
garbled_slices_are_refused(void **state UNUSED)
{
	static const struct str cases[] = { STR_INIT("x"), STR_INIT("x\0"), STR_INIT("x\0y\0"),
		STR_INIT("worker.threads\0a\0"), STR_INIT("balancers.99.name\0a\0"),
		STR_INIT("balancers.0.nam\0a\0"), STR_INIT("policy.severities\0FQDN_APEX\0"),
		STR_INIT("policy.severities\0CERT_EXPIRED=info\0") };
	struct config got;

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_true(config_get_slice(cases[i], &got) < 0);
}

static void
every_row_is_whole(void **state UNUSED)
{
	assert_true(config_option_count < 128);
	for (size_t i = 0; i < config_option_count; i++) {
		assert_true(config_options[i].help[strlen(config_options[i].help) - 1] == '.');
		assert_true(config_options[i].readers != 0 && config_options[i].fallback != NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_have_a_place),
		cmocka_unit_test(mistakes_in_sources),
		cmocka_unit_test(a_good_file),
		cmocka_unit_test(the_first_template_that_fits),
		cmocka_unit_test(an_empty_file_is_the_defaults),
		cmocka_unit_test(the_printed_defaults_are_the_defaults),
		cmocka_unit_test(a_slice_has_what_its_reader_may_see),
		cmocka_unit_test(a_balancer_has_what_its_driver_needs),
		cmocka_unit_test(a_pair_has_two_units),
		cmocka_unit_test(who_sees_what_of_a_device),
		cmocka_unit_test(severities),
		cmocka_unit_test(garbled_slices_are_refused),
		cmocka_unit_test(every_row_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
