/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/install.h"

#include <stdio.h>

#include "balancer/balancer.h"
#include "ipc/key_export.h"
#include "store/sites.h"
#include "sys/file.h"
#include "worker/batch.h"
#include "worker/by_hand.h"
#include "worker/carry.h"
#include "worker/window.h"

#define PATIENCE       SECONDS(2) /* for other hands and nodes at the same balancer */
#define VERIFY_TIMEOUT SECONDS(5)
#define CHAIN_MAX      (1024 * 1024)

static void
load_fini(struct load *load)
{
	buf_fini(&load->leaf);
	buf_fini(&load->chain);
	buf_fini(&load->wrapped);
}
CLEAN_DEFINE_FINI(load_fini, struct load);

#define LOAD            \
	((struct load){ \
	    .leaf = BUF(CHAIN_MAX), .chain = BUF(CHAIN_MAX), .wrapped = BUF(KEY_WRAPPED_MAX) })

static int
load_bundle(
    struct hand *hand, struct id certificate, const struct subject_matter *matter, struct load *ret)
{
	struct bundle *b = &ret->bundle;
	int r = store_certificate_get(hand->store, certificate, &ret->certificate);

	if (r == 0)
		r = store_certificate_der(hand->store, certificate, &ret->leaf, &ret->chain);
	if (r == 0)
		r = store_key_get(hand->store, ret->certificate.key, &ret->key);
	if (r == 0)
		r = store_key_wrapped(hand->store, ret->certificate.key, &ret->wrapped);
	if (r)
		return error_fold(r);
	b->site = matter->site.id;
	b->name = matter->name;
	b->address = matter->address;
	b->backend = matter->service.backend;
	b->service = service_kind_name(matter->service.kind);
	b->template = config_template(hand->worker->config, matter->balancer->name, b->service);
	b->leaf = buf_str(&ret->leaf);
	b->chain = buf_str(&ret->chain);
	memcpy(b->leaf_sha256, ret->certificate.sha256, sizeof(b->leaf_sha256));
	return 0;
}

static int
result_of(int r, const struct key_exported *poured, struct outcome *what)
{
	switch (r) {
	case KEY_EXPORT_E_AWAY:
		outcome_set(what, OUTCOME_LATER, "The keeper did not answer.");
		return BALANCER_E_AMBIGUOUS;
	case KEY_EXPORT_E_REFUSED:
		outcome_set(what, OUTCOME_HUMAN, "The keeper refused: %s", poured->words);
		return BALANCER_E_INVALID;
	case KEY_EXPORT_E_TOO_LARGE:
		outcome_set(what, OUTCOME_HUMAN,
		    "Certificate, chain and key are %u bytes, more than the balancer takes.",
		    poured->total);
		return BALANCER_E_CAPACITY;
	case KEY_EXPORT_E_VESSEL:
		outcome_set(
		    what, OUTCOME_LATER, "The key could not be handed over: %s", poured->words);
		return BALANCER_E_AMBIGUOUS;
	default:
		return r;
	}
}

static int
note_export(struct hand *hand, const struct load *load, const char *balancer, struct id order)
{
	return load->poured == 0
	           ? 0
	           : store_key_exported(hand->store, load->key.id, order, balancer, load->poured);
}

/* A key that left the keeper is an event of its own, whatever became of it at the balancer. */
static int
note_exports(struct hand *hand, const struct load *load, const struct load *previous,
    const struct config_balancer *balancer, struct id order)
{
	int r;

	if (load->poured == 0 && previous->poured == 0)
		return 0;
	r = hand_begin(hand);
	if (r == 0)
		r = note_export(hand, load, balancer->name, order);
	if (r == 0)
		r = note_export(hand, previous, balancer->name, order);
	return r ? r : store_commit(hand->store, "worker.exported");
}

/* The bundle is a load's. */
static struct load *
load_of(const struct bundle *bundle)
{
	return (struct load *)(uintptr_t)bundle;
}

static struct key_export
export_of(const struct job *job, const struct load *load)
{
	return (struct key_export){
		.balancer = job->balancer->name,
		.installation = load->bundle.installation,
		.key = load->key.id,
		.customer = load->key.customer,
		.site = load->key.site,
		.wrapped = buf_str(&load->wrapped),
	};
}

static int
pour(const struct pourer *self, const struct bundle *bundle, int fd, bool is_socket,
    struct str before, struct str after, size_t max_total, struct outcome *what)
{
	struct job *job = self->context;
	struct load *load = load_of(bundle);
	struct key_export question = export_of(job, load);
	struct key_exported poured = { 0 };
	int r;

