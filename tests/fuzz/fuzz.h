/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz drivers share. A driver is one file for one family of decoders: it hands the
 * engine's bytes (libFuzzer) to them as hostile input would come and states with MUST_HOLD() what
 * holds whatever it was; the sanitizers state the rest. The bytes lie in an allocation of exactly
 * their length, so that one read behind them is seen.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"

/* The engine calls these; 0, always. Initialize is optional. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST_HOLD(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
void fuzz_broken(const char *condition, const char *file, int line) NO_RETURN;

/* A fixture is an input as it is. What a driver wants to be told besides stands behind it: the
 * mark, then one byte, the choice; without a mark it is 0. */
#define FUZZ_MARK 0xfe

struct fuzz_input {
	struct str bytes;
	uint8_t choice;
};
struct fuzz_input fuzz_input(const uint8_t *data, size_t size);

/* Cuts the next text off: what stands before a NUL, or all; "" when nothing is left. To be freed.
 */
char *fuzz_text(struct str *rest) MUST_USE;

/* The object that `text` must be; to be released with json_decref(). */
json_t *fuzz_object(struct str text) MUST_USE;
/* Fit for people's eyes, and for a terminal: UTF-8, no control characters. */
bool fuzz_is_words(struct str text);
