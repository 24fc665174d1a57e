/* SPDX-License-Identifier: Apache-2.0 */
/* Which unit of a pair is worked on, and whose changes may be carried along: over two devices of
 * paper that say what the case says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "balancer/bigip_internal.h"
#include "sys/file.h"

#define AWAY      "away"
#define UNTRUSTED "untrusted"
#define STRANGER  "stranger" /* active, and of another pair */
#define NAMELESS  "nameless"

/* What a unit says; of its role, one of the words above or its own. */
struct says {
	const char *role, *sync, *advice; /* "": none */
};

struct paper_unit {
	struct device device; /* first */
	char number;
	const struct says *says;
};

static struct {
	struct paper_unit unit[2];
	struct says says[2];
	char asked[64]; /* "1r": unit 1 its role; i signs in, y sync state, g group, p push */
} pair;

static char folder[] = "/tmp/certdesk-pair-XXXXXX";

static void
note(char number, char what)
{
	size_t len = strlen(pair.asked);

	assert_true(len + 2 < sizeof(pair.asked));
	pair.asked[len] = number;
	pair.asked[len + 1] = what;
}

static void
tell_role(const struct paper_unit *u, struct buf *body)
{
	const char *role = strcmp(u->says->role, STRANGER) == 0 ? "active" : u->says->role;
	char other = u->number == '1' ? '2' : '1';

	if (strcmp(role, NAMELESS) == 0) {
		buf_put_text(body, "{\"items\":[]}");
		return;
	}
	buf_printf(
	    body, "{\"items\":[{\"name\":\"unit%c.example\",\"selfDevice\":\"true\",", u->number);
	buf_printf(body, "\"failoverState\":\"%s\",\"version\":\"16.1.3\"}", role);
	if (strcmp(u->says->role, STRANGER) != 0)
		buf_printf(body, ",{\"name\":\"unit%c.example\",\"selfDevice\":\"false\"}", other);
	buf_put_text(body, "]}");
}

static void
tell_sync(const struct paper_unit *u, struct buf *body)
{
	buf_printf(body,
	    "{\"entries\":{\"https://localhost/0\":{\"nestedStats\":{\"entries\":{\"status\":{"
	    "\"description\":\"%s\"},\"summary\":{\"description\":\"in words\"},\"d\":{\"nestedStats\":"
	    "{\"entries\":{\"e\":{\"description\":\"%s\"}}}}}}}}}",
	    u->says->sync, u->says->advice);
}

static int
exchange(
    struct device *self, const struct device_request *request, long *ret_status, struct buf *body)
{
	struct paper_unit *u = (struct paper_unit *)self;

	*ret_status = 200;
	if (strcmp(u->says->role, AWAY) == 0)
		return DEVICE_E_UNREACHABLE;
	if (strcmp(u->says->role, UNTRUSTED) == 0)
		return DEVICE_E_UNTRUSTED;
	if (strstr(request->path, "/cm/device?")) {
		note(u->number, 'r');
		tell_role(u, body);
	} else if (strstr(request->path, "/cm/sync-status")) {
		note(u->number, 'y');
		tell_sync(u, body);
	} else if (strstr(request->path, "/cm/device-group")) {
		note(u->number, 'g');
		buf_put_text(body,
		    "{\"items\":[{\"name\":\"pairs\",\"type\":\"sync-failover\",\"autoSync\":\"disabled\","
		    "\"devicesReference\":{\"items\":[{},{}]}}]}");
	} else {
		assert_string_equal(request->method, "POST");
		assert_string_equal(request->path, "/mgmt/tm/cm");
		note(u->number, 'p');
		pair.says[0].sync = pair.says[1].sync = "In Sync";
		buf_put_text(body, "{}");
	}
	return 0;
}

static int
sign_in(const struct pourer *self UNUSED, size_t unit, long *ret_status, struct buf *answer,
    struct outcome *what)
{
	const char *role = pair.says[unit].role;

