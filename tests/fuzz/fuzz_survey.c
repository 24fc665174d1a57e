/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a BIG-IP says of its certificates, profiles and virtual servers (balancer/bigip_survey.c),
 * and what is made of it: the comparison with a record (balancer/drift.h) and a proposal
 * (balancer/proposal.h).
 *
 * Holds: what is told is whole and of the kinds there are, and becomes JSON; no site is counted
 * twice.
 *
 * The input is the three lists, a NUL between; one alone is all three. Choice: odd = the device
 * has AS3.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "balancer/bigip_internal.h"
#include "balancer/drift.h"
#include "balancer/proposal.h"

#define NOW SECONDS(1800000000)

struct played {
	struct device device; /* first */
	struct str list[3];
	bool as3;
};

static int
exchange(
    struct device *self, const struct device_request *request, long *ret_status, struct buf *body)
{
	const struct played *p = (const struct played *)self;
	size_t which = strstr(request->path, "ssl-cert")     ? 0
	               : strstr(request->path, "client-ssl") ? 1
	                                                     : 2;

	*ret_status = 200;
	if (strstr(request->path, "/sys/folder/"))
		*ret_status = p->as3 ? 200 : 404;
	else if (strstr(request->path, "$skip=0"))
		buf_put_str(body, p->list[which]);
	if (body->len == 0)
		buf_put_text(body, p->as3 ? "{}" : "{\"message\":\"01020036:3: no\"}");
	return 0;
}

static int
no_digests(
    const struct drift_source *self UNUSED, struct id certificate UNUSED, struct drift_digests *ret)
{
	*ret = (struct drift_digests){ 0 };
	return 0;
}

static int
no_certificates(const struct drift_source *self UNUSED, struct id site UNUSED, struct id *to UNUSED,
    size_t max UNUSED, size_t *ret_count)
{
	*ret_count = 0;
	return 0;
}

static int
take_row(const struct drift_source *self UNUSED, json_t *row)
{
	MUST_HOLD(json_is_string(json_object_get(row, "host")));
	MUST_HOLD(json_array_size(json_object_get(row, "differences")) > 0);
	json_decref(row);
	return 0;
}

static int
found(const struct surveyor *self, const struct surveyed *e, struct outcome *what UNUSED)
{
	json_t *json = surveyed_json(e), *proposal = proposal_json(e, NOW);

	MUST_HOLD(json && proposal);
	MUST_HOLD(strcmp(surveyed_state_name(e->state), "unknown") != 0);
	MUST_HOLD(strcmp(surveyed_owner_name(e->owner), "unknown") != 0);
	MUST_HOLD(strlen(e->names) < SURVEY_NAMES_MAX && e->port >= 0);
	json_decref(json);
	json_decref(proposal);
	return drift_take(self->context, e);
}

static struct drift *
compare_with(const struct config_balancer *config, const struct drift_source *source)
{
	struct site_record_list records = { .row = alloc_array(1, sizeof(struct site_record)),
		.count = 1 };

	records.row[0] =
	    (struct site_record){ .host = "a.test", .address = "192.0.2.1", .backend = "a" };
	(void)id_parse(STR("0192f000-0000-7000-8000-000000000007"), &records.row[0].site);
	records.row[0].certificate = records.row[0].site;
	return drift_new(config, source, &records);
}

static void
survey(struct played *p)
{
	static const struct config_balancer config = {
		.name = "edge", .partition = "Common", .https_port = 443, .redirect_rule = "r"
	};
	static const struct drift_source source = { no_digests, no_certificates, take_row, NULL };
	CLEAN(drift_free) struct drift *d = compare_with(&config, &source);
	const struct surveyor surveyor = { .found = found, .context = d };
	struct bigip bigip = { .units = { { .device = &p->device, .token = "T" } } };
	struct balancer b = { .config = &config, .self = &bigip, .lock_fd = -1 };
	struct outcome what = { 0 };
	struct drift_counts n;

	bigip.at = bigip.units;
	if (bigip_survey(&b, &surveyor, &what) != 0)
		return;
	MUST_HOLD(drift_end(d) == 0);
	n = drift_counts(d);
	MUST_HOLD(n.sites == 1 && n.same + n.different == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct played p = { .device = { .exchange = exchange }, .as3 = input.choice & 1 };
	struct str rest = input.bytes;

	for (size_t i = 0; i < COUNT_OF(p.list); i++)
		if (!str_next(&rest, '\0', &p.list[i]))
			p.list[i] = p.list[0];
	survey(&p);
	return 0;
}
