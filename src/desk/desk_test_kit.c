/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/desk_test_kit.h"

#include <curl/curl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ipc/house.h"
#include "store/keys.h"
#include "store/pools.h"
#include "sys/net.h"

void
lab_must(bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/* ---- the reader and certdeskd, as tests want them ---- */

static void
fill_good(struct lab *lab, struct read_report *report)
{
	struct read_certificate *c = &report->certificate;

	report->accepted = report->has_leaf = true;
	snprintf(report->container, sizeof(report->container), "PEM text");
	memset(c->sha256, lab->leaf, sizeof(c->sha256));
	snprintf(c->serial, sizeof(c->serial), "01%02x", lab->leaf);
	snprintf(c->subject, sizeof(c->subject), "CN=owa.contoso.com");
	snprintf(c->issuer, sizeof(c->issuer), "CN=Test CA");
	snprintf(c->names, sizeof(c->names), "owa.contoso.com");
	c->name_count = 1;
	c->not_before = world_now(world_real()) - DAYS(1);
	c->not_after = c->not_before + DAYS(199);
	buf_put_text(&report->leaf, "leaf");
	buf_put_text(&report->chain, "chain");
	report->chain_length = 1;
}

static void
take_key(struct read_report *report)
{
	findings_add(&report->findings, FINDING_CERT_FOREIGN_KEY_TAKEN, "");
	report->taken.is_taken = true;
	report->taken.kind = KEY_P384;
	buf_put_text(&report->taken.wrapped, "wrapped by the keeper");
}

static void
fill_gap(struct lab *lab, struct read_report *report)
{
	fill_good(lab, report);
	report->accepted = false;
	report->is_incomplete = true;
	buf_put_text(&report->given, "-----BEGIN");
	snprintf(report->urls[0], sizeof(report->urls[0]), "http://ca.example/issuer.cer");
}

static void
remember(struct lab *lab, const struct delivery_question *question)
{
	lab->seen = *question;
	lab->seen_bytes = 0;
	for (size_t i = 0; i < question->file_count; i++)
		lab->seen_bytes += question->files[i].bytes.len;
	snprintf(
	    lab->seen_password, sizeof(lab->seen_password), "%.*s", STR_ARG(question->password));
}

static void
read_one(struct lab *lab, const struct frame *frame)
{
	struct delivery_question *question = alloc_zero(sizeof(*question));
	CLEAN(read_report_fini) struct read_report report;
	CLEAN(buf_fini) struct buf answer = BUF(1 << 20);
	void (*meanwhile)(struct lab *) = lab->meanwhile;

	read_report_init(&report);
	lab->meanwhile = NULL;
	OK(read_question_get(buf_str(&frame->payload), question));
	remember(lab, question);
	if (meanwhile)
		meanwhile(lab);
	if (lab->reading == READING_GOOD)
		fill_good(lab, &report);
	else
		findings_add(&report.findings,
		    lab->reading == READING_LACKS ? FINDING_CERT_CHAIN : FINDING_CERT_KEY_UNKNOWN,
		    "files");
	if (lab->reading == READING_LACKS)
		fill_gap(lab, &report);
	if (lab->takes_key)
		take_key(&report);
	read_report_put(&report, &answer);
	if (lab->reading == READING_REFUSED)
		OK(channel_refuse(lab->reader, frame));
	else
		lab_must((channel_answer(lab->reader, frame, &answer) == 0) == !lab->dies, "answer",
		    __FILE__, __LINE__);
	free(question);
}

static void
report_house(struct lab *lab, const struct frame *frame)
{
	struct house *house = alloc_zero(sizeof(*house));
	CLEAN(buf_fini) struct buf answer = BUF(1 << 17);

	house->count = 2;
	house->resident[0] = (struct resident){ .role = ROLE_KEEPER, .pid = 11, .ready = true };
	house->resident[1] = (struct resident){ .role = ROLE_DESK, .pid = 12, .ready = true };
	snprintf(house->resident[1].sandbox, sizeof(house->resident[1].sandbox), "seccomp=on\n");
	house_put(&answer, house);
	OK(channel_answer(lab->boss, frame, &answer));
	free(house);
}

static void *
attend(void *arg)
{
	struct lab *lab = arg;

	while (!atomic_load(&lab->ended)) {
		CLEAN(frame_fini) struct frame read = { .fd = -1 };
		CLEAN(frame_fini) struct frame house = { .fd = -1 };

		if (channel_receive(lab->reader, MILLIS(5), &read) == 0)
			read_one(lab, &read);
		if (channel_receive(lab->boss, MILLIS(5), &house) == 0)
			report_house(lab, &house);
	}
	return NULL;
}

/* ---- the lab ---- */

static void
set_up_processes(struct lab *lab)
{
	int reader[2], boss[2];

	OK(net_pair(reader));
	OK(net_pair(boss));
	lab->process = (struct process){
		.role = ROLE_DESK, .world = world_real(), .config = &lab->config, .stop_fd = -1
	};
	lab->process.peer[ROLE_READER] = channel_new(reader[0], ROLE_DESK, ROLE_READER);
	lab->process.peer[ROLE_WORKER] = channel_new(-1, ROLE_DESK, ROLE_WORKER);
	lab->process.boss = channel_new(boss[0], ROLE_DESK, ROLE_CERTDESKD);
	lab->reader = channel_new(reader[1], ROLE_READER, ROLE_DESK);
	lab->boss = channel_new(boss[1], ROLE_CERTDESKD, ROLE_DESK);
	OK(pthread_create(&lab->thread, NULL, attend, lab));
}

static void
configure(struct lab *lab)
{
	struct config *config = &lab->config;

	config_defaults(config);
	snprintf(config->data, sizeof(config->data), "%s", lab->folder);
	snprintf(config->desk_listen, sizeof(config->desk_listen), "unix:%s", lab->socket);
	snprintf(config->review, sizeof(config->review), "warnings");
	config->balancer_count = 1;
	snprintf(config->balancers[0].name, sizeof(config->balancers[0].name), "edge");
	snprintf(config->balancers[0].driver, sizeof(config->balancers[0].driver), "haproxy");
}

static void
move_in(struct lab *lab, const char *name, struct person *person)
{
	struct token token = { .role = TOKEN_CUSTOMER };

	person->customer = (struct customer){ .country = "AT", .city = "Salzburg" };
	snprintf(person->customer.name, sizeof(person->customer.name), "%s", name);
	snprintf(
	    person->customer.organization, sizeof(person->customer.organization), "%s GmbH", name);
	OK(store_customer_add(lab->store, &person->customer));
	OK(store_mailboxes_add(lab->store,
	    &(struct mailbox_count){ .customer = person->customer.id, .mailboxes = 420 }, STR(""),
	    ID_NONE));
	person->service = (struct service){ .customer = person->customer.id,
		.name = "mail",
		.pool = "edge-1",
		.backend = "exchange" };
	OK(store_service_add(lab->store, &person->service));
	snprintf(token.name, sizeof(token.name), "of %s", name);
	token.customer = person->customer.id;
	OK(store_token_add(lab->store, &token, person->token));
}

static void
furnish(struct lab *lab)
{
	struct pool pool = { .name = "edge-1", .balancer = "edge", .prefix = "192.0.2.0/29" };
	struct token token = { .name = "operator", .role = TOKEN_PROVIDER };

	OK(store_begin(lab->store));
	OK(store_token_add(lab->store, &token, lab->provider));
	OK(store_pool_add(lab->store, &pool));
	move_in(lab, "Contoso", &lab->contoso);
	move_in(lab, "Fabrikam", &lab->fabrikam);
	OK(store_commit(lab->store, "test.furnish"));
}

int
lab_open(void **state)
{
	struct lab *lab = alloc_zero(sizeof(*lab));
	char path[128];

	curl_global_init(CURL_GLOBAL_ALL);
	snprintf(lab->folder, sizeof(lab->folder), "/tmp/certdesk-desk-XXXXXX");
	lab_must(mkdtemp(lab->folder) != NULL, "mkdtemp", __FILE__, __LINE__);
	snprintf(lab->socket, sizeof(lab->socket), "%s/api", lab->folder);
	snprintf(path, sizeof(path), "%s/certdesk.db", lab->folder);
	configure(lab);
	set_up_processes(lab);
	OK(desk_init(&lab->desk, &lab->process));
	OK(store_open(path, world_real(), &lab->store));
	furnish(lab);
	OK(http_open(&lab->desk, &lab->http));
	OK(http_start(lab->http));
	*state = lab;
	return 0;
}

static void
remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		(void)unlink(path);
	}
	if (dir)
		closedir(dir);
	(void)rmdir(folder);
}

