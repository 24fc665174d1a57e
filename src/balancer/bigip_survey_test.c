/* SPDX-License-Identifier: Apache-2.0 */
/* Devices as recorded (read in place), and one that a test makes up, looked over page by page. */
#include "balancer/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "balancer/bigip_internal.h"
#include "base/buf.h"

#define SITE      "0192f000-0000-7000-8000-000000000007"
#define FOUND_MAX 64

/* A device that has lists and pages them, as `exchange` sees it. */
struct scripted {
	struct device device; /* first */
	struct bigip bigip;
	struct balancer balancer;
	struct config_balancer config;
	json_t *certificates, *profiles, *virtuals; /* lists of objects */
	bool as3;
	int requests, most; /* items of one answer */
	const char *breaks; /* the list that cannot be had */
};

struct found {
	struct surveyor surveyor; /* first */
	struct surveyed entry[FOUND_MAX];
	char text[FOUND_MAX][1024];
	size_t count;
	size_t enough; /* it ends with a failure there; 0 = never */
};

static int64_t
number_behind(const char *path, const char *name)
{
	const char *at = strstr(path, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static void
answer_page(struct scripted *s, json_t *list, const char *path, struct buf *body)
{
	int64_t skip = number_behind(path, "$skip="), top = number_behind(path, "$top=");
	json_t *items = json_array(), *answer = json_object();
	char *text;

	assert_true(skip >= 0 && top > 0);
	for (int64_t i = skip; i < skip + top && i < (int64_t)json_array_size(list); i++)
		json_array_append(items, json_array_get(list, (size_t)i));
	if ((int)json_array_size(items) > s->most)
		s->most = (int)json_array_size(items);
	if (json_array_size(items) > 0) /* an empty list has no member `items` */
		json_object_set(answer, "items", items);
	text = json_dumps(answer, 0);
	buf_put_text(body, text);
	free(text);
	json_decref(items);
	json_decref(answer);
}

static int
exchange(
    struct device *self, const struct device_request *request, long *ret_status, struct buf *body)
{
	struct scripted *s = (struct scripted *)self;

	s->requests++;
	*ret_status = 200;
	assert_string_equal(request->method, "GET");
	if (s->breaks && strstr(request->path, s->breaks)) {
		*ret_status = 503;
		buf_put_text(
		    body, "<html><title>Configuration Utility restarting...</title></html>");
	} else if (strstr(request->path, "ssl-cert")) {
		answer_page(s, s->certificates, request->path, body);
	} else if (strstr(request->path, "client-ssl")) {
		answer_page(s, s->profiles, request->path, body);
	} else if (strstr(request->path, "ltm/virtual")) {
		answer_page(s, s->virtuals, request->path, body);
	} else {
		assert_non_null(strstr(request->path, "/sys/folder/~Common~appsvcs"));
		*ret_status = s->as3 ? 200 : 404;
		buf_put_text(body,
		    s->as3
			? "{\"fullPath\":\"/Common/appsvcs\"}"
			: "{\"code\":404,\"message\":\"01020036:3: The requested folder (/Common/appsvcs) was not found.\"}");
	}
	return 0;
}

static void
plug(struct scripted *s)
{
	s->device = (struct device){ .exchange = exchange };
	s->bigip.at = s->bigip.units;
	s->bigip.at->device = &s->device;
	snprintf(s->bigip.at->token, sizeof(s->bigip.at->token), "T");
	snprintf(s->config.name, sizeof(s->config.name), "edge");
	s->balancer = (struct balancer){ .config = &s->config, .self = &s->bigip, .lock_fd = -1 };
}

static void
unplug(struct scripted *s)
{
	json_decref(s->certificates);
	json_decref(s->profiles);
	json_decref(s->virtuals);
}

static int
note(const struct surveyor *surveyor, const struct surveyed *e, struct outcome *what UNUSED)
{
	struct found *f = (struct found *)(uintptr_t)surveyor;

	if (f->enough && f->count + 1 == f->enough)
		return BALANCER_E_BUSY;
	if (f->count < FOUND_MAX) {
		f->entry[f->count] = *e;
		snprintf(f->text[f->count], sizeof(f->text[0]), "%s %s %s:%lld %s %s %s %s %s",
		    surveyed_state_name(e->state), surveyed_owner_name(e->owner), e->address,
		    (long long)e->port, e->host, e->pool, e->virtual, e->profile, e->certificate);
	}
	f->count++;
	return 0;
}

static int
look_over(struct scripted *s, struct found *f, struct outcome *what)
{
	f->surveyor = (struct surveyor){ .found = note };
	return bigip_survey(&s->balancer, &f->surveyor, what);
}

static const char *
line_of(const struct found *f, const char *part)
{
	for (size_t i = 0; i < f->count && i < FOUND_MAX; i++)
		if (strstr(f->text[i], part))
			return f->text[i];
	return "";
}

static json_t *
items_of(const char *file)
{
	const char *folder = getenv("CERTDESK_FIXTURES");
	char path[512];
	json_t *json, *items;

	snprintf(
	    path, sizeof(path), "%s/bigip/%s.json", folder ? folder : "../shared/fixtures", file);
	json = json_load_file(path, 0, NULL);
	if (!json)
		return NULL;
	items = json_incref(json_object_get(json, "items"));
	json_decref(json);
	return items;
}

/* clang-format off */
static const struct recorded {
	const char *certificates, *profiles, *virtuals;
	size_t found;
	const char *part; /* of a line told; "" = none */
} recorded[] = {
	/* no TLS but the device's own: a clean device proposes nothing */
	{ "tmos-14.1.2.1/sys_filessl_cert", "tmos-14.1.2.1/ltm_profileclient_ssl", "tmos-14.1.2.1/ltm_virtual", 0, "" },
	{ "tmos-16.x/load_ssl_certs", "tmos-16.x/load_clientssl_profiles", "tmos-16.x/load_ltm_virtual_servers_facts", 1,
	  "live foreign 192.168.1.1:443   /Common/fake_standard /Common/clientssl /Common/default.crt" },
};
/* clang-format on */

static void
what_was_recorded(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(recorded); i++) {
		struct scripted s = { .certificates = items_of(recorded[i].certificates),
			.profiles = items_of(recorded[i].profiles),
			.virtuals = items_of(recorded[i].virtuals) };
		struct outcome what = { 0 };
		struct found f = { 0 };

		if (!s.certificates || !s.profiles || !s.virtuals) {
			print_message("no recorded answers: skipped\n");
			skip();
		}
		plug(&s);
		assert_int_equal(look_over(&s, &f, &what), 0);
		assert_int_equal(f.count, recorded[i].found);
		assert_string_equal(line_of(&f, recorded[i].part), recorded[i].part);
		if (f.count > 0) {
			assert_true(surveyed_has(f.entry[0].sha256, 32));
			assert_true(surveyed_has(f.entry[0].file_sha1, 20));
			assert_true(f.entry[0].not_after > 0);
		}
		unplug(&s);
	}
}

static json_t *
certificate(const char *path)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "fullPath", path,
	    "fingerprint",
	    "SHA256/00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
	    "checksum", "SHA1:5:0123456789abcdef0123456789abcdef01234567", "subject",
	    "CN=x.test,OU=a=b,O=Alpine, Hosting,L=x=,C=AT", "issuer", "CN=Root",
	    "subjectAlternativeName", "DNS:x.test, IP:192.0.2.1, DNS:y.test", "isBundle", "false",
	    "expirationDate", (json_int_t)1800000000);
}

