/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at many names in one of three ways, each a run of its own:
 *
 *     dns_drive sweep PORT TIMEOUT_MS ADDRESS FILE     all at once: dns_sweep()
 *     dns_drive check PORT TIMEOUT_MS ADDRESS FILE     one by one, with the reasons: dns_check()
 *     dns_drive bare  PORT TIMEOUT_MS ADDRESS FILE     libunbound alone: one lookup of type A for each name, 128 under way
 *
 * FILE has a name in each line; PORT is where the name servers listen on loopback, and a resolver's
 * part is played there, too. ADDRESS is where all names must lead. Prints one JSON object.
 */
#include "tool.h"

#include <sys/resource.h>
#include <unbound.h>

#include "check/sweep_internal.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define UNDER_WAY 128
#define TYPE_A    1

struct names {
	struct dns_sweep_site *site;
	size_t count;
};

static void
read_names(const char *path, const struct addr *address, struct names *ret)
{
	struct buf text = BUF(1 << 28);
	struct str rest, line;

	must(file_read(path, &text) == 0, path);
	rest = str_trim(buf_str(&text));
	ret->site = alloc_array(NUMBER_MOST, sizeof(*ret->site));
	while (str_next(&rest, '\n', &line)) {
		struct dns_sweep_site *site = &ret->site[ret->count++];

		must(ret->count < NUMBER_MOST, "that many names");
		must(str_copy(line, site->name.text, sizeof(site->name.text)), "a name");
		site->address = *address;
		site->answer = DNS_SWEEP_LOOK;
	}
	buf_fini(&text);
}

static struct config *
make_config(const char *port, int64_t timeout_ms)
{
	struct config *config = alloc_zero(sizeof(*config));
	char resolver[CONFIG_RESOLVER_SIZE];

	config_defaults(config);
	config->dns_timeout_ms = timeout_ms;
	snprintf(resolver, sizeof(resolver), "127.0.0.1@%s", port);
	must(config_resolver_add(&config->dns_resolvers, str_of(resolver)), "a port");
	return config;
}

static size_t
sweep(const struct config *config, uint16_t port, struct names *names)
{
	size_t pointed = 0;

	must(sweep_run(config, port, names->site, names->count) == 0, "the sweep");
	for (size_t i = 0; i < names->count; i++)
		pointed += names->site[i].answer == DNS_SWEEP_POINTED;
	return pointed;
}

static size_t
check(const struct config *config, uint16_t port, const struct names *names)
{
	struct dns_trace *trace = alloc_zero(sizeof(*trace));
	struct dns_report *report = alloc_zero(sizeof(*report));
	size_t pointed = 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct dns_terms terms = { .ours = &names->site[i].address, .our_names = "" };

		memset(trace, 0, sizeof(*trace));
		must(dns_collect(config, names->site[i].name.text, port, trace) == 0, "a check");
		dns_judge(trace, &terms, report);
		pointed += report->verdict == DNS_POINTED;
	}
	free(trace);
	free(report);
	return pointed;
}

struct bare {
	size_t under_way, found;
};

static void
landed(void *context, int e, struct ub_result *result)
{
	struct bare *bare = context;

	bare->under_way--;
	bare->found += e == 0 && result && result->havedata;
	if (result)
		ub_resolve_free(result);
}

static size_t
look_up(const struct config *config, const struct names *names)
{
	struct ub_ctx *ctx = ub_ctx_create();
	struct bare bare = { 0 };

	must(ctx && ub_ctx_set_option(ctx, "do-not-query-localhost:", "no") == 0 &&
		 ub_ctx_set_fwd(ctx, config->dns_resolvers.list[0]) == 0 &&
		 ub_ctx_async(ctx, 1) == 0,
	    "libunbound");
	for (size_t i = 0; i < names->count || bare.under_way > 0;) {
		if (i < names->count && bare.under_way < UNDER_WAY) {
			must(ub_resolve_async(ctx, names->site[i++].name.text, TYPE_A, 1, &bare,
				 landed, NULL) == 0,
			    "a lookup");
			bare.under_way++;
			continue;
		}
		must(net_wait(ub_fd(ctx), false, SECONDS(60)) == 0 && ub_process(ctx) == 0,
		    "an answer in a minute");
	}
	ub_ctx_delete(ctx);
	return bare.found;
}

int
main(int argc, char **argv)
{
	struct names names = { 0 };
	struct config *config;
	struct addr address;
	struct rusage use;
	double cpu_before;
	size_t pointed;
	when began;

	must_have_arguments(argc == 6 && addr_parse(str_of(argv[4]), &address));
	read_names(argv[5], &address, &names);
	config = make_config(argv[2], number(argv[3], 1));
	cpu_before = cpu(CLOCK_PROCESS_CPUTIME_ID);
	began = world_ticks();
	if (strcmp(argv[1], "sweep") == 0)
		pointed = sweep(config, (uint16_t)number(argv[2], 1), &names);
	else if (strcmp(argv[1], "check") == 0)
		pointed = check(config, (uint16_t)number(argv[2], 1), &names);
	else
		pointed = look_up(config, &names);
	getrusage(RUSAGE_SELF, &use);
	printf(
	    "{\"names\":%zu,\"good\":%zu,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"peak_bytes\":%ld}\n",
	    names.count, pointed, (double)(world_ticks() - began) / 1e6,
	    cpu(CLOCK_PROCESS_CPUTIME_ID) - cpu_before, use.ru_maxrss * 1024);
	free(names.site);
	free(config);
	return 0;
}
