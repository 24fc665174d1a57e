/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of every kind of load balancer. Small steps, each repeatable after a crash; only
 * activate and route change traffic; a success text is no proof, so check and verify read back.
 *
 *     stage -> check -> activate -> route -> verify -> persist        (rollback / withdraw undo)
 *
 * The driver never sees a private key: where the balancer needs it, the driver opens the vessel (a socket,
 * a file) and the caller's `pour` has the keeper fill it (ipc/key_export.h).
 *
 * The unit of idempotence is (site, leaf's SHA-256): applying what is there already writes nothing.
 * One writer per balancer: balancer_open() takes its lock.
 */
#pragma once

#include "base/addr.h"
#include "base/outcome.h"
#include "config/config.h"
#include "pki/name.h"
#include "sys/world.h"

enum {
	BALANCER_E_NOOP = 1,     /* it is so already */
	BALANCER_E_BUSY,         /* another writer, or the device is: again later */
	BALANCER_E_INVALID,      /* the device refused the material for good */
	BALANCER_E_CAPACITY,     /* too large, or too many */
	BALANCER_E_AUTH,
	BALANCER_E_UNREACHABLE,
	BALANCER_E_AMBIGUOUS,    /* empty or lost answer: observe, then decide */
	BALANCER_E_CONFLICT,     /* somebody else's open transaction, or foreign object under our name */
	BALANCER_E_PARTIAL,      /* served, but not durable */
	BALANCER_E_UNSUPPORTED,
	BALANCER_E_BROKEN,       /* an answer that makes no sense */
};
const char *balancer_words(int r); /* "busy", "refused" … */

/* What shall be served. */
struct bundle {
	struct id site, installation;
	struct host_name name;
	struct addr address;
	const char *backend;            /* the balancer's name of the service behind; "" = not routed by us */
	struct str leaf, chain;         /* DER; the chain's certificates one behind the other, without root */
	uint8_t leaf_sha256[32];
};

/* Has the keeper write `before` + the PEM of the private key + `after` into fd, nothing if it would be more
 * than max_total bytes. 0, or a positive value / negative errno of the caller's making: forwarded as BALANCER_E_… by `pour_result`. */
struct pourer {
	int (*pour)(const struct pourer *self, const struct bundle *bundle, int fd, bool is_socket, struct str before,
	    struct str after, size_t max_total, struct outcome *what);
	void *context;
};

enum served_state { SERVED_NOT, SERVED_STAGED, SERVED_ACTIVE };

/* What the device says about one site. */
struct observation {
	enum served_state running;      /* in the running process */
	bool on_disk;                   /* the file a restart would load is there and named in its list */
	uint8_t running_sha1[20];       /* of the leaf served, where the device tells it; zeros if not */
	uint8_t disk_sha256[32];        /* of the leaf in the file; zeros if none */
	bool routed;
	char words[256];
};

struct probe {
	char version[64];
	char words[256];                /* quirks found, sessions, memory */
	size_t max_payload;             /* bytes of command and PEM it takes */
};

struct balancer; /* one opened device under its lock */

struct balancer_driver {
	const char *name; /* as in the configuration */
	int (*probe)(struct balancer *b, struct probe *ret, struct outcome *what) MUST_USE;
	int (*observe)(struct balancer *b, const struct bundle *bundle, struct observation *ret, struct outcome *what) MUST_USE;
	int (*stage)(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer, struct outcome *what) MUST_USE;
	int (*check)(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	int (*activate)(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	int (*route)(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	int (*persist)(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	/* Back to what was served before (the kept previous file), or off if nothing was. */
	int (*rollback)(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	/* Off the running process, the map and the disk. Absent is fine. */
	int (*withdraw)(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	/* Forget the previous version kept for rollback, once the new one is proven. */
	int (*settle)(struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
};

/* Opens it under its lock (flock beside the device, and a mutex between threads); waits up to `patience`. */
int balancer_open(const struct config_balancer *config, const struct world *world, when patience, struct balancer **ret,
    struct outcome *what) MUST_USE;
struct balancer *balancer_close(struct balancer *b);
CLEAN_DEFINE(balancer_close, struct balancer *);
const struct balancer_driver *balancer_driver_of(const struct balancer *b);
const struct balancer_driver *balancer_driver_named(const char *name); /* NULL when there is none */

/*
 * The whole installation: observe, stage, check, activate, route, persist; `verify` (the caller's: a full
 * handshake at the address) before persist's result counts; on a failed verify: rollback, and
 * BALANCER_E_INVALID with the words. NOOP when it was served and durable already (verify is still called).
 */
struct installer {
	const struct pourer *pourer;
	int (*verify)(const struct installer *self, const struct bundle *bundle, struct outcome *what);
	void *context;
};
int balancer_install(struct balancer *b, const struct bundle *bundle, const struct installer *installer, struct outcome *what) MUST_USE;