static json_t *
profile(const char *path, const char *host, const char *cert, const char *description)
{
	return json_pack("{s:s, s:s, s:s, s:[{s:s, s:s, s:s}]}", "fullPath", path, "serverName",
	    host, "description", description, "certKeyChain", "cert", cert, "key", "k", "chain",
	    "none");
}

static json_t *
virtual_server(const char *path, const char *destination, const char *profile_path)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:{s:[{s:s}, {s:s}]}}", "fullPath", path,
	    "destination", destination, "pool", "/Common/pool", "enabled", 1, "profilesReference",
	    "items", "fullPath", "/Common/tcp", "fullPath", profile_path);
}

#define CRT(n) "/Common/certdesk_x.test_" n ".crt"

static struct scripted
made_up(void)
{
	json_t *off = virtual_server("/Common/off", "/Common/2001:db8::1.8443", "/Common/foreign");
	json_t *ours = profile("/Common/certdesk_x.test", "x.test", CRT("new"),
	    "certdesk site " SITE ", before: certdesk_x.test_old.crt certdesk_chain_1.crt");
	json_t *redirect =
	    virtual_server("/Common/certdesk_x.test_80", "/Common/192.0.2.7:80", "/Common/http");

	json_object_set_new(json_array_get(json_object_get(ours, "certKeyChain"), 0), "chain",
	    json_string(CRT("old")));
	json_object_set_new(redirect, "description", json_string("certdesk site " SITE));
	json_object_del(off, "enabled");
	json_object_set_new(off, "disabled", json_true());
	return (struct scripted){
		.certificates = json_pack("[o,o,o,o,o,o]", certificate(CRT("new")),
		    certificate(CRT("old")), certificate(CRT("lost")), certificate("/Common/f.crt"),
		    certificate("/Common/nobody.crt"), certificate("/Common/f5-irule.crt")),
		.profiles = json_pack("[o,o,o,o,o]", ours,
		    profile("/Common/foreign", "none", "/Common/f.crt", "none"),
		    profile("/Common/certdesk_z.test", "z.test", "/Common/gone.crt", "by hand"),
		    profile("/Tenant/App/webtls", "w.test", "/Common/f.crt", "none"),
		    profile("/Common/clientssl", "none", "/Common/default.crt", "none")),
		.virtuals = json_pack("[o,o,o,o]",
		    virtual_server("/Common/certdesk_x.test_443", "/Common/192.0.2.7%2:443",
			"/Common/certdesk_x.test"),
		    redirect, off,
		    virtual_server(
			"/Tenant/App/serviceMain", "/Tenant/192.0.2.9:443", "/Tenant/App/webtls")),
		.as3 = true,
	};
}

