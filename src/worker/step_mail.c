/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_ASK, TASK_ANSWER, TASK_ASK_DNS and TASK_TELL, and of a cancelled order the last word: a mail to
 * the customer. Composed and stored first, under an id of its own, then sent: a crash before the SMTP
 * server's answer was stored sends it again under the same Message-ID.
 */
#include "worker/caa_look.h"

#include <stdio.h>
#include <stdlib.h>

#include "mail/mail.h"
#include "names/spell.h"
#include "pki/csr.h"
#include "review/doubt.h"
#include "review/offers.h"
#include "store/certificates.h"
#include "store/customers.h"
#include "store/deliveries.h"
#include "store/keys.h"
#include "store/messages.h"

#define SENTENCES_MAX 8192

/* What a mail may need, loaded for its purpose. */
struct sources {
	struct customer customer;
	struct site site;
	struct buf csr_pem;
	struct buf what, why, next; /* of what was found first */
	struct buf more;            /* what else is as grave */
	struct buf advice;          /* whom to buy from */
	const char *platform;       /* as the order form of the authority calls it */
	char issuer[512], names[2048], not_after[WHEN_WORDS_SIZE];
	char how_to_return[256], how_to_accept[256], how_to_confirm[256];
	char spelled[1024];
};

static void
sources_fini(struct sources *sources)
{
	buf_fini(&sources->csr_pem);
	buf_fini(&sources->what);
	buf_fini(&sources->why);
	buf_fini(&sources->next);
	buf_fini(&sources->more);
	buf_fini(&sources->advice);
}
CLEAN_DEFINE_FINI(sources_fini, struct sources);

static int
load_csr(struct hand *hand, const struct order *order, struct sources *ret)
{
	CLEAN(buf_fini) struct buf der = BUF(CSR_MAX);
	int r = store_csr_get(hand->store, order->csr, &der);

	if (r)
		return error_fold(r);
	csr_to_pem(buf_str(&der), &ret->csr_pem);
	return 0;
}

/* The one cause that a customer sees (I-08). Remarks are none. */
static void
load_finding(const struct findings *findings, struct sources *ret)
{
	const struct finding *first = findings_first(findings);

	if (!first || first->severity == SEVERITY_INFO)
		return;
	finding_render(first, FINDING_WHAT, &ret->what);
	finding_render(first, FINDING_WHY, &ret->why);
	finding_render(first, FINDING_NEXT, &ret->next);
}

/* What is for the provider to see to keeps no customer from buying. */
static int
load_caa(struct hand *hand, const struct order *order, struct sources *ret)
{
	CLEAN(found_list_fini) struct found_list open = { 0 };
	struct findings *findings = alloc_zero(sizeof(*findings));
	int r = store_findings_open(hand->store, order->id, &open);

	for (size_t i = 0; i < open.count && findings->count < FINDINGS_MAX; i++)
		if (open.row[i].gate == GATE_CAA &&
		    finding_rule(open.row[i].finding.code)->owner == PARTY_CUSTOMER)
			findings->list[findings->count++] = open.row[i].finding;
	load_finding(findings, ret);
	free(findings);
	return r;
}

/* D-10: for who has none. Never one that the customer's DNS forbids. */
static void
put_usual(const struct offers *offers, struct buf *to)
{
	for (size_t i = 0; i < offers->count; i++)
		if (strcmp(offers->list[i].label, "DigiCert") == 0 &&
		    offers->list[i].line.verdict == ADVICE_FEW_ORDERS)
			buf_put_text(to, " If you have none, take DigiCert (it also owns Thawte).");
	buf_put_text(to, " We have seen too few orders to recommend one by our own figures.");
}

/* Whom to buy from: what the customer said, else what our orders have shown. */
static int
load_purchase(struct hand *hand, const struct order *order, struct sources *ret)
{
	const struct worker *worker = hand->worker;
	const struct ca *ca = cas_find(market_cas(worker->market), str_of(order->ca));
	CLEAN(offers_fini) struct offers offers = { 0 };
	int r = load_caa(hand, order, ret);

	ret->platform = ca && *ca->platform ? ca->platform : worker->config->platform;
	if (r || *order->ca)
		return r;
	r = offers_read(hand->store, worker->market, order, world_now(worker->world), &offers);
	if (r)
		return r;
	if (offers.best)
		buf_put_text(&ret->advice, " Our recommendation, from our own orders: ");
	if (offers.best)
		offers_words(&offers, &ret->advice);
	else
		put_usual(&offers, &ret->advice);
	return 0;
}

