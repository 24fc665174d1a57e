/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQLite and PostgreSQL say differently, as named fragments. SQL elsewhere in this folder is
 * written once, in the part both understand; DDL and a few statements carry these names as @blob,
 * @int … and are expanded.
 */
#pragma once

#include "base/buf.h"

struct dialect {
	const char *name;
	const char *blob;   /* @blob: type of bytes */
	const char *number; /* @int: type of 64-bit integers */
	const char *strict; /* @strict: behind a CREATE TABLE */
	const char *claim;  /* @claim: behind a SELECT whose row is to be taken, others skip it */
	const char *begin;  /* takes the write lock at once */
};

extern const struct dialect dialect_sqlite;

/* Appends `sql` with its fragments expanded. */
void dialect_expand(const struct dialect *dialect, const char *sql, struct buf *to);
