/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few words we add to C: ownership, must-check results, table lengths.
 *
 * Ownership: a local that owns something carries CLEAN(x_free); handing it over is TAKE(p).
 * x_new/x_free live on the heap, x_init/x_fini in place; destructors take NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE            __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, a) __attribute__((format(printf, fmt, a)))
#define NO_RETURN           __attribute__((noreturn))
#define UNUSED              __attribute__((unused))

/* The destructor for CLEAN(x_free) on a `struct x *` is declared once with CLEAN_DEFINE(x_free,
 * struct x *). */
#define CLEAN(destroy) __attribute__((cleanup(destroy##_at)))
#define CLEAN_DEFINE(destroy, type)               \
	static inline void destroy##_at(type *at) \
	{                                         \
		destroy(*at);                     \
	}                                         \
	struct macro_swallow_semicolon
/* The same for an object in place: CLEAN(x_fini) on a `struct x`. */
#define CLEAN_DEFINE_FINI(destroy, type)          \
	static inline void destroy##_at(type *at) \
	{                                         \
		destroy(at);                      \
	}                                         \
	struct macro_swallow_semicolon

#define TAKE(pointer)                                \
	(__extension__({                             \
		__auto_type macro_taken = (pointer); \
		(pointer) = NULL;                    \
		macro_taken;                         \
	}))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* memcpy that may be told "nothing, from nowhere". */
void copy_bytes(void *to, const void *from, size_t len);

/* Small allocations do not fail: the process dies at once and its supervisor restarts it; every
 * commit is durable, so nothing is lost. Sizes a peer can choose are checked against a limit first.
 */
NO_RETURN void out_of_memory(void); /* what they do; for libraries that say so */
void *alloc_zero(size_t size) MUST_USE __attribute__((malloc, returns_nonnull));
void *alloc_array(size_t count, size_t size) MUST_USE __attribute__((malloc));
void *alloc_again(void *old, size_t count, size_t size) MUST_USE;
char *alloc_text(const char *text) MUST_USE __attribute__((malloc, returns_nonnull));
void free_text(char *text);
CLEAN_DEFINE(free_text, char *);
