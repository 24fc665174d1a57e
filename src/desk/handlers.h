/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers behind the route table, one file per resource. */
#pragma once

#include "desk/desk.h"

handler_fn status_show, metrics_show, catalogue_show;
handler_fn customers_list, customers_add, customers_show, customers_change;
handler_fn mailboxes_list, mailboxes_names, mailboxes_add, waivers_list, waivers_add,
    waivers_confirm;
handler_fn services_list, services_of_customer, services_add, services_show, services_change;
handler_fn balancers_list, pools_list, pools_add;
handler_fn orders_list, orders_add, orders_show, orders_csr, orders_certificate, orders_look,
    orders_go_on, orders_done, orders_plan, orders_cancel, orders_findings, orders_messages,
    orders_tasks, orders_events, orders_tests, orders_approve, orders_install;
handler_fn certificate_add, review_show, review_accepted;
handler_fn question_show, orders_confirm;
handler_fn cas_list, orders_cas, orders_buy_at;
handler_fn sites_list, sites_show;
handler_fn surveys_list, surveys_add, surveys_show, surveys_rows;
handler_fn events_list, events_verify;
handler_fn tokens_list, tokens_add, tokens_revoke;
