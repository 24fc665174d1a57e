/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/url.h"

bool
url_is_plain_http(struct str url)
{
	for (size_t i = 0; i < url.len; i++)
		if (url.p[i] <= ' ' || url.p[i] > '~')
			return false;
	return url.len > 7 && url.len < URL_SIZE &&
	       str_eq_nocase(str_bytes(url.p, 7), STR("http://"));
}
