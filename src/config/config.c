/* SPDX-License-Identifier: Apache-2.0 */
#include "config/options.h"

void
config_defaults(struct config *ret)
{
	*ret = (struct config){ 0 };
	option_defaults(config_options, config_option_count, ret);
}

const struct config_balancer *
config_balancer(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->balancer_count; i++)
		if (strcmp(config->balancers[i].name, name) == 0)
			return &config->balancers[i];
	return NULL;
}

static bool
is_for(const struct config_template *t, const char *balancer, const char *service)
{
	return (*t->balancer == '\0' || strcmp(t->balancer, balancer) == 0) &&
	       (strcmp(t->service, "any") == 0 || strcmp(t->service, service) == 0);
}

const struct config_template *
config_template(const struct config *config, const char *balancer, const char *service)
{
	for (size_t i = 0; i < config->template_count; i++)
		if (is_for(&config->templates[i], balancer, service))
			return &config->templates[i];
	return NULL;
}

const struct config_mailbox_source *
config_mailbox_source(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->mailbox_source_count; i++)
		if (strcmp(config->mailbox_sources[i].name, name) == 0)
			return &config->mailbox_sources[i];
	return NULL;
}

bool
config_reseller(const struct config *config, size_t n, struct str *ret)
{
	struct str rest = str_of(config->resellers), one;

	while (str_next(&rest, ',', &one)) {
		*ret = str_trim(one);
		if (ret->len > 0 && n-- == 0)
			return true;
	}
	return false;
}

const char *
config_counted_by(const struct config *config, const char *own)
{
	const char *name = *own ? own : config->mailbox_source;

	return strcmp(name, "hand") == 0 ? "" : name;
}

bool
config_needs_courier(const struct config *config)
{
	for (size_t i = 0; i < config->balancer_count; i++)
		if (config->balancers[i].address[0] != '\0')
			return true;
	return false;
}

bool
config_resolver_parse(struct str text, struct addr *ret, uint16_t *ret_port)
{
	struct str address;
	int64_t port = 53;

	if (!str_next(&text, '@', &address) || !addr_parse(address, ret) ||
	    (text.p && (!str_to_i64(text, &port) || port < 1 || port > 65535)))
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

bool
config_resolver_add(struct config_resolvers *to, struct str text)
{
	struct addr address;
	uint16_t port;

	return to->count < CONFIG_RESOLVERS_MAX && config_resolver_parse(text, &address, &port) &&
	       str_copy(text, to->list[to->count++], CONFIG_RESOLVER_SIZE);
}