	if (strcmp(role, AWAY) == 0)
		return balancer_fail(what, BALANCER_E_UNREACHABLE, "no connection");
	if (strcmp(role, UNTRUSTED) == 0)
		return balancer_fail(what, BALANCER_E_AUTH, "not the device of the pin");
	note((char)('1' + unit), 'i');
	*ret_status = 200;
	buf_put_text(answer, "{\"token\":{\"token\":\"T\"}}");
	return 0;
}

static const struct pourer pourer = { .sign_in = sign_in };
static struct config_balancer config = { .name = "edge",
	.address = "192.0.2.1",
	.port = 443,
	.peer_address = "192.0.2.2",
	.peer_port = 8443 };

static void
plug(struct balancer *b, struct bigip *d, const char *first, const char *second)
{
	memset(&pair, 0, sizeof(pair));
	*d = (struct bigip){ .at = d->units };
	*b = (struct balancer){ .config = &config,
		.driver = &bigip_driver,
		.pourer = &pourer,
		.self = d,
		.lock_fd = -1 };
	pair.says[0] = (struct says){ first, "In Sync", "" };
	pair.says[1] = (struct says){ second, "In Sync", "" };
	for (size_t i = 0; i < 2; i++) {
		pair.unit[i] = (struct paper_unit){ .device = { .exchange = exchange },
			.number = (char)('1' + i),
			.says = &pair.says[i] };
		d->units[i].device = *pair.says[i].role ? &pair.unit[i].device : NULL;
	}
}