static void
load_names(const struct delivered *delivered, struct sources *ret)
{
	struct str rest = str_of(delivered->names), name;
	size_t len = 0;

	while (str_next(&rest, ' ', &name) && len + name.len + 3 < sizeof(ret->names))
		len += (size_t)snprintf(ret->names + len, sizeof(ret->names) - len, "%s%.*s",
		    len ? ", " : "", STR_ARG(name));
}

/* Who answers answers for all of it. */
static void
load_more(const struct findings *findings, struct sources *ret)
{
	const struct finding *first = findings_first(findings);

	for (size_t i = 0; first && i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		if (finding == first || finding->severity != first->severity)
			continue;
		if (ret->more.len > 0)
			buf_put_byte(&ret->more, ' ');
		finding_render(finding, FINDING_WHAT, &ret->more);
	}
}

/* "o w a . c o n t o s o . c o m": what is read letter by letter is read. */
static void
spell(const char *host, char *to, size_t size)
{
	struct name_letter letters[sizeof(((struct host_name *)0)->text)];
	size_t count = name_spell_letters(host, letters, COUNT_OF(letters)), len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < count && len + sizeof(letters[i].text) + 1 < size; i++)
		len += (size_t)snprintf(
		    to + len, size - len, "%s%s", i > 0 ? " " : "", letters[i].text);
}

static int
load_doubt(struct hand *hand, const struct order *order, struct sources *ret)
{
	struct doubt *doubt = alloc_zero(sizeof(*doubt));
	int r = doubt_read(hand->store, order, doubt);

	if (r == 0) {
		load_finding(&doubt->findings, ret);
		load_more(&doubt->findings, ret);
	}
	free(doubt);
	spell(order->host, ret->spelled, sizeof(ret->spelled));
	return r;
}

static int
load_delivered(struct hand *hand, const struct delivered *delivered, struct sources *ret)
{
	struct findings *findings = alloc_zero(sizeof(*findings));
	int r = store_delivered_findings(hand->store, delivered->id, findings);

	if (r == 0)
		load_finding(findings, ret);
	free(findings);
	load_names(delivered, ret);
	snprintf(ret->issuer, sizeof(ret->issuer), "%s", delivered->issuer);
	when_words(delivered->not_after, ret->not_after);
	return r;
}

static int
load_certificate(struct hand *hand, const struct order *order, struct sources *ret)
{
	struct certificate certificate;
	int r = store_certificate_get(hand->store, order->certificate, &certificate);

	if (r)
		return r;
	snprintf(ret->issuer, sizeof(ret->issuer), "%s", certificate.issuer);
	when_words(certificate.not_after, ret->not_after);
	return 0;
}

static int
load(struct hand *hand, const struct order *order, enum mail_purpose purpose,
    const struct delivered *delivered, struct sources *ret)
{
	int r = store_customer_get(hand->store, order->customer, &ret->customer);

	if (r == 0)
		r = store_site_get(hand->store, order->site, &ret->site);
	if (r == 0 && purpose == MAIL_CSR)
		r = load_csr(hand, order, ret);
	if (r == 0 && purpose == MAIL_CSR)
		r = load_purchase(hand, order, ret);
	if (r == 0 && (purpose == MAIL_QUESTION || purpose == MAIL_DECLINED))
		r = load_doubt(hand, order, ret);
	if (r == 0 && delivered)
		r = load_delivered(hand, delivered, ret);
	else if (r == 0 && !id_is_none(order->certificate))
		r = load_certificate(hand, order, ret);
	snprintf(ret->how_to_return, sizeof(ret->how_to_return),
	    "with an access token of ours, certdesk order certificate %lld FILE",
	    (long long)order->number);
	snprintf(ret->how_to_accept, sizeof(ret->how_to_accept), "certdesk order accept %lld",
	    (long long)order->number);
	snprintf(ret->how_to_confirm, sizeof(ret->how_to_confirm), "certdesk order confirm %lld",
	    (long long)order->number);
	return error_fold(r);
}

