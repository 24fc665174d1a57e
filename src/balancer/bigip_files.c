/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a site on a BIG-IP. A certificate, key or chain gets a name of its own and is never
 * overwritten: a pair in use cannot be replaced one file at a time (01070317), and going back is
 * naming the old ones again. What was uploaded is removed from the upload folder whatever happens:
 * it lies there in clear.
 */
#include <openssl/sha.h>
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define CERTIFICATES "sys/file/ssl-cert"
#define KEYS         "sys/file/ssl-key"
#define HOST_MAX     80 /* of a longer one the rest is told by its hash */
#define LEAF_HEX     12
#define CHAIN_HEX    16
#define UPLOAD       "certdesk-"
#define CHAIN        "certdesk_chain_"

static void
put_hex(const uint8_t *bytes, size_t digits, char *to)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < digits; i++)
		to[i] = hex[(i % 2 ? bytes[i / 2] : bytes[i / 2] >> 4) & 15];
	to[digits] = '\0';
}

/* Letters, digits, '.', '-' and '_' alone; a name that is cut stays one of a kind. */
static bool
safe_host(const char *host, char to[static HOST_MAX + 16])
{
	const char *rest = str_starts(str_of(host), STR("*.")) ? host + 2 : host;
	int len = snprintf(to, HOST_MAX + 1, "%s%s", rest == host ? "" : "wildcard.", rest);
	uint8_t sum[32];

	if (len < 0 || strspn(to, BIGIP_SAFE) != strlen(to))
		return false;
	if (len > HOST_MAX) {
		SHA256((const unsigned char *)host, strlen(host), sum);
		to[HOST_MAX] = '_';
		put_hex(sum, LEAF_HEX, to + HOST_MAX + 1);
	}
	return true;
}

int
bigip_names_of(
    struct balancer *b, const struct bundle *bundle, struct bigip_names *ret, struct outcome *what)
{
	char host[HOST_MAX + 16], leaf[LEAF_HEX + 1], chain[CHAIN_HEX + 1];
	uint8_t sum[32];

	if (!safe_host(bundle->name.text, host))
		return balancer_fail(what, BALANCER_E_INVALID,
		    "%s: '%.100s' is no name that a BIG-IP can take", b->config->name,
		    bundle->name.text);
	SHA256((const unsigned char *)bundle->chain.p, bundle->chain.len, sum);
	put_hex(bundle->leaf_sha256, LEAF_HEX, leaf);
	put_hex(sum, CHAIN_HEX, chain);
	*ret = (struct bigip_names){ 0 };
	snprintf(ret->certificate, sizeof(ret->certificate), "certdesk_%s_%s.crt", host, leaf);
	snprintf(ret->key, sizeof(ret->key), "certdesk_%s_%s.key", host, leaf);
	if (bundle->chain.len > 0)
		snprintf(ret->chain, sizeof(ret->chain), CHAIN "%s.crt", chain);
	snprintf(ret->profile, sizeof(ret->profile), "certdesk_%s", host);
	snprintf(ret->https, sizeof(ret->https), "certdesk_%s_443", host);
	snprintf(ret->http, sizeof(ret->http), "certdesk_%s_80", host);
	return 0;
}

/* "SHA1:5753:1e55…": of exactly the bytes that were uploaded. */
static void
put_checksum(struct str pem, char to[static 80])
{
	uint8_t sum[20];
	char hex[41];

	SHA1((const unsigned char *)pem.p, pem.len, sum);
	put_hex(sum, 40, hex);
	snprintf(to, 80, "SHA1:%zu:%s", pem.len, hex);
}

/* A file that is there under our name must be what we would put there. */
static int
compare(
    struct balancer *b, const json_t *file, const char *name, struct str pem, struct outcome *what)
{
	char wanted[80];

	put_checksum(pem, wanted);
	if (strcmp(bigip_text(file, "checksum"), wanted) == 0)
		return 0;
	return balancer_fail(what, BALANCER_E_CONFLICT,
	    "%s: %s is there with other content (%.80s)", b->config->name, name,
	    bigip_text(file, "checksum"));
}

