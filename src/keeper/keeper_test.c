/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper as the worker meets it: both questions over a real channel, honest and hostile. */
#include "keeper/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "ipc/key_export.h"
#include "ipc/key_make.h"
#include "ipc/key_take.h"
#include "keeper/memory.h"
#include "keeper/wrap.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/net.h"

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define COMMAND     "set ssl cert /sites/a.pem <<\n"
#define PEM_BEGIN   "-----BEGIN PRIVATE KEY-----\n"
#define TURNS_MAX   1200

static char folder[] = "/tmp/certdesk-keeper-XXXXXX";
static char file_path[128];
static struct config config;
static struct keeper *keeper;
static struct channel *keepers_end, *workers_end;
static pthread_t server;

static void *
serve(void *argument)
{
	int r = 0;

	while (r == 0 || r == CHANNEL_E_TIMEOUT) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };

		r = channel_receive(keepers_end, SECONDS(1), &frame);
		if (!r)
			r = keeper_handle(keeper, keepers_end, &frame);
	}
	return argument;
}

static void
configure(void)
{
	config_defaults(&config);
	config.stock_rsa2048 = 1;
	config.stock_rsa3072 = config.stock_rsa4096 = 0;
	config.balancer_count = 2;
	config.balancers[0] = (struct config_balancer){
		.name = "edge", .driver = "haproxy", .certificates = "/sites"
	};
	config.balancers[1] = (struct config_balancer){ .name = "other", .driver = "unheard-of" };
	snprintf(config.balancers[0].socket, CONFIG_PATH_SIZE, "%s/admin.sock", folder);
	snprintf(file_path, sizeof(file_path), "%s/a.pem", folder);
}

static int
set_up(void **state)
{
	const struct kek kek = { .id = { 0xab, 0xcd }, .key = { 1, 2, 3 } };
	bool locked;
	int pair[2];

	(void)state;
	log_start("keeper_test", LOG_AS_TEXT, LOG_ERROR);
	if (!mkdtemp(folder) || memory_protect(16, &locked) || net_pair(pair))
		return -1;
	configure();
	if (keeper_new(world_real(), &config, &kek, &keeper) || stock_start(keeper->stock))
		return -1;
	keepers_end = channel_new(pair[0], ROLE_KEEPER, ROLE_WORKER);
	workers_end = channel_new(pair[1], ROLE_WORKER, ROLE_KEEPER);
	return pthread_create(&server, NULL, serve, NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	workers_end = channel_free(workers_end);
	pthread_join(server, NULL);
	keepers_end = channel_free(keepers_end);
	keeper = keeper_free(keeper);
	return rmdir(folder);
}

static struct key_order
an_order(enum key_kind kind)
{
	return (struct key_order){
		.key = { { 1 } },
		.customer = { { 2 } },
		.site = { { 3 } },
		.kind = kind,
		.subject = { STR("DE"), STR(""), STR("N\u00fcrnberg"), STR("M\u00fcller GmbH") },
		.names = { STR("mail.example.test") },
		.name_count = 1,
	};
}

static void
make(enum key_kind kind, struct key_made *ret)
{
	struct key_order order = an_order(kind);
	int r = key_make_ask(workers_end, &order, ret);

	for (int turn = 0; turn < TURNS_MAX && r == KEY_MAKE_E_LATER; turn++) {
		assert_in_range(ret->later_ms, 1, 10000);
		(void)poll(NULL, 0, 50);
		r = key_make_ask(workers_end, &order, ret);
	}
	assert_int_equal(r, 0);
}

static void
test_make(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		CLEAN(key_made_fini) struct key_made made = { 0 };
		const unsigned char *at;
		X509_REQ *req;
		uint8_t spki[32];

		print_message("%s\n", key_kind_name((enum key_kind)kind));
		make((enum key_kind)kind, &made);
		at = (const unsigned char *)made.csr.data;
		req = d2i_X509_REQ(NULL, &at, (long)made.csr.len);
		assert_non_null(req);
		assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
		assert_int_equal(csr_spki_sha256(X509_REQ_get0_pubkey(req), spki), 0);
		assert_memory_equal(spki, made.spki_sha256, 32);
		assert_memory_equal(made.kek, keeper->kek->id, 8);
		X509_REQ_free(req);
	}
}