static int
compose(struct hand *hand, const struct order *order, enum mail_purpose purpose,
    const struct delivered *delivered, struct mail_draft *draft, char *recipient, size_t size)
{
	CLEAN(sources_fini)
	struct sources sources = { .csr_pem = BUF(2 * CSR_MAX),
		.what = BUF(SENTENCES_MAX),
		.why = BUF(SENTENCES_MAX),
		.next = BUF(SENTENCES_MAX),
		.more = BUF(SENTENCES_MAX),
		.advice = BUF(SENTENCES_MAX),
		.platform = hand->worker->config->platform };
	const struct config *config = hand->worker->config;
	int r = load(hand, order, purpose, delivered, &sources);
	struct mail_facts facts = {
		.provider = config->provider_name,
		.platform = sources.platform,
		.ca = order->ca,
		.advice = buf_text(&sources.advice),
		.contact_name = sources.customer.contact_name,
		.order = order->number,
		.fqdn = order->host,
		.address = sources.site.address_text,
		.record_type = strchr(sources.site.address_text, ':') ? "AAAA" : "A",
		.organization = order->organization,
		.city = order->city,
		.state = order->state,
		.country = order->country,
		.key_kind_words = key_kind_words(order->key_kind),
		.dns_last = order->facts.dns_when == DNS_LAST,
		.csr_pem = buf_text(&sources.csr_pem),
		.issuer = sources.issuer,
		.not_after = sources.not_after,
		.names = sources.names,
		.finding_what = buf_text(&sources.what),
		.finding_why = buf_text(&sources.why),
		.finding_next = buf_text(&sources.next),
		.finding_more = buf_text(&sources.more),
		.site_stays = !id_is_none(sources.site.live_order) &&
		              !id_eq(sources.site.live_order, order->id),
		.api_hint = sources.how_to_return,
		.accept_hint = sources.how_to_accept,
		.confirm_hint = sources.how_to_confirm,
		.spelled = sources.spelled,
	};

	if (r)
		return r;
	snprintf(recipient, size, "%s", sources.customer.contact_mail);
	return mail_compose(purpose, &facts, draft);
}

/* The domain of our own address makes the Message-ID ours (RFC 5322 section 3.6.4). */
static void
make_message_id(const struct config *config, struct id id, char *to, size_t size)
{
	const char *at = strrchr(config->mail_from, '@');
	struct str domain = at ? str_of(at + 1) : STR("certdesk.invalid");
	char text[ID_TEXT_SIZE];

	domain.len = str_find(domain, STR(">"));
	snprintf(to, size, "<%s@%.*s>", id_text(id, text), STR_ARG(domain));
}

/* Stores the message unless it is there from an earlier attempt; *ret is it in both cases. */
static int
queue_message(struct hand *hand, const struct order *order, enum mail_purpose purpose,
    const struct delivered *delivered, struct message *ret)
{
	struct id about = delivered ? delivered->id : order->id;
	CLEAN(mail_draft_fini) struct mail_draft draft = { 0 };
	const struct config *config = hand->worker->config;
	int r = store_message_get(hand->store, order->id, mail_purpose_name(purpose), about, ret);

	if (r != STORE_E_ABSENT)
		return error_fold(r);
	r = compose(
	    hand, order, purpose, delivered, &draft, ret->recipient, sizeof(ret->recipient));
	if (r)
		return r;
	ret->id = world_id(hand->worker->world);
	ret->order = order->id;
	ret->about = about;
	snprintf(ret->purpose, sizeof(ret->purpose), "%s", mail_purpose_name(purpose));
	snprintf(ret->sender, sizeof(ret->sender), "%s", config->mail_from);
	snprintf(ret->subject, sizeof(ret->subject), "%s", buf_text(&draft.subject));
	make_message_id(config, ret->id, ret->message_id, sizeof(ret->message_id));
	ret->body = buf_take(&draft.body);
	if (draft.attachment.len > 0) {
		ret->attachment_name = alloc_text(draft.attachment_name);
		ret->attachment_type = alloc_text(draft.attachment_type);
		ret->attachment = buf_take(&draft.attachment);
	}
	r = hand_begin(hand);
	if (r)
		return r;
	r = store_message_add(hand->store, ret);
	if (r)
		return error_fold(r);
	return store_commit(hand->store, "worker.message");
}

static const char *
text_or_empty(const char *text)
{
	return text ? text : "";
}

/* The later mails of an order answer its first one, so that mail programs show one thread. */
static int
first_message_id(struct hand *hand, const struct message *message, char *to, size_t size)
{
	static const enum mail_purpose first[] = { MAIL_QUESTION, MAIL_CSR }; /* in this order */
	int r = STORE_E_ABSENT;

	to[0] = '\0';
	for (size_t i = 0; i < COUNT_OF(first) && r == STORE_E_ABSENT; i++) {
		CLEAN(message_fini) struct message found = { 0 };
		const char *purpose = mail_purpose_name(first[i]);

		if (strcmp(message->purpose, purpose) == 0)
			return 0;
		r = store_message_get(hand->store, message->order, purpose, message->order, &found);
		if (r == 0)
			snprintf(to, size, "%s", found.message_id);
	}
	return r == STORE_E_ABSENT ? 0 : r;
}

