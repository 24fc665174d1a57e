/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/device.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/error.h"
#include "keeper/memory.h"
#include "sys/file.h"
#include "sys/log.h"

struct devices {
	struct device list[CONFIG_BALANCERS_MAX];
	size_t count;
};

struct devices *
devices_free(struct devices *devices)
{
	if (!devices)
		return NULL;
	for (size_t i = 0; i < devices->count; i++) {
		char *password = devices->list[i].password;

		if (password)
			memory_secret_free(password, strlen(password));
		buf_fini(&devices->list[i].ca);
	}
	free(devices);
	return NULL;
}

static int
complain(const struct config_balancer *balancer, const char *path, const char *why)
{
	LOG(LOG_ERROR, "device.unusable", LOG_TEXT("balancer", balancer->name),
	    LOG_TEXT("file", path), LOG_TEXT("why", why),
	    LOG_TEXT("do", "give the keeper's user this file as certdesk.yaml(5) describes it, or "
			   "take the balancer out of the configuration"));
	return error_origin(EKEYREJECTED);
}

static const char *
reading_words(int r)
{
	switch (r) {
	case FILE_E_ABSENT:
		return "there is no such file";
	case FILE_E_MODE:
		return "it is not of mode 0600, or belongs to somebody else";
	case FILE_E_TOO_LARGE:
		return "it is too large";
	default:
		return error_words(error_fold(r));
	}
}

/* Its first line. */
static int
read_password(struct device *device)
{
	CLEAN(buf_fini) struct buf text = BUF_SECRET(DEVICE_PASSWORD_MAX);
	const char *path = device->balancer->password_file;
	int r = file_read_secret(path, &text);

	if (r)
		return complain(device->balancer, path, reading_words(r));
	buf_truncate(&text, str_find(buf_str(&text), STR("\n")));
	if (text.len == 0 || memchr(text.data, '\0', text.len))
		return complain(device->balancer, path, "no password is in its first line");
	device->password = memory_secret(text.len + 1);
	if (!device->password)
		return error_origin(ENOMEM);
	memcpy(device->password, text.data, text.len);
	return 0;
}

static int
read_ca(struct device *device)
{
	const char *path = device->balancer->ca_file;
	int r = path[0] == '\0' ? 0 : file_read(path, &device->ca);

	if (r)
		return complain(device->balancer, path, reading_words(r));
	if (path[0] != '\0' &&
	    str_find(buf_str(&device->ca), STR("-----BEGIN CERTIFICATE-----")) == device->ca.len)
		return complain(device->balancer, path, "no certificate is in it");
	return 0;
}

int
devices_read(const struct config *config, struct devices **ret)
{
	CLEAN(devices_free) struct devices *devices = alloc_zero(sizeof(*devices));
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->balancer_count; i++) {
		struct device *device = &devices->list[devices->count];

		if (config->balancers[i].address[0] == '\0')
			continue;
		devices->count++;
		device->balancer = &config->balancers[i];
		device->ca = BUF(CARRY_CA_MAX);
		r = read_password(device);
		if (r == 0)
			r = read_ca(device);
	}
	if (r)
		return r;
	*ret = TAKE(devices);
	return 0;
}

struct device *
device_named(struct devices *devices, const char *balancer)
{
	for (size_t i = 0; devices && i < devices->count; i++)
		if (strcmp(devices->list[i].balancer->name, balancer) == 0)
			return &devices->list[i];
	return NULL;
}

struct carry
device_request(const struct device *device, size_t unit)
{
	const struct config_unit to = config_unit_of(device->balancer, unit);

	return (struct carry){
		.host = to.server_name[0] ? to.server_name : to.address,
		.port = (uint16_t)to.port,
		.ca = buf_str(&device->ca),
		.pin = to.pin,
		.time_ms = DEVICE_TIME / MILLIS(1),
	};
}

bool
device_put_sign_in(const struct device *device, const char *provider, struct buf *to)
{
	json_t *body = json_pack("{s:s, s:s, s:s}", "username", device->balancer->user, "password",
	    device->password, "loginProviderName", provider);
	char *room = buf_room(to, to->max - to->len);
	size_t len = body && room ? json_dumpb(body, room, to->max - to->len, JSON_COMPACT) : 0;
	bool fits = len > 0 && len <= to->max - to->len;

	json_decref(body);
	if (fits)
		buf_added(to, len);
	return fits;
}
