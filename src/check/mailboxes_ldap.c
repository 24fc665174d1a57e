/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory (RFC 4511), by libldap. Never in clear text: ldaps, or StartTLS before anything else
 * is said; the server's certificate must verify. Always in pages (RFC 2696): a search without them
 * ends at the server's limit. Referrals are not followed and a tree that continues elsewhere is not
 * counted, but for where Active Directory keeps its own house. Time is limited for each page, and for
 * all.
 */
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include "check/ldap_patience.h"
#include "check/ldap_reference.h"
#include "check/mailboxes_internal.h"
#include "pki/trust.h"
#include "sys/world.h"

#define TIME_MOST MINUTES(3) /* for all pages: less than a task's lease */
#define TEXT_SIZE 2048

struct search {
	const struct config_mailbox_source *source;
	const char *listed; /* the attribute that names a mailbox */
	struct mailbox_tally *tally;
	struct outcome *what;
	LDAP *ldap;
	struct ldap_patience patience; /* for what is under way */
	when end;                      /* of all of it */
	struct buf base, filter;
	struct berval *cookie; /* of the page to come; NULL = the first */
	bool ended;
};

static void
search_fini(struct search *search)
{
	ber_bvfree(search->cookie);
	if (search->ldap)
		ldap_unbind_ext_s(search->ldap, NULL, NULL);
	buf_fini(&search->base);
	buf_fini(&search->filter);
}
CLEAN_DEFINE_FINI(search_fini, struct search);

static void
result_free(LDAPMessage *result)
{
	ldap_msgfree(result);
}
CLEAN_DEFINE(result_free, LDAPMessage *);

static void
control_free(LDAPControl *control)
{
	if (control)
		ldap_control_free(control);
}
CLEAN_DEFINE(control_free, LDAPControl *);

static void
controls_free(LDAPControl **controls)
{
	ldap_controls_free(controls);
}
CLEAN_DEFINE(controls_free, LDAPControl **);

static void
text_free(char *text)
{
	ldap_memfree(text);
}
CLEAN_DEFINE(text_free, char *);

static void
texts_free(char **texts)
{
	ber_memvfree((void **)texts);
}
CLEAN_DEFINE(texts_free, char **);

static void
values_free(struct berval **values)
{
	ldap_value_free_len(values);
}
CLEAN_DEFINE(values_free, struct berval **);

/* clang-format off */
static const struct {
	int code;
	enum outcome_kind kind;
	const char *words; /* "" = the library's and the server's tell enough */
} endings[] = {
	{ LDAP_SERVER_DOWN,         OUTCOME_LATER, "cannot be reached, or its certificate does not verify" },
	{ LDAP_CONNECT_ERROR,       OUTCOME_LATER, "cannot be reached, or its certificate does not verify" },
	{ LDAP_TIMEOUT,             OUTCOME_LATER, "gives no answer in time" },
	{ LDAP_BUSY,                OUTCOME_LATER, "is busy" },
	{ LDAP_UNAVAILABLE,         OUTCOME_LATER, "is not available" },
	{ LDAP_INVALID_CREDENTIALS, OUTCOME_HUMAN, "does not take user and password" },
	{ LDAP_NO_SUCH_OBJECT,      OUTCOME_HUMAN, "does not have the base" },
	{ LDAP_SIZELIMIT_EXCEEDED,  OUTCOME_HUMAN, "cut the answer off at its size limit; a part is no count" },
	{ LDAP_TIMELIMIT_EXCEEDED,  OUTCOME_LATER, "cut the answer off at a time limit, its own or this source's timeout; a part is no count" },
	{ LDAP_ADMINLIMIT_EXCEEDED, OUTCOME_HUMAN, "cut the answer off at a limit of its operator; a part is no count" },
	{ LDAP_REFERRAL,            OUTCOME_HUMAN, "sends us to another server, which is not followed" },
	{ LDAP_FILTER_ERROR,        OUTCOME_HUMAN, "was not asked, as the filter cannot be read" },
	{ LDAP_UNAVAILABLE_CRITICAL_EXTENSION, OUTCOME_HUMAN, "does not answer in pages (RFC 2696)" },
};
/* clang-format on */

