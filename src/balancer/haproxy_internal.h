/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the HAProxy driver among each other: socket (talks), disk (files), serve (the steps
 * on the running process), haproxy.c (the driver). Functions that get *what have filled it whenever
 * they fail.
 */
#pragma once

#include "balancer/balancer_internal.h"
#include "balancer/haproxy_reply.h"
#include "balancer/material.h"
#include "sys/file.h"

#define HAPROXY_PATH_SIZE 768
#define HAPROXY_LIST_MAX  ((size_t)64 << 20) /* a crt-list or map file */
#define HAPROXY_REPLY_MAX ((size_t)64 << 20) /* `show ssl crt-list` of 500,000 sites */

/* A crt-list or map file, and the answer of the last look into it: it may have ten thousands of
 * lines, and most installations do not change it. */
struct haproxy_list {
	const char *path;
	char key[HAPROXY_PATH_SIZE]; /* what was looked for; "" = no answer is kept */
	struct file_stamp stamp;     /* from before that look */
	bool found;
	struct buf value; /* what stood behind the key */
};

struct haproxy {
	struct haproxy_version version;
	size_t max_payload; /* bytes of command and PEM together */
	struct material_kept material;
	struct haproxy_list list, map;
};

/* The files of one site. */
struct haproxy_site {
	const char *host;
	char file[HAPROXY_PATH_SIZE]; /* what HAProxy calls the certificate, and loads at its start
	                               */
	char next[HAPROXY_PATH_SIZE]; /* its replacement, until proven */
};

/* Nothing in it means anything to HAProxy's command line, lists or maps (blank, '#', ';', '[', ':',
 * '\\', quotes). */
bool haproxy_is_plain(struct str s);
int haproxy_site_of(const struct balancer *b, const struct bundle *bundle, struct haproxy_site *ret,
    struct outcome *what) MUST_USE;

/* haproxy_socket.c: one connection for each command. Waits a little while HAProxy says that it is
 * locked. *reply may be NULL; emptied first, it holds the last answer also when the result is not
 * 0. */
int haproxy_do(struct balancer *b, enum haproxy_command command, struct buf *reply,
    struct outcome *what, const char *format, ...) PRINTF_LIKE(5, 6) MUST_USE;
/* `set ssl cert` with the key from the keeper; `before` has the command and the certificates. */
int haproxy_pour(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct str before, struct buf *reply, struct outcome *what) MUST_USE;

/* haproxy_disk.c: what a restart would load. */
struct haproxy_disk {
	bool listed, routed;        /* routed is true when it is not our business */
	uint8_t file_sha256[32];    /* of the certificates; zeros: none, or not ours */
	uint8_t ready_sha256[32];   /* what haproxy_disk_persist() would leave in place */
	bool file_same, ready_same; /* is it the bundle, leaf and chain? */
};
int haproxy_disk_look(struct balancer *b, const struct bundle *bundle, const struct haproxy_site *s,
    struct haproxy_disk *ret, struct outcome *what) MUST_USE;
int haproxy_disk_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct str certificates, struct outcome *what) MUST_USE;
int haproxy_disk_persist(
    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
/* Removes what a step that failed left: the replacement, or a file that is in no list. */
int haproxy_disk_unstage(
    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int haproxy_disk_settle(
    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int haproxy_disk_withdraw(
    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;

/* haproxy_serve.c: the running process. */
int haproxy_not_understood(struct balancer *b, struct str reply, struct outcome *what) MUST_USE;
int haproxy_show_cert(struct balancer *b, const char *mark, const struct haproxy_site *s,
    struct haproxy_cert *ret, struct outcome *what) MUST_USE;
int haproxy_show_route(struct balancer *b, const struct bundle *bundle,
    const struct haproxy_site *s, enum haproxy_route *ret, struct outcome *what) MUST_USE;
bool haproxy_routes(const struct balancer *b, const struct bundle *bundle);
/* Valid until it is asked for another bundle's. */
int haproxy_material(struct balancer *b, const struct bundle *bundle, const struct material **ret,
    struct outcome *what) MUST_USE;
/* No transaction is open; CONFLICT if somebody else's stays open. */
int haproxy_clear_way(
    struct balancer *b, const struct haproxy_site *s, struct outcome *what) MUST_USE;
/* Stages without writing a file. */
int haproxy_stage_running(struct balancer *b, const struct bundle *bundle,
    const struct pourer *pourer, const struct haproxy_site *s, const struct material *m,
    struct outcome *what) MUST_USE;
int haproxy_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what) MUST_USE;
int haproxy_check(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int haproxy_activate(
    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
int haproxy_route(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;

/* haproxy_plan.c */
int haproxy_plan(struct balancer *b, const struct bundle *bundle, const struct observation *seen,
    struct plan *ret, struct outcome *what) MUST_USE;
/* haproxy_survey.c */
int haproxy_survey(
    struct balancer *b, const struct surveyor *surveyor, struct outcome *what) MUST_USE;

/* haproxy_undo.c */
int haproxy_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct outcome *what) MUST_USE;
int haproxy_withdraw(
    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
