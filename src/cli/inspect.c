/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `certdesk inspect`: a person's own files, opened as carefully as a customer's. Files are read
 * here, opened in a closed room (sys/room.h) behind the sandbox, and what comes out of there is
 * JSON that is parsed again: nothing a file says reaches the terminal or the disk as it is.
 *
 * With --each one child does many files; they are all the same person's.
 */
#include "cli/inspect_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "pki/certificate.h"
#include "sys/failpoint.h"
#include "sys/file.h"
#include "sys/room.h"
#include "sys/sandbox.h"

#define ANSWER_MAX      (32u * 1024 * 1024)
#define BATCH_FILES     512
#define FILES_PER_CHILD 16
#define BATCH_BYTES     (32u * 1024 * 1024) /* of files in memory at the same time */

/* I-07, as for the reader's children. */
static const struct room usual_room = {
	.time = SECONDS(10),
	.cpu_seconds = 5,
	.memory = (size_t)768 * 1024 * 1024,
};

static void
session_fini(struct inspect_session *s)
{
	for (size_t i = 0; i < s->count; i++)
		buf_fini(&s->source[i].bytes);
	free(s->source);
	free(s->question);
	buf_fini(&s->password);
	buf_fini(&s->csr_text);
	buf_fini(&s->scratch);
	trust_fini(&s->trust);
	ct_logs_free(s->ct_logs);
	delivery_tools_free(s->tools);
}
CLEAN_DEFINE_FINI(session_fini, struct inspect_session);

/* ---- in the room ---- */

static int
begin(const void *about UNUSED)
{
	static const struct sandbox_profile nothing = { 0 };
	CLEAN(buf_fini) struct buf report = BUF(4096);

	return sandbox_enter(&nothing, &report);
}

static void
put_source(struct delivery_question *question, const struct inspect_source *source)
{
	struct read_file *file = &question->files[question->file_count++];

	read_file_name(
	    strcmp(source->path, "-") == 0 ? STR("standard input") : str_of(source->path),
	    file->name);
	file->bytes = buf_str(&source->bytes);
}

static int
unreadable(int problem, struct buf *answer)
{
	buf_printf(answer,
	    "{\"outcome\":\"error\",\"error\":{\"class\":\"unreadable\",\"message\":\"%s\"},"
	    "\"certificates\":[],\"leaf\":null,\"chain\":[],\"usable\":false,\"findings\":[]}",
	    problem == FILE_E_ABSENT ? "it does not exist" : error_words(problem));
	return 0;
}

/* The files that belong to the piece of work `at`. */
static size_t
files_of(const struct inspect_session *s)
{
	return s->each ? 1 : s->count;
}

static int
look(const void *about, size_t at, struct buf *answer)
{
	const struct inspect_session *s = about;
	struct delivery_question *question = s->question; /* this child's copy */
	const struct inspection inspection = {
		.question = question,
		.csr = cli_value(s->cli, "csr") ? &s->csr : NULL,
		.bundle = s->fix != NULL,
	};

	FAILPOINT("inspect.look");
	if (s->source[at].problem)
		return unreadable(s->source[at].problem, answer);
	question->file_count = 0;
	for (size_t i = 0; i < files_of(s); i++)
		put_source(question, &s->source[at + i]);
	return inspect_look(&inspection, s->tools, &s->setting, answer);
}

/* ---- and out of it ---- */

/* What is said of a file that broke its room. */
static json_t *
failure(const char *given, int r)
{
	struct findings *findings = alloc_zero(sizeof(*findings));
	bool limit = r == ROOM_E_TIMEOUT;
	struct finding *finding =
	    findings_add(findings, limit ? FINDING_CERT_LIMIT : FINDING_CERT_READER_FAILED, "");
	json_t *said;

	finding_param(finding, "fqdn", "your site");
	finding_param(finding, "file", "%s", given);
	finding_param(finding, "problem", "%s", room_words(r));
	said = json_pack("{s:s, s:{s:s, s:s}, s:[], s:n, s:[], s:b, s:[o]}", "outcome", "error",
	    "error", "class", limit ? "limit" : "reader_failed", "message", room_words(r),
	    "certificates", "leaf", "chain", "usable", 0, "findings", inspect_finding(finding));
	free(findings);
	return said;
}

