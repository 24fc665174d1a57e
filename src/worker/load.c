/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/batch.h"

#include <stdio.h>

#include "ipc/key_export.h"
#include "site/site.h"
#include "store/sites.h"
#include "worker/carry.h"

#define PATIENCE       SECONDS(2) /* for other hands and nodes at the same balancer */
#define VERIFY_TIMEOUT SECONDS(5)

void
load_fini(struct load *load)
{
	buf_fini(&load->leaf);
	buf_fini(&load->chain);
	buf_fini(&load->wrapped);
}

int
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
int
load_note_exports(struct hand *hand, const struct load *load, const struct load *previous,
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
void
job_set_kind(int r, struct outcome *what)
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
int
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