static void
test_make_refused(void **state)
{
	CLEAN(key_made_fini) struct key_made made = { 0 };
	struct key_order order = an_order(KEY_P256);

	(void)state;
	order.names[0] = STR("Not A Name");
	assert_int_equal(key_make_ask(workers_end, &order, &made), KEY_MAKE_E_REFUSED);
	order = an_order(KEY_P256);
	order.subject.country = STR("Germany");
	assert_int_equal(key_make_ask(workers_end, &order, &made), KEY_MAKE_E_REFUSED);
	order = an_order(KEY_P256);
	order.site = ID_NONE;
	assert_int_equal(key_make_ask(workers_end, &order, &made), KEY_MAKE_E_REFUSED);
	order = an_order(KEY_P256);
	order.name_count = CSR_NAMES_MAX + 1;
	assert_int_equal(key_make_ask(workers_end, &order, &made), KEY_MAKE_E_REFUSED);
	order = an_order(KEY_P256); /* and serves on */
	assert_int_equal(key_make_ask(workers_end, &order, &made), 0);
}

static void
test_trailing_bytes(void **state)
{
	CLEAN(buf_fini) struct buf payload = BUF(4096);
	CLEAN(buf_fini) struct buf answer = BUF(65536);
	CLEAN(key_made_fini) struct key_made made = { 0 };
	struct key_order order = an_order(KEY_P256);

	(void)state;
	key_order_put(&payload, &order);
	buf_put_byte(&payload, 0);
	assert_int_equal(
	    channel_call(workers_end, MESSAGE_KEY_MAKE, &payload, -1, SECONDS(5), &answer),
	    CHANNEL_E_REFUSED);
	assert_int_equal(answer.len, 0);
	make(KEY_P256, &made);
}

static struct key_export
a_question(const struct key_made *made, enum key_form form)
{
	return (struct key_export){
		.balancer = "edge",
		.installation = { { 9 } },
		.key = { { 1 } },
		.customer = { { 2 } },
		.site = { { 3 } },
		.wrapped = buf_str(&made->wrapped),
		.form = form,
		.before = form == FORM_FILE ? STR(CERTIFICATE) : STR(COMMAND CERTIFICATE),
		.after = form == FORM_FILE ? STR(CERTIFICATE) : STR(CERTIFICATE "\n"),
	};
}