int
lab_close(void **state)
{
	struct lab *lab = *state;

	http_free(lab->http);
	atomic_store(&lab->ended, true);
	pthread_join(lab->thread, NULL);
	desk_fini(&lab->desk);
	store_free(lab->store);
	channel_free(lab->reader);
	channel_free(lab->boss);
	channel_free(lab->process.boss);
	channel_free(lab->process.peer[ROLE_READER]);
	channel_free(lab->process.peer[ROLE_WORKER]);
	remove_folder(lab->folder);
	free(lab);
	return 0;
}

/* ---- the client ---- */

void
reply_fini(struct reply *reply)
{
	json_decref(reply->json);
	free(reply->body);
	free(reply->headers);
	*reply = (struct reply){ 0 };
}

static size_t
collect(char *data, size_t size, size_t count, void *to)
{
	buf_put(to, data, size * count);
	return size * count;
}

static struct curl_slist *
headers_of(const struct ask *ask)
{
	struct curl_slist *list = NULL;
	char line[256];

	if (ask->token) {
		snprintf(line, sizeof(line), "Authorization: Bearer %s", ask->token);
		list = curl_slist_append(list, line);
	}
	snprintf(
	    line, sizeof(line), "Content-Type: %s", ask->type ? ask->type : "application/json");
	list = curl_slist_append(list, line);
	list = curl_slist_append(list, "Expect:");
	return ask->header ? curl_slist_append(list, ask->header) : list;
}