	question.form = is_socket ? FORM_HAPROXY_SOCKET : FORM_FILE;
	question.before = before;
	question.after = after;
	question.max_total = max_total > UINT32_MAX ? UINT32_MAX : (uint32_t)max_total;
	r = key_export_ask(job->hand->worker->keeper, &question, fd, &poured);

	load->poured += r == 0;
	return result_of(r, &poured, what);
}

static int
sign_in(const struct pourer *self, size_t unit, long *ret_status, struct buf *answer,
    struct outcome *what)
{
	struct job *job = self->context;

	return carry_sign_in(
	    job->hand->worker->keeper, job->balancer, unit, ret_status, answer, what);
}

static int
upload(const struct pourer *self, const struct bundle *bundle, size_t unit, const char *name,
    const char *token, long *ret_status, struct buf *answer, struct outcome *what)
{
	struct job *job = self->context;
	struct load *load = load_of(bundle);
	struct key_export question = export_of(job, load);
	int r;

	question.unit = (uint8_t)unit;
	r = carry_upload(job->hand->worker->keeper, job->balancer, &question, name, token,
	    ret_status, answer, what);
	load->poured += r == 0 || r == BALANCER_E_AMBIGUOUS;
	return r;
}

/* What a visitor of the site gets, wherever its name points now. */
static int
look(const struct pourer *self, const struct bundle *bundle, struct outcome *what)
{
	const struct job *job = self->context;
	struct site_target target = {
		.name = bundle->name,
		.address = bundle->address,
		.port = (uint16_t)job->balancer->https_port,
		.chain = bundle->chain,
		.path = "/",
		.trust = job->hand->worker->trust,
		.timeout = VERIFY_TIMEOUT,
	};
	int r;

	memcpy(target.leaf_sha256, bundle->leaf_sha256, sizeof(target.leaf_sha256));
	r = site_serves(&target, what);
	if (r)
		return r;
	return what->kind == OUTCOME_DONE ? 0 : BALANCER_E_INVALID;
}

struct pourer
job_pourer(struct job *job)
{
	return (struct pourer){
		.pour = pour, .sign_in = sign_in, .upload = upload, .look = look, .context = job
	};
}

int
job_open(struct job *job, const struct pourer *pourer, struct balancer **ret, struct outcome *what)
{
	const struct worker *worker = job->hand->worker;

	return balancer_open(
	    job->balancer, worker->world, pourer, worker->turns, PATIENCE, ret, what);
}

/* How the driver's answer goes on: the balancer's words are in *what already. */
static void
set_kind(int r, struct outcome *what)
{
	switch (r) {
	case 0:
	case BALANCER_E_NOOP:
		what->kind = OUTCOME_DONE;
		break;
	case BALANCER_E_BUSY:
	case BALANCER_E_UNREACHABLE:
	case BALANCER_E_AMBIGUOUS:
	case BALANCER_E_PARTIAL:
	case BALANCER_E_HELD:
		what->kind = OUTCOME_LATER;
		break;
	default:
		what->kind = OUTCOME_HUMAN;
		break;
	}
	if (!what->words[0])
		outcome_set(what, what->kind, "%s", balancer_words(r));
}

/* The certificate that is live today, if going back to it would be right: still valid, and its key
 * not under suspicion. */
static int
load_previous(struct hand *hand, const struct order *order, const struct subject_matter *matter,
    struct load *ret, bool *ret_there)
{
	struct id previous = matter->site.certificate;
	int r;

	*ret_there = false;
	if (id_is_none(previous) || id_eq(previous, order->certificate) ||
	    order->facts.kind == ORDER_REKEY)
		return 0;
	r = load_bundle(hand, previous, matter, ret);
	if (r)
		return r;
	*ret_there = ret->certificate.not_after > world_now(hand->worker->world);
	return 0;
}

/* Planned is a fact of its own: from here on the keeper may be asked to export for it. */
int
ride_plan(struct hand *hand, struct ride *ride)
{
	const struct order *order = &ride->order;
	struct installation i = { .order = order->id,
		.site = order->site,
		.certificate = order->certificate,
		.key = ride->load.key.id };
	int r = hand_begin(hand);

	if (r)
		return r;
	snprintf(i.balancer, sizeof(i.balancer), "%s", ride->matter.balancer->name);
	r = store_installation_plan(hand->store, &i);
	if (r == 0)
		r = store_order_point(hand->store, order->id, ID_NONE, ID_NONE, ID_NONE, i.id);
	if (r)
		return error_fold(r);
	ride->load.bundle.installation = ride->previous.bundle.installation = i.id;
	return store_commit(hand->store, "worker.planned");
}

