/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/trust.h"

#include <errno.h>

#include "base/error.h"
#include "pki/certificate.h"
#include "pki/data.h"
#include "sys/file.h"

void
trust_fini(struct trust *trust)
{
	shelf_free(trust->roots);
	shelf_free(trust->intermediates);
	distrust_free(trust->distrust);
	*trust = (struct trust){ 0 };
}

bool
trust_has(const struct trust *trust, const X509 *x509)
{
	uint8_t sha256[32];
	unsigned len = sizeof(sha256);

	return trust->roots && X509_digest(x509, EVP_sha256(), sha256, &len) == 1 &&
	       shelf_has(trust->roots, certificate_raw_name(X509_get_subject_name(x509)), sha256);
}

static int
read_whole(const char *path, struct buf *to)
{
	int r = file_read(path, to);

	return r == FILE_E_ABSENT ? error_origin(ENOENT) : r > 0 ? error_origin(EFBIG) : r;
}

static int
add_pem(struct shelf *shelf, const char *path)
{
	CLEAN(buf_fini) struct buf pem = BUF(SHELF_FILE_MAX);
	size_t refused;
	int r = read_whole(path, &pem);

	if (r)
		return r;
	return shelf_add_pem(shelf, buf_str(&pem), &refused) > 0 ? 0 : TRUST_E_NONE;
}

int
trust_read_roots(struct trust *trust, const char *path)
{
	if (!trust->roots)
		trust->roots = shelf_new();
	return add_pem(trust->roots, path);
}

/* A folder may hold other things too. */
static int
add_any(void *about, const char *path)
{
	CLEAN(buf_fini) struct buf bytes = BUF(SHELF_FILE_MAX);
	struct shelf *shelf = about;
	size_t refused;
	int r = read_whole(path, &bytes);

	if (r)
		return r;
	if (shelf_add_pem(shelf, buf_str(&bytes), &refused) == 0)
		(void)shelf_add(shelf, buf_str(&bytes));
	return 0;
}

int
trust_read_intermediates(struct trust *trust, const char *path)
{
	int r;

	if (!trust->intermediates)
		trust->intermediates = shelf_new();
	r = file_each(path, add_any, trust->intermediates);
	if (r == FILE_E_ABSENT)
		r = add_pem(trust->intermediates, path);
	return r == 0 && shelf_count(trust->intermediates) == 0 ? TRUST_E_NONE : r;
}

int
trust_read_distrust(struct trust *trust, const char *path, char words[static DISTRUST_TEXT_SIZE])
{
	CLEAN(buf_fini) struct buf json = BUF(DISTRUST_FILE_MAX);
	struct distrust *distrust = NULL;
	int r = *path ? read_whole(path, &json) : 0;

	if (r)
		return r;
	r = distrust_new(*path ? buf_str(&json) : data_distrust, words, &distrust);
	if (r)
		return r > 0 ? TRUST_E_MALFORMED : r;
	distrust_free(trust->distrust);
	trust->distrust = distrust;
	return 0;
}
