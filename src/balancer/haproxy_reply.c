/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/haproxy_reply.h"

#include "base/buf.h"

#include <assert.h>

struct reply_rule {
	enum haproxy_command command; /* HAPROXY_COMMAND_MAX: any */
	const char *part;             /* what the reply holds; the first row that fits decides */
	int result;
};

#define ANY HAPROXY_COMMAND_MAX

/* clang-format off */
static const struct reply_rule rules[] = {
	/* a defect of 3.4 can make it last for ever; a reload cures that */
	{ ANY, "Operations on certificates are currently locked!", BALANCER_E_BUSY },
	{ ANY, "Permission denied", BALANCER_E_AUTH },
	{ ANY, "Unknown command", BALANCER_E_UNSUPPORTED },
	{ ANY, "The payload is too big", BALANCER_E_CAPACITY },
	{ ANY, "The ongoing transaction is about '", BALANCER_E_CONFLICT },

	{ HAPROXY_NEW, "New empty certificate store '", 0 },
	{ HAPROXY_NEW, "already exists!", BALANCER_E_NOOP },

	{ HAPROXY_SET, "Transaction created for certificate ", 0 },
	/* before 3.1: into whose transaction, the reply names, not the command */
	{ HAPROXY_SET, "Transaction updated for certificate ", BALANCER_E_CONFLICT },
	/* gone since we looked: restarted */
	{ HAPROXY_SET, "Can't replace a certificate which is not referenced", BALANCER_E_AMBIGUOUS },
	{ HAPROXY_SET, "unable to load", BALANCER_E_INVALID },
	{ HAPROXY_SET, "Can't load the payload", BALANCER_E_INVALID },

	{ HAPROXY_COMMIT, "inconsistencies between private key and certificate", BALANCER_E_INVALID },
	{ HAPROXY_COMMIT, "must contain at least a certificate and a private key", BALANCER_E_INVALID },
	{ HAPROXY_COMMIT, "unable to load", BALANCER_E_INVALID },
	{ HAPROXY_COMMIT, "No ongoing transaction", BALANCER_E_AMBIGUOUS },
	{ HAPROXY_COMMIT, "Can't commit ", BALANCER_E_INVALID },
	{ HAPROXY_COMMIT, "\nSuccess!", 0 },

	{ HAPROXY_ABORT, "Transaction aborted for certificate '", 0 },
	{ HAPROXY_ABORT, "No ongoing transaction", BALANCER_E_NOOP },

	{ HAPROXY_DEL_CERT, "' deleted!", 0 },
	{ HAPROXY_DEL_CERT, "doesn't exist!", BALANCER_E_NOOP },
	{ HAPROXY_DEL_CERT, "in use, can't be deleted!", BALANCER_E_CONFLICT },

	{ HAPROXY_ADD_LIST, "Can't edit the crt-list: certificate '", BALANCER_E_AMBIGUOUS },
	{ HAPROXY_ADD_LIST, "Can't edit the crt-list: ", BALANCER_E_BROKEN },
	{ HAPROXY_ADD_LIST, "\nSuccess!", 0 },

	{ HAPROXY_DEL_LIST, "' deleted in crtlist '", 0 },
	{ HAPROXY_DEL_LIST, "can't be found in crt-list", BALANCER_E_NOOP },

	{ HAPROXY_MAP, "entry not found.", BALANCER_E_NOOP },
	{ HAPROXY_MAP, "Key not found.", BALANCER_E_NOOP },
};

static const char *const command_names[HAPROXY_COMMAND_MAX] = {
	[HAPROXY_NEW]      = "new ssl cert",
	[HAPROXY_SET]      = "set ssl cert",
	[HAPROXY_COMMIT]   = "commit ssl cert",
	[HAPROXY_ABORT]    = "abort ssl cert",
	[HAPROXY_DEL_CERT] = "del ssl cert",
	[HAPROXY_ADD_LIST] = "add ssl crt-list",
	[HAPROXY_DEL_LIST] = "del ssl crt-list",
	[HAPROXY_MAP]      = "map",
	[HAPROXY_SHOW]     = "show",
};
/* clang-format on */
static_assert(COUNT_OF(command_names) == HAPROXY_COMMAND_MAX, "a name for every command");

