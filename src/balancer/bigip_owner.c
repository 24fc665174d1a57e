/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a folder of a BIG-IP is. An application service (an iApp) and AS3 write all that is in theirs
 * anew when they like, and remove what they do not know: nothing of ours may lie there. AS3 keeps its
 * state in /Common/appsvcs; its tenants are partitions with a folder for each application, and what
 * applications share is in a folder Shared. Asked before the first thing of a site is made only.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define FOLDERS "sys/folder"
#define AS3     "/Common/appsvcs"
#define SHARED  "Shared"
#define DRAFTS  "Drafts" /* of policies: the device's own, in any partition */

static int
tenant(struct balancer *b, const char *full_name, struct outcome *what)
{
	return balancer_fail(what, BALANCER_E_CONFLICT,
	    "%s: %.200s lies in what AS3 has: its next declaration would undo what certdesk writes "
	    "there. Name another partition",
	    b->config->name, full_name);
}

static int
has_applications(struct balancer *b, struct str partition, bool *ret, struct outcome *what)
{
	CLEAN(json_free) json_t *json = NULL;
	char path[BIGIP_PATH_SIZE];
	const json_t *folder;
	size_t i;
	int r;

	snprintf(path, sizeof(path),
	    "/mgmt/tm/" FOLDERS "?$filter=partition+eq+%.*s&$select=name,partition",
	    STR_ARG(partition));
	r = bigip_must(b, "GET", path, NULL, &json, what);
	if (r)
		return r;
	*ret = false;
	json_array_foreach(json_object_get(json, "items"), i, folder) *ret |=
	    str_eq(partition, str_of(bigip_text(folder, "partition"))) &&
	    strcmp(bigip_text(folder, "name"), DRAFTS) != 0;
	return 0;
}

/* A folder that is there: no tenant's, and no application service's. */
static int
look(struct balancer *b, const char *full_name, struct str partition, struct outcome *what)
{
	CLEAN(json_free) json_t *as3 = NULL;
	char path[BIGIP_PATH_SIZE];
	bool is_tenant = false;
	int r;

	if (str_eq(partition, STR("Common")))
		return 0;
	r = bigip_get(b, bigip_object(FOLDERS, AS3, "?$select=name", path), &as3, what);
	if (r || !as3)
		return r;
	r = has_applications(b, partition, &is_tenant, what);
	if (r)
		return r;
	return is_tenant ? tenant(b, full_name, what) : 0;
}

int
bigip_owner_look(struct balancer *b, const char *full_name, struct outcome *what)
{
	struct str rest = str_drop(str_of(full_name), 1), partition = rest, second;

	if (!str_next(&rest, '/', &partition))
		return 0;
	if (str_next(&rest, '/', &second) && str_eq(second, STR(SHARED)))
		return tenant(b, full_name, what);
	return look(b, full_name, partition, what);
}

int
bigip_owner_look_at_ours(struct balancer *b, struct outcome *what)
{
	CLEAN(json_free) json_t *folder = NULL;
	char path[BIGIP_PATH_SIZE], full[BIGIP_FULL_SIZE];
	int r;

	if (strcmp(b->config->partition, "Common") == 0)
		return 0;
	snprintf(full, sizeof(full), "/%s", b->config->partition);
	r = bigip_get(b, bigip_object(FOLDERS, full, "", path), &folder, what);
	if (r)
		return r;
	if (!folder)
		return balancer_fail(what, BALANCER_E_INVALID,
		    "%s: it has no partition or folder %s: make it first, or name another",
		    b->config->name, full);
	r = bigip_must_be_free(b, full, folder, what);
	return r ? r : bigip_owner_look(b, full, what);
}
