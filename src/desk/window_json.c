/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/window_json.h"

#include "desk/json.h"

void
window_put_json(const struct desk *desk, const struct config_balancer *balancer, json_t *to)
{
	const struct calendar *calendar =
	    calendar_named(desk->calendars, desk->config, balancer->name);
	when now = world_now(desk->process->world);
	bool open = calendar_is_open(calendar, now);

	json_object_update_new(to,
	    json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:b}", "windows", balancer->windows,
		"freezes", balancer->freezes, "time_zone", balancer->time_zone, "open", open,
		"opens", json_when(open ? 0 : calendar_opens(calendar, now)), "frozen_until",
		json_when(calendar_frozen_until(calendar, now)), "approval", balancer->approval));
}
