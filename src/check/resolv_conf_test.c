/* SPDX-License-Identifier: Apache-2.0 */
#include "check/resolv_conf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "check/peer_test_kit.h"

static void
resolvers_are_read(void **state UNUSED)
{
	struct config_resolvers found = { 0 };
	struct peer peer = { 0 };
	char path[PEER_PATH_SIZE];

	peer_init(&peer);
	peer_write(&peer, "resolv.conf",
	    "# by hand\nsearch contoso.com\nnameserver 192.0.2.53\noptions edns0\nnameserver 2001:db8::53\n");
	resolv_conf_read(peer_path(&peer, "resolv.conf", path), &found);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.list[0], "192.0.2.53");
	assert_string_equal(found.list[1], "2001:db8::53");
	resolv_conf_read(peer_path(&peer, "nothing", path), &found);
	assert_int_equal(found.count, 2);
	peer_fini(&peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolvers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
