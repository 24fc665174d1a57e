/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of every kind of load balancer. Small steps, each repeatable after a crash; only
 * activate and route change traffic; a success text is no proof, so check and verify read back.
 *
 *     stage -> check -> activate -> route -> verify -> persist        (rollback / withdraw undo)
 *
 * The driver never sees a private key: where the balancer needs it, the driver opens the vessel (a
 * socket, a file) and the caller's `pour` has the keeper fill it (ipc/key_export.h).
 *
 * The unit of idempotence is (site, leaf, chain): applying what is there already writes nothing. What
 * HAProxy runs tells its leaf alone: there the file, written last, speaks for both.
 * One writer per balancer: balancer_open() takes its lock.
 */
#pragma once

#include "balancer/queue.h"
#include "base/addr.h"
#include "base/buf.h"
#include "base/outcome.h"
#include "config/config.h"
#include "pki/name.h"
#include "sys/world.h"

enum {
	BALANCER_E_NOOP = 1, /* it is so already */
	BALANCER_E_BUSY,     /* another writer, or the device is: again later */
	BALANCER_E_INVALID,  /* the device refused the material for good */
	BALANCER_E_CAPACITY, /* too large, or too many */
	BALANCER_E_AUTH,
	BALANCER_E_UNREACHABLE,
	BALANCER_E_AMBIGUOUS, /* empty or lost answer: observe, then decide */
	BALANCER_E_CONFLICT,  /* somebody else's open transaction, or foreign object under our name
	                       */
	BALANCER_E_PARTIAL,   /* served, but not durable */
	BALANCER_E_UNSUPPORTED,
	BALANCER_E_BROKEN, /* an answer that makes no sense */
	BALANCER_E_HELD,   /* not begun, as others failed before it */
};
const char *balancer_words(int r); /* "busy", "refused" … */

/* What shall be served. */
struct bundle {
	struct id site, installation;
	struct host_name name;
	struct addr address;
	const char *backend; /* the balancer's name of the service behind; "" = not routed by us */
	struct str leaf,
	    chain; /* DER; the chain's certificates one behind the other, without root */
	uint8_t leaf_sha256[32];
	/* What is served now and may be served again if this one fails: valid still, its key not
	 * compromised. NULL: there is none, and what fails goes off. */
	const struct bundle *previous;
};

/* Has the keeper write `before` + the PEM of the bundle's private key + `after` into fd, which may
 * not block, and nothing at all if that would be more than max_total bytes (BALANCER_E_CAPACITY).
 * The result is forwarded as the step's own: 0, BALANCER_E_… (AMBIGUOUS when a part may have been
 * written), or negative; *what says why. */
struct pourer {
	int (*pour)(const struct pourer *self, const struct bundle *bundle, int fd, bool is_socket,
	    struct str before, struct str after, size_t max_total, struct outcome *what);
	/* Of balancers behind HTTPS (docs/decisions/0013), NULL for others: signs in, or uploads the
	 * bundle's key under that name; the device's answer is appended. Results as above. */
	int (*sign_in)(
	    const struct pourer *self, long *ret_status, struct buf *answer, struct outcome *what);
	int (*upload)(const struct pourer *self, const struct bundle *bundle, const char *name,
	    const char *token, long *ret_status, struct buf *answer, struct outcome *what);
	void *context;
};

enum served_state { SERVED_NOT, SERVED_STAGED, SERVED_ACTIVE };

/* What the device and its disk say about one site, held against a bundle. */
struct observation {
	enum served_state running; /* in the running process */
	bool running_same;         /* it has this bundle's leaf, staged or active */
	bool on_disk;              /* a restart would load the site's file */
	bool disk_same;            /* that file has this bundle's leaf */
	bool ready_same; /* what persist would put in place has it: nothing to be poured again */
	bool routed, disk_routed; /* as wanted, running and on disk; true when not routed by us */
	uint8_t running_sha1[20]; /* of the leaf served, where the device tells it; zeros if not */
	char words[256];
};

struct probe {
	char version[64];
	char words[256];    /* quirks found, sessions, memory */
	size_t max_payload; /* bytes of command and PEM it takes */
};