static void
whose_and_in_which_state(void **state UNUSED)
{
	static const char *const wanted[] = {
		"live certdesk 192.0.2.7%2:443 x.test /Common/pool /Common/certdesk_x.test_443 /Common/certdesk_x.test " CRT(
		    "new"),
		"live certdesk 192.0.2.7:80  /Common/pool /Common/certdesk_x.test_80  ",
		"disabled foreign 2001:db8::1:8443  /Common/pool /Common/off /Common/foreign /Common/f.crt",
		"live as3 192.0.2.9:443 w.test /Common/pool /Tenant/App/serviceMain /Tenant/App/webtls /Common/f.crt",
		"not_routed foreign :0 z.test   /Common/certdesk_z.test /Common/gone.crt",
		"unused certdesk :0     " CRT("lost"),
		"unused foreign :0     /Common/nobody.crt",
	};
	struct scripted s = made_up();
	struct outcome what = { 0 };
	struct found f = { 0 };
	char id[ID_TEXT_SIZE];

	plug(&s);
	assert_int_equal(look_over(&s, &f, &what), 0);
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		assert_string_equal(line_of(&f, wanted[i]), wanted[i]);
	assert_int_equal(f.count, COUNT_OF(wanted));
	assert_string_equal(id_text(f.entry[0].site, id), SITE);
	assert_true(f.entry[0].our_name && f.entry[4].our_name && !f.entry[2].our_name);
	assert_int_equal(f.entry[0].sha256[1], 0x11);
	assert_true(f.entry[0].chain_told && f.entry[0].chain_sha1[1] == 0x23);
	assert_true(f.entry[2].chain_told && !surveyed_has(f.entry[2].chain_sha1, 20));
	assert_int_equal(f.entry[0].file_sha1[1], 0x23);
	assert_int_equal(f.entry[0].not_after, SECONDS(1800000000));
	assert_false(surveyed_has(f.entry[4].sha256, 32)); /* its file is not there */
	unplug(&s);
}

/* What is told of a certificate: a comma in a value ends no part. */
static int
look_at_words(
    const struct surveyor *surveyor UNUSED, const struct surveyed *e, struct outcome *what UNUSED)
{
	json_t *json = surveyed_json(e);

	assert_string_equal(e->organization, "Alpine, Hosting");
	assert_string_equal(e->names, "x.test y.test");
	assert_string_equal(json_string_value(json_object_get(json, "state")), "unused");
	assert_string_equal(
	    json_string_value(json_object_get(json, "not_after")), "2027-01-15T08:00:00Z");
	json_decref(json);
	return 0;
}

static void
words_of_a_certificate(void **state UNUSED)
{
	struct scripted s = { .certificates = json_pack("[o]", certificate("/Common/a.crt")),
		.profiles = json_array(),
		.virtuals = json_array() };
	const struct surveyor surveyor = { .found = look_at_words };
	struct outcome what = { 0 };

	plug(&s);
	assert_int_equal(bigip_survey(&s.balancer, &surveyor, &what), 0);
	unplug(&s);
}