static int
deliver(struct hand *hand, const struct message *message, struct outcome *what)
{
	char thread[sizeof(message->message_id)];
	struct mail_letter letter = {
		.from = message->sender,
		.to = message->recipient,
		.subject = message->subject,
		.message_id = message->message_id,
		.body = message->body,
		.in_reply_to = thread,
		.attachment_name = text_or_empty(message->attachment_name),
		.attachment_type = text_or_empty(message->attachment_type),
		.attachment = text_or_empty(message->attachment),
		.date = message->created,
	};
	int r = first_message_id(hand, message, thread, sizeof(thread));

	return r ? r : mail_send(hand->worker->config, &letter, what);
}

/* The customer's address may have been corrected since an attempt that failed for it. */
static int
follow_address(struct hand *hand, const struct order *order, struct message *message)
{
	struct customer customer;
	int r = store_customer_get(hand->store, order->customer, &customer);

	if (r || strcmp(message->recipient, customer.contact_mail) == 0)
		return error_fold(r);
	snprintf(message->recipient, sizeof(message->recipient), "%s", customer.contact_mail);
	r = hand_begin(hand);
	if (r == 0)
		r = store_message_redirect(hand->store, message->id, message->recipient);
	return error_fold(r ? r : store_commit(hand->store, "worker.redirected"));
}

static int
send_once(struct hand *hand, const struct order *order, enum mail_purpose purpose,
    const struct delivered *delivered, struct outcome *what, struct id *ret_message)
{
	CLEAN(message_fini) struct message message = { 0 };
	int r = queue_message(hand, order, purpose, delivered, &message);

	if (r)
		return r;
	*ret_message = message.id;
	if (message.sent) {
		outcome_set(what, OUTCOME_DONE, "sent before");
		return 0;
	}
	r = follow_address(hand, order, &message);
	if (r)
		return r;
	if (message.recipient[0] == '\0') {
		outcome_set(what, OUTCOME_HUMAN, "The customer has no mail address to write to.");
		return 0;
	}
	return deliver(hand, &message, what);
}

static int
write_about(struct hand *hand, const struct order *order, enum mail_purpose purpose,
    const struct delivered *delivered, struct outcome *what)
{
	struct id message;
	int r = send_once(hand, order, purpose, delivered, what, &message);

	if (r || what->kind != OUTCOME_DONE)
		return r;
	r = hand_begin(hand);
	if (r)
		return r;
	return store_message_sent(hand->store, message, what->words);
}

int
hand_write(
    struct hand *hand, const struct order *order, enum mail_purpose purpose, struct outcome *what)
{
	return write_about(hand, order, purpose, NULL, what);
}

int
step_ask(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	int r = caa_look(hand, order);

	if (r == 0)
		r = hand_write(hand, order, MAIL_CSR, what);
	return r || what->kind != OUTCOME_DONE
	           ? r
	           : hand_finish(hand, task, EVENT_ASKED, "", "worker.asked");
}

/* Another delivery may have taken its place meanwhile, or it is accepted: then nothing is to be said. */
int
step_answer(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	struct delivered delivered;
	int r = store_delivered_latest(hand->store, order->id, &delivered);

	if (r)
		return error_fold(r);
	if (delivered.state == DELIVERED_REVIEW || delivered.state == DELIVERED_DISCARDED) {
		r = write_about(hand, order,
		    delivered.state == DELIVERED_REVIEW ? MAIL_REVIEW : MAIL_REFUSED, &delivered,
		    what);
	} else {
		outcome_set(what, OUTCOME_DONE, "%s", "nothing to say");
		r = hand_begin(hand);
	}
	return r || what->kind != OUTCOME_DONE
	           ? r
	           : hand_finish(hand, task, EVENT_ANSWERED, "", "worker.answered");
}

int
step_ask_dns(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	int r = hand_write(hand, order, MAIL_DNS, what);

	return r || what->kind != OUTCOME_DONE
	           ? r
	           : hand_finish(hand, task, EVENT_DNS_ASKED, "", "worker.dns_asked");
}

int
step_tell(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	int r = hand_write(hand, order, MAIL_LIVE, what);

	return r || what->kind != OUTCOME_DONE
	           ? r
	           : hand_finish(hand, task, EVENT_TOLD, "", "worker.told");
}