/* The files of a piece as they were named, fit for people. */
static void
name_given(const struct inspect_session *s, size_t at, char *to, size_t size)
{
	CLEAN(buf_fini) struct buf all = BUF(1 << 16);

	for (size_t i = 0; i < files_of(s); i++)
		buf_printf(&all, "%s%s", i > 0 ? ", " : "",
		    strcmp(s->source[at + i].path, "-") == 0 ? "standard input"
							     : s->source[at + i].path);
	str_show(buf_str(&all), to, size);
}

static bool
put_pem(const char *base64, struct buf *pem)
{
	CLEAN(buf_fini) struct buf der = BUF(CERTIFICATE_MAX), again = BUF(2 * CERTIFICATE_MAX);
	struct str rest;

	if (!base64 || !buf_put_from_base64(&der, str_of(base64)) || der.len == 0)
		return false;
	buf_put_base64(&again, der.data, der.len);
	buf_put_text(pem, "-----BEGIN CERTIFICATE-----\n");
	for (rest = buf_str(&again); rest.len > 0; rest = str_drop(rest, 64))
		buf_printf(pem, "%.64s\n", rest.p);
	buf_put_text(pem, "-----END CERTIFICATE-----\n");
	return !buf_failed(pem);
}

/* The room's word is taken for which certificates, and for nothing else: only certificates can come
 * of it. */
static int
write_bundle(struct inspect_session *s, const json_t *said)
{
	CLEAN(buf_fini) struct buf pem = BUF(4 * CHAIN_DEPTH_MAX * CERTIFICATE_MAX);
	const json_t *bundle = json_object_get(said, "bundle"), *one;
	size_t i;
	int r;

	if (json_array_size(bundle) == 0)
		return cli_fail(EXIT_FINDINGS,
		    "nothing was written to %s: there is no whole chain to write", s->fix);
	json_array_foreach(bundle, i,
	    one) if (!put_pem(json_string_value(one), &pem)) return cli_fail(EXIT_INTERNAL,
	    "nothing was written to %s: the chain makes no sense", s->fix);
	r = file_write(s->fix, buf_str(&pem), 0644);
	if (r)
		return cli_fail(EXIT_USAGE, "%s cannot be written: %s", s->fix, error_words(r));
	s->view.wrote = s->fix;
	return 0;
}

static void
print_json(const struct inspect_session *s, json_t *said)
{
	/* Some letters beyond ASCII are commands to a terminal (C1, direction marks). */
	size_t flags = (s->each ? JSON_COMPACT : JSON_INDENT(2)) | JSON_ENSURE_ASCII;

	json_object_del(said, "bundle");
	json_dumpf(said, stdout, flags);
	putchar('\n');
}

static void
worsen(struct inspect_session *s, int status)
{
	if (status > s->status)
		s->status = status;
}

static void
judge_status(struct inspect_session *s, const json_t *said)
{
	const char *problem =
	    json_string_value(json_object_get(json_object_get(said, "error"), "class"));

	s->told++;
	if (json_is_true(json_object_get(said, "usable")))
		s->usable++;
	else
		worsen(
		    s, problem && strcmp(problem, "unreadable") == 0 ? EXIT_USAGE : EXIT_FINDINGS);
}

static void
tell(struct inspect_session *s, const char *given, json_t *said)
{
	if (s->fix)
		worsen(s, write_bundle(s, said));
	judge_status(s, said);
	if (s->cli->json && s->each)
		json_object_set_new(said, "file", json_string(given));
	if (s->cli->json) {
		print_json(s, said);
		return;
	}
	if (s->told > 1)
		putchar('\n');
	inspect_show(&s->view, given, said);
}