struct reply
lab_ask(struct lab *lab, const struct ask *ask)
{
	struct curl_slist *headers = headers_of(ask);
	struct buf body = BUF(16 << 20), head = BUF(1 << 16);
	struct reply reply = { 0 };
	CURL *curl = curl_easy_init();
	char url[2048];

	snprintf(url, sizeof(url), "http://desk%s", ask->path);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, lab->socket);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
	if (ask->body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
		    ask->body_size ? (long)ask->body_size : (long)strlen(ask->body));
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
	curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(ask->method, "HEAD") == 0 ? 1L : 0L);
	OK((int)curl_easy_perform(curl));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	reply.json = json_loadb(buf_text(&body), body.len, 0, NULL);
	reply.body = str_dup(buf_str(&body));
	reply.headers = str_dup(buf_str(&head));
	buf_fini(&body);
	buf_fini(&head);
	return reply;
}

struct reply
lab_get(struct lab *lab, const char *path)
{
	return lab_ask(lab, &(struct ask){ .token = lab->provider, .method = "GET", .path = path });
}

struct reply
lab_post(struct lab *lab, const char *path, const char *format, ...)
{
	char body[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(body, sizeof(body), format, args);
	va_end(args);
	return lab_ask(lab,
	    &(struct ask){ .token = lab->provider, .method = "POST", .path = path, .body = body });
}

static const json_t *
at(const json_t *json, const char *path)
{
	struct str rest = str_of(path), part;

	while (json && str_next(&rest, '.', &part)) {
		char name[64];
		int64_t index;

		if (str_to_i64(part, &index) && json_is_array(json))
			json = json_array_get(json, (size_t)index);
		else
			json =
			    str_copy(part, name, sizeof(name)) ? json_object_get(json, name) : NULL;
	}
	return json;
}

const char *
reply_text(const struct reply *reply, const char *path)
{
	static _Thread_local char number[32];
	const json_t *json = at(reply->json, path);

	if (json_is_string(json))
		return json_string_value(json);
	if (!json_is_integer(json))
		return json_is_true(json) ? "true" : json_is_false(json) ? "false" : "";
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(json));
	return number;
}

bool
reply_has_header(const struct reply *reply, const char *line)
{
	struct str rest = str_of(reply->headers), have;

	while (str_next(&rest, '\n', &have))
		if (str_eq_nocase(str_trim(have), str_of(line)))
			return true;
	return false;
}

bool
reply_found(const struct reply *reply, const char *code)
{
	const json_t *findings = json_object_get(reply->json, "findings"), *item;
	size_t i;

	json_array_foreach(findings, i, item)
	{
		if (strcmp(json_string_value(json_object_get(item, "code")), code) == 0)
			return true;
	}
	return false;
}

/* ---- orders ---- */

int64_t
lab_order(struct lab *lab, const struct person *person, const char *host)
{
	char id[ID_TEXT_SIZE];
	CLEAN(reply_fini)
	struct reply reply = lab_post(lab, "/api/v1/orders", "{\"service\":\"%s\",\"host\":\"%s\"}",
	    id_text(person->service.id, id), host);

	if (reply.status != 201)
		fprintf(stderr, "%ld %s\n", reply.status, reply.body);
	lab_must(reply.status == 201, "order", __FILE__, __LINE__);
	return json_integer_value(json_object_get(reply.json, "number"));
}

void
lab_event(struct lab *lab, int64_t number, enum order_event event)
{
	struct order o;

	OK(store_order_by_number(lab->store, number, &o));
	OK(store_begin(lab->store));
	OK(store_order_event(lab->store, o.id, event, ""));
	OK(store_commit(lab->store, "test.event"));
}

void
lab_key(struct lab *lab, int64_t number)
{
	struct key key = { .id = world_id(world_real()), .kind = KEY_P256 };
	struct order o;
	struct id csr;

	lab_event(lab, number, EVENT_CHECKED);
	OK(store_order_by_number(lab->store, number, &o));
	key.customer = o.customer;
	key.site = o.site;
	memset(key.spki_sha256, (int)(number & 0xff), sizeof(key.spki_sha256));
	OK(store_begin(lab->store));
	OK(store_key_add(lab->store, &key, STR("wrapped")));
	OK(store_csr_add(lab->store, o.id, key.id, STR("der"), &csr));
	OK(store_order_point(lab->store, o.id, key.id, csr, ID_NONE, ID_NONE));
	OK(store_order_event(lab->store, o.id, EVENT_KEYED, ""));
	OK(store_commit(lab->store, "test.key"));
}
