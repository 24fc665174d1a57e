/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an opened BIG-IP has told already. We are its one writer while it is open, so what was looked
 * at a moment ago is good for the step that comes next: once. Whatever undoes looks anew.
 */
#include "balancer/bigip_internal.h"

void
bigip_seen_put(struct bigip *d, const char *path, json_t *object)
{
	json_object_set(d->at->seen, path, object ? object : json_null());
}

int
bigip_seen_or_get(struct balancer *b, const char *path, json_t **ret, struct outcome *what)
{
	struct bigip *d = b->self;
	json_t *seen = json_object_get(d->at->seen, path);

	if (!seen)
		return bigip_get(b, path, ret, what);
	*ret = json_is_null(seen) ? NULL : json_incref(seen);
	json_object_del(d->at->seen, path);
	return 0;
}

void
bigip_seen_forget(struct bigip *d, const char *path)
{
	if (path)
		json_object_del(d->at->seen, path);
	else
		json_object_clear(d->at->seen);
}

void
bigip_prove(struct bigip *d, const char *name)
{
	json_object_set_new(d->at->proven, name, json_true());
}

void
bigip_prove_not(struct bigip *d, const char *name)
{
	json_object_del(d->at->proven, name);
}

bool
bigip_is_proven(const struct bigip *d, const char *name)
{
	return json_object_get(d->at->proven, name) != NULL;
}
