/* SPDX-License-Identifier: Apache-2.0 */
/* One TLS connection: connects, shakes hands without resumption, takes along what was shown.
 * Verification is site_chain.c's. */
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/trust.h"
#include "site/site_internal.h"
#include "sys/file.h"
#include "sys/net.h"

static const struct {
	const char *words;
	int least, most;
	bool old; /* needs the library's lowest security level to be offered at all */
} offers[] = {
	[OFFER_BOTH] = { "TLS", TLS1_2_VERSION, TLS1_3_VERSION, false },
	[OFFER_TLS13] = { "TLS 1.3", TLS1_3_VERSION, TLS1_3_VERSION, false },
	[OFFER_TLS12] = { "TLS 1.2", TLS1_2_VERSION, TLS1_2_VERSION, false },
	[OFFER_TLS11] = { "TLS 1.1", TLS1_1_VERSION, TLS1_1_VERSION, true },
	[OFFER_TLS10] = { "TLS 1.0", TLS1_VERSION, TLS1_VERSION, true },
};
static_assert(COUNT_OF(offers) == OFFER_MAX, "a row for each offer");

const char *
site_offer_words(enum site_offer offer)
{
	return offers[offer].words;
}

static void
ssl_free(SSL *ssl)
{
	SSL_free(ssl);
}
CLEAN_DEFINE(ssl_free, SSL *);

struct site_trust *
site_trust_free(struct site_trust *trust)
{
	if (!trust)
		return NULL;
	for (size_t i = 0; i < OFFER_MAX; i++)
		SSL_CTX_free(trust->ctx[i]);
	X509_STORE_free(trust->store);
	free(trust);
	return NULL;
}

/* Verification is off in here because it is done by us on what was served; the leaf's fingerprint
 * decides. */
static SSL_CTX *
make_context(enum site_offer offer)
{
	static const unsigned char alpn[] = "\x08http/1.1";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	bool good = ctx != NULL;

	if (!good)
		return NULL;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
	if (offers[offer].old)
		good = SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0") == 1;
	good = good && SSL_CTX_set_min_proto_version(ctx, offers[offer].least) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, offers[offer].most) == 1 &&
	       SSL_CTX_set_alpn_protos(ctx, alpn, sizeof(alpn) - 1) == 0;
	if (!good) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

int
site_trust_load(const char *file, struct site_trust **ret)
{
	CLEAN(site_trust_free) struct site_trust *trust = alloc_zero(sizeof(*trust));

	trust->store = X509_STORE_new();
	if (!trust->store)
		return error_origin(ENOMEM);
	if (X509_STORE_load_file(trust->store, *file ? file : TRUST_FILE) != 1) {
		ERR_clear_error();
		return error_origin(EINVAL);
	}
	for (size_t i = 0; i < OFFER_MAX; i++)
		trust->ctx[i] = make_context((enum site_offer)i);
	ERR_clear_error();
	if (!trust->ctx[OFFER_BOTH] || !trust->ctx[OFFER_TLS13] || !trust->ctx[OFFER_TLS12])
		return error_origin(ENOMEM);
	*ret = TAKE(trust);
	return 0;
}

void
site_shake_fini(struct site_shake *shake)
{
	for (size_t i = 0; i < shake->served_count; i++)
		X509_free(shake->served[i]);
	shake->served_count = 0;
}

static enum site_shake_end
end_with(struct site_shake *ret, enum site_shake_end end, const char *reason)
{
	ret->end = end;
	str_show(str_of(reason), ret->reason, sizeof(ret->reason));
	return end;
}

/* Errors that our own side raises before anything is sent. */
static bool
is_our_refusal(unsigned long e)
{
	int reason = ERR_GET_REASON(e);

	return ERR_GET_LIB(e) == ERR_LIB_SSL &&
	       (reason == SSL_R_NO_PROTOCOLS_AVAILABLE || reason == SSL_R_NO_CIPHERS_AVAILABLE);
}

