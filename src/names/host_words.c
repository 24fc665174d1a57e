/* SPDX-License-Identifier: Apache-2.0 */
#include "names/host_words.h"

/* clang-format off */
static const char *const words[] = {
	"adfs", "admin", "api", "app", "apps", "archive", "auth", "autodiscover", "backup", "blog",
	"cas", "chat", "citrix", "cloud", "cms", "collab", "conf", "connect", "crm", "dav", "demo",
	"dev", "dms", "dns", "docs", "email", "erp", "ews", "exchange", "extern", "external",
	"extra", "extranet", "files", "ftp", "gate", "gateway", "group", "help", "helpdesk",
	"home", "hosting", "hr", "imap", "info", "intern", "internal", "intra", "intranet", "jobs",
	"kunden", "lb", "learn", "legacy", "login", "mail", "mailbox", "mailing", "mails", "mdm",
	"media", "meet", "mobil", "mobile", "monitor", "mx", "my", "mysite", "mysites", "news",
	"ns", "office", "online", "outlook", "owa", "pop", "portal", "portale", "print", "project",
	"projects", "proxy", "rdp", "relay", "remote", "sales", "search", "secure", "server",
	"service", "services", "sftp", "share", "sharepoint", "shop", "sip", "smtp", "sp", "sso",
	"stage", "static", "stats", "status", "store", "support", "sync", "team", "teams", "test",
	"text", "ticket", "tickets", "time", "tools", "update", "upload", "video", "vpn", "web",
	"webmail", "webmails", "wiki", "work", "www",
};
/* clang-format on */

bool
host_word_is_usual(struct str word)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_eq(word, str_of(words[i])))
			return true;
	return false;
}