static void
who_is_active(void **state UNUSED)
{
	static const struct {
		const char *first, *second; /* "": there is no such unit */
		int result;
		size_t at;
		const char *asked, *words;
	} cases[] = {
		{ "active", "standby", 0, 0, "1i1r", "" },
		{ "standby", "active", 0, 1, "1i1r2i2r", "" },
		{ "forced-offline", "active", 0, 1, "1i1r2i2r", "" },
		{ AWAY, "active", 0, 1, "2i2r", "" },
		{ "standby", "standby", BALANCER_E_UNREACHABLE, 0, "1i1r2i2r",
		    "(unit1.example is standby; unit2.example is standby)" },
		{ "standby", AWAY, BALANCER_E_UNREACHABLE, 0, "1i1r", "192.0.2.2 port 8443" },
		{ "active", "", 0, 0, "1i1r", "" },
		{ "standby", "", BALANCER_E_UNREACHABLE, 0, "1i1r", "unit1.example is standby" },
		{ UNTRUSTED, "active", BALANCER_E_AUTH, 0, "", "192.0.2.1 port 443" },
		{ "standby", STRANGER, BALANCER_E_CONFLICT, 0, "1i1r2i2r", "are no pair" },
		{ NAMELESS, "active", BALANCER_E_BROKEN, 0, "1i1r", "does not say which one" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct outcome what = { 0 };
		struct balancer b;
		struct bigip d;

		print_message("%s, %s\n", cases[i].first, cases[i].second);
		plug(&b, &d, cases[i].first, cases[i].second);
		assert_int_equal(bigip_find_active(&b, &what), cases[i].result);
		assert_string_equal(pair.asked, cases[i].asked);
		if (cases[i].result)
			assert_non_null(strstr(what.words, cases[i].words));
		else
			assert_ptr_equal(d.at, &d.units[cases[i].at]);
	}
}

/* To look, a standby is better than nobody. */
static void
whoever_answers(void **state UNUSED)
{
	struct outcome what = { 0 };
	struct balancer b;
	struct bigip d;

	plug(&b, &d, AWAY, "standby");
	assert_int_equal(bigip_find_any(&b, &what), 0);
	assert_ptr_equal(d.at, &d.units[1]);
	plug(&b, &d, AWAY, AWAY);
	assert_int_equal(bigip_find_any(&b, &what), BALANCER_E_UNREACHABLE);
}

static void
the_roles_change(void **state UNUSED)
{
	struct outcome what = { 0 };
	struct balancer b;
	struct bigip d;

	plug(&b, &d, "active", "standby");
	assert_int_equal(bigip_find_active(&b, &what), 0);
	d.agreed = true;
	assert_int_equal(bigip_steady(&b, &what), 0);
	pair.says[0].role = "standby";
	assert_int_equal(bigip_steady_lately(&b, &what), 0);               /* it has just looked */
	assert_int_equal(bigip_steady(&b, &what), BALANCER_E_UNREACHABLE); /* nobody yet */
	assert_ptr_equal(d.at, &d.units[0]);
	pair.says[1].role = "active";
	assert_int_equal(bigip_steady_lately(&b, &what), BALANCER_E_AMBIGUOUS);
	assert_ptr_equal(d.at, &d.units[1]);
	assert_false(d.agreed);
	assert_non_null(strstr(what.words, "unit2.example took over"));
	pair.says[1].role = AWAY; /* a lost answer alone moves nothing */
	assert_int_equal(bigip_steady(&b, &what), BALANCER_E_UNREACHABLE);
	assert_ptr_equal(d.at, &d.units[1]);
}

#define FROM_1 "Recommended action: Synchronize unit1.example to group pairs"
#define FROM_2 "Recommended action: Synchronize unit2.example to group pairs"

/* clang-format off */
static const struct agreement {
	const char *sync, *advice;
	bool ours; /* a note of ours is there */
	int result;
	const char *asked; /* after the one that is active was found */
	bool note;         /* afterwards */
} agreements[] = {
	{ "In Sync",           "",     false, 0,                   "1y",           true },
	{ "Standalone",        "",     false, 0,                   "1y",           false },
	{ "Disconnected",      "",     false, 0,                   "1y",           true },
	{ "Syncing",           "",     false, BALANCER_E_BUSY,     "1y",           false },
	{ "Changes Pending",   FROM_1, false, BALANCER_E_BUSY,     "1y1g",         false },
	{ "Changes Pending",   FROM_2, false, BALANCER_E_BUSY,     "1y1g",         false },
	{ "Changes Pending",   FROM_1, true, 0,                   "1y1g",         true },
	{ "Changes Pending",   FROM_2, true, 0,                   "1y1g2i2r2p1y", true },
	{ "Changes Pending",   "",     true, BALANCER_E_BUSY, "1y1g2i2r",     true },
	{ "Changes Pending",   "Synchronize unit1.example.org", true, BALANCER_E_BUSY, "1y1g2i2r", true },
	{ "Not All Devices Synced", "", false, BALANCER_E_BUSY,     "1y1g",        false },
	{ "",                  "",     false, BALANCER_E_BUSY,     "1y1g",         false },
};
/* clang-format on */

static void
whose_changes_are_pending(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(agreements); i++) {
		const struct agreement *c = &agreements[i];
		struct outcome what = { 0 };
		struct balancer b;
		struct bigip d;

		print_message("%zu: %s\n", i, c->sync);
		plug(&b, &d, "active", "standby");
		assert_int_equal(bigip_set_note(&b, c->ours, &what), 0);
		assert_int_equal(bigip_find_active(&b, &what), 0);
		memset(pair.asked, 0, sizeof(pair.asked));
		pair.says[0].sync = pair.says[1].sync = c->sync;
		pair.says[0].advice = pair.says[1].advice = c->advice;
		assert_int_equal(bigip_pair_ready(&b, &what), c->result);
		assert_string_equal(pair.asked, c->asked);
		assert_int_equal(bigip_has_note(&b), c->note);
		assert_int_equal(d.agreed, c->result == 0);
		if (c->result)
			continue;
		assert_int_equal(bigip_pair_ready(&b, &what), 0); /* once is enough */
		assert_string_equal(pair.asked, c->asked);
	}
}

static int
set_up(void **state UNUSED)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(config.lock_folder, sizeof(config.lock_folder), "%s", folder);
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/bigip-192.0.2.1-443.lock.unsynced", folder);
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_active),
		cmocka_unit_test(whoever_answers),
		cmocka_unit_test(the_roles_change),
		cmocka_unit_test(whose_changes_are_pending),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