static void
many_come_in_pages(void **state UNUSED)
{
	struct scripted s = {
		.certificates = json_array(), .profiles = json_array(), .virtuals = json_array()
	};
	struct outcome what = { 0 };
	struct found f = { 0 };

	for (int i = 0; i < 2000; i++) {
		char path[64], place[64], crt[64];

		snprintf(path, sizeof(path), "/Common/p%d", i);
		snprintf(crt, sizeof(crt), "/Common/c%d.crt", i % 1000);
		snprintf(place, sizeof(place), "/Common/10.0.%d.%d:443", i / 256, i % 256);
		json_array_append_new(s.profiles, profile(path, "h.test", crt, "none"));
		json_array_append_new(s.virtuals, virtual_server(path, place, path));
		if (i < 1000)
			json_array_append_new(s.certificates, certificate(crt));
	}
	plug(&s);
	assert_int_equal(look_over(&s, &f, &what), 0);
	assert_int_equal(f.count, 2000);
	assert_true(s.most <= 500);
	assert_true(s.requests < 32);
	unplug(&s);
}

static void
what_ends_it(void **state UNUSED)
{
	static const char *const lists[] = { "ssl-cert", "client-ssl", "ltm/virtual" };
	struct scripted s = made_up();
	struct outcome what = { 0 };
	struct found f = { .enough = 2 };

	plug(&s);
	assert_int_equal(look_over(&s, &f, &what), BALANCER_E_BUSY);
	assert_int_equal(f.count, 1);
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		s.breaks = lists[i];
		assert_int_equal(look_over(&s, &f, &what), BALANCER_E_UNREACHABLE);
		assert_non_null(strstr(what.words, "restarting"));
	}
	unplug(&s);
}

/* Found by the fuzzer: a time that is none. */
static int
look_at_time(
    const struct surveyor *surveyor UNUSED, const struct surveyed *e, struct outcome *what UNUSED)
{
	assert_int_equal(e->not_after, 0);
	return 0;
}

static void
times_out_of_range(void **state UNUSED)
{
	static const json_int_t times[] = { INT64_MAX, INT64_MIN, -1, 253402300800 };
	const struct surveyor surveyor = { .found = look_at_time };

	for (size_t i = 0; i < COUNT_OF(times); i++) {
		struct scripted s = { .certificates = json_pack("[{s:s, s:I}]", "fullPath",
					  "/Common/a.crt", "expirationDate", times[i]) };
		struct outcome what = { 0 };

		plug(&s);
		assert_int_equal(bigip_survey(&s.balancer, &surveyor, &what), 0);
		unplug(&s);
	}
}

/* A device that has always one more page has no end of its own. */
static int
without_end(
    struct device *self, const struct device_request *request, long *ret_status, struct buf *body)
{
	struct scripted *s = (struct scripted *)self;
	int64_t top = number_behind(request->path, "$top=");

	s->requests++;
	*ret_status = 200;
	buf_put_text(body, "{\"items\":[{}");
	for (int64_t i = 1; i < top; i++)
		buf_put_text(body, ",{}");
	buf_put_text(body, "]}");
	return 0;
}

static void
a_list_without_end(void **state UNUSED)
{
	struct scripted s = { .certificates = NULL };
	struct outcome what = { 0 };
	struct found f = { 0 };

	plug(&s);
	s.device.exchange = without_end;
	assert_int_equal(look_over(&s, &f, &what), BALANCER_E_CAPACITY);
	assert_true(s.requests < 500);
}

static void
a_driver_that_cannot(void **state UNUSED)
{
	static const struct balancer_driver paper = { .name = "paper" };
	const struct config_balancer config = { .name = "edge" };
	const struct surveyor surveyor = { .found = note };
	struct balancer b = { .config = &config, .driver = &paper, .lock_fd = -1 };
	struct outcome what = { 0 };

	assert_int_equal(balancer_survey(&b, &surveyor, &what), BALANCER_E_UNSUPPORTED);
	assert_int_equal(what.kind, OUTCOME_HUMAN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_recorded),
		cmocka_unit_test(whose_and_in_which_state),
		cmocka_unit_test(words_of_a_certificate),
		cmocka_unit_test(many_come_in_pages),
		cmocka_unit_test(what_ends_it),
		cmocka_unit_test(a_list_without_end),
		cmocka_unit_test(times_out_of_range),
		cmocka_unit_test(a_driver_that_cannot),
	};

	return cmocka_run_group_tests_name("bigip_survey", tests, NULL, NULL);
}