static int
note_refusal(struct hand *hand, const struct order *order, const struct subject_matter *matter,
    struct id installation, const struct outcome *what)
{
	struct findings findings = { .policy = &hand->worker->config->severities };
	struct finding *f = findings_add(&findings, FINDING_INSTALL_REFUSED, "");
	int r = hand_begin(hand);

	finding_param(f, "fqdn", "%s", order->host);
	finding_param(f, "balancer", "%s", matter->balancer->name);
	finding_param(f, "words", "%s", what->words);
	if (r == 0)
		r = store_findings_replace(hand->store, order->id, GATE_SITE, &findings);
	if (r == 0 && !id_is_none(installation)) /* the balancer let us in */
		r = store_installation_set(
		    hand->store, installation, INSTALLATION_ROLLED_BACK, what->words);
	return error_fold(r ? r : store_commit(hand->store, "worker.install_refused"));
}

/* A better certificate may have been accepted while this one was put on: then the work goes on with
 * that one. */
static int
keep(struct hand *hand, const struct task *task, const struct order *order, struct id installation,
    enum installation_state state, bool is_live, struct outcome *what)
{
	struct order now;
	int r = hand_begin(hand);

	if (r == 0)
		r = store_order_get(hand->store, order->id, &now);
	if (r)
		return error_fold(r);
	if (!id_eq(now.certificate, order->certificate)) {
		store_abandon(hand->store);
		outcome_set(what, OUTCOME_LATER, "Another certificate was accepted meanwhile.");
		what->again = world_now(hand->worker->world);
		return 0;
	}
	r = store_installation_set(hand->store, installation, state, what->words);
	if (r == 0) /* in time, or not any more */
		r = store_findings_replace(
		    hand->store, order->id, GATE_WINDOW, &(struct findings){ 0 });
	if (r)
		return error_fold(r);
	return is_live ? hand_finish(hand, task, EVENT_REFRESHED, "", "worker.refreshed")
	               : hand_finish(hand, task, EVENT_INSTALLED, "", "worker.installed");
}

void
ride_init(struct ride *ride, struct task *task)
{
	*ride = (struct ride){ .task = task,
		.load = LOAD,
		.previous = LOAD,
		.is_live = task->kind == TASK_REFRESH,
		.what = { .kind = OUTCOME_DONE } };
}

void
ride_fini(struct ride *ride)
{
	load_fini(&ride->load);
	load_fini(&ride->previous);
}

/* The chain of an approved certificate is no new decision. */
static int
wait_for_leave(struct hand *hand, const struct task *task, const struct order *order,
    const struct subject_matter *matter, bool *ret_waits, struct outcome *what)
{
	int r = 0;

	*ret_waits = false;
	if (task->kind == TASK_INSTALL)
		r = approval_wait(hand, task, order, matter->balancer, ret_waits, what);
	if (r == 0 && !*ret_waits)
		r = window_wait(hand, task, order, &matter->site, ret_waits, what);
	return r;
}

/* Nobody is asked twice for what is begun; who is asked shall see what for. */
static int
take_leave(struct hand *hand, struct ride *ride)
{
	bool begun = false;
	int r = by_hand_is_begun(hand, &ride->order, &begun);

	if (r || begun)
		return r;
	if (window_or_approval_waits(hand, ride->task, &ride->order, ride->matter.balancer))
		r = batch_foresee(hand, ride);
	return r ? r
	         : wait_for_leave(
		       hand, ride->task, &ride->order, &ride->matter, &ride->waits, &ride->what);
}

int
ride_load(struct hand *hand, struct ride *ride)
{
	bool has_previous = false;
	int r = hand_load(hand, &ride->order, &ride->matter, &ride->what);

	if (r)
		return r > 0 ? 0 : r;
	r = load_bundle(hand, ride->order.certificate, &ride->matter, &ride->load);
	if (r == 0)
		r = load_previous(
		    hand, &ride->order, &ride->matter, &ride->previous, &has_previous);
	ride->load.bundle.previous = has_previous ? &ride->previous.bundle : NULL;
	return r ? r : take_leave(hand, ride);
}