int
bigip_unload(struct balancer *b, struct outcome *what)
{
	struct bigip *d = b->self;
	CLEAN(json_free) json_t *body = NULL;
	int r;

	if (d->at->uploads.len == 0)
		return 0;
	body = json_pack("{s:s, s:s}", "command", "run", "utilCmdArgs", buf_text(&d->at->uploads));
	r = bigip_must(b, "POST", "/mgmt/tm/util/unix-rm", body, NULL, what);
	if (r == 0)
		buf_clear(&d->at->uploads);
	return r;
}

/* Noted before it is there: what becomes of an upload is not always told. */
static int
note_upload(struct balancer *b, const char *name, struct outcome *what)
{
	struct bigip *d = b->self;
	size_t len = sizeof(" " BIGIP_FOLDER) + strlen(name);
	int r = d->at->uploads.len + len >= BIGIP_UPLOADS_MAX ? bigip_unload(b, what) : 0;

	if (r == 0)
		buf_printf(&d->at->uploads, "%s" BIGIP_FOLDER "%s",
		    d->at->uploads.len > 0 ? " " : "", name);
	return r;
}

static int
upload_name(struct balancer *b, const char *ending, char to[static 80], struct outcome *what)
{
	char text[ID_TEXT_SIZE];

	snprintf(to, 80, UPLOAD "%s%s", id_text(world_id(b->world), text), ending);
	return note_upload(b, to, what);
}

/* The object, from what was uploaded. *ret NULL: it was there already. */
static int
create(struct balancer *b, const char *kind, const char *name, const char *uploaded, json_t **ret,
    struct outcome *what)
{
	char path[BIGIP_PATH_SIZE], source[200];
	CLEAN(json_free) json_t *body = NULL;
	struct bigip_reply reply;
	int r;

	snprintf(path, sizeof(path), "/mgmt/tm/%s", kind);
	snprintf(source, sizeof(source), "file:" BIGIP_FOLDER "%s", uploaded);
	body = json_pack("{s:s, s:s}", "name", name, "sourcePath", source);
	bigip_place(b, body);
	r = bigip_ask(b, "POST", path, body, &reply, ret, what);
	if (r || reply.answer == BIGIP_DONE || reply.answer == BIGIP_EXISTS)
		return r;
	return bigip_fail(b, &reply, path, what);
}

static int
look(struct balancer *b, const char *kind, const char *name, json_t **ret, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE];

	return bigip_get(b,
	    bigip_path(b, kind, name, "?$select=name,checksum,keyType,securityType", path), ret,
	    what);
}

/* A file that is there already. */
static int
compare_there(
    struct balancer *b, const json_t *there, const char *name, struct str pem, struct outcome *what)
{
	int r = compare(b, there, name, pem, what);

	if (r == 0)
		bigip_prove(b->self, name);
	return r;
}

/* *ret_made false: it was there. */
static int
make_certificate(
    struct balancer *b, const char *name, struct str pem, bool *ret_made, struct outcome *what)
{
	CLEAN(json_free) json_t *file = NULL;
	char uploaded[80];
	int r = upload_name(b, ".crt", uploaded, what);

	if (r == 0)
		r = bigip_upload(b, uploaded, pem, what);
	if (r == 0)
		r = create(b, CERTIFICATES, name, uploaded, &file, what);
	*ret_made = file != NULL;
	if (r == 0 && !file)
		r = look(b, CERTIFICATES, name, &file, what);
	return r ? r : compare_there(b, file, name, pem, what);
}

/* Of these very intermediates there is one for all sites: as a rule it is there. */
static int
stage_chain(struct balancer *b, const char *name, struct str pem, struct outcome *what)
{
	CLEAN(json_free) json_t *there = NULL;
	bool made;
	int r;

	if (*name == '\0' || bigip_is_proven(b->self, name))
		return 0;
	r = look(b, CERTIFICATES, name, &there, what);
	if (r || there)
		return r ? r : compare_there(b, there, name, pem, what);
	return make_certificate(b, name, pem, &made, what);
}

