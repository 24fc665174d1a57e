/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions under way: each sent once more when half its time is over, all with the same time, so
 * that the oldest is always the next to be sent again. An answer counts if it comes from where the
 * question went, with its number, and answers it; anything else is as if nothing had come.
 */
#include "check/sweep_internal.h"

#include "sys/file.h"
#include "sys/net.h"

int
sweep_flights_open(struct sweep *s)
{
	for (size_t family = 0; family < 2; family++)
		for (size_t i = 0; i < SWEEP_SOCKETS; i++) {
			int r = net_datagrams(family == 0 ? 4 : 6, &s->fd[family][i]);

			if (r < 0)
				return r;
		}
	for (size_t i = 0; i < SWEEP_FLIGHTS_MOST; i++) {
		s->flight[i].next = s->free;
		s->free = &s->flight[i];
	}
	return 0;
}

void
sweep_flights_close(struct sweep *s)
{
	for (size_t i = 0; i < SWEEP_FLIGHTS_MOST; i++)
		if (s->flight[i].server)
			dns_question_fini(&s->flight[i].question);
	for (size_t family = 0; family < 2; family++)
		for (size_t i = 0; i < SWEEP_SOCKETS; i++)
			close_fd(s->fd[family][i]);
}

/* ---- the queue, by time ---- */

static void
unlink_flight(struct sweep *s, struct flight *f)
{
	*(f->before ? &f->before->next : &s->oldest) = f->next;
	*(f->next ? &f->next->before : &s->newest) = f->before;
}

static void
link_last(struct sweep *s, struct flight *f)
{
	f->deadline = world_ticks() + s->timeout / 2;
	f->next = NULL;
	f->before = s->newest;
	*(s->newest ? &s->newest->next : &s->oldest) = f;
	s->newest = f;
}

static uint16_t
id_of(const struct flight *f)
{
	return (uint16_t)((uint16_t)f->question.wire[0] << 8 | f->question.wire[1]);
}

static void
end_flight(struct sweep *s, struct flight *f)
{
	struct sweep_server *server = f->server;

	unlink_flight(s, f);
	s->by_id[id_of(f)] = 0;
	dns_question_fini(&f->question);
	f->server = NULL;
	f->next = s->free;
	s->free = f;
	s->flying--;
	server->flying--;
	sweep_server_ready(s, server);
}

/* ---- sending ---- */

static int
send_flight(struct sweep *s, const struct flight *f)
{
	const struct sweep_server *server = f->server;
	int fd = s->fd[server->address.family == 6][s->fd_next++ % SWEEP_SOCKETS];

	if (fd < 0)
		return NET_E_UNREACHABLE;
	return net_send_to(
	    fd, &server->address, server->port, str_bytes(f->question.wire, f->question.wire_len));
}

/* With a number that no other one has; false: that name cannot be asked for. */
static bool
make_question(struct sweep *s, struct flight *f, enum dns_type type)
{
	for (int tries = 0; tries < 16; tries++) {
		if (!dns_question_init(&f->question, s->site[f->site].name.text, type, false))
			return false;
		if (s->by_id[id_of(f)] == 0)
			return true;
		dns_question_fini(&f->question);
	}
	return false;
}

static int
launch(struct sweep *s, struct sweep_server *server, size_t site, enum dns_type type)
{
	struct flight *f = s->free;
	int r;

	f->site = site;
	f->again = false;
	if (!make_question(s, f, type)) {
		sweep_site_look(s, site);
		return 0;
	}
	s->free = f->next;
	f->server = server;
	s->by_id[id_of(f)] = (uint16_t)(f - s->flight + 1);
	s->flying++;
	server->flying++;
	link_last(s, f);
	r = send_flight(s, f);
	if (r == NET_E_UNREACHABLE) {
		sweep_server_unreached(server);
		end_flight(s, f);
		return 0;
	}
	return r < 0 ? r : 0; /* without room it is sent again when half its time is over */
}

int
sweep_flights_send(struct sweep *s)
{
	struct sweep_server *server;

	while (s->flying < SWEEP_FLIGHTS_MOST && (server = sweep_server_take(s)) != NULL) {
		enum dns_type type;
		size_t site;
		int r = 0;

		if (sweep_server_next(s, server, &site, &type))
			r = launch(s, server, site, type);
		if (r)
			return r;
		sweep_server_ready(s, server);
	}
	return 0;
}

/* ---- what comes back ---- */

static void
take(struct sweep *s, struct str message, const struct addr *from, uint16_t port)
{
	size_t number =
	    message.len >= 2 ? s->by_id[(uint8_t)message.p[0] << 8 | (uint8_t)message.p[1]] : 0;
	struct flight *f = number > 0 ? &s->flight[number - 1] : NULL;
	struct dns_reply reply;
	bool cut;

	if (!f || f->server->port != port || !addr_eq(&f->server->address, from) ||
	    !dns_answer_read(&f->question, message, &reply, &cut))
		return;
	sweep_server_heard(f->server);
	if (cut)
		sweep_site_look(s, f->site);
	else
		sweep_site_judge(s, f->site, f->question.type, &reply);
	end_flight(s, f);
}

static int
drain(struct sweep *s, int fd)
{
	char message[4096];
	struct addr from;
	uint16_t port;
	size_t len;
	int r;

	while ((r = net_receive_from(fd, message, sizeof(message), &len, &from, &port)) == 0)
		take(s, str_bytes(message, len), &from, port);
	return r < 0 ? r : 0;
}

int
sweep_flights_receive(struct sweep *s)
{
	int r = 0;

	for (size_t family = 0; family < 2; family++)
		for (size_t i = 0; r == 0 && i < SWEEP_SOCKETS; i++)
			if (s->fd[family][i] >= 0)
				r = drain(s, s->fd[family][i]);
	return r;
}

int
sweep_flights_expire(struct sweep *s)
{
	when now = world_ticks();

	while (s->oldest && s->oldest->deadline <= now) {
		struct flight *f = s->oldest;
		int r = 0;

		if (!f->again && !f->server->dead) {
			f->again = true;
			unlink_flight(s, f);
			link_last(s, f);
			r = send_flight(s, f);
		} else {
			sweep_site_look(s, f->site);
			sweep_server_silent(s, f->server);
			end_flight(s, f);
		}
		if (r < 0)
			return r;
	}
	return 0;
}
