/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/upload.h"

#include <stdio.h>

#define UPLOADS "/mgmt/shared/file-transfer/uploads/"
#define OURS    STR("certdesk-")

static bool
is_our_name(struct str name)
{
	return str_starts(name, OURS) && name.len > OURS.len && carry_consists_of(name, "._-");
}

const char *
upload_fault(const struct key_export *q)
{
	if (q->form != FORM_HTTPS_UPLOAD)
		return q->upload[0] == '\0' && q->token[0] == '\0'
		           ? NULL
		           : "a name and a token of an upload, but it is none";
	if (q->before.len > 0 || q->after.len > 0)
		return "something stands around the key";
	if (!is_our_name(str_of(q->upload)))
		return "the upload's name is not \"certdesk-\" and A-Z a-z 0-9 . _ -";
	return carry_consists_of(str_of(q->token), "._~+/=-")
	           ? NULL
	           : "the token has other characters than a token has";
}

int
upload_carry(struct channel *courier, const struct device *device, const struct key_export *q,
    int vessel, struct str pem, struct buf *answer, struct carried *ret)
{
	char path[sizeof(UPLOADS) + KEY_UPLOAD_NAME_SIZE], range[80];
	CLEAN(buf_fini) struct buf token = BUF_SECRET(CARRY_HEADER_MAX);
	struct carry ask = device_request(device, q->unit);

	snprintf(path, sizeof(path), UPLOADS "%s", q->upload);
	snprintf(range, sizeof(range), "Content-Range: 0-%zu/%zu", pem.len > 0 ? pem.len - 1 : 0,
	    pem.len);
	buf_printf(&token, "X-F5-Auth-Token: %s", q->token);
	ask.path = path;
	ask.header[ask.header_count++] = STR("Content-Type: application/octet-stream");
	ask.header[ask.header_count++] = str_of(range);
	ask.header[ask.header_count++] = buf_str(&token);
	ask.body = pem;
	return carry_ask(courier, &ask, vessel, answer, ret);
}