static int
upload_key(struct balancer *b, const struct bundle *bundle, const char *name, struct outcome *what)
{
	CLEAN(buf_fini) struct buf answer = BUF(1 << 16);
	struct bigip *d = b->self;
	struct bigip_reply reply = { .answer = BIGIP_SIGN_IN };
	long status = 0;
	int r = 0;

	for (int attempt = 0; attempt < 2 && r == 0 && reply.answer == BIGIP_SIGN_IN; attempt++) {
		if (attempt > 0)
			r = bigip_sign_in(b, what);
		buf_clear(&answer);
		if (r == 0)
			r = bigip_carried(b,
			    b->pourer->upload(b->pourer, bundle, (size_t)(d->at - d->units), name,
				d->at->token, &status, &answer, what),
			    what);
		if (r == 0)
			bigip_judge(status, buf_str(&answer), &reply);
	}
	if (r)
		return r;
	return reply.answer == BIGIP_DONE ? 0 : bigip_fail(b, &reply, "uploading the key", what);
}

int
bigip_sweep(struct balancer *b, struct outcome *what)
{
	CLEAN(json_free)
	json_t *body = json_pack("{s:s, s:s}", "command", "run", "utilCmdArgs", BIGIP_FOLDER);
	CLEAN(json_free) json_t *listed = NULL;
	struct bigip *d = b->self;
	struct str rest, name;
	int r;

	if (d->at->swept)
		return 0;
	r = bigip_must(b, "POST", "/mgmt/tm/util/unix-ls", body, &listed, what);
	rest = str_of(bigip_text(listed, "commandResult"));
	while (r == 0 && str_next(&rest, '\n', &name)) {
		char text[80];

		name = str_trim(name);
		if (str_starts(name, STR(UPLOAD)) && str_copy(name, text, sizeof(text)) &&
		    strspn(text, BIGIP_SAFE) == strlen(text))
			r = note_upload(b, text, what);
	}
	if (r == 0)
		r = bigip_unload(b, what);
	d->at->swept = r == 0;
	return r;
}

/* What is in it we cannot see; that it belongs to the certificate the device itself looks at when
 * the profile names both. `likely`: the certificate was there, so an earlier try came this far. */
static int
stage_key(struct balancer *b, const struct bundle *bundle, const char *name, bool likely,
    struct outcome *what)
{
	CLEAN(json_free) json_t *there = NULL;
	CLEAN(json_free) json_t *made = NULL;
	char uploaded[80];
	int r = likely ? look(b, KEYS, name, &there, what) : 0;

	if (r == 0 && !there)
		r = upload_name(b, ".key", uploaded, what);
	if (r == 0 && !there)
		r = upload_key(b, bundle, uploaded, what);
	if (r == 0 && !there)
		r = create(b, KEYS, name, uploaded, &made, what);
	if (r == 0)
		bigip_prove(b->self, name);
	return r;
}

static int
recall(struct balancer *b, const struct bundle *bundle, const struct material **ret,
    struct outcome *what)
{
	struct bigip *d = b->self;
	int r = material_recall(&d->material, bundle, ret);

	if (r > 0)
		return balancer_fail(what, BALANCER_E_INVALID,
		    "%s: certificate and chain are not what they should be", b->config->name);
	return r ? balancer_fatal(what, r, "the certificates") : 0;
}

static int
stage_all(struct balancer *b, const struct bundle *bundle, const struct bigip_names *names,
    const struct material *m, struct outcome *what)
{
	struct str pem = buf_str(&m->pem), leaf = material_leaf(m);
	bool made = false;
	int r = stage_chain(b, names->chain, str_drop(pem, leaf.len), what);

	if (r == 0)
		r = make_certificate(b, names->certificate, leaf, &made, what);
	return r ? r : stage_key(b, bundle, names->key, !made, what);
}

