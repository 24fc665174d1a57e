/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/install.h"

#include <stdio.h>

#include "balancer/plan.h"
#include "ipc/key_export.h"
#include "store/certificates.h"
#include "store/keys.h"
#include "store/sites.h"
#include "sys/file.h"
#include "worker/by_hand.h"
#include "worker/carry.h"
#include "worker/plan_keep.h"
#include "worker/window.h"

#define PATIENCE       SECONDS(20) /* for other hands and nodes at the same balancer */
#define VERIFY_TIMEOUT SECONDS(5)
#define CHAIN_MAX      (1024 * 1024)

/* A bundle with all it borrows, and the wrapped key that belongs to it. */
struct load {
	struct bundle bundle; /* first: pour() gets it back and finds the rest around it */
	struct key key;
	struct buf leaf, chain, wrapped;
	struct certificate certificate;
};

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

#define KEYS_MOST 2 /* the order's own, and the one to go back to */

/* What pouring and verifying need besides the bundle. */
struct job {
	struct hand *hand;
	const struct subject_matter *matter;
	struct id order;
	int stopped;  /* the result that planned() ended it with */
	bool by_hand; /* it waits for somebody */
	struct {
		struct id key;
		int64_t times;
	} poured[KEYS_MOST]; /* for the audit log */
};

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

static void
count_pour(struct job *job, struct id key)
{
	size_t i = 0;

	while (i < KEYS_MOST - 1 && job->poured[i].times > 0 && !id_eq(job->poured[i].key, key))
		i++;
	job->poured[i].key = key;
	job->poured[i].times++;
}

/* A key that left the keeper is an event of its own, whatever became of it at the balancer. */
static int
note_exports(struct job *job, const struct order *order)
{
	struct store *store = job->hand->store;
	int r;

	if (job->poured[0].times == 0)
		return 0;
	r = hand_begin(job->hand);
	for (size_t i = 0; r == 0 && i < KEYS_MOST; i++)
		if (job->poured[i].times > 0)
			r = store_key_exported(store, job->poured[i].key, order->id,
			    job->matter->balancer->name, job->poured[i].times);
	return r ? r : store_commit(store, "worker.exported");
}

