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
	BALANCER_E_BROKEN,  /* an answer that makes no sense */
	BALANCER_E_BY_HAND, /* somebody has to do it, and to say so; *what says what */
	BALANCER_E_HELD,    /* not begun, as others failed before it */
	BALANCER_E_MAX
};
const char *balancer_words(int r); /* "busy", "refused" … */

/* What shall be served. */
struct bundle {
	struct id site, installation;
	struct host_name name;
	struct addr address;
	const char *backend; /* the balancer's name of the service behind; "" = not routed by us */
	const char *service; /* its kind: "owa", "sharepoint", "web"; NULL = not told */
	const struct config_template *template; /* what it is made from; NULL = what is built in */
	struct str leaf,
	    chain; /* DER; the chain's certificates one behind the other, without root */
	uint8_t leaf_sha256[32];
	/* What is served now and may be served again if this one fails: valid still, its key not
	 * compromised. NULL: there is none, and what fails goes off. */
	const struct bundle *previous;
	/* The same site's other certificate, of another key type (RSA and ECDSA side by side), served
	 * to those who cannot take this one; its own twin and previous mean nothing. NULL as a rule. */
	const struct bundle *twin;
};

/* Has the keeper write `before` + the PEM of the bundle's private key + `after` into fd, which may
 * not block, and nothing at all if that would be more than max_total bytes (BALANCER_E_CAPACITY).
 * The result is forwarded as the step's own: 0, BALANCER_E_… (AMBIGUOUS when a part may have been
 * written), or negative; *what says why. */
struct pourer {
	int (*pour)(const struct pourer *self, const struct bundle *bundle, int fd, bool is_socket,
	    struct str before, struct str after, size_t max_total, struct outcome *what);
	/* Of balancers behind HTTPS (docs/decisions/0013), NULL for others: signs in at that unit
	 * (config_unit_of()), or uploads the bundle's key to it under that name; the device's
	 * answer is appended. Results as above. */
	int (*sign_in)(const struct pourer *self, size_t unit, long *ret_status, struct buf *answer,
	    struct outcome *what);
	int (*upload)(const struct pourer *self, const struct bundle *bundle, size_t unit,
	    const char *name, const char *token, long *ret_status, struct buf *answer,
	    struct outcome *what);
	/* Of balancers that cannot be asked: does a visitor get the bundle at its address? 0, or
	 * positive with what is seen instead. */
	int (*look)(const struct pourer *self, const struct bundle *bundle, struct outcome *what);
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
	char words[1024];   /* quirks found, sessions, memory, units, rights that are missing */
	size_t max_payload; /* bytes of command and PEM it takes */
};

/* What it holds, ours and others'. */
#define CAPACITY_MAX 8
struct capacity {
	struct {
		const char *what; /* "certificates" */
		int64_t used;
	} of[CAPACITY_MAX];
	size_t count;
};

struct plan;     /* balancer/plan.h */
struct balancer; /* one opened device under its lock */
struct surveyor; /* balancer/survey.h */

/* Who does the steps. */
enum balancer_reach {
	REACH_DEVICE,  /* the driver itself */
	REACH_PEOPLE,  /* activate and undoing end with BY_HAND until it is seen */
	REACH_NOTHING, /* nobody: no handshake can prove it, so none is tried */
	REACH_MAX
};

/* Steps give 0 for done and BALANCER_E_NOOP when it was so already; both are well. A step that
 * fails for good (INVALID, CAPACITY, CONFLICT, BROKEN) before anything is served takes back what it
 * and the steps before staged. */
