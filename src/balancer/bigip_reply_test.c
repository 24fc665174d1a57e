/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as recorded from devices or quoted of them, in place; HTML as the reference tells it. */
#include "balancer/bigip_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"

/* clang-format off */
static const struct recorded {
	const char *file; /* of quoted/ */
	long status;
	enum bigip_answer answer;
	uint32_t number;
	bool again; /* is it worth asking again? */
} recorded[] = {
	{ "config_save_12.1.2",             200, BIGIP_DONE,     0, false },
	{ "transaction_completed_13.1.1.2", 200, BIGIP_DONE,     0, false },
	{ "upload_response",                200, BIGIP_DONE,     0, false },
	{ "err_404_cert_file",              404, BIGIP_ABSENT,   0x01020036, false },
	{ "err_404_clientssl",              404, BIGIP_ABSENT,   0x01020036, false },
	{ "err_404_object_not_found",       404, BIGIP_ABSENT,   0, false },
	{ "err_404_uri_not_registered_starting", 404, BIGIP_STARTING, 0, true },
	{ "err_404_public_uri_not_registered_starting", 404, BIGIP_STARTING, 0, true },
	{ "err_409_cert_exists",            409, BIGIP_EXISTS,   0x01020066, false },
	{ "err_400_file_in_use",            400, BIGIP_IN_USE,   0x01071349, false },
	{ "err_400_file_missing",           400, BIGIP_REFUSED,  0x0107134a, false },
	{ "err_400_identifiers_missing",    400, BIGIP_REFUSED,  0, false },
	{ "err_400_key_cert_mismatch_commit", 400, BIGIP_MISMATCH, 0x01070317, false },
	{ "err_400_profile_name_collision_serverssl", 400, BIGIP_REFUSED, 0x01070293, false },
	{ "err_400_provisioning_in_progress", 400, BIGIP_BUSY,   0x01071003, true },
	{ "err_400_resttimeout",            400, BIGIP_UNSURE,   0, true },
	{ "err_400_tokens_exhausted",       400, BIGIP_CROWDED,  0, false },
	{ "err_400_config_sync_no_group",   400, BIGIP_REFUSED,  0x01070734, false },
	{ "err_401_no_token",               401, BIGIP_SIGN_IN,  0, false },
	{ "err_401_token_expired",          401, BIGIP_SIGN_IN,  0, false },
	{ "err_401_token_unknown",          401, BIGIP_SIGN_IN,  0, false },
	{ "err_500_mcpd_lost",              500, BIGIP_STARTING, 0, true },
	{ "err_500_generic",                500, BIGIP_UNSURE,   0, false },
};

static const struct told {
	const char *name;
	long status;
	const char *body;
	enum bigip_answer answer;
	const char *words;
} told[] = {
	{ "restarting",       503, "<html><head><title> Configuration Utility restarting...</title></head></html>", BIGIP_STARTING, "Configuration Utility restarting..." },
	{ "a task",           503, "{\"code\":503,\"message\":\"There is an active asynchronous task executing.\"}", BIGIP_BUSY, "There is an active asynchronous task executing." },
	{ "no password",      401, "<html><title>401 F5 Authorization Required</title></html>", BIGIP_DENIED, "401 F5 Authorization Required" },
	{ "no rights",        401, "{\"code\":401,\"message\":\"Authorization failed: user=https://localhost/mgmt/shared/authz/users/x resource=/mgmt/shared/file-transfer/uploads/n verb=POST\"}", BIGIP_DENIED, NULL },
	{ "at the commit",    400, "{\"code\":400,\"message\":\"transaction failed:01070317:3: profile /Common/p's key and certificate do not match\"}", BIGIP_MISMATCH, NULL },
	{ "waited too long",  500, "<html><body>AsyncContext timeout</body></html>", BIGIP_UNSURE, "" },
	{ "nothing",          500, "", BIGIP_UNSURE, "" },
	{ "some time",        202, "{\"code\":202,\"message\":\"Task will execute asynchronously.\"}", BIGIP_UNSURE, "Task will execute asynchronously." },
	{ "moved",            302, "", BIGIP_NONSENSE, "" },
	{ "no number",        404, "{\"message\":\"0102003g:3: it looks like one\"}", BIGIP_REFUSED, NULL },
	{ "no words",         400, "{\"code\":400,\"message\":17}", BIGIP_REFUSED, "" },
	{ "letters for the terminal", 400, "{\"message\":\"a\\u001b[31mb\"}", BIGIP_REFUSED, "a [31mb" },
};
/* clang-format on */

static bool
read_recorded(const char *name, struct buf *to)
{
	const char *folder = getenv("CERTDESK_FIXTURES");
	char path[512];
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "%s/bigip/quoted/%s.json",
	    folder ? folder : "../shared/fixtures", name);
	file = fopen(path, "r");
	if (!file)
		return false;
	while ((c = fgetc(file)) != EOF)
		buf_put_byte(to, (uint8_t)c);
	fclose(file);
	return true;
}

static void
what_devices_said(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(recorded); i++) {
		CLEAN(buf_fini) struct buf body = BUF(1 << 20);
		struct bigip_reply reply;

		if (!read_recorded(recorded[i].file, &body)) {
			print_message("no recorded answers: skipped\n");
			skip();
		}
		bigip_judge(recorded[i].status, buf_str(&body), &reply);
		if (reply.answer != recorded[i].answer || reply.number != recorded[i].number ||
		    (reply.rest > 0) != recorded[i].again)
			fail_msg("%s: %s, %08x", recorded[i].file, bigip_answer_name(reply.answer),
			    reply.number);
	}
}

static void
what_is_told_of_them(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(told); i++) {
		struct bigip_reply reply;

		bigip_judge(told[i].status, str_of(told[i].body), &reply);
		print_message("%s\n", told[i].name);
		assert_string_equal(
		    bigip_answer_name(reply.answer), bigip_answer_name(told[i].answer));
		if (told[i].words)
			assert_string_equal(reply.words, told[i].words);
	}
}

/* Each version spells them its own way. */
static void
members(void **state UNUSED)
{
	json_t *o = json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:i, s:s, s:n}", "sniDefault", "true",
	    "isBundle", "false", "enabled", 1, "mirror", "disabled", "chain", "none", "timeout",
	    "10", "size", 5753, "odd", "ten", "nothing");

	assert_true(bigip_flag(o, "sniDefault", false) && bigip_flag(o, "enabled", false));
	assert_false(bigip_flag(o, "isBundle", true) || bigip_flag(o, "mirror", true));
	assert_true(bigip_flag(o, "absent", true) && bigip_flag(o, "odd", true));
	assert_string_equal(bigip_text(o, "chain"), "");
	assert_string_equal(bigip_text(o, "absent"), "");
	assert_string_equal(bigip_text(o, "nothing"), "");
	assert_string_equal(bigip_text(o, "odd"), "ten");
	assert_int_equal(bigip_number(o, "timeout", -1), 10);
	assert_int_equal(bigip_number(o, "size", -1), 5753);
	assert_int_equal(bigip_number(o, "odd", -1), -1);
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_devices_said),
		cmocka_unit_test(what_is_told_of_them),
		cmocka_unit_test(members),
	};

	return cmocka_run_group_tests_name("bigip_reply", tests, NULL, NULL);
}
