/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/carry.h"

#define AFTER_IT SECONDS(2) /* for the courier to give up by itself */
#define PIN_KIND STR("sha256//")

bool
carry_sent_nothing(int r)
{
	return r == CARRY_E_REFUSED || r == CARRY_E_HELD || r == CARRY_E_UNREACHABLE ||
	       r == CARRY_E_UNTRUSTED;
}

void
carried_end(struct carried *carried, int result, const char *words)
{
	*carried = (struct carried){ .result = result, .body = STR("") };
	str_show(str_of(words), carried->words, sizeof(carried->words));
}

void
carry_put(struct buf *to, const struct carry *question)
{
	wire_put_text(to, question->host);
	wire_put_u16(to, question->port);
	wire_put_str(to, question->ca);
	wire_put_text(to, question->pin);
	wire_put_text(to, question->path);
	wire_put_u32(to, (uint32_t)question->header_count);
	for (size_t i = 0; i < question->header_count; i++)
		wire_put_str(to, question->header[i]);
	wire_put_str(to, question->body);
	wire_put_u32(to, question->time_ms);
}

bool
carry_consists_of(struct str s, const char *also)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			(c != '\0' && strchr(also, c))))
			return false;
	}
	return s.len > 0;
}

/* "Name: value", of visible ASCII and single spaces: no line ends in it. */
static bool
is_header(struct str s)
{
	struct str value = s, name;

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.len <= CARRY_HEADER_MAX && str_next(&value, ':', &name) &&
	       carry_consists_of(name, "-") && value.len > 1 && value.p[0] == ' ';
}

/* Of one key. (libcurl would read a file of another name.) */
static bool
is_pin(struct str s)
{
	return str_starts(s, PIN_KIND) && carry_consists_of(str_drop(s, PIN_KIND.len), "+/=");
}

static bool
is_well_formed(const struct carry *q)
{
	for (size_t i = 0; i < q->header_count; i++)
		if (!is_header(q->header[i]))
			return false;
	return carry_consists_of(str_of(q->host), ".-:") && q->port > 0 &&
	       (q->ca.len > 0 ? q->pin[0] == '\0' : is_pin(str_of(q->pin))) && q->path[0] == '/' &&
	       carry_consists_of(str_of(q->path), "/._-~") && q->body.len > 0 && q->time_ms > 0 &&
	       q->time_ms <= CARRY_TIME_MAX / MILLIS(1);
}

bool
carry_get(struct str payload, struct carry_room *room, struct carry *ret)
{
	struct wire w = WIRE(payload);
	struct carry question = { .host = room->host, .pin = room->pin, .path = room->path };

	wire_get_text(&w, room->host, sizeof(room->host));
	question.port = wire_get_u16(&w);
	question.ca = wire_get_str(&w, CARRY_CA_MAX);
	wire_get_text(&w, room->pin, sizeof(room->pin));
	wire_get_text(&w, room->path, sizeof(room->path));
	question.header_count = wire_get_count(&w, CARRY_HEADERS_MAX, 4);
	for (size_t i = 0; i < question.header_count; i++)
		question.header[i] = wire_get_str(&w, CARRY_HEADER_MAX);
	question.body = wire_get_str(&w, CARRY_BODY_MAX);
	question.time_ms = wire_get_u32(&w);
	if (!wire_end(&w) || !is_well_formed(&question))
		return false;
	*ret = question;
	return true;
}

void
carried_put(struct buf *to, const struct carried *carried)
{
	wire_put_u8(to, (uint8_t)carried->result);
	wire_put_u16(to, carried->status);
	wire_put_str(to, carried->body);
	wire_put_text(to, carried->words);
}

void
carried_get(struct wire *from, struct carried *ret)
{
	uint8_t result = wire_get_u8(from);
	struct carried carried = { .result = result, .status = wire_get_u16(from) };

	carried.body = wire_get_str(from, CARRY_ANSWER_MAX);
	wire_get_text(from, carried.words, sizeof(carried.words));
	from->bad |=
	    result >= CARRY_E_MAX || (result == 0 ? carried.status < 100 || carried.status > 599
						  : carried.status != 0 || carried.body.len > 0);
	if (from->bad)
		carried_end(ret, CARRY_E_REFUSED, "");
	else
		*ret = carried;
}

bool
carried_is(struct str payload, struct carried *ret)
{
	struct wire w = WIRE(payload);

	carried_get(&w, ret);
	return wire_end(&w);
}

int
carry_ask(struct channel *courier, const struct carry *question, int device, struct buf *answer,
    struct carried *ret)
{
	CLEAN(buf_fini)
	struct buf payload = BUF_SECRET(message_rule(MESSAGE_CARRY)->max_request);
	int r;

	carry_put(&payload, question);
	r = channel_call(courier, MESSAGE_CARRY, &payload, device,
	    question->time_ms * MILLIS(1) + AFTER_IT, answer);
	if (r == CHANNEL_E_REFUSED)
		carried_end(ret, CARRY_E_REFUSED, "the courier called the question ill-formed");
	else if (r || !carried_is(buf_str(answer), ret))
		carried_end(ret, CARRY_E_AWAY, "certdesk-courier is away or gave no answer");
	return ret->result;
}
