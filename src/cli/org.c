/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `certdesk org`: organization data as an order would be judged by, and beside it what the domain's
 * registration says. Nothing is stored, no server of ours is asked.
 *
 * What comes from the registry is hostile: it is asked and read behind the sandbox, all of it is
 * str_show()n by its reader (check/rdap_read.h), and JSON goes out with letters beyond ASCII escaped.
 */
#include "cli/org.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/owner.h"
#include "check/registration.h"
#include "check/resolv_conf.h"
#include "cli/host.h"
#include "delivery/inspect.h"
#include "order/intake.h"
#include "pki/name.h"
#include "sys/file.h"
#include "sys/sandbox.h"

struct org_session {
	const struct cli *cli;
	struct config *own_config; /* where the command has none */
	const struct config *config;
	struct subject_form form;
	bool has_form;
	struct subject subject;
	char domain[254]; /* as its registry knows it; "" = not asked for */
	char bootstrap[CONFIG_PATH_SIZE], cache[CONFIG_PATH_SIZE];
	when now;
	struct buf answer;          /* that was given */
	struct rdap_report *report; /* NULL: none was asked for */
	struct owner_comparison comparison;
	struct findings findings;
};

static void
session_free(struct org_session *s)
{
	free(s->own_config);
	free(s->report);
	buf_fini(&s->answer);
	free(s);
}
CLEAN_DEFINE(session_free, struct org_session *);

/* ---- what was given ---- */

static bool
take_text(const struct cli *cli, const char *name, struct str *ret)
{
	const char *value = cli_value(cli, name);

	*ret = str_of(value);
	return value != NULL;
}

static int
take_form(struct org_session *s)
{
	const struct {
		const char *name;
		struct str *to;
	} fields[] = { { "name", &s->form.organization }, { "city", &s->form.city },
		{ "state", &s->form.state }, { "country", &s->form.country },
		{ "division", &s->form.division } };

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (take_text(s->cli, fields[i].name, fields[i].to))
			s->has_form = true;
	if (!s->has_form && !cli_value(s->cli, "domain") && !cli_value(s->cli, "rdap_file"))
		return cli_fail(EXIT_USAGE,
		    "name the organization (--name, --city, --state, --country), a --domain, or both");
	return 0;
}

/* What would be without effect was meant otherwise. */
static int
check_options(struct org_session *s)
{
	bool server = cli_value(s->cli, "rdap_url") || cli_value(s->cli, "bootstrap");

	if (server && !cli_value(s->cli, "domain"))
		return cli_fail(EXIT_USAGE, "a server is asked about a --domain; name it");
	if (server && cli_value(s->cli, "rdap_file"))
		return cli_fail(
		    EXIT_USAGE, "with --rdap-file nobody is asked; leave the other options out");
	return 0;
}

/* The registry knows the domain, not the names in it. */
static int
take_domain(struct org_session *s)
{
	const char *given = cli_value(s->cli, "domain");
	struct host_name host;
	int r;

	if (!given)
		return 0;
	r = cli_host(given, "--domain: ", &host);
	if (r == 0 && !host_name_at_registry(host.text, s->domain, sizeof(s->domain)))
		return cli_fail(EXIT_USAGE, "--domain: \"%s\" is no domain", host.text);
	return r;
}

static int
take_time(struct org_session *s)
{
	return cli_time(cli_value(s->cli, "at"), "--at", &s->now);
}

/* A configuration that was named must be good; the usual one may be somebody else's. */
static int
take_config(struct org_session *s)
{
	s->config = s->cli->config;
	if (s->config)
		return 0;
	s->own_config = alloc_zero(sizeof(*s->own_config));
	s->config = s->own_config;
	if (strcmp(s->cli->config_path, CLI_CONFIG) != 0)
		return cli_read_config(s->cli->config_path, s->own_config);
	config_defaults(s->own_config);
	resolv_conf_read(NULL, &s->own_config->dns_resolvers); /* names alone are asked for */
	return 0;
}

static int
take_bootstrap(struct org_session *s)
{
	const char *given = cli_value(s->cli, "bootstrap");
	char *path = NULL;
	bool fits = true;

	if (!given)
		return 0;
	if (strstr(given, "://")) {
		fits = str_copy(str_of(given), s->bootstrap, sizeof(s->bootstrap));
	} else {
		path = realpath(given, NULL);
		if (!path)
			return cli_fail(EXIT_USAGE, "--bootstrap: %s cannot be read", given);
		fits = str_copy(str_of(path), s->bootstrap, sizeof(s->bootstrap));
		free(path);
	}
	return fits ? 0 : cli_fail(EXIT_USAGE, "--bootstrap: it is too long");
}

/* The configuration's, else the user's own; without either there is none. */
static int
take_cache(struct org_session *s)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int len = 0;

	if (*s->config->rdap_cache)
		len = snprintf(s->cache, sizeof(s->cache), "%s", s->config->rdap_cache);
	else if (cache && cache[0] == '/')
		len = snprintf(s->cache, sizeof(s->cache), "%s/certdesk", cache);
	else if (home && home[0] == '/')
		len = snprintf(s->cache, sizeof(s->cache), "%s/.cache/certdesk", home);
	if (len < 0 || (size_t)len >= sizeof(s->cache))
		s->cache[0] = '\0';
	return 0;
}