static struct key_export
export_of(const struct job *job, const struct load *load)
{
	return (struct key_export){
		.balancer = job->matter->balancer->name,
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
	const struct load *load = (const struct load *)(const void *)bundle;
	struct key_export question = export_of(job, load);
	struct key_exported poured = { 0 };
	int r;

	question.form = is_socket ? FORM_HAPROXY_SOCKET : FORM_FILE;
	question.before = before;
	question.after = after;
	question.max_total = max_total > UINT32_MAX ? UINT32_MAX : (uint32_t)max_total;
	r = key_export_ask(job->hand->worker->keeper, &question, fd, &poured);

	if (r == 0)
		count_pour(job, load->key.id);
	return result_of(r, &poured, what);
}

static int
sign_in(const struct pourer *self, size_t unit, long *ret_status, struct buf *answer,
    struct outcome *what)
{
	struct job *job = self->context;

	return carry_sign_in(
	    job->hand->worker->keeper, job->matter->balancer, unit, ret_status, answer, what);
}

static int
upload(const struct pourer *self, const struct bundle *bundle, size_t unit, const char *name,
    const char *token, long *ret_status, struct buf *answer, struct outcome *what)
{
	struct job *job = self->context;
	const struct load *load = (const struct load *)(const void *)bundle;
	struct key_export question = export_of(job, load);
	int r;

	question.unit = (uint8_t)unit;
	r = carry_upload(job->hand->worker->keeper, job->matter->balancer, &question, name, token,
	    ret_status, answer, what);

	if (r == 0 || r == BALANCER_E_AMBIGUOUS)
		count_pour(job, load->key.id);
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
		.port = (uint16_t)job->matter->balancer->https_port,
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

static struct pourer
pourer_of(struct job *job)
{
	return (struct pourer){
		.pour = pour, .sign_in = sign_in, .upload = upload, .look = look, .context = job
	};
}

static int
verify(const struct installer *self, const struct bundle *bundle, struct outcome *what)
{
	return look(self->pourer, bundle, what);
}

/* What will be done is on record before it is done. */
static int
planned(const struct installer *self, const struct plan *plan, struct outcome *what)
{
	struct job *job = self->context;

	job->stopped = plan_keep(job->hand, job->order, plan);
	if (job->stopped)
		outcome_set(what, OUTCOME_LATER, "The plan could not be kept.");
	return job->stopped ? BALANCER_E_BUSY : 0;
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
static int
plan(struct hand *hand, const struct order *order, const struct subject_matter *matter,
    const struct load *load, struct id *ret)
{
	struct installation i = { .order = order->id,
		.site = order->site,
		.certificate = order->certificate,
		.key = load->key.id };
	int r = hand_begin(hand);

	if (r)
		return r;
	snprintf(i.balancer, sizeof(i.balancer), "%s", matter->balancer->name);
	r = store_installation_plan(hand->store, &i);
	if (r == 0)
		r = store_order_point(hand->store, order->id, ID_NONE, ID_NONE, ID_NONE, i.id);
	if (r)
		return error_fold(r);
	*ret = i.id;
	return store_commit(hand->store, "worker.planned");
}

static int
open_balancer(
    struct job *job, const struct pourer *pourer, struct balancer **ret, struct outcome *what)
{
	const struct worker *worker = job->hand->worker;

	return balancer_open(
	    job->matter->balancer, worker->world, pourer, worker->turns, PATIENCE, ret, what);
}

/* What will be done, for whoever decides or waits meanwhile. That the balancer cannot be asked now
 * keeps nobody from deciding. */
static int
foresee(struct job *job, const struct load *load)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	const struct pourer pourer = pourer_of(job);
	struct outcome aside = { 0 };
	struct observation seen;
	struct plan plan;
	int r = open_balancer(job, &pourer, &b, &aside);

	if (r == 0)
		r = balancer_plan(b, &load->bundle, &seen, &plan, &aside);
	if (r)
		return r > 0 ? 0 : r;
	return plan_keep(job->hand, job->order, &plan);
}

static int
install(struct job *job, const struct load *load, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	const struct pourer pourer = pourer_of(job);
	const struct installer installer = {
		.pourer = &pourer, .planned = planned, .verify = verify, .context = job
	};
	int r = open_balancer(job, &pourer, &b, what);

	if (r == 0)
		r = balancer_install(b, &load->bundle, &installer, what);
	if (r < 0 || job->stopped)
		return job->stopped ? job->stopped : r;
	job->by_hand = r == BALANCER_E_BY_HAND;
	set_kind(r, what);
	return 0;
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
	if (r == 0)
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

static int
take_leave(struct job *job, const struct task *task, const struct order *order,
    const struct load *load, bool *ret_waits, struct outcome *what)
{
	bool begun = false;
	int r = by_hand_is_begun(job->hand, order, &begun);

	*ret_waits = false;
	if (r || begun)
		return r;
	if (window_or_approval_waits(job->hand, task, order, job->matter->balancer))
		r = foresee(job, load);
	return r ? r : wait_for_leave(job->hand, task, order, job->matter, ret_waits, what);
}

static int
put_on(struct hand *hand, const struct task *task, const struct order *order, bool is_live,
    struct outcome *what)
{
	CLEAN(load_fini) struct load load = LOAD;
	CLEAN(load_fini) struct load previous = LOAD;
	struct subject_matter matter;
	struct job job = { .hand = hand, .matter = &matter, .order = order->id };
	bool has_previous = false, waits = false;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	r = load_bundle(hand, order->certificate, &matter, &load);
	if (r == 0)
		r = load_previous(hand, order, &matter, &previous, &has_previous);
	load.bundle.previous = has_previous ? &previous.bundle : NULL;
	if (r == 0)
		r = take_leave(&job, task, order, &load, &waits, what);
	if (r || waits)
		return r;
	r = plan(hand, order, &matter, &load, &load.bundle.installation);
	if (r)
		return r;
	previous.bundle.installation = load.bundle.installation;
	r = install(&job, &load, what);
	if (r == 0)
		r = note_exports(&job, order);
	if (r)
		return r;
	if (what->kind == OUTCOME_DONE)
		return keep(hand, task, order, load.bundle.installation,
		    balancer_reach(matter.balancer) == REACH_NOTHING ? INSTALLATION_APPLIED
								     : INSTALLATION_VERIFIED,
		    is_live, what);
	if (job.by_hand)
		return by_hand_note(hand, load.bundle.installation, what);
	return what->kind == OUTCOME_HUMAN
	           ? note_refusal(hand, order, &matter, load.bundle.installation, what)
	           : 0;
}

int
step_install(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	return put_on(hand, task, order, false, what);
}

/* A live one with another chain: what it served until now is no longer good. */
int
step_refresh(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	return put_on(hand, task, order, true, what);
}

static int
purge(struct job *job, const struct load *load, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	const struct balancer_driver *driver = balancer_driver_named(job->matter->balancer->driver);
	const struct pourer pourer = pourer_of(job);
	int r = BALANCER_E_NOOP;

	if (driver && driver->purge) {
		r = open_balancer(job, &pourer, &b, what);
		if (r == 0)
			r = driver->purge(b, &load->bundle, what);
	}
	if (r < 0)
		return r;
	set_kind(r, what);
	return 0;
}

int
step_purge(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	CLEAN(load_fini) struct load load = LOAD;
	struct subject_matter matter;
	struct job job = { .hand = hand, .matter = &matter };
	bool waits;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	r = wait_for_leave(hand, task, order, &matter, &waits, what);
	if (r || waits)
		return r;
	r = load_bundle(hand, order->certificate, &matter, &load);
	if (r == 0)
		r = purge(&job, &load, what);
	if (r || what->kind != OUTCOME_DONE)
		return r;
	r = hand_begin(hand);
	if (r == 0)
		r = store_order_purged(hand->store, order->id);
	return r ? error_fold(r) : hand_finish(hand, task, EVENT_MAX, "", "worker.purged");
}

static int
undo(struct job *job, const struct load *load, bool withdraw, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	const struct pourer pourer = pourer_of(job);
	int r = open_balancer(job, &pourer, &b, what);

	if (r == 0 && withdraw)
		r = balancer_driver_of(b)->withdraw(b, &load->bundle, what);
	else if (r == 0)
		r = balancer_driver_of(b)->rollback(b, &load->bundle, &pourer, what);
	if (r < 0)
		return r;
	set_kind(r, what);
	return 0;
}

int
install_roll_back(struct hand *hand, const struct order *order, struct outcome *what)
{
	CLEAN(load_fini) struct load load = LOAD;
	CLEAN(load_fini) struct load previous = LOAD;
	struct subject_matter matter;
	struct job job = { .hand = hand, .matter = &matter };
	bool has_previous = false;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	r = load_bundle(hand, order->certificate, &matter, &load);
	if (r == 0)
		r = load_previous(hand, order, &matter, &previous, &has_previous);
	if (r)
		return r;
	load.bundle.installation = previous.bundle.installation = order->installation;
	load.bundle.previous = has_previous ? &previous.bundle : NULL;
	r = undo(&job, &load, false, what);
	return r ? r : note_exports(&job, order);
}

int
install_withdraw(struct hand *hand, const struct order *order, struct outcome *what)
{
	CLEAN(load_fini) struct load load = LOAD;
	struct subject_matter matter;
	struct job job = { .hand = hand, .matter = &matter };
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	r = load_bundle(hand, order->certificate, &matter, &load);
	if (r)
		return r;
	load.bundle.installation = order->installation;
	return undo(&job, &load, true, what);
}
