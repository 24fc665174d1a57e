/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/haproxy_test_kit.h"

#include "sys/file.h"
#include "sys/net.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE SECONDS(20)
#define VALID    (50 * 86400)

static const char config_text[] =
    "global\n"
    "    stats socket %s/admin.sock mode 600 level admin\n"
    "    tune.bufsize %lld\n"
    "    nbthread 2\n"
    "defaults\n"
    "    mode http\n"
    "    timeout client 20s\n"
    "    timeout server 20s\n"
    "    timeout connect 1s\n"
    "frontend tls\n"
    "    bind 127.0.0.1:%u ssl crt-list %s/list.txt strict-sni alpn http/1.1\n"
    "    use_backend %%[req.hdr(host),field(1,:),lower,map(%s/hosts.map,be_default)]\n"
    "backend be_default\n"
    "    http-request return status 200 content-type text/plain string be_default\n"
    "backend be_owa\n"
    "    http-request return status 200 content-type text/plain string be_owa\n"
    "backend be_sharepoint\n"
    "    http-request return status 200 content-type text/plain string be_sharepoint\n";

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "the lab failed: %s\n", what);
	abort();
}

bool
lab_possible(void)
{
	return file_may_run(LAB_PROGRAM);
}

void
lab_path(const struct lab *lab, const char *name, char to[static CONFIG_PATH_SIZE])
{
	int len = snprintf(to, CONFIG_PATH_SIZE, "%s/%s", lab->folder, name);

	must(len > 0 && len < CONFIG_PATH_SIZE, "a path");
}

static void
write_text(const struct lab *lab, const char *name, const char *text)
{
	char path[CONFIG_PATH_SIZE];

	lab_path(lab, name, path);
	must(file_write(path, str_of(text), 0600) == 0, path);
}

static uint16_t
free_port(const struct addr *address)
{
	CLEAN(close_fd) int fd = -1;
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	must(net_listen(address, 0, &fd) == 0, "listening");
	must(getsockname(fd, (struct sockaddr *)&at, &len) == 0, "port");
	return ntohs(at.sin_port);
}

static EVP_PKEY *
make_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	must(key != NULL, "key");
	return key;
}

static void
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(e && X509_add_ext(x, e, -1) == 1, "extension");
	X509_EXTENSION_free(e);
}

static X509 *
make_certificate(struct lab *lab, const char *name, EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_NAME_new();

	must(x && subject, "certificate");
	X509_NAME_add_entry_by_txt(
	    subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++lab->serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), VALID);
	X509_set_subject_name(x, subject);
	X509_set_issuer_name(x, lab->ca ? X509_get_subject_name(lab->ca) : subject);
	X509_set_pubkey(x, key);
	X509_NAME_free(subject);
	return x;
}

static void
sign(struct lab *lab, X509 *x)
{
	must(X509_sign(x, lab->ca_key, EVP_sha256()) > 0, "signature");
}

static void
make_ca(struct lab *lab)
{
	X509 *ca;

	lab->ca_key = make_key();
	ca = make_certificate(lab, "Lab Root", lab->ca_key);
	add_extension(ca, NID_basic_constraints, "critical,CA:TRUE");
	sign(lab, ca);
	lab->ca = ca;
}

static int
pour(const struct pourer *self, const struct bundle *bundle, int fd, bool is_socket,
    struct str before, struct str after, size_t max_total, struct outcome *what)
{
	struct lab *lab = self->context;
	CLEAN(buf_fini) struct buf all = BUF_SECRET(1 << 20);
	const struct identity *from = NULL;

	for (size_t i = 0; i < lab->known_count && !from; i++)
		if (memcmp(lab->known[i]->bundle.leaf_sha256, bundle->leaf_sha256, 32) == 0)
			from = lab->known[i];
	must(from != NULL, "the keeper knows no such key");
	lab->pours++;
	buf_put_str(&all, before);
	buf_put_str(&all, buf_str(&from->key_pem));
	buf_put_str(&all, after);
	if (all.len > max_total) {
		outcome_set(what, OUTCOME_HUMAN, "%zu bytes are too many", all.len);
		return BALANCER_E_CAPACITY;
	}
	if (is_socket)
		return net_write(fd, buf_str(&all), SECONDS(5)) == 0 ? 0 : BALANCER_E_AMBIGUOUS;
	must(write(fd, all.data, all.len) == (ssize_t)all.len, "pouring");
	return 0;
}