static int
stage_one(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	const struct material *m = NULL;
	struct bigip_names names = { 0 };
	int r = bigip_names_of(b, bundle, &names, what);

	if (r == 0)
		r = recall(b, bundle, &m, what);
	return r ? r : stage_all(b, bundle, &names, m, what);
}

/* What was uploaded stays until the check, which removes it for a whole wave at once; what fails
 * leaves nothing, and the first failure counts. */
int
bigip_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer UNUSED,
    struct outcome *what)
{
	struct bigip *d = b->self;
	struct outcome aside;
	int r = bigip_pair_ready(b, what); /* before a key is on its way */

	if (r == 0)
		r = bigip_sweep(b, what);
	if (r == 0)
		r = stage_one(b, bundle, what);
	if (r == 0 && bundle->twin)
		r = stage_one(b, bundle->twin, what);
	if (r && bigip_unload(b, &aside) != 0)
		d->at->swept = false;
	return r;
}

static int
must_be(
    struct balancer *b, const char *kind, const char *name, struct str pem, struct outcome *what)
{
	CLEAN(json_free) json_t *there = NULL;
	int r;

	if (*name == '\0' || bigip_is_proven(b->self, name))
		return 0;
	r = look(b, kind, name, &there, what);
	if (r)
		return r;
	if (!there)
		return balancer_fail(what, BALANCER_E_AMBIGUOUS, "%s: %s is not there any more",
		    b->config->name, name);
	return pem.len > 0 ? compare_there(b, there, name, pem, what) : 0;
}

static int
check_one(struct balancer *b, const struct bundle *bundle, bool with_key, struct outcome *what)
{
	const struct material *m = NULL;
	struct bigip_names names = { 0 };
	struct str pem, leaf;
	int r = bigip_names_of(b, bundle, &names, what);

	if (r == 0)
		r = recall(b, bundle, &m, what);
	if (r)
		return r;
	pem = buf_str(&m->pem);
	leaf = material_leaf(m);
	r = must_be(b, CERTIFICATES, names.certificate, leaf, what);
	if (r == 0)
		r = must_be(b, CERTIFICATES, names.chain, str_drop(pem, leaf.len), what);
	return r || !with_key ? r : must_be(b, KEYS, names.key, STR(""), what);
}

static int
check_pair(struct balancer *b, const struct bundle *bundle, bool with_key, struct outcome *what)
{
	int r = check_one(b, bundle, with_key, what);

	return r || !bundle->twin ? r : check_one(b, bundle->twin, with_key, what);
}

/* The answer that made a file has its checksum: a file of this session is not looked at again. */
int
bigip_check(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	int r = bigip_unload(b, what);

	return r ? r : check_pair(b, bundle, true, what);
}

int
bigip_check_worn(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	return check_pair(b, bundle, false, what);
}

int
bigip_files_remove(struct balancer *b, const struct bigip_names *names, struct outcome *what)
{
	bool gone;
	int r;

	bigip_prove_not(b->self, names->certificate);
	bigip_prove_not(b->self, names->key);
	bigip_prove_not(b->self, names->chain);
	r = bigip_delete(b, CERTIFICATES, names->certificate, &gone, what);

	if (r == 0)
		r = bigip_delete(b, KEYS, names->key, &gone, what);
	if (r == 0 && *names->chain)
		r = bigip_delete(b, CERTIFICATES, names->chain, &gone, what); /* others' too */
	return r;
}

int
bigip_file_remove(struct balancer *b, const char *certificate, struct outcome *what)
{
	struct str name = str_of(certificate);
	char key[BIGIP_NAME_SIZE];
	bool gone;
	int r;

	bigip_prove_not(b->self, certificate);
	r = bigip_delete(b, CERTIFICATES, certificate, &gone, what);
	if (r || str_starts(name, STR(CHAIN)))
		return r;
	snprintf(key, sizeof(key), "%.*s.key", (int)(name.len - strlen(".crt")), certificate);
	bigip_prove_not(b->self, key);
	return bigip_delete(b, KEYS, key, &gone, what);
}
