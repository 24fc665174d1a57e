/* SPDX-License-Identifier: Apache-2.0 */
#include "names/list.h"

int
name_list_read(struct str list, struct known_names *to, struct name_list_mistake *ret_mistake)
{
	struct str line;

	for (size_t number = 1; str_next(&list, '\n', &line); number++) {
		struct str text = str_trim(str_bytes(line.p, str_find(line, STR("#"))));
		struct name_report report;
		struct host_name name;

		if (text.len == 0)
			continue;
		if (host_name_parse(text, &name, &report) != 0) {
			*ret_mistake = (struct name_list_mistake){ number, text };
			return NAME_LIST_E_LINE;
		}
		if (known_names_add(to, &name) != 0)
			return NAME_LIST_E_FULL;
	}
	return 0;
}