struct lab *
lab_new(int64_t bufsize)
{
	struct lab *lab = alloc_zero(sizeof(*lab));
	CLEAN(buf_fini) struct buf text = BUF(8192);

	str_copy(STR("/tmp/certdesk-haproxy-XXXXXX"), lab->folder, sizeof(lab->folder));
	must(mkdtemp(lab->folder) != NULL, "folder");
	must(addr_parse(STR("127.0.0.1"), &lab->address), "address");
	lab->port = free_port(&lab->address);
	lab->bufsize = bufsize;
	lab->pourer = (struct pourer){ .pour = pour, .context = lab };
	lab->config = (struct config_balancer){ .https_port = lab->port, .bufsize = bufsize };
	str_copy(STR("lb1"), lab->config.name, sizeof(lab->config.name));
	str_copy(STR("haproxy"), lab->config.driver, sizeof(lab->config.driver));
	lab_path(lab, "admin.sock", lab->config.socket);
	lab_path(lab, "list.txt", lab->config.crt_list);
	lab_path(lab, "certs", lab->config.certificates);
	lab_path(lab, "hosts.map", lab->config.hosts_map);
	must(file_make_folder(lab->config.certificates, 0700) == 0, "certificates");
	buf_printf(&text, config_text, lab->folder, (long long)bufsize, lab->port, lab->folder,
	    lab->folder);
	write_text(lab, "haproxy.cfg", buf_text(&text));
	write_text(lab, "list.txt", "");
	write_text(lab, "hosts.map", "");
	make_ca(lab);
	return lab;
}

static int
remove_entry(const char *path, const struct stat *st UNUSED, int kind UNUSED, struct FTW *at UNUSED)
{
	return remove(path);
}