static void
done(void *to, size_t at, int r, struct str answer)
{
	struct inspect_session *s = to;
	json_t *said = r ? NULL : json_loadb(answer.p, answer.len, JSON_ALLOW_NUL, NULL);
	const char *csr_error = json_string_value(json_object_get(said, "csr_error"));
	char given[4096];

	name_given(s, at, given, sizeof(given));
	if (csr_error) { /* the same for every file: it is told once */
		if (s->status != EXIT_USAGE)
			worsen(s, cli_fail(EXIT_USAGE, "--csr %s: %s", cli_value(s->cli, "csr"),
				      csr_error));
		json_decref(said);
		return;
	}
	if (!json_is_object(said)) {
		json_decref(said);
		said = failure(given, r ? r : ROOM_E_DIED);
	}
	tell(s, given, said);
	json_decref(said);
}

/* Another child costs what a few files do. */
static size_t
children_for(size_t files)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors > 1 && files >= FILES_PER_CHILD * 2
	           ? (size_t)processors < files / FILES_PER_CHILD ? (size_t)processors
	                                                          : files / FILES_PER_CHILD
	           : 1;
}

static int
run_batch(struct inspect_session *s)
{
	const struct room_series series = {
		.count = s->each ? s->count : 1,
		.children = children_for(s->count),
		.begin = begin,
		.work = look,
		.about = s,
		.answer_max = ANSWER_MAX,
		.done = done,
		.to = s,
	};
	int r = room_run_series(&usual_room, &series);

	if (r)
		return cli_fail(EXIT_INTERNAL, "no child could be started: %s", error_words(r));
	for (size_t i = 0; i < s->count; i++)
		buf_fini(&s->source[i].bytes);
	s->count = 0;
	return 0;
}

/* One byte more than may be: what is too large is said by those who judge. Kept in as many bytes as
 * it has: room to read into is for the largest. */
static void
read_source(struct inspect_session *s, const char *path)
{
	struct inspect_source *source = &s->source[s->count++];

	*source =
	    (struct inspect_source){ .path = path, .bytes = BUF_SECRET(DELIVERY_FILE_MAX + 1) };
	buf_clear(&s->scratch);
	source->problem = file_read_given(path, DELIVERY_FILE_MAX + 1, &s->scratch);
	buf_put_str(&source->bytes, buf_str(&s->scratch));
}

static int
run_files(struct inspect_session *s)
{
	const struct cli *cli = s->cli;
	size_t bytes = 0;
	int r = 0;

	s->source = alloc_array(BATCH_FILES, sizeof(*s->source));
	s->scratch = BUF_SECRET(DELIVERY_FILE_MAX + 1);
	for (size_t i = 0; r == 0 && i < cli->file_count; i++) {
		read_source(s, cli->file[i]);
		if (s->source[s->count - 1].problem && !s->each)
			return cli_fail(EXIT_USAGE, "%s: %s", cli->file[i],
			    s->source[s->count - 1].problem == FILE_E_ABSENT
				? "it does not exist"
				: error_words(s->source[s->count - 1].problem));
		bytes += s->source[s->count - 1].bytes.len;
		if (s->each && (s->count == BATCH_FILES || bytes >= BATCH_BYTES)) {
			r = run_batch(s);
			bytes = 0;
		}
	}
	return r == 0 && s->count > 0 ? run_batch(s) : r;
}

int
run_inspect(struct cli *cli)
{
	CLEAN(session_fini) struct inspect_session s = { .cli = cli };
	int r = sandbox_begin();

	s.question = alloc_zero(sizeof(*s.question));
	if (r)
		return cli_fail(EXIT_INTERNAL, "%s", error_words(r));
	r = inspect_prepare(&s);
	if (r == 0)
		r = run_files(&s);
	if (r == 0 && s.each && !cli->json)
		printf("\n%zu of %zu usable\n", s.usable, s.told);
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_fail(EXIT_INTERNAL, "what was found could not be written");
	return r ? r : s.status;
}