struct balancer_driver {
	const char *name; /* as in the configuration */
	enum balancer_reach reach;
	size_t wave;    /* how many may be staged side by side; 0: one */
	bool keeps_all; /* one persist is for everything that was changed since it was opened */
	/* The file whose lock makes us the one writer. */
	int (*lock_file)(const struct config_balancer *config, char *to, size_t size) MUST_USE;
	int (*open)(struct balancer *b,
	    struct outcome *what) MUST_USE; /* under the lock: is it there, which version */
	void (*close)(struct balancer *b);
	int (*probe)(struct balancer *b, struct probe *ret, struct outcome *what) MUST_USE;
	/* NULL: it does not tell. */
	int (*capacity)(struct balancer *b, struct capacity *ret, struct outcome *what) MUST_USE;
	int (*observe)(struct balancer *b, const struct bundle *bundle, struct observation *ret,
	    struct outcome *what) MUST_USE;
	/* Pure, asks nothing of the device: adds the steps that are due by that observation. */
	int (*plan)(struct balancer *b, const struct bundle *bundle, const struct observation *seen,
	    struct plan *ret, struct outcome *what) MUST_USE;
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
	/* Forget what was left over for the site, once the new one is proven. */
	int (*settle)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	/* Is what we write to what serves? AMBIGUOUS: another unit took over, and the steps go
	 * there from now on. NULL: there is one alone. */
	int (*steady)(struct balancer *b, struct outcome *what) MUST_USE;
	/* After persist: do the other units have it, read back by their own addresses? PARTIAL when
	 * that is not known. NULL: there are none. */
	int (*confirm)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	/* Forget what the site used before and what is kept to go back to; persist comes behind it.
	 * NULL: nothing is kept beyond settle. */
	int (*purge)(
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) MUST_USE;
	/* Calls back for everything that it serves or holds. Reads only, and needs no lock. NULL: it
	 * cannot be asked. */
	int (*survey)(
	    struct balancer *b, const struct surveyor *surveyor, struct outcome *what) MUST_USE;
};

/* `pourer`: the caller's, kept until it is closed; NULL where nothing is poured or asked.
 * Opens it under its lock, which holds between processes and between threads; waits up to
 * `patience`, then BUSY. The threads of a process that share a `queue` take turns in order of
 * arrival; NULL: none do. `config`, `world` and `queue` stay the caller's and must outlive it. */
int balancer_open(const struct config_balancer *config, const struct world *world,
    const struct pourer *pourer, struct queue *queue, when patience, struct balancer **ret,
    struct outcome *what) MUST_USE;
/* To look only: without the lock, so that an installation waits for no survey, and whatever unit
 * answers in whatever state its pair is. Only probe and survey may be called. */
int balancer_open_to_look(const struct config_balancer *config, const struct world *world,
    const struct pourer *pourer, struct balancer **ret, struct outcome *what) MUST_USE;
/* What the driver's survey does; UNSUPPORTED where there is nobody to ask. */
int balancer_survey(
    struct balancer *b, const struct surveyor *surveyor, struct outcome *what) MUST_USE;
struct balancer *balancer_close(struct balancer *b);
CLEAN_DEFINE(balancer_close, struct balancer *);
const struct balancer_driver *balancer_driver_of(const struct balancer *b);
const struct balancer_driver *balancer_driver_named(const char *name); /* NULL when there is none */
enum balancer_reach balancer_reach(const struct config_balancer *config);

/*
 * The whole installation: observe, stage, check, activate, route, `verify` (the caller's: a full
 * handshake at the address; positive = not served as wanted), persist. Steps that are done already
 * are left out, and an AMBIGUOUS one is observed and gone through once more. What does not verify
 * is rolled back if that makes it better: to the previous one, or off if the site served nothing
 * before; BALANCER_E_INVALID with the words. NOOP when it was served and on disk already: nothing
 * is written (but synced, as who wrote it may have died before that), verify is still called,
 * nothing rolled back. What does not verify because another unit took over is AMBIGUOUS, too.
 * PARTIAL: served and verified, but persist or confirm failed; the same call again finishes it.
 */
struct installer {
	const struct pourer *pourer;
	/* Before the first write of each round; NULL = nobody wants to know. What is not 0 ends it. */
	int (*planned)(const struct installer *self, const struct bundle *bundle,
	    const struct plan *plan, struct outcome *what);
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

/*
 * The driver's purge for many, with one persist in the end where it keeps all at once. What was
 * gone already is kept again, as who removed it may have died before that. Of the installer only
 * `still` is asked.
 */
void balancer_purge_many(struct balancer *b, const struct installer *installer,
    struct install_item *items, size_t count);
