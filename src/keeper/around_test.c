/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/around.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CERT   "-----BEGIN CERTIFICATE-----\nMIIB+/==\n-----END CERTIFICATE-----\n"
#define FOLDER "/etc/haproxy/sites"
#define CMD    "set ssl cert " FOLDER "/a_b-1.pem <<\n"

/* clang-format off */
static const struct {
	const char *what;
	enum key_form form;
	const char *before, *after;
	bool fine;
} cases[] = {
	{ "file: key alone",           FORM_FILE, "", "", true },
	{ "file: leaf, key, chain",    FORM_FILE, CERT, CERT CERT, true },
	{ "file: empty line at end",   FORM_FILE, CERT, CERT "\n", false },
	{ "file: command",             FORM_FILE, CMD, "", false },
	{ "file: no line end before",  FORM_FILE, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "", false },
	{ "file: block not closed",    FORM_FILE, "-----BEGIN CERTIFICATE-----\nMIIB\n", "-----END CERTIFICATE-----\n", false },
	{ "file: block in a block",    FORM_FILE, "-----BEGIN CERTIFICATE-----\n" CERT, "", false },
	{ "file: end without begin",   FORM_FILE, "-----END CERTIFICATE-----\n", "", false },
	{ "file: another key",         FORM_FILE, "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "", false },
	{ "file: text between",        FORM_FILE, CERT "issued to\n" CERT, "", false },
	{ "file: line too long",       FORM_FILE, "-----BEGIN CERTIFICATE-----\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END CERTIFICATE-----\n", "", false },
	{ "file: line end of DOS",     FORM_FILE, "-----BEGIN CERTIFICATE-----\r\nMIIB\r\n-----END CERTIFICATE-----\r\n", "", false },
	{ "file: three paddings",      FORM_FILE, "-----BEGIN CERTIFICATE-----\nMIIB===\n-----END CERTIFICATE-----\n", "", false },
	{ "file: padding alone",       FORM_FILE, "-----BEGIN CERTIFICATE-----\n==\n-----END CERTIFICATE-----\n", "", false },
	{ "socket: command alone",     FORM_HAPROXY_SOCKET, CMD, "", true },
	{ "socket: all",               FORM_HAPROXY_SOCKET, CMD CERT, CERT "\n", true },
	{ "socket: end of payload",    FORM_HAPROXY_SOCKET, CMD, "\n", true },
	{ "socket: two empty lines",   FORM_HAPROXY_SOCKET, CMD, "\n\n", false },
	{ "socket: no command",        FORM_HAPROXY_SOCKET, "", CERT "\n", false },
	{ "socket: certificate first", FORM_HAPROXY_SOCKET, CERT, "", false },
	{ "socket: empty line in before", FORM_HAPROXY_SOCKET, CMD "\n", "", false },
	{ "socket: empty line in a block", FORM_HAPROXY_SOCKET, CMD, "-----BEGIN CERTIFICATE-----\n\nMIIB\n-----END CERTIFICATE-----\n\n", false },
	{ "socket: command behind the payload", FORM_HAPROXY_SOCKET, CMD, "\nshow env\n", false },
	{ "socket: command behind blocks", FORM_HAPROXY_SOCKET, CMD, CERT "\nshow env\n\n", false },
	{ "socket: other command",     FORM_HAPROXY_SOCKET, "add map #0 <<\n", "", false },
	{ "socket: two commands",      FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "/a;add map #0 <<\n", "", false },
	{ "socket: two lines",         FORM_HAPROXY_SOCKET, "prompt\n" CMD, "", false },
	{ "socket: no name",           FORM_HAPROXY_SOCKET, "set ssl cert  <<\n", "", false },
	{ "socket: two words",         FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "/a b <<\n", "", false },
	{ "socket: backslash",         FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "/a\\ <<\n", "", false },
	{ "socket: own end pattern",   FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "/a <<EOF\n", "", false },
	{ "socket: no payload mark",   FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "/a\n", "", false },
	{ "socket: other folder",      FORM_HAPROXY_SOCKET, "set ssl cert /etc/other/a.pem <<\n", "", false },
	{ "socket: folder itself",     FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER " <<\n", "", false },
	{ "socket: no file",           FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "/ <<\n", "", false },
	{ "socket: longer folder",     FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "2/a.pem <<\n", "", false },
	{ "socket: out of the folder", FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "/../a.pem <<\n", "", false },
	{ "socket: no line end",       FORM_HAPROXY_SOCKET, "set ssl cert " FOLDER "/a <<", "", false },
};
/* clang-format on */

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *fault = around_fault(
		    cases[i].form, FOLDER, str_of(cases[i].before), str_of(cases[i].after));

		print_message("%s: %s\n", cases[i].what, fault ? fault : "fine");
		assert_int_equal(fault == NULL, cases[i].fine);
	}
}

static void
test_no_folder(void **state)
{
	(void)state;
	assert_non_null(
	    around_fault(FORM_HAPROXY_SOCKET, "", STR("set ssl cert /a <<\n"), STR("")));
	assert_non_null(around_fault(FORM_HAPROXY_SOCKET, "", STR("set ssl cert a <<\n"), STR("")));
}

static void
test_nul_inside(void **state)
{
	(void)state;
	assert_non_null(around_fault(
	    FORM_HAPROXY_SOCKET, FOLDER, STR("set ssl cert " FOLDER "/a\0b <<\n"), STR("")));
	assert_non_null(around_fault(FORM_FILE, FOLDER,
	    STR("-----BEGIN CERTIFICATE-----\nMI\0B\n-----END CERTIFICATE-----\n"), STR("")));
}

static void
test_size(void **state)
{
	CLEAN(buf_fini) struct buf many = BUF(4 * KEY_EXPORT_AROUND_MAX);

	(void)state;
	while (many.len + sizeof(CERT) - 1 <= KEY_EXPORT_AROUND_MAX)
		buf_put_text(&many, CERT);
	assert_null(around_fault(FORM_FILE, FOLDER, buf_str(&many), buf_str(&many)));
	buf_put_text(&many, CERT);
	assert_non_null(around_fault(FORM_FILE, FOLDER, buf_str(&many), STR("")));
	assert_non_null(around_fault(FORM_FILE, FOLDER, STR(""), buf_str(&many)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_nul_inside),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