static enum site_shake_end
end_with_error(struct site_shake *ret)
{
	unsigned long e = ERR_peek_error();
	const char *words = e ? ERR_reason_error_string(e) : NULL;
	bool ours = is_our_refusal(e);

	ERR_clear_error();
	return end_with(ret, ours ? SHAKE_UNOFFERED : SHAKE_REFUSED,
	    words ? words : "the peer closed the connection");
}

/* RFC 5246 section 7.4.1.3: type, three bytes of length, then the version the peer chose. In TLS
 * 1.3 that field says 1.2; there only a finished handshake counts. */
static void
watch_hello(
    int is_sent, int version, int content, const void *bytes, size_t len, SSL *ssl, void *context)
{
	struct site_shake *shake = context;
	const uint8_t *hello = bytes;

	(void)version;
	if (!is_sent && content == SSL3_RT_HANDSHAKE && len >= 6 &&
	    hello[0] == SSL3_MT_SERVER_HELLO)
		shake->chosen = (hello[4] << 8 | hello[5]) == SSL_get_max_proto_version(ssl);
}

static enum site_shake_end
shake_hands(SSL *ssl, int fd, when deadline, struct site_shake *ret)
{
	for (;;) {
		int r, e;

		ERR_clear_error();
		r = SSL_connect(ssl);
		if (r == 1)
			return end_with(ret, SHAKE_DONE, "");
		e = SSL_get_error(ssl, r);
		if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
			return end_with_error(ret);
		if (net_wait(fd, e == SSL_ERROR_WANT_WRITE, deadline - world_ticks()))
			return end_with(ret, SHAKE_SILENT, "no answer in time");
	}
}

static int
take_served(SSL *ssl, struct site_shake *ret)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	int count = chain ? sk_X509_num(chain) : 0;
	unsigned len = sizeof(ret->leaf_sha256);

	for (int i = 0; i < count && ret->served_count < SITE_SERVED_MAX; i++) {
		X509 *x509 = sk_X509_value(chain, i);

		X509_up_ref(x509);
		ret->served[ret->served_count++] = x509;
	}
	if (ret->served_count == 0 ||
	    !X509_digest(ret->served[0], EVP_sha256(), ret->leaf_sha256, &len))
		return error_origin(EPROTO);
	str_copy(str_of(SSL_get_cipher_name(ssl)), ret->cipher, sizeof(ret->cipher));
	return 0;
}

int
site_shake(const struct site_target *target, enum site_offer offer, struct site_shake *ret)
{
	CLEAN(close_fd) int fd = -1;
	CLEAN(ssl_free) SSL *ssl = NULL;
	when start = world_ticks();
	int r;

	*ret = (struct site_shake){ 0 };
	if (!target->trust->ctx[offer]) {
		end_with(ret, SHAKE_UNOFFERED, "our TLS library does not offer it");
		return 0;
	}
	r = net_connect(&target->address, target->port, target->timeout, &fd);
	if (r > 0)
		end_with(ret, SHAKE_UNCONNECTED, net_words(r));
	if (r)
		return r > 0 ? 0 : r;
	ssl = SSL_new(target->trust->ctx[offer]);
	if (!ssl || !SSL_set_fd(ssl, fd) ||
	    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
		(void *)(uintptr_t)target->name.text) != 1 || /* the macros drop const */
	    (target->signatures && SSL_ctrl(ssl, SSL_CTRL_SET_SIGALGS_LIST, 0,
				       (void *)(uintptr_t)target->signatures) != 1))
		return error_origin(ENOMEM);
	SSL_set_msg_callback(ssl, watch_hello);
	SSL_set_msg_callback_arg(ssl, ret);
	if (shake_hands(ssl, fd, start + target->timeout, ret) == SHAKE_DONE)
		r = take_served(ssl, ret);
	if (ret->end == SHAKE_DONE)
		SSL_shutdown(ssl);
	ret->micros = world_ticks() - start;
	ERR_clear_error();
	return r;
}