int
ride_end(struct hand *hand, struct ride *ride, int r)
{
	const bool is_by_hand = r == BALANCER_E_BY_HAND;
	struct outcome *what = &ride->what;

	if (r < 0)
		return r;
	set_kind(r, what);
	r = note_exports(hand, &ride->load, &ride->previous, ride->matter.balancer, ride->order.id);
	if (r)
		return r;
	if (what->kind == OUTCOME_DONE)
		return keep(hand, ride->task, &ride->order, ride->load.bundle.installation,
		    balancer_reach(ride->matter.balancer) == REACH_NOTHING ? INSTALLATION_APPLIED
									   : INSTALLATION_VERIFIED,
		    ride->is_live, what);
	if (is_by_hand)
		return by_hand_note(hand, ride->load.bundle.installation, what);
	return what->kind == OUTCOME_HUMAN ? note_refusal(hand, &ride->order, &ride->matter,
						 ride->load.bundle.installation, what)
	                                   : 0;
}

int
step_install(
    struct hand *hand, const struct task *task UNUSED, struct order *order, struct outcome *what)
{
	return batch_install(hand, order, what);
}

/* A live one with another chain: what it served until now is no longer good. */
int
step_refresh(
    struct hand *hand, const struct task *task UNUSED, struct order *order, struct outcome *what)
{
	return batch_install(hand, order, what);
}

enum undoing { ROLL_BACK, WITHDRAW, PURGE };

static int
undo(struct job *job, const struct load *load, enum undoing undoing, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	const struct pourer pourer = job_pourer(job);
	int r = job_open(job, &pourer, &b, what);

	if (r)
		return r;
	switch (undoing) {
	case WITHDRAW:
		return balancer_driver_of(b)->withdraw(b, &load->bundle, what);
	case PURGE:
		return balancer_driver_of(b)->purge(b, &load->bundle, what);
	case ROLL_BACK:
		break;
	}
	return balancer_driver_of(b)->rollback(b, &load->bundle, &pourer, what);
}

static int
take_back(struct hand *hand, const struct order *order, enum undoing undoing, struct outcome *what)
{
	CLEAN(load_fini) struct load load = LOAD;
	CLEAN(load_fini) struct load previous = LOAD;
	struct subject_matter matter;
	struct job job = { .hand = hand };
	bool has_previous = false, entered;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	job.balancer = matter.balancer;
	r = load_bundle(hand, order->certificate, &matter, &load);
	if (r == 0 && undoing == ROLL_BACK)
		r = load_previous(hand, order, &matter, &previous, &has_previous);
	if (r)
		return r;
	load.bundle.installation = previous.bundle.installation = order->installation;
	load.bundle.previous = has_previous ? &previous.bundle : NULL;
	what->kind = OUTCOME_LATER;
	r = batch_enter(hand, job.balancer, &entered);
	if (!entered)
		return r;
	r = undo(&job, &load, undoing, what);
	batch_leave(hand, job.balancer, r);
	if (r < 0)
		return r;
	set_kind(r, what);
	return note_exports(hand, &load, &previous, matter.balancer, order->id);
}

int
install_roll_back(struct hand *hand, const struct order *order, struct outcome *what)
{
	return take_back(hand, order, ROLL_BACK, what);
}

int
install_withdraw(struct hand *hand, const struct order *order, struct outcome *what)
{
	return take_back(hand, order, WITHDRAW, what);
}

/* Where nothing is kept beyond the installation, nobody is asked. */
static bool
keeps_previous(const struct hand *hand, const struct site *site)
{
	const struct config_balancer *balancer =
	    config_balancer(hand->worker->config, site->balancer);
	const struct balancer_driver *driver =
	    balancer ? balancer_driver_named(balancer->driver) : NULL;

	return !driver || driver->purge;
}

static int
purge(struct hand *hand, const struct task *task, const struct order *order,
    const struct subject_matter *matter, bool *ret_waits, struct outcome *what)
{
	int r = 0;

	*ret_waits = false;
	if (!keeps_previous(hand, &matter->site))
		return 0;
	r = wait_for_leave(hand, task, order, matter, ret_waits, what);
	return r || *ret_waits ? r : take_back(hand, order, PURGE, what);
}

int
step_purge(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	struct subject_matter matter;
	bool waits;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	r = purge(hand, task, order, &matter, &waits, what);
	if (r || waits || what->kind != OUTCOME_DONE)
		return r;
	r = hand_begin(hand);
	if (r == 0)
		r = store_order_purged(hand->store, order->id);
	return r ? error_fold(r) : hand_finish(hand, task, EVENT_MAX, "", "worker.purged");
}
