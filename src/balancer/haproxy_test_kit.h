/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: a real HAProxy in a folder of its own on a free loopback port, certificates made on
 * the spot, a pourer that plays the keeper, and a TLS client. What goes wrong in the lab itself
 * ends the test program.
 */
#pragma once

#include "balancer/balancer.h"
#include "base/buf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/types.h>

#define LAB_PROGRAM "/usr/sbin/haproxy"

struct identity {
	struct bundle bundle;
	struct buf leaf, chain, key_pem;
	char backend[64];
};

struct lab {
	char folder[64];
	struct config_balancer config;
	struct addr address;
	uint16_t port;
	int64_t bufsize; /* HAProxy's own; config.bufsize is what we are told */
	pid_t pid;
	EVP_PKEY *ca_key;
	X509 *ca;
	int serial;
	struct identity *known[64]; /* what the keeper knows */
	size_t known_count;
	int pours;
	struct pourer pourer;
	struct queue *turns; /* NULL unless a test wants one */
};

bool lab_possible(void);
struct lab *lab_new(int64_t bufsize);
void lab_free(struct lab *lab);  /* kills HAProxy, removes the folder */
void lab_start(struct lab *lab); /* returns once the socket answers */
void lab_kill(struct lab *lab);  /* SIGKILL */
void lab_path(const struct lab *lab, const char *name, char to[static CONFIG_PATH_SIZE]);
bool lab_has(const struct lab *lab, const char *name);
void lab_read(const struct lab *lab, const char *name, struct buf *to);
void lab_command(const struct lab *lab, struct buf *reply, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* A leaf for `host` (and `other`, if not NULL) from the lab's CA; `padding` bytes make each of
 * `chain` CAs longer. */
struct identity *lab_identity(
    struct lab *lab, const char *host, const char *other, size_t chain, size_t padding);
void lab_identity_free(struct identity *i);
CLEAN_DEFINE(lab_identity_free, struct identity *);

/* A full handshake; false when refused. `ret_body` (may be NULL) gets the answer to a request. */
bool lab_serves(
    const struct lab *lab, const char *host, uint8_t ret_sha256[static 32], struct buf *ret_body);
bool lab_serves_this(const struct lab *lab, const struct identity *i);

/* balancer_open, balancer_install with a handshake as verify, close. */
int lab_install(struct lab *lab, struct identity *i, struct outcome *what) MUST_USE;
struct balancer *lab_open(struct lab *lab);
