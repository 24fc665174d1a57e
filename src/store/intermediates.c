/* SPDX-License-Identifier: Apache-2.0 */
#include "store/intermediates.h"

#include "store/db.h"

int
store_intermediate_add(
    struct store *s, const struct intermediate *one, const char *source, struct str der)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO intermediates (sha256, subject_sha256, subject, not_after, source, der, found) VALUES ($1,$2,$3,$4,$5,$6,$7)"
	    " ON CONFLICT (sha256) DO NOTHING");

	query_blob(&q, 1, str_bytes(one->sha256, sizeof(one->sha256)));
	query_blob(&q, 2, str_bytes(one->subject_sha256, sizeof(one->subject_sha256)));
	query_text(&q, 3, one->subject);
	query_int(&q, 4, one->not_after);
	query_text(&q, 5, source);
	query_blob(&q, 6, der);
	query_int(&q, 7, world_now(s->world));
	return query_run(&q);
}

int
store_intermediates_by_subject(struct store *s, const uint8_t subject_sha256[static 32],
    struct buf *ret, size_t max, size_t *ret_count)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT der FROM intermediates WHERE subject_sha256=$1 AND not_after>$2 ORDER BY not_after DESC LIMIT $3");
	size_t count = 0;
	int r = 0;

	query_blob(&q, 1, str_bytes(subject_sha256, 32));
	query_int(&q, 2, world_now(s->world));
	query_int(&q, 3, (int64_t)max);
	while (count < max && (r = query_row(&q)) == 0)
		column_buf(&q, &ret[count++]);
	if (r == STORE_E_ABSENT)
		r = 0;
	if (r == 0)
		r = query_result(&q);
	if (r == 0)
		*ret_count = count;
	return r;
}