void
lab_free(struct lab *lab)
{
	if (!lab)
		return;
	lab_kill(lab);
	nftw(lab->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	X509_free(lab->ca);
	EVP_PKEY_free(lab->ca_key);
	queue_free(lab->turns);
	free(lab);
}

void
lab_command(const struct lab *lab, struct buf *reply, const char *format, ...)
{
	CLEAN(close_fd) int fd = -1;
	CLEAN(buf_fini) struct buf text = BUF(1 << 20);
	va_list args;
	char *line;

	va_start(args, format);
	must(vasprintf(&line, format, args) >= 0, "a command");
	va_end(args);
	buf_put_text(&text, line);
	buf_put_byte(&text, '\n');
	free(line);
	buf_clear(reply);
	if (net_connect_unix(lab->config.socket, SECONDS(5), &fd) ||
	    net_write(fd, buf_str(&text), SECONDS(5)) || net_end_writing(fd) ||
	    net_read_all(fd, SECONDS(10), reply))
		buf_clear(reply);
}

static bool
answers(const struct lab *lab)
{
	CLEAN(buf_fini) struct buf reply = BUF(65536);

	lab_command(lab, &reply, "show version");
	return reply.len > 0;
}

void
lab_start(struct lab *lab)
{
	char path[CONFIG_PATH_SIZE], program[] = LAB_PROGRAM, option[] = "-f", quiet[] = "-q",
				     foreground[] = "-db";
	char *args[] = { program, foreground, quiet, option, path, NULL };
	when deadline = world_ticks() + DEADLINE;
	char *environment[] = { NULL };

	lab_path(lab, "haproxy.cfg", path);
	must(posix_spawn(&lab->pid, LAB_PROGRAM, NULL, NULL, args, environment) == 0,
	    "start of haproxy");
	while (!answers(lab)) {
		struct timespec nap = { .tv_nsec = 2000000 };
		int status;

		must(waitpid(lab->pid, &status, WNOHANG) == 0, "haproxy did not start");
		must(world_ticks() < deadline, "haproxy does not answer");
		nanosleep(&nap, NULL);
	}
}

void
lab_kill(struct lab *lab)
{
	if (lab->pid == 0)
		return;
	kill(lab->pid, SIGKILL);
	waitpid(lab->pid, NULL, 0);
	unlink(lab->config.socket);
	lab->pid = 0;
}

bool
lab_has(const struct lab *lab, const char *name)
{
	char path[CONFIG_PATH_SIZE];
	struct stat st;

	lab_path(lab, name, path);
	return stat(path, &st) == 0;
}

void
lab_read(const struct lab *lab, const char *name, struct buf *to)
{
	char path[CONFIG_PATH_SIZE];

	lab_path(lab, name, path);
	buf_clear(to);
	must(file_read(path, to) == 0, path);
}

static void
put_der(struct buf *to, X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	must(len > 0, "DER");
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
}

static void
put_key(struct buf *to, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	size_t len;

	must(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1,
	    "key as PEM");
	len = (size_t)BIO_get_mem_data(bio, &bytes);
	buf_put(to, bytes, len);
	BIO_free(bio);
}

static void
put_chain(struct lab *lab, struct buf *to, size_t count, size_t padding)
{
	for (size_t i = 0; i < count; i++) {
		X509 *x = make_certificate(lab, "Lab Issuing CA", lab->ca_key);
		char *comment = alloc_zero(padding + 1);

		memset(comment, 'x', padding);
		add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
		if (padding > 0)
			add_extension(x, NID_netscape_comment, comment);
		sign(lab, x);
		put_der(to, x);
		X509_free(x);
		free(comment);
	}
}

struct identity *
lab_identity(struct lab *lab, const char *host, const char *other, size_t chain, size_t padding)
{
	struct identity *i = alloc_zero(sizeof(*i));
	EVP_PKEY *key = make_key();
	X509 *x = make_certificate(lab, host, key);
	char names[600];

	i->leaf = BUF(1 << 20);
	i->chain = BUF(1 << 20);
	i->key_pem = BUF_SECRET(1 << 16);
	snprintf(
	    names, sizeof(names), "DNS:%s%s%s", host, other ? ",DNS:" : "", other ? other : "");
	add_extension(x, NID_subject_alt_name, names);
	sign(lab, x);
	put_der(&i->leaf, x);
	put_chain(lab, &i->chain, chain, padding);
	put_key(&i->key_pem, key);
	str_copy(STR("be_owa"), i->backend, sizeof(i->backend));
	i->bundle = (struct bundle){ .address = lab->address,
		.backend = i->backend,
		.leaf = buf_str(&i->leaf),
		.chain = buf_str(&i->chain) };
	must(str_copy(str_of(host), i->bundle.name.text, sizeof(i->bundle.name.text)), "name");
	X509_digest(x, EVP_sha256(), i->bundle.leaf_sha256, NULL);
	X509_free(x);
	EVP_PKEY_free(key);
	must(lab->known_count < COUNT_OF(lab->known), "too many identities");
	lab->known[lab->known_count++] = i;
	return i;
}

void
lab_identity_free(struct identity *i)
{
	if (!i)
		return;
	buf_fini(&i->leaf);
	buf_fini(&i->chain);
	buf_fini(&i->key_pem);
	free(i);
}

static bool
retry(SSL *ssl, int fd, int r)
{
	int e = SSL_get_error(ssl, r);

	if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
		return false;
	return net_wait(fd, e == SSL_ERROR_WANT_WRITE, SECONDS(10)) == 0;
}

static bool
handshake(SSL *ssl, int fd, const char *host)
{
	int r;

	SSL_set_tlsext_host_name(ssl, host);
	SSL_set_fd(ssl, fd);
	do
		r = SSL_connect(ssl);
	while (r != 1 && retry(ssl, fd, r));
	return r == 1;
}

static bool
request(SSL *ssl, int fd, const char *host, struct buf *body)
{
	char text[512], got[4096];
	int len = snprintf(text, sizeof(text),
		"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host),
	    r;

	if (SSL_write(ssl, text, len) != len)
		return false;
	do {
		r = SSL_read(ssl, got, sizeof(got));
		if (r > 0)
			buf_put(body, got, (size_t)r);
	} while (r > 0 || retry(ssl, fd, r));
	return str_starts(buf_str(body), STR("HTTP/1.1 200"));
}

bool
lab_serves(
    const struct lab *lab, const char *host, uint8_t ret_sha256[static 32], struct buf *ret_body)
{
	CLEAN(close_fd) int fd = -1;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	X509 *x = NULL;
	bool good;

	must(net_connect(&lab->address, lab->port, SECONDS(5), &fd) == 0, "connection");
	good = handshake(ssl, fd, host);
	if (good)
		x = SSL_get1_peer_certificate(ssl);
	good = x && X509_digest(x, EVP_sha256(), ret_sha256, NULL) == 1;
	if (good && ret_body)
		good = request(ssl, fd, host, ret_body);
	X509_free(x);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return good;
}

bool
lab_serves_this(const struct lab *lab, const struct identity *i)
{
	uint8_t sha256[32];

	return lab_serves(lab, i->bundle.name.text, sha256, NULL) &&
	       memcmp(sha256, i->bundle.leaf_sha256, 32) == 0;
}

static int
verify(const struct installer *self, const struct bundle *bundle, struct outcome *what)
{
	const struct lab *lab = self->context;
	uint8_t sha256[32];

	if (lab_serves(lab, bundle->name.text, sha256, NULL) &&
	    memcmp(sha256, bundle->leaf_sha256, 32) == 0)
		return 0;
	outcome_set(what, OUTCOME_LATER, "another certificate is served");
	return 1;
}

struct balancer *
lab_open(struct lab *lab)
{
	struct balancer *b = NULL;
	struct outcome what;

	must(
	    balancer_open(&lab->config, world_real(), NULL, lab->turns, SECONDS(5), &b, &what) == 0,
	    "opening");
	return b;
}

int
lab_install(struct lab *lab, struct identity *i, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	struct installer installer = { .pourer = &lab->pourer, .verify = verify, .context = lab };
	int r = balancer_open(&lab->config, world_real(), NULL, lab->turns, SECONDS(5), &b, what);

	return r ? r : balancer_install(b, &i->bundle, &installer, what);
}