const char *
haproxy_command_name(enum haproxy_command command)
{
	return command_names[command];
}

static bool
holds(struct str s, const char *part)
{
	return str_find(s, str_of(part)) < s.len;
}

/* A listing holds names that a certificate's owner chose: no place to look for HAProxy's own words.
 */
static bool
is_listing(struct str reply)
{
	return str_starts(reply, STR("Filename: ")) || str_starts(reply, STR("# ")) ||
	       str_starts(reply, STR("type="));
}

/* Whatever was done ends in at least a line; nothing at all means that the connection was lost, or,
 * before 3.0, that the payload was larger than its buffer. */
int
haproxy_judge(enum haproxy_command command, struct str reply)
{
	if (reply.len == 0)
		return BALANCER_E_AMBIGUOUS;
	if (command == HAPROXY_SHOW && is_listing(reply))
		return 0;
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if ((rules[i].command == ANY || rules[i].command == command) &&
		    holds(reply, rules[i].part))
			return rules[i].result;
	if (command == HAPROXY_MAP && str_trim(reply).len == 0)
		return 0;
	return command == HAPROXY_SHOW ? 0 : BALANCER_E_BROKEN;
}

/* What stands between the two. */
static bool
between(struct str s, struct str before, const char *after, struct str *ret)
{
	size_t at = str_find(s, before), end;

	if (at == s.len)
		return false;
	s = str_drop(s, at + before.len);
	end = str_find(s, str_of(after));
	if (end == s.len)
		return false;
	*ret = str_bytes(s.p, end);
	return true;
}

bool
haproxy_transaction_in(struct str reply, struct str *ret_file)
{
	return between(reply, STR("The ongoing transaction is about '"), "'", ret_file) ||
	       between(reply, STR("Transaction updated for certificate "), "!", ret_file);
}

static bool
status_parse(struct str s, enum haproxy_cert_status *ret)
{
	static const struct {
		const char *text;
		enum haproxy_cert_status status;
	} names[] = {
		{ "Empty", HAPROXY_CERT_EMPTY },
		{ "Unused", HAPROXY_CERT_UNUSED },
		{ "Used", HAPROXY_CERT_USED },
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (str_eq(s, str_of(names[i].text))) {
			*ret = names[i].status;
			return true;
		}
	}
	return false;
}

static bool
digest_parse(struct str hex, uint8_t to[static 20])
{
	CLEAN(buf_fini) struct buf bytes = BUF(32);

	if (hex.len != 40 || !buf_put_from_hex(&bytes, hex))
		return false;
	memcpy(to, bytes.data, 20);
	return true;
}

static bool
field(struct str line, struct str name, struct str *ret_value)
{
	if (!str_starts(line, name))
		return false;
	*ret_value = str_trim(str_drop(line, name.len));
	return true;
}

static bool
is_of(struct str reply, struct str name)
{
	struct str line, value;

	return str_next(&reply, '\n', &line) && field(line, STR("Filename: "), &value) &&
	       str_eq(value, name);
}

static bool
has_digest(const struct haproxy_cert *c)
{
	static const uint8_t none[20];

	return memcmp(c->sha1, none, sizeof(none)) != 0;
}