struct balancer; /* one opened device under its lock */

/* Steps give 0 for done and BALANCER_E_NOOP when it was so already; both are well. A step that
 * fails for good (INVALID, CAPACITY, CONFLICT, BROKEN) before anything is served takes back what it
 * and the steps before staged. */
struct balancer_driver {
	const char *name; /* as in the configuration */
	size_t wave;      /* how many may be staged side by side; 0: one */
	bool keeps_all;   /* one persist is for everything that was changed since it was opened */
	/* The file whose lock makes us the one writer. */
	int (*lock_file)(const struct config_balancer *config, char *to, size_t size) MUST_USE;
	int (*open)(struct balancer *b,
	    struct outcome *what) MUST_USE; /* under the lock: is it there, which version */
	void (*close)(struct balancer *b);
	int (*probe)(struct balancer *b, struct probe *ret, struct outcome *what) MUST_USE;
	int (*observe)(struct balancer *b, const struct bundle *bundle, struct observation *ret,
	    struct outcome *what) MUST_USE;
	int (*stage)(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
	    struct outcome *what) MUST_USE;
	int (*check)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	int (*activate)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	int (*route)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	int (*persist)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	/* Back to bundle->previous, poured again, running and on disk; without one as withdraw. */
	int (*rollback)(struct balancer *b, const struct bundle *bundle,
	    const struct pourer *pourer, struct outcome *what) MUST_USE;
	/* Off the running process, the map and the disk. Absent is fine. */
	int (*withdraw)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	/* Forget what was kept or left over for the site, once the new one is proven. */
	int (*settle)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
};

/* `pourer`: the caller's, kept until it is closed; NULL where nothing is poured or asked.
 * Opens it under its lock, which holds between processes and between threads; waits up to
 * `patience`, then BUSY. The threads of a process that share a `queue` take turns in order of
 * arrival; NULL: none do. `config`, `world` and `queue` stay the caller's and must outlive it. */
int balancer_open(const struct config_balancer *config, const struct world *world,
    const struct pourer *pourer, struct queue *queue, when patience, struct balancer **ret,
    struct outcome *what) MUST_USE;
struct balancer *balancer_close(struct balancer *b);
CLEAN_DEFINE(balancer_close, struct balancer *);
const struct balancer_driver *balancer_driver_of(const struct balancer *b);
const struct balancer_driver *balancer_driver_named(const char *name); /* NULL when there is none */

/*
 * The whole installation: observe, stage, check, activate, route, `verify` (the caller's: a full
 * handshake at the address; positive = not served as wanted), persist. Steps that are done already
 * are left out, and an AMBIGUOUS one is observed and gone through once more. What does not verify
 * is rolled back if that makes it better: to the previous one, or off if the site served nothing
 * before; BALANCER_E_INVALID with the words. NOOP when it was served and on disk already: nothing
 * is written (but synced, as who wrote it may have died before that), verify is still called,
 * nothing rolled back. PARTIAL: served and verified, but persist failed; the same call again
 * finishes it.
 */
struct installer {
	const struct pourer *pourer;
	int (*verify)(
	    const struct installer *self, const struct bundle *bundle, struct outcome *what);
	/* After each step: still at it. False: begin nothing new, we have to end. NULL: nobody wants
	 * to know. */
	bool (*still)(const struct installer *self);
	void *context;
};
int balancer_install(struct balancer *b, const struct bundle *bundle,
    const struct installer *installer, struct outcome *what) MUST_USE;

/*
 * The same for many. The first that is changed goes alone, as a canary, the others behind it in
 * waves: staged, checked, activated, verified together; where the driver keeps all at once there is
 * one persist in the end. Each has its own result and is rolled back by itself. When more than one
 * and more than 5 % failed, or the device or this machine did, nothing new is begun: HELD, to be
 * done later.
 */
struct install_item {
	const struct bundle *bundle;
	int result; /* as of balancer_install(), or HELD */
	struct outcome what;
};
void balancer_install_many(struct balancer *b, const struct installer *installer,
    struct install_item *items, size_t count);
