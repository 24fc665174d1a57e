/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_KEY_EXPORT: the one way out for a private key (C-04, K-06). Balancer, form, vessel and
 * the text around the key are held against our own configuration; each export is logged here before
 * the first byte leaves, so that no captured process can leave out the line.
 */
#include <assert.h>
#include <errno.h>

#include "base/error.h"
#include "ipc/key_export.h"
#include "keeper/around.h"
#include "keeper/keeper.h"
#include "keeper/upload.h"
#include "keeper/vessel.h"
#include "keeper/wrap.h"
#include "sys/failpoint.h"
#include "sys/log.h"

#define PEM_LINE      48 /* bytes that make 64 characters (RFC 7468) */
#define PEM_MAX       (2 * SECRET_KEY_DER_MAX)
#define PAYLOAD_MAX   (2 * KEY_EXPORT_AROUND_MAX + PEM_MAX)
#define SPKI_TEXT_MAX 64

/* clang-format off */
static const struct driver_forms {
	const char *driver;
	uint32_t forms; /* bits (1 << FORM_X) */
} driver_forms[] = {
	{ "haproxy", 1u << FORM_HAPROXY_SOCKET | 1u << FORM_FILE },
	{ "bigip",   1u << FORM_HTTPS_UPLOAD },
	{ "manual",  1u << FORM_FILE },
};

static const char *const form_names[] = {
	[FORM_HAPROXY_SOCKET] = "socket",
	[FORM_FILE]           = "file",
	[FORM_HTTPS_UPLOAD]   = "upload",
};
/* clang-format on */
static_assert(COUNT_OF(form_names) == FORM_MAX, "a name for every form");

static bool
driver_takes(const char *driver, enum key_form form)
{
	for (size_t i = 0; i < COUNT_OF(driver_forms); i++)
		if (strcmp(driver_forms[i].driver, driver) == 0)
			return driver_forms[i].forms >> form & 1u;
	return false;
}

static const char *
question_fault(const struct keeper *keeper, const struct key_export *q, int vessel)
{
	const struct config_balancer *balancer = config_balancer(keeper->config, q->balancer);
	const char *fault;

	if (!balancer)
		return "no such balancer in the configuration";
	if (!driver_takes(balancer->driver, q->form))
		return "the balancer's driver does not take keys in this form";
	if (id_is_none(q->installation))
		return "no installation named";
	fault = upload_fault(q);
	if (!fault)
		fault = around_fault(q->form, balancer->certificates, q->before, q->after);
	return fault ? fault : vessel_fault(vessel, q->form, balancer, q->unit, keeper->worker);
}

static void
put_pem(struct buf *to, struct str der)
{
	buf_put_text(to, "-----BEGIN PRIVATE KEY-----\n");
	for (; der.len > 0; der = str_drop(der, PEM_LINE)) {
		buf_put_base64(to, der.p, der.len < PEM_LINE ? der.len : PEM_LINE);
		buf_put_byte(to, '\n');
	}
	buf_put_text(to, "-----END PRIVATE KEY-----\n");
}

static void
log_export(enum log_level level, const char *event, const struct key_export *q,
    const struct key_exported *exported, const char *origin)
{
	CLEAN(buf_fini) struct buf spki = BUF(SPKI_TEXT_MAX);

	buf_put_hex(&spki, exported->spki_sha256, sizeof(exported->spki_sha256));
	LOG(level, event, LOG_TEXT("balancer", q->balancer), LOG_NUMBER("unit", q->unit),
	    LOG_TEXT("form", form_names[q->form]), LOG_ID("installation", q->installation),
	    LOG_ID("key", q->key), LOG_ID("customer", q->customer), LOG_ID("site", q->site),
	    LOG_TEXT("spki", buf_text(&spki)), LOG_TEXT("origin", origin),
	    LOG_NUMBER("bytes", exported->total), LOG_TEXT("why", exported->words));
}

static int
end_with(struct key_exported *exported, int result, const char *words)
{
	str_show(str_of(words), exported->words, sizeof(exported->words));
	return result;
}

/* What the vessel gets. */
static int
compose(const struct key_export *q, struct secret_key *key, struct buf *payload,
    struct key_exported *ret)
{
	int r = secret_key_open(key);

	if (!r)
		r = csr_spki_sha256(key->pkey, ret->spki_sha256);
	if (r)
		return error_fold(r);
	buf_put_str(payload, q->before);
	put_pem(payload, str_bytes(key->der, key->len));
	buf_put_str(payload, q->after);
	ret->total = (uint32_t)payload->len;
	return buf_failed(payload) ? error_origin(EMSGSIZE) : 0;
}

/* Into the vessel, or by the courier to the device; NULL, or why not, in words. `said` holds what the
 * device answers. */
static const char *
send_off(struct keeper *keeper, const struct key_export *q, int vessel, struct str payload,
    struct buf *said, struct key_exported *ret)
{
	struct device *device;

	if (q->form != FORM_HTTPS_UPLOAD)
		return vessel_pour(vessel, q->form, payload);
	device = device_named(keeper->devices, q->balancer);
	if (!device)
		return "nothing is known of the balancer but its address";
	return upload_carry(keeper->courier, device, q, vessel, payload, said, &ret->device)
	           ? ret->device.words
	           : NULL;
}

static int
pour(struct keeper *keeper, const struct key_export *q, int vessel, struct str payload,
    struct buf *said, struct key_exported *ret)
{
	const char *fault = send_off(keeper, q, vessel, payload, said, ret);

	FAILPOINT("keeper.poured");
	return fault ? end_with(ret, KEY_EXPORT_E_VESSEL, fault) : 0;
}

static int
export_to(struct keeper *keeper, const struct key_export *q, int vessel, struct buf *said,
    struct key_exported *ret)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	CLEAN(buf_fini) struct buf payload = BUF_SECRET(PAYLOAD_MAX);
	const struct key_owner owner = { q->key, q->customer, q->site };
	const char *fault = question_fault(keeper, q, vessel);
	int r;

	if (fault)
		return end_with(ret, KEY_EXPORT_E_REFUSED, fault);
	r = unwrap_key(keeper->kek, &owner, q->wrapped, &key);
	if (r > 0)
		return end_with(ret, KEY_EXPORT_E_REFUSED, wrap_words(r));
	if (!r)
		r = compose(q, &key, &payload, ret);
	if (r)
		return r;
	if (q->max_total > 0 && ret->total > q->max_total)
		return end_with(ret, KEY_EXPORT_E_TOO_LARGE, "larger than the balancer takes");
	log_export(LOG_NOTICE, "key.export", q, ret, key_origin_name(key.origin));
	atomic_fetch_add(&keeper->exported, 1);
	return pour(keeper, q, vessel, buf_str(&payload), said, ret);
}

int
keeper_export(struct keeper *keeper, struct str question, int vessel, struct buf *answer)
{
	CLEAN(buf_fini) struct buf said = BUF_SECRET(message_rule(MESSAGE_CARRY)->max_answer);
	struct key_exported exported = { .device = { .body = STR("") } };
	struct key_export_room room;
	struct key_export q;
	int r;

	if (!key_export_get(question, &room, &q))
		return KEEPER_E_MALFORMED;
	r = export_to(keeper, &q, vessel, &said, &exported);
	if (r < 0)
		return r;
	if (r == KEY_EXPORT_E_REFUSED)
		atomic_fetch_add(&keeper->refused, 1);
	if (r)
		log_export(LOG_WARNING, "key.export.failed", &q, &exported, "");
	key_exported_put(answer, r, &exported);
	return 0;
}