static int
take_answer(struct org_session *s)
{
	const char *path = cli_value(s->cli, "rdap_file");
	int r;

	if (!path)
		return 0;
	s->answer = BUF(RDAP_ANSWER_MAX + 1);
	s->report = alloc_zero(sizeof(*s->report));
	r = file_read_given(path, RDAP_ANSWER_MAX + 1, &s->answer);
	return r == 0 ? 0
	              : cli_fail(EXIT_USAGE, "%s: %s", path,
			    r == FILE_E_ABSENT ? "it does not exist" : error_words(r));
}

/* ---- behind the sandbox ---- */

/* Whoever finds a hole in the reading of answers finds a list of registries, roots, and the Internet. */
static int
enter(struct org_session *s)
{
	const struct config *config = s->config;
	const char *const paths[] = { "/dev/urandom", "/etc/ssl", "/usr/lib/ssl",
		config->rdap_ca_file, config->dns_anchor_file,
		*s->bootstrap ? s->bootstrap : config->rdap_bootstrap };
	struct sandbox_profile profile = { .calls = SANDBOX_FILES, .any_tcp_connect = true };
	CLEAN(buf_fini) struct buf report = BUF(4096);
	bool asks = *s->domain && !s->report;
	int r = sandbox_begin();

	for (size_t i = 0; asks && i < COUNT_OF(paths); i++)
		if (paths[i][0] == '/')
			sandbox_allow_path(&profile, paths[i], false);
	if (asks && *s->cache && file_make_folder(s->cache, 0755) == 0)
		sandbox_allow_path(&profile, s->cache, true);
	if (asks)
		profile.calls |= SANDBOX_CONNECT;
	if (r == 0)
		r = sandbox_enter(&profile, &report);
	sandbox_forget_paths(&profile, 0);
	return r ? cli_fail(EXIT_INTERNAL, "the sandbox: %s", error_words(r)) : 0;
}

static void
look(struct org_session *s)
{
	const char *url = cli_value(s->cli, "rdap_url");
	const struct rdap_question question = { .domain = s->domain,
		.server = url ? url : "",
		.bootstrap = s->bootstrap,
		.cache = s->cache,
		.now = s->now };

	if (s->report)
		rdap_report_of(buf_str(&s->answer), s->domain, s->report);
	else if (*s->domain) {
		s->report = alloc_zero(sizeof(*s->report));
		rdap_look(s->config, &question, s->report);
	}
}

static const char *
domain_of(const struct org_session *s)
{
	if (*s->domain)
		return s->domain;
	return *s->report->domain.ldh_name ? s->report->domain.ldh_name : "the domain";
}

static int
judge(struct org_session *s)
{
	look(s);
	s->findings.policy = &s->config->severities;
	if (s->has_form)
		order_intake_organization(&s->form, &s->subject, &s->findings);
	if (s->report)
		registration_judge(s->report, domain_of(s), s->now, &s->findings);
	if (s->report && *s->subject.organization) {
		owner_compare(&s->subject, s->report, &s->comparison);
		if (s->report->found != RDAP_NO_DOMAIN)
			owner_judge(&s->subject, domain_of(s), &s->comparison, &s->findings);
	}
	return 0;
}

/* ---- how it is said ---- */

static json_t *
subject_json(const struct subject *subject)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "organization", subject->organization, "city",
	    subject->city, "state", subject->state, "country", subject->country, "division",
	    subject->division);
}

static json_t *
comparison_json(const struct owner_comparison *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "result", owner_result_name(c->result),
	    "registered", c->registered, "reason", c->reason, "city", owner_part_name(c->city),
	    "state", owner_part_name(c->state), "country", owner_part_name(c->country));
}

static json_t *
findings_json(const struct findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++)
		json_array_append_new(list, inspect_finding(&findings->list[i]));
	return list;
}

static json_t *
session_json(const struct org_session *s)
{
	json_t *said = json_object();

	if (s->has_form)
		json_object_set_new(said, "subject", subject_json(&s->subject));
	if (s->report) {
		json_object_set_new(said, "domain", json_string(domain_of(s)));
		json_object_set_new(said, "registration", rdap_report_json(s->report));
	}
	if (s->report && *s->subject.organization)
		json_object_set_new(said, "owner", comparison_json(&s->comparison));
	json_object_set_new(said, "findings", findings_json(&s->findings));
	json_object_set_new(said, "usable", json_boolean(!findings_block(&s->findings)));
	return said;
}

static int
tell(const struct org_session *s)
{
	const struct inspect_view view = {
		.cli = s->cli, .now = s->now, .all = cli_value(s->cli, "verbose") != NULL
	};
	json_t *said = session_json(s);

	if (s->cli->json) {
		json_dumpf(said, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		putchar('\n');
	} else {
		org_show(&view, said);
	}
	json_decref(said);
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_fail(EXIT_INTERNAL, "what was found could not be written");
	if (findings_block(&s->findings))
		return EXIT_FINDINGS;
	return s->report && s->report->what.kind == OUTCOME_LATER ? EXIT_UNREACHABLE : EXIT_DONE;
}

int
run_org(struct cli *cli)
{
	int (*const steps[])(struct org_session *) = { take_form, check_options, take_domain,
		take_time, take_config, take_bootstrap, take_cache, take_answer, enter, judge };
	CLEAN(session_free) struct org_session *s = alloc_zero(sizeof(*s));
	int r = 0;

	s->cli = cli;
	for (size_t i = 0; r == 0 && i < COUNT_OF(steps); i++)
		r = steps[i](s);
	return r ? r : tell(s);
}