/* False, always; `said` is the server's own, or NULL. */
static bool
fail(struct search *search, int code, const char *said)
{
	const char *words = "says no", *url = search->source->url;
	enum outcome_kind kind = OUTCOME_HUMAN;

	for (size_t i = 0; i < COUNT_OF(endings); i++)
		if (endings[i].code == code) {
			kind = endings[i].kind;
			words = endings[i].words;
		}
	return outcome_set(search->what, kind, "The directory %.120s %s: %s%s%.160s.", url, words,
	    ldap_err2string(code), said && *said ? ", " : "", said ? said : "");
}

static bool
fail_with_diagnostic(struct search *search, int code)
{
	CLEAN(text_free) char *said = NULL;

	ldap_get_option(search->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	return fail(search, code, said);
}

static bool
is_set(struct search *search, int option, const void *value)
{
	return ldap_set_option(search->ldap, option, value) == LDAP_OPT_SUCCESS;
}

static bool
set_up(struct search *search)
{
	const struct timeval most = { .tv_sec = search->source->timeout };
	const int version = LDAP_VERSION3, deref = LDAP_DEREF_NEVER, demand = LDAP_OPT_X_TLS_DEMAND,
		  least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
	const char *ca = search->source->ca_file;

	return ldap_patience_begin(search->ldap, &search->patience) &&
	       is_set(search, LDAP_OPT_PROTOCOL_VERSION, &version) &&
	       is_set(search, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) &&
	       is_set(search, LDAP_OPT_DEREF, &deref) &&
	       is_set(search, LDAP_OPT_NETWORK_TIMEOUT, &most) &&
	       is_set(search, LDAP_OPT_TIMEOUT, &most) &&
	       is_set(search, LDAP_OPT_X_TLS_CACERTFILE, *ca ? ca : TRUST_FILE) &&
	       is_set(search, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) &&
	       is_set(search, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least) &&
	       is_set(search, LDAP_OPT_X_TLS_NEWCTX, &client);
}

/* Each step has the time of an answer; all of them have an end. */
static void
take_time(struct search *search)
{
	when until = world_ticks() + SECONDS(search->source->timeout);

	search->patience.deadline = until < search->end ? until : search->end;
}

static bool
sign_in(struct search *search)
{
	CLEAN(buf_fini) struct buf password = BUF_SECRET(4096);
	struct berval given;
	int code;

	if (*search->source->user == '\0')
		return true;
	if (!mailbox_password(search->source, &password, search->what))
		return false;
	take_time(search);
	given = (struct berval){ .bv_len = password.len, .bv_val = password.data };
	code = ldap_sasl_bind_s(
	    search->ldap, search->source->user, LDAP_SASL_SIMPLE, &given, NULL, NULL, NULL);
	return code == LDAP_SUCCESS || fail_with_diagnostic(search, code);
}

static bool
connect_to(struct search *search)
{
	int code = ldap_initialize(&search->ldap, search->source->url);

	if (code == LDAP_SUCCESS && !set_up(search))
		code = LDAP_LOCAL_ERROR;
	if (code != LDAP_SUCCESS)
		return fail(search, code, "a CA file that cannot be read?");
	take_time(search);
	if (str_starts(str_of(search->source->url), STR("ldap:")))
		code = ldap_start_tls_s(search->ldap, NULL, NULL);
	return code == LDAP_SUCCESS ? sign_in(search) : fail_with_diagnostic(search, code);
}

static void
add_entry(struct search *search, LDAPMessage *entry)
{
	CLEAN(values_free)
	struct berval **values = ldap_get_values_len(search->ldap, entry, search->listed);
	CLEAN(text_free) char *dn = NULL;

	if (values && values[0]) {
		mailbox_tally_add(search->tally, str_bytes(values[0]->bv_val, values[0]->bv_len));
		return;
	}
	dn = ldap_get_dn(search->ldap, entry);
	mailbox_tally_add(search->tally, str_of(dn));
}

/* The page's last message: how it ended, and where the next one begins. */
static bool
end_page(struct search *search, LDAPMessage *message)
{
	CLEAN(controls_free) LDAPControl **controls = NULL;
	CLEAN(text_free) char *said = NULL;
	struct berval cookie = { 0 };
	LDAPControl *paged;
	ber_int_t about;
	int code = LDAP_SUCCESS,
	    r = ldap_parse_result(search->ldap, message, &code, NULL, &said, NULL, &controls, 0);

	if (r != LDAP_SUCCESS || code != LDAP_SUCCESS)
		return fail(search, r != LDAP_SUCCESS ? r : code, said);
	paged = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (!paged ||
	    ldap_parse_pageresponse_control(search->ldap, paged, &about, &cookie) != LDAP_SUCCESS)
		return fail(search, LDAP_UNAVAILABLE_CRITICAL_EXTENSION, NULL);
	ber_bvfree(search->cookie);
	search->cookie = ber_bvdup(&cookie);
	search->ended = cookie.bv_len == 0;
	ber_memfree(cookie.bv_val);
	return true;
}

static bool
take_reference(struct search *search, LDAPMessage *message)
{
	CLEAN(texts_free) char **urls = NULL;
	size_t count = 0;

	(void)ldap_parse_reference(search->ldap, message, &urls, NULL, 0);
	while (urls && urls[count] && ldap_reference_is_housekeeping(urls[count]))
		count++;
	if (count > 0 && !urls[count])
		return true;
	return outcome_set(search->what, OUTCOME_HUMAN,
	    "The directory %.120s has a part of what lies below %.120s at another server (%.120s), "
	    "which is not followed: choose a base that it has as a whole.",
	    search->source->url, buf_text(&search->base), urls && urls[count] ? urls[count] : "");
}

static bool
take_message(struct search *search, LDAPMessage *message)
{
	switch (ldap_msgtype(message)) {
	case LDAP_RES_SEARCH_ENTRY:
		add_entry(search, message);
		return search->tally->counted <= MAILBOXES_MOST ||
		       outcome_set(search->what, OUTCOME_HUMAN,
			   "The directory %.120s has more than %d entries below %.120s.",
			   search->source->url, MAILBOXES_MOST, buf_text(&search->base));
	case LDAP_RES_SEARCH_REFERENCE:
		return take_reference(search, message);
	case LDAP_RES_SEARCH_RESULT:
		return end_page(search, message);
	default:
		return true;
	}
}

static bool
take_page(struct search *search, LDAPMessage *result)
{
	for (LDAPMessage *m = ldap_first_message(search->ldap, result); m;
	     m = ldap_next_message(search->ldap, m))
		if (!take_message(search, m))
			return false;
	return true;
}

static bool
ask_page(struct search *search)
{
	CLEAN(result_free) LDAPMessage *result = NULL;
	CLEAN(control_free) LDAPControl *paged = NULL;
	char listed[CONFIG_NAME_SIZE], *attributes[] = { listed, NULL };
	struct timeval most = { .tv_sec = search->source->timeout };
	LDAPControl *controls[] = { NULL, NULL };
	int code = ldap_create_page_control(
	    search->ldap, (ber_int_t)search->source->page_size, search->cookie, 1, &paged);

	(void)str_copy(str_of(search->listed), listed, sizeof(listed));
	controls[0] = paged;
	if (code == LDAP_SUCCESS)
		code = ldap_search_ext_s(search->ldap, buf_text(&search->base), LDAP_SCOPE_SUBTREE,
		    buf_text(&search->filter), attributes, 0, controls, NULL, &most, LDAP_NO_LIMIT,
		    &result);
	/* what ended it may be in the result, beside a part of the entries */
	return result ? take_page(search, result) : fail_with_diagnostic(search, code);
}

static bool
ask_all(struct search *search)
{
	while (!search->ended) {
		take_time(search);
		if (world_ticks() > search->end)
			return fail(search, LDAP_TIMEOUT, "too many pages");
		if (!ask_page(search))
			return false;
	}
	return true;
}

bool
mailboxes_ask_ldap(const struct config_mailbox_source *source, const char *key, when now UNUSED,
    struct mailbox_tally *tally, struct outcome *what)
{
	CLEAN(search_fini)
	struct search search = {
		.source = source,
		.listed = mailbox_rule_of(source, key).name,
		.tally = tally,
		.what = what,
		.end = world_ticks() + TIME_MOST,
		.base = BUF(TEXT_SIZE),
		.filter = BUF(TEXT_SIZE),
	};
	char asked[2 * TEXT_SIZE + 64];

	mailbox_fill(source->base, key, mailbox_escape_dn, &search.base);
	mailbox_fill(source->filter, key, mailbox_escape_filter, &search.filter);
	if (buf_failed(&search.base) || buf_failed(&search.filter))
		return outcome_set(what, OUTCOME_HUMAN,
		    "With the key \"%.100s\" base or filter get too long.", key);
	snprintf(asked, sizeof(asked), "%s below %s at %s", buf_text(&search.filter),
	    buf_text(&search.base), source->url);
	str_show(str_of(asked), tally->asked, sizeof(tally->asked));
	return connect_to(&search) && ask_all(&search);
}