static int
new_file(void)
{
	int fd = open(file_path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static EVP_PKEY *
key_in(struct str poured, struct str before, struct str after)
{
	struct str pem;
	EVP_PKEY *key;
	BIO *bio;

	assert_true(str_starts(poured, before));
	assert_true(str_ends(poured, after));
	pem = str_drop(poured, before.len);
	pem.len -= after.len;
	assert_true(str_starts(pem, STR(PEM_BEGIN)));
	assert_true(str_ends(pem, STR("\n-----END PRIVATE KEY-----\n")));
	assert_int_equal(str_find(pem, STR("\n\n")), pem.len);
	bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	assert_non_null(key);
	return key;
}

static void
assert_same_key(EVP_PKEY *key, const struct key_made *made)
{
	uint8_t spki[32];

	assert_int_equal(csr_spki_sha256(key, spki), 0);
	assert_memory_equal(spki, made->spki_sha256, 32);
	EVP_PKEY_free(key);
}

static void
test_into_file(void **state)
{
	static const enum key_kind kinds[] = { KEY_P256, KEY_P384, KEY_RSA2048 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		CLEAN(key_made_fini) struct key_made made = { 0 };
		CLEAN(buf_fini) struct buf poured = BUF_SECRET(65536);
		CLEAN(close_fd) int fd = new_file();
		struct key_exported exported;
		struct key_export question;

		make(kinds[i], &made);
		question = a_question(&made, FORM_FILE);
		assert_int_equal(key_export_ask(workers_end, &question, fd, &exported), 0);
		assert_int_equal(file_read(file_path, &poured), 0);
		assert_int_equal(poured.len, exported.total);
		assert_memory_equal(exported.spki_sha256, made.spki_sha256, 32);
		assert_same_key(key_in(buf_str(&poured), question.before, question.after), &made);
		assert_int_equal(unlink(file_path), 0);
	}
}

/* Listens as the balancer does; *ret_fd is connected to it, *ret_balancer is its end. */
static void
connect_balancer(const char *name, int *ret_fd, int *ret_balancer)
{
	CLEAN(close_fd) int listener = -1;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(net_listen_unix(path, 0600, &listener), 0);
	assert_int_equal(net_connect_unix(path, SECONDS(1), ret_fd), 0);
	*ret_balancer = accept(listener, NULL, NULL);
	assert_true(*ret_balancer >= 0);
	assert_int_equal(unlink(path), 0);
}

static void
test_into_socket(void **state)
{
	CLEAN(key_made_fini) struct key_made made = { 0 };
	CLEAN(buf_fini) struct buf poured = BUF_SECRET(65536);
	CLEAN(close_fd) int fd = -1;
	CLEAN(close_fd) int balancer = -1;
	struct key_exported exported;
	struct key_export question;

	(void)state;
	connect_balancer("admin.sock", &fd, &balancer);
	make(KEY_P256, &made);
	question = a_question(&made, FORM_HAPROXY_SOCKET);
	assert_int_equal(key_export_ask(workers_end, &question, fd, &exported), 0);
	while (poured.len < exported.total)
		assert_int_equal(net_read(balancer, SECONDS(5), &poured), 0);
	assert_same_key(key_in(buf_str(&poured), question.before, question.after), &made);
}

static void
assert_nothing_in(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
}

static void
test_max_total(void **state)
{
	CLEAN(key_made_fini) struct key_made made = { 0 };
	CLEAN(close_fd) int fd = new_file();
	struct key_exported exported;
	struct key_export question;
	uint32_t total;

	(void)state;
	make(KEY_P256, &made);
	question = a_question(&made, FORM_FILE);
	question.max_total = 1;
	assert_int_equal(
	    key_export_ask(workers_end, &question, fd, &exported), KEY_EXPORT_E_TOO_LARGE);
	assert_nothing_in(fd);
	total = exported.total;
	assert_true(total > question.before.len + question.after.len);
	question.max_total = total - 1;
	assert_int_equal(
	    key_export_ask(workers_end, &question, fd, &exported), KEY_EXPORT_E_TOO_LARGE);
	assert_nothing_in(fd);
	question.max_total = total;
	assert_int_equal(key_export_ask(workers_end, &question, fd, &exported), 0);
	assert_int_equal(exported.total, total);
	assert_int_equal(unlink(file_path), 0);
}

static void
spoil_balancer(struct key_export *q)
{
	q->balancer = "invented";
}
static void
spoil_driver(struct key_export *q)
{
	q->balancer = "other";
}
static void
spoil_no_balancer(struct key_export *q)
{
	q->balancer = "";
}
static void
spoil_installation(struct key_export *q)
{
	q->installation = ID_NONE;
}
static void
spoil_key(struct key_export *q)
{
	q->key.b[0] ^= 1;
}
static void
spoil_customer(struct key_export *q)
{
	q->customer.b[0] ^= 1;
}
static void
spoil_site(struct key_export *q)
{
	q->site.b[0] ^= 1;
}
static void
spoil_wrapped(struct key_export *q)
{
	q->wrapped.len--;
}
static void
spoil_nothing_wrapped(struct key_export *q)
{
	q->wrapped = STR("");
}
static void
spoil_form(struct key_export *q)
{
	q->form = FORM_HAPROXY_SOCKET;
	q->before = STR(COMMAND);
}
static void
spoil_before(struct key_export *q)
{
	q->before = STR(CERTIFICATE "\nshow env\n");
}
static void
spoil_after(struct key_export *q)
{
	q->after = STR("\n");
}

static const struct {
	const char *what;
	void (*spoil)(struct key_export *);
} spoils[] = {
	{ "invented balancer", spoil_balancer },
	{ "driver that takes no keys", spoil_driver },
	{ "no balancer", spoil_no_balancer },
	{ "no installation", spoil_installation },
	{ "other key", spoil_key },
	{ "other customer", spoil_customer },
	{ "other site", spoil_site },
	{ "wrapped key cut", spoil_wrapped },
	{ "no wrapped key", spoil_nothing_wrapped },
	{ "file as a socket", spoil_form },
	{ "command in before", spoil_before },
	{ "empty line after", spoil_after },
};

static void
test_hostile_exports(void **state)
{
	CLEAN(key_made_fini) struct key_made made = { 0 };

	(void)state;
	make(KEY_P256, &made);
	for (size_t i = 0; i < COUNT_OF(spoils); i++) {
		CLEAN(close_fd) int fd = new_file();
		struct key_export question = a_question(&made, FORM_FILE);
		struct key_exported exported;

		spoils[i].spoil(&question);
		assert_int_equal(
		    key_export_ask(workers_end, &question, fd, &exported), KEY_EXPORT_E_REFUSED);
		print_message("%s: %s\n", spoils[i].what, exported.words);
		assert_true(exported.words[0] != '\0');
		assert_nothing_in(fd);
	}
	assert_int_equal(unlink(file_path), 0);
}

static void
test_hostile_vessels(void **state)
{
	CLEAN(key_made_fini) struct key_made made = { 0 };
	CLEAN(close_fd) int fd = -1;
	CLEAN(close_fd) int listener = -1;
	CLEAN(close_fd) int file = new_file();
	struct key_exported exported;
	struct key_export question;

	(void)state;
	connect_balancer("mine.sock", &fd, &listener);
	make(KEY_P256, &made);
	question = a_question(&made, FORM_HAPROXY_SOCKET);
	assert_int_equal(
	    key_export_ask(workers_end, &question, fd, &exported), KEY_EXPORT_E_REFUSED);
	assert_int_equal(recv(listener, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	question = a_question(&made, FORM_FILE);
	assert_int_equal(fchmod(file, 0644), 0);
	assert_int_equal(
	    key_export_ask(workers_end, &question, file, &exported), KEY_EXPORT_E_REFUSED);
	assert_nothing_in(file);
	assert_int_equal(unlink(file_path), 0);
}

static void
test_oversize(void **state)
{
	CLEAN(key_made_fini) struct key_made made = { 0 };
	CLEAN(close_fd) int fd = new_file();
	CLEAN(buf_fini) struct buf much = BUF(256 * 1024);
	struct key_exported exported;
	struct key_export question;

	(void)state;
	while (much.len <= KEY_EXPORT_AROUND_MAX)
		buf_put_text(&much, CERTIFICATE);
	make(KEY_P256, &made);
	question = a_question(&made, FORM_FILE);
	question.before = buf_str(&much);
	assert_int_equal(
	    key_export_ask(workers_end, &question, fd, &exported), KEY_EXPORT_E_REFUSED);
	assert_nothing_in(fd);
	assert_int_equal(unlink(file_path), 0);
}

static void
test_balancer_gone(void **state)
{
	CLEAN(key_made_fini) struct key_made made = { 0 };
	CLEAN(close_fd) int fd = -1;
	int balancer = -1;
	struct key_exported exported;
	struct key_export question;

	(void)state;
	connect_balancer("admin.sock", &fd, &balancer);
	close_fd(balancer);
	make(KEY_P256, &made);
	question = a_question(&made, FORM_HAPROXY_SOCKET);
	assert_in_range(key_export_ask(workers_end, &question, fd, &exported), KEY_EXPORT_E_REFUSED,
	    KEY_EXPORT_E_VESSEL);
	assert_true(exported.words[0] != '\0');
}

static struct key_take
a_foreign_key(struct secret_key *ret)
{
	struct key_take take = { .key = { { 1 } }, .customer = { { 2 } }, .site = { { 3 } } };
	BIGNUM *scalar = NULL;

	assert_int_equal(secret_key_make_ec(&keeper->ec, KEY_P256, ret), 0);
	assert_true(EVP_PKEY_get_bn_param(ret->pkey, "priv", &scalar));
	assert_int_equal(BN_bn2binpad(scalar, take.numbers.number[0], 32), 32);
	BN_clear_free(scalar);
	take.numbers.kind = KEY_P256;
	assert_int_equal(csr_spki_sha256(ret->pkey, take.spki_sha256), 0);
	return take;
}

static int
offer(const struct key_take *take, struct buf *wrapped)
{
	CLEAN(buf_fini) struct buf question = BUF_SECRET(4096);
	CLEAN(buf_fini) struct buf answer = BUF(message_rule(MESSAGE_KEY_TAKE)->max_answer);

	key_take_put(&question, take);
	assert_int_equal(keeper_take(keeper, buf_str(&question), &answer), 0);
	assert_null(memmem(answer.data, answer.len, take->numbers.number[0], 16));
	return key_taken_get(buf_str(&answer), wrapped);
}

/* A key that was not made here: sealed as such, for whom the question says, and for nobody else. */
static void
test_take(void **state)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	CLEAN(secret_key_fini) struct secret_key back = { 0 };
	CLEAN(buf_fini) struct buf wrapped = BUF(KEY_WRAPPED_MAX);
	struct key_take take = a_foreign_key(&key), other = take;
	struct key_owner owner = { take.key, take.customer, take.site };

	(void)state;
	assert_int_equal(offer(&take, &wrapped), KEY_TAKE_E_REFUSED); /* the policy is off */
	assert_int_equal(keeper->takes, 0);
	config.foreign_keys = true;
	other.spki_sha256[5] ^= 1; /* another certificate's */
	assert_int_equal(offer(&other, &wrapped), KEY_TAKE_E_BROKEN);
	other = take;
	memset(other.numbers.number[0], 0, 31);
	assert_int_equal(offer(&other, &wrapped), KEY_TAKE_E_WEAK);
	assert_int_equal(wrapped.len, 0);
	assert_int_equal(offer(&take, &wrapped), 0);
	assert_int_equal(unwrap_key(keeper->kek, &owner, buf_str(&wrapped), &back), 0);
	assert_int_equal(back.origin, KEY_FROM_CUSTOMER);
	assert_int_equal(back.len, key.len);
	assert_memory_equal(back.der, key.der, key.len);
	owner.site.b[0] ^= 1;
	assert_int_equal(unwrap_key(keeper->kek, &owner, buf_str(&wrapped), &back), WRAP_E_FORGED);
	config.foreign_keys = false;
	keeper->takes = 0;
}

/* Good or bad, each counts: nobody makes the keeper work for him without end. */
static void
test_take_too_often(void **state)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	CLEAN(buf_fini) struct buf wrapped = BUF(64 * KEY_WRAPPED_MAX);
	struct key_take take = a_foreign_key(&key);

	(void)state;
	config.foreign_keys = true;
	for (int i = 0; i < 10; i++) {
		take.spki_sha256[0] ^= (uint8_t)(i & 1);
		(void)!offer(&take, &wrapped);
	}
	assert_int_equal(offer(&take, &wrapped), KEY_TAKE_E_LATER);
	keeper->takes_since -= SECONDS(60);
	assert_true(offer(&take, &wrapped) != KEY_TAKE_E_LATER);
	config.foreign_keys = false;
	keeper->takes = 0;
}

static void
test_take_malformed(void **state)
{
	CLEAN(buf_fini) struct buf answer = BUF(100);

	(void)state;
	config.foreign_keys = true;
	assert_int_equal(keeper_take(keeper, STR("a key"), &answer), KEEPER_E_MALFORMED);
	assert_int_equal(answer.len, 0);
	config.foreign_keys = false;
}

static void
test_report(void **state)
{
	CLEAN(buf_fini) struct buf report = BUF(4096);

	(void)state;
	keeper_report(keeper, &report);
	assert_true(str_starts(buf_str(&report), STR("kek=abcd000000000000\nmemory_locked=")));
	assert_non_null(strstr(buf_text(&report), "\nstock_rsa2048="));
	assert_non_null(strstr(buf_text(&report), "/1\nstock_rsa3072="));
	assert_null(strstr(buf_text(&report), "\nmade=0\n"));
	assert_null(strstr(buf_text(&report), "\nexported=0\n"));
	assert_null(strstr(buf_text(&report), "\nrefused=0\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_make_refused),
		cmocka_unit_test(test_trailing_bytes),
		cmocka_unit_test(test_into_file),
		cmocka_unit_test(test_into_socket),
		cmocka_unit_test(test_max_total),
		cmocka_unit_test(test_hostile_exports),
		cmocka_unit_test(test_hostile_vessels),
		cmocka_unit_test(test_oversize),
		cmocka_unit_test(test_balancer_gone),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_too_often),
		cmocka_unit_test(test_take_malformed),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
