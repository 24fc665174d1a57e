/* SPDX-License-Identifier: Apache-2.0 */
#include "check/rdap_bootstrap.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/fetch.h"
#include "sys/file.h"

#define CACHE_FILE "rdap-dns.json"

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

/* ---- what it says ---- */

/* How many labels of the domain the entry stands for; 0 = another domain's. "" would be the root. */
static size_t
labels_of(const json_t *entry, struct str domain)
{
	struct str zone = str_of(json_string_value(entry));
	struct str tail;
	size_t labels = 1;

	if (zone.len == 0 || zone.len > domain.len)
		return 0;
	tail = str_drop(domain, domain.len - zone.len);
	if (!str_eq_nocase(tail, zone) || (zone.len < domain.len && tail.p[-1] != '.'))
		return 0;
	for (size_t i = 0; i < zone.len; i++)
		labels += zone.p[i] == '.';
	return labels;
}

static size_t
best_of(const json_t *service, struct str domain)
{
	const json_t *entry;
	size_t i, best = 0;

	json_array_foreach(json_array_get(service, 0), i, entry)
	{
		size_t labels = labels_of(entry, domain);

		if (labels > best)
			best = labels;
	}
	return best;
}

/* RFC 9224 section 3: https first, whatever stands first. */
static const char *
url_of(const json_t *service)
{
	const json_t *one;
	const char *plain = NULL;
	size_t i;

	json_array_foreach(json_array_get(service, 1), i, one)
	{
		struct str url = str_of(json_string_value(one));

		if (str_starts(url, STR("https://")))
			return url.p;
		if (!plain && str_starts(url, STR("http://")))
			plain = url.p;
	}
	return plain;
}

static bool
is_service(const json_t *service)
{
	return json_array_size(service) == 2 && json_is_array(json_array_get(service, 0)) &&
	       json_is_array(json_array_get(service, 1));
}

static const json_t *
services_of(const json_t *file)
{
	const json_t *services = json_object_get(file, "services"), *one,
		     *version = json_object_get(file, "version");
	size_t i;

	if (!json_is_array(services) || !json_is_string(version) ||
	    strcmp(json_string_value(version), "1.0") != 0)
		return NULL;
	json_array_foreach(services, i, one) if (!is_service(one)) return NULL;
	return services;
}

int
rdap_bootstrap_find(struct str file, const char *domain, char *url, size_t size)
{
	CLEAN(json_free)
	json_t *root = file.len > RDAP_BOOTSTRAP_MAX
	                   ? NULL
	                   : json_loadb(file.p, file.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *services = services_of(root), *one;
	const char *found = NULL;
	size_t i, most = 0;
	int len;

	if (!services)
		return RDAP_BOOTSTRAP_E_MALFORMED;
	json_array_foreach(services, i, one)
	{
		size_t labels = best_of(one, str_of(domain));

		if (labels > most && url_of(one)) {
			most = labels;
			found = url_of(one);
		}
	}
	if (!found)
		return RDAP_BOOTSTRAP_E_NONE;
	len = snprintf(url, size, "%s%s", found, str_ends(str_of(found), STR("/")) ? "" : "/");
	return len < 0 || (size_t)len >= size ? RDAP_BOOTSTRAP_E_MALFORMED : 0;
}

/* ---- where it comes from ---- */

static bool
is_bootstrap(struct str file)
{
	char url[RDAP_URL_SIZE];

	return rdap_bootstrap_find(file, "invalid", url, sizeof(url)) == RDAP_BOOTSTRAP_E_NONE;
}

static void
read_file(const char *path, struct buf *to, struct outcome *what)
{
	int r = file_read(path, to);

	if (r)
		outcome_set(what, OUTCOME_REFUSED, "%s: %s", path,
		    r == FILE_E_ABSENT      ? "it does not exist"
		    : r == FILE_E_TOO_LARGE ? "it is too large"
					    : error_words(r));
	else if (!is_bootstrap(buf_str(to)))
		outcome_set(what, OUTCOME_REFUSED, "%s: it is no bootstrap file (RFC 9224)", path);
	else
		outcome_set(what, OUTCOME_DONE, "%s", "");
}

/* How old the copy is; -1 = there is none. One from the future is as good as none. */
static when
age_of(const char *path, when now)
{
	struct file_stamp stamp;
	when age;

	if (!*path || file_stamp(path, &stamp) != 0)
		return -1;
	age = now - stamp.modified / 1000;
	return age < -MINUTES(1) ? -1 : age < 0 ? 0 : age;
}

static bool
use_copy(const char *path, when now, when oldest, struct buf *to, struct outcome *what)
{
	when age = age_of(path, now);

	if (age < 0 || age >= oldest)
		return false;
	read_file(path, to, what);
	if (what->kind != OUTCOME_DONE)
		buf_clear(to);
	return what->kind == OUTCOME_DONE;
}

static void
fetch_new(const struct config *config, const char *url, struct buf *to, struct outcome *what)
{
	const struct fetch_wish wish = {
		.accept = "application/json", .secure = true, .ca_file = config->rdap_ca_file
	};
	struct fetch_answer answer;

	fetch_get_as(config, &wish, url, to, &answer, what);
	if (what->kind == OUTCOME_DONE && !is_bootstrap(buf_str(to)))
		outcome_set(what, OUTCOME_LATER, "what it answers is no bootstrap file");
	if (what->kind != OUTCOME_DONE)
		buf_clear(to);
}

void
rdap_bootstrap_get(const struct config *config, const char *from, const char *cache, when now,
    struct buf *to, struct outcome *what)
{
	char path[CONFIG_PATH_SIZE + sizeof(CACHE_FILE) + 1] = "";
	struct outcome fresh;

	buf_clear(to);
	if (from[0] == '/') {
		read_file(from, to, what);
		return;
	}
	if (*cache)
		snprintf(path, sizeof(path), "%s/" CACHE_FILE, cache);
	if (use_copy(path, now, RDAP_BOOTSTRAP_FRESH, to, what))
		return;
	fetch_new(config, from, to, &fresh);
	if (fresh.kind == OUTCOME_DONE && *path && file_make_folder(cache, 0755) == 0)
		(void)!file_write(path, buf_str(to), 0644); /* without it, it is fetched again */
	if (fresh.kind == OUTCOME_DONE || !use_copy(path, now, RDAP_BOOTSTRAP_STALE, to, what))
		*what = fresh;
}
