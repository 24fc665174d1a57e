/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/haproxy_listing.h"

#include "balancer/haproxy_reply.h"

bool
haproxy_split_certificate(struct str line, struct haproxy_listed *ret)
{
	*ret = (struct haproxy_listed){ .key = str_trim(line), .rest = STR("") };
	return !str_starts(line, STR("#")) && !str_starts(line, STR("*")) && ret->key.len > 0;
}

/* "FILE:2 [options] filters" */
bool
haproxy_split_list(struct str line, struct haproxy_listed *ret)
{
	struct str word;
	const char *colon;

	if (str_starts(line, STR("#")) || !str_next(&line, ' ', &word))
		return false;
	colon = memrchr(word.p, ':', word.len);
	if (!colon)
		return false;
	*ret = (struct haproxy_listed){ .key = str_bytes(word.p, (size_t)(colon - word.p)),
		.rest = line.p ? str_trim(line) : STR("") };
	return true;
}

/* "0x55f0c8b0 owa.contoso.com exchange" */
bool
haproxy_split_map(struct str line, struct haproxy_listed *ret)
{
	struct str place;

	if (!str_starts(line, STR("0x")) || !str_next(&line, ' ', &place) ||
	    !str_next(&line, ' ', &ret->key))
		return false;
	ret->rest = line.p ? str_trim(line) : STR("");
	return true;
}

/* A filter that leaves out ("!x.test") is no name, and options stand in brackets. */
void
haproxy_first_filter(struct str line, char *to, size_t size)
{
	struct str word;

	to[0] = '\0';
	if (str_starts(line, STR("[")))
		line = str_drop(line, str_find(line, STR("]")) + 1);
	while (str_next(&line, ' ', &word))
		if (word.len > 0 && word.p[0] != '!' && str_copy(word, to, size))
			return;
}

/* "Jan 13 10:32:18 2027 GMT" */
static when
read_time(struct str text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t part[5] = { 0 }; /* day, hour, minute, second, year */
	struct str month, word;
	size_t count = 0;
	when time = 0;
	size_t at;

	if (!str_next(&text, ' ', &month) || month.len != 3)
		return 0;
	at = str_find(str_of(months), month);
	while (count < COUNT_OF(part) && str_next(&text, ' ', &word))
		while (word.len > 0 && count < COUNT_OF(part)) {
			size_t colon = str_find(word, STR(":"));

			if (!str_to_i64(str_bytes(word.p, colon), &part[count++]))
				return 0;
			word = str_drop(word, colon + 1);
		}
	return count == COUNT_OF(part) && at < sizeof(months) - 1 && part[4] <= 9999 &&
	               when_from_utc((int)part[4], (int)at / 3 + 1, (int)part[0], (int)part[1],
			   (int)part[2], (int)part[3], &time)
	           ? time
	           : 0;
}

/* The value of one part of "/C=AT/O=Contoso GmbH/CN=a.test". */
static void
part_of(struct str subject, struct str part, char *to, size_t size)
{
	size_t at = str_find(subject, part);

	to[0] = '\0';
	if (at == subject.len)
		return;
	subject = str_drop(subject, at + part.len);
	subject.len = str_find(subject, STR("/"));
	str_show(subject, to, size);
}

void
haproxy_said_parse(struct str reply, struct haproxy_said *ret)
{
	struct str subject = haproxy_info(reply, STR("Subject"));

	survey_names(
	    haproxy_info(reply, STR("Subject Alternative Name")), ret->names, sizeof(ret->names));
	str_show(subject, ret->subject, sizeof(ret->subject));
	str_show(haproxy_info(reply, STR("Issuer")), ret->issuer, sizeof(ret->issuer));
	part_of(subject, STR("/O="), ret->organization, sizeof(ret->organization));
	if (!*ret->names)
		part_of(subject, STR("/CN="), ret->names, sizeof(ret->names));
	ret->not_after = read_time(haproxy_info(reply, STR("notAfter")));
}