bool
haproxy_cert_parse(struct str reply, struct str name, struct haproxy_cert *ret)
{
	struct haproxy_cert c = { .status = HAPROXY_CERT_ABSENT };
	struct str rest = reply, line, value;

	if (str_starts(reply, STR("Can't display the certificate: Not found"))) {
		*ret = c;
		return true;
	}
	if (!is_of(reply, name))
		return false;
	while (str_next(&rest, '\n', &line)) {
		if (field(line, STR("Chain Subject:"), &value))
			c.chain_count++;
		else if ((field(line, STR("Status: "), &value) &&
			     !status_parse(value, &c.status)) ||
			 (field(line, STR("SHA1 FingerPrint: "), &value) &&
			     !digest_parse(value, c.sha1)))
			return false;
	}
	if (c.status == HAPROXY_CERT_ABSENT || has_digest(&c) != (c.status != HAPROXY_CERT_EMPTY))
		return false;
	*ret = c;
	return true;
}

struct str
haproxy_open_transaction(struct str reply)
{
	struct str line;

	if (!str_next(&reply, '\n', &line) || !str_eq(line, STR("# transaction")))
		return STR("");
	return str_next(&reply, '\n', &line) && str_starts(line, STR("*")) ? str_drop(line, 1)
	                                                                   : STR("");
}

/* "FILE:2 [options] filters" */
static bool
list_line_of(struct str line, struct str file, int64_t *ret_line)
{
	struct str number;

	if (!str_starts(line, file))
		return false;
	line = str_drop(line, file.len);
	if (!str_starts(line, STR(":")))
		return false;
	line = str_drop(line, 1);
	return str_next(&line, ' ', &number) && str_to_i64(number, ret_line) && *ret_line > 0;
}

bool
haproxy_list_parse(struct str reply, struct str file, int64_t *ret_line)
{
	int64_t last = 0, number;
	struct str line;

	if (!str_starts(reply, STR("# ")))
		return false;
	while (str_next(&reply, '\n', &line))
		if (list_line_of(line, file, &number))
			last = number;
	*ret_line = last;
	return true;
}

/* A map that matches by more than the whole key may find another entry; that one is not ours. */
bool
haproxy_route_parse(struct str reply, struct str host, struct str backend, enum haproxy_route *ret)
{
	struct str key, value;

	if (!str_starts(reply, STR("type=")))
		return false;
	if (holds(reply, ", found=no")) {
		*ret = HAPROXY_ROUTE_ABSENT;
		return true;
	}
	if (!between(reply, STR(", key=\""), "\"", &key) ||
	    !between(reply, STR(", value=\""), "\"", &value))
		return false;
	if (!str_eq(key, host))
		*ret = HAPROXY_ROUTE_ABSENT;
	else
		*ret = str_eq(value, backend) ? HAPROXY_ROUTE_SAME : HAPROXY_ROUTE_OTHER;
	return true;
}

/* A short number that ends at `end`. */
static bool
number_before(struct str *rest, char end, unsigned *ret)
{
	struct str digits;
	int64_t value;

	if (!str_next(rest, end, &digits) || !rest->p || !str_to_i64(digits, &value) || value < 0 ||
	    value > 999)
		return false;
	*ret = (unsigned)value;
	return true;
}

static bool
number_first(struct str s, unsigned *ret)
{
	size_t len = 0;
	int64_t value;

	while (len < s.len && s.p[len] >= '0' && s.p[len] <= '9')
		len++;
	if (!str_to_i64(str_bytes(s.p, len), &value) || value > 999)
		return false;
	*ret = (unsigned)value;
	return true;
}

bool
haproxy_version_parse(struct str reply, struct haproxy_version *ret)
{
	struct haproxy_version v = { .major = 0 };
	struct str text = str_trim(reply), rest = text;

	if (!number_before(&rest, '.', &v.major) || !number_first(rest, &v.minor) ||
	    text.len >= sizeof(v.text))
		return false;
	str_show(text, v.text, sizeof(v.text));
	*ret = v;
	return true;
}

struct str
haproxy_info(struct str reply, struct str name)
{
	struct str line, value;

	while (str_next(&reply, '\n', &line))
		if (field(line, name, &value) && str_starts(value, STR(":")))
			return str_trim(str_drop(value, 1));
	return STR("");
}
