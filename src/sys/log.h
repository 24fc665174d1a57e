/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event on stderr: `time level program event key=value …` or a JSON object.
 * Levels by reader: error = wake someone, warning = degraded, notice = state change, info =
 * request. Values are quoted and escaped; never hand in a secret. Only processes log, libraries do
 * not.
 *
 *     LOG(LOG_NOTICE, "task.done", LOG_TEXT("kind", "install"), LOG_NUMBER("ms", 12));
 */
#pragma once

#include "base/id.h"

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG,
};

enum log_format {
	LOG_AS_TEXT,
	LOG_AS_JSON,
};

struct log_field {
	const char *key;
	const char *text; /* NULL: `number` is the value, unless `is_id` */
	int64_t number;
	struct id id;
	bool is_id;
};

#define LOG_TEXT(k, v)   ((struct log_field){ .key = (k), .text = (v) })
#define LOG_NUMBER(k, v) ((struct log_field){ .key = (k), .number = (v) })
#define LOG_ID(k, v)     ((struct log_field){ .key = (k), .id = (v), .is_id = true })
#define LOG(level, event, ...)                                                 \
	log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ }, \
	    sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))

void log_start(const char *program, enum log_format format, enum log_level least);
void log_write(
    enum log_level level, const char *event, const struct log_field *fields, size_t count);
bool log_level_parse(struct str s, enum log_level *ret); /* "error" … "debug" */
