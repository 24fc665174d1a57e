/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files inside of files: what is in an archive or a mail, each read like one that was sent alone.
 * Beside the certificates lie leaflets, logos and manuals; nobody wants to read that these hold
 * none. Their rows go as soon as it is clear that they explain nothing.
 */
#include <assert.h>
#include <stdio.h>

#include "ipc/read_delivery.h"
#include "delivery/read.h"

static_assert(READ_FILE_NAME_SIZE == DELIVERY_NAME_SIZE, "one name, one size");

static bool
has_found(const struct delivery_file *file)
{
	return file->certificates + file->keys + file->csrs > 0;
}

static bool
is_picture(const struct delivery_file *file)
{
	return file->has_code && file->code == FINDING_CERT_IS_PICTURE;
}

/* Nothing to tell anybody about, whatever else came. */
static bool
is_hollow(const struct delivery_file *file)
{
	return !has_found(file) && (file->error == DELIVERY_EMPTY ||
				       file->error == DELIVERY_UNKNOWN_FORMAT || is_picture(file));
}

/* Worth telling only as long as no certificate came. */
static bool
is_beside(const struct delivery_file *file)
{
	return !has_found(file) && (file->error == DELIVERY_UNSUPPORTED_FORMAT ||
				       file->error == DELIVERY_NO_CERTIFICATE);
}

static void
move_row(struct delivery *delivery, size_t from, size_t to)
{
	delivery->file[to] = delivery->file[from];
	for (size_t i = 0; i < delivery->certificate_count; i++)
		if (delivery->certificate[i].file == from)
			delivery->certificate[i].file = to;
	for (size_t i = 0; i < delivery->key_count; i++)
		if (delivery->key[i].file == from)
			delivery->key[i].file = to;
}

bool
intake_has_found(const struct intake *in)
{
	bool found = false;

	for (size_t i = in->number; i < in->delivery->file_count; i++)
		found |= has_found(&in->delivery->file[i]);
	return found;
}

bool
intake_has_told(const struct intake *in)
{
	bool told = false;

	for (size_t i = in->number; i < in->delivery->file_count; i++)
		told |= in->delivery->file[i].error != DELIVERY_FINE;
	return told;
}

void
intake_settle(struct intake *in, enum finding_code empty)
{
	struct delivery *delivery = in->delivery;
	bool found = intake_has_found(in);
	size_t kept = in->number + 1;

	for (size_t i = kept; found && i < delivery->file_count; i++)
		if (!is_beside(&delivery->file[i]))
			move_row(delivery, i, kept++);
	if (found)
		delivery->file_count = kept;
	if (!found && !intake_has_told(in))
		intake_answer(in, DELIVERY_NO_CERTIFICATE, empty, "no certificate is in it");
}

bool
intake_unpacked(struct intake *in, size_t bytes)
{
	in->delivery->unpacked += bytes;
	if (in->delivery->unpacked > INTAKE_UNPACKED_MAX)
		intake_problem(in, DELIVERY_LIMIT, "more than 8 MiB are packed in it");
	return in->delivery->unpacked <= INTAKE_UNPACKED_MAX;
}

/* "chain.zip: owa.crt". Folders are left out: they say nothing that helps to find a file again. */
static void
put_name(const struct delivery_file *outer, struct str name, struct delivery_file *to)
{
	char shown[READ_FILE_NAME_SIZE], whole[2 * DELIVERY_NAME_SIZE + 2];

	read_file_name(name, shown);
	snprintf(whole, sizeof(whole), "%s%s%s", outer->name, *outer->name ? ": " : "", shown);
	str_show(str_of(whole), to->name, sizeof(to->name));
}

void
intake_member(struct intake *in, struct str name, struct str bytes)
{
	struct delivery *delivery = in->delivery;
	struct intake member = *in;

	if (++in->unpacked.members > INTAKE_MEMBERS_MAX ||
	    delivery->file_count == DELIVERY_ROWS_MAX) {
		intake_problem(
		    in, DELIVERY_LIMIT, "more than %d files are in it", INTAKE_MEMBERS_MAX);
		return;
	}
	member.unpacked.members = in->unpacked.members;
	member.number = delivery->file_count++;
	member.file = &delivery->file[member.number];
	member.part[0] = '\0';
	member.depth = 0;
	member.holds_files = false;
	*member.file = (struct delivery_file){ .container = "" };
	put_name(in->file, name, member.file);
	intake_file(&member, bytes);
	in->unpacked.members = member.unpacked.members;
	if (is_hollow(member.file) && delivery->file_count == member.number + 1)
		delivery->file_count--;
}
