/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that some program has dressed up on its way: web pages, JSON, source code, mail sources,
 * formatted documents, numbered lines (I-02). Each way of undressing is a row in loosen.c and loses
 * nothing: it removes what the program added, and what is left must be base64 of one whole DER
 * structure, or nothing was found. No letter is guessed.
 */
#pragma once

#include "base/buf.h"

/* The structure that `text`, from between two markers, stands for; false when no way leads to one. */
bool loosen(struct str text, struct buf *der);

/* A file in another alphabet than people think: UTF-16 or UTF-32 without a mark, base64 or hex of
 * the file that was meant. Appends that file; false: it is none of this. */
bool loosen_file(struct str bytes, struct buf *to);
