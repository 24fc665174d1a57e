/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose is what the units have not synchronized? They do not tell. So a file beside the lock says
 * that changes of ours are under way: it is there before the first of them, and goes when all units
 * have them all. While it lies there, what is pending is ours to finish; without it, it is not.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"
#include "sys/file.h"

#define NOTE_ENDING ".unsynced"

static int
note_path(struct balancer *b, char to[static CONFIG_PATH_SIZE * 2 + sizeof(NOTE_ENDING)])
{
	int r = b->driver->lock_file(b->config, to, CONFIG_PATH_SIZE * 2);

	if (r == 0)
		snprintf(to + strlen(to), sizeof(NOTE_ENDING), NOTE_ENDING);
	return r;
}

bool
bigip_has_note(struct balancer *b)
{
	char path[CONFIG_PATH_SIZE * 2 + sizeof(NOTE_ENDING)];
	struct file_stamp stamp;

	return note_path(b, path) == 0 && file_stamp(path, &stamp) == 0;
}

int
bigip_set_note(struct balancer *b, bool there, struct outcome *what)
{
	static const struct str text =
	    STR_INIT("changes of certdesk that not all units have, since this file was made\n");
	char path[CONFIG_PATH_SIZE * 2 + sizeof(NOTE_ENDING)];
	int r = note_path(b, path);

	if (r == 0 && there != bigip_has_note(b))
		r = there ? file_write(path, text, 0600) : file_remove(path);
	return r ? balancer_fatal(what, error_fold(r), path) : 0;
}
