/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/key_export.h"

#include <errno.h>

#include "base/error.h"
#include "ipc/wire.h"

/* The keeper gives the vessel two seconds, a device eight; the rest is for those who ask before us.
 */
#define ANSWER_TIMEOUT SECONDS(20)

void
key_export_put(struct buf *to, const struct key_export *question)
{
	wire_put_text(to, question->balancer);
	wire_put_id(to, question->installation);
	wire_put_id(to, question->key);
	wire_put_id(to, question->customer);
	wire_put_id(to, question->site);
	wire_put_str(to, question->wrapped);
	wire_put_u8(to, (uint8_t)question->form);
	wire_put_str(to, question->before);
	wire_put_str(to, question->after);
	wire_put_u32(to, question->max_total);
	wire_put_text(to, question->upload);
	wire_put_text(to, question->token);
	wire_put_u8(to, question->unit);
}

bool
key_export_get(struct str payload, struct key_export_room *room, struct key_export *ret)
{
	struct wire w = WIRE(payload);
	struct key_export question = {
		.balancer = room->balancer, .upload = room->upload, .token = room->token
	};
	uint8_t form;

	wire_get_text(&w, room->balancer, sizeof(room->balancer));
	question.installation = wire_get_id(&w);
	question.key = wire_get_id(&w);
	question.customer = wire_get_id(&w);
	question.site = wire_get_id(&w);
	question.wrapped = wire_get_str(&w, KEY_WRAPPED_MAX);
	form = wire_get_u8(&w);
	question.before = wire_get_str(&w, KEY_EXPORT_AROUND_MAX);
	question.after = wire_get_str(&w, KEY_EXPORT_AROUND_MAX);
	question.max_total = wire_get_u32(&w);
	wire_get_text(&w, room->upload, sizeof(room->upload));
	wire_get_text(&w, room->token, sizeof(room->token));
	question.unit = wire_get_u8(&w);
	if (!wire_end(&w) || form >= FORM_MAX || question.unit >= CONFIG_UNITS_MAX)
		return false;
	question.form = (enum key_form)form;
	*ret = question;
	return true;
}

static bool
has_device(const struct key_exported *exported)
{
	return exported->device.result != 0 || exported->device.status != 0;
}

void
key_exported_put(struct buf *to, int result, const struct key_exported *exported)
{
	wire_put_u8(to, (uint8_t)result);
	wire_put_u32(to, exported->total);
	wire_put_fixed(to, exported->spki_sha256, sizeof(exported->spki_sha256));
	wire_put_text(to, exported->words);
	wire_put_bool(to, has_device(exported));
	if (has_device(exported))
		carried_put(to, &exported->device);
}

int
key_exported_get(struct str payload, struct key_exported *ret)
{
	struct wire w = WIRE(payload);
	struct key_exported exported = { .device = { .body = STR("") } };
	uint8_t result = wire_get_u8(&w);

	exported.total = wire_get_u32(&w);
	wire_get_fixed(&w, exported.spki_sha256, sizeof(exported.spki_sha256));
	wire_get_text(&w, exported.words, sizeof(exported.words));
	if (wire_get_bool(&w))
		carried_get(&w, &exported.device);
	if (!wire_end(&w) || result == KEY_EXPORT_E_AWAY || result > KEY_EXPORT_E_VESSEL)
		return error_origin(EBADMSG);
	*ret = exported;
	return result;
}

static int
refused(struct key_exported *ret)
{
	*ret = (struct key_exported){ .device = { .body = STR("") } };
	(void)str_copy(
	    STR("the keeper called the question ill-formed"), ret->words, sizeof(ret->words));
	return KEY_EXPORT_E_REFUSED;
}

int
key_upload_ask(struct channel *keeper, const struct key_export *question, int device,
    struct buf *answer, struct key_exported *ret)
{
	CLEAN(buf_fini)
	struct buf payload = BUF_SECRET(message_rule(MESSAGE_KEY_EXPORT)->max_request);
	int r;

	key_export_put(&payload, question);
	if (buf_failed(&payload))
		return refused(ret);
	r = channel_call(keeper, MESSAGE_KEY_EXPORT, &payload, device, ANSWER_TIMEOUT, answer);
	if (r == CHANNEL_E_CLOSED || r == CHANNEL_E_TIMEOUT)
		return KEY_EXPORT_E_AWAY;
	if (r == CHANNEL_E_REFUSED)
		return refused(ret);
	return r ? error_fold(r) : key_exported_get(buf_str(answer), ret);
}

int
key_export_ask(
    struct channel *keeper, const struct key_export *question, int vessel, struct key_exported *ret)
{
	CLEAN(buf_fini) struct buf answer = BUF(message_rule(MESSAGE_KEY_EXPORT)->max_answer);
	int r = key_upload_ask(keeper, question, vessel, &answer, ret);

	ret->device.body = STR(""); /* it lay in `answer` */
	return r;
}
