/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK         65536
#define SETTLED_AFTER (INT64_C(3) * 1000000000) /* nanoseconds */

void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* O_NONBLOCK: a FIFO put in a file's place must not make us wait. */
static int
open_to_read(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? FILE_E_ABSENT : error_origin(errno);
	*ret_fd = fd;
	return 0;
}

/* Reads up to `max` more bytes; *ret_got 0 at the end. */
static int
read_some(int fd, char *to, size_t max, size_t *ret_got)
{
	ssize_t n;

	do
		n = read(fd, to, max);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_origin(errno);
	*ret_got = (size_t)n;
	return 0;
}

static int
read_to_end(int fd, struct buf *to)
{
	for (;;) {
		size_t left = to->max - to->len, got = 0;
		char probe, *room = left > 0 ? buf_room(to, left < CHUNK ? left : CHUNK) : &probe;
		int r;

		if (!room)
			return FILE_E_TOO_LARGE;
		r = read_some(fd, room, left == 0 ? 1 : left < CHUNK ? left : CHUNK, &got);
		if (r || got == 0)
			return r;
		if (left == 0)
			return FILE_E_TOO_LARGE;
		buf_added(to, got);
	}
}

static int
read_whole(int fd, struct buf *to)
{
	size_t before = to->len;
	int r = read_to_end(fd, to);

	if (r)
		buf_truncate(to, before);
	return r;
}

int
file_read(const char *path, struct buf *to)
{
	CLEAN(close_fd) int fd = -1;
	int r = open_to_read(path, &fd);

	return r ? r : read_whole(fd, to);
}

int
file_read_start(const char *path, size_t count, struct buf *to)
{
	CLEAN(close_fd) int fd = -1;
	size_t got = 1;
	int r = open_to_read(path, &fd);

	while (r == 0 && count > 0 && got > 0) {
		char *room = buf_room(to, count);

		if (!room)
			return FILE_E_TOO_LARGE;
		r = read_some(fd, room, count, &got);
		if (r)
			return r;
		buf_added(to, got);
		count -= got;
	}
	return r;
}

/* In pieces: what is promised may be much more than what comes. */
static int
read_up_to(int fd, size_t count, struct buf *to)
{
	size_t got = 1;

	while (count > 0 && got > 0) {
		size_t most = count < CHUNK ? count : CHUNK;
		char *room = buf_room(to, most);
		int r = room ? read_some(fd, room, most, &got) : FILE_E_TOO_LARGE;

		if (r)
			return r;
		buf_added(to, got);
		count -= got;
	}
	return 0;
}

int
file_read_given(const char *path, size_t count, struct buf *to)
{
	CLEAN(close_fd) int fd = -1;

	if (strcmp(path, "-") == 0)
		return read_up_to(STDIN_FILENO, count, to);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? FILE_E_ABSENT : error_origin(errno);
	return read_up_to(fd, count, to);
}

static bool
is_private(const struct stat *st)
{
	mode_t mode = st->st_mode & 07777;

	return S_ISREG(st->st_mode) && (mode == 0600 || mode == 0400) &&
	       (st->st_uid == geteuid() || st->st_uid == 0);
}

int
file_read_secret(const char *path, struct buf *to)
{
	CLEAN(close_fd) int fd = -1;
	struct stat st;
	int r = open_to_read(path, &fd);

	if (r)
		return r;
	if (fstat(fd, &st) < 0)
		return error_origin(errno);
	return is_private(&st) ? read_whole(fd, to) : FILE_E_MODE;
}

static int
temporary_name(const char *path, char to[static PATH_MAX])
{
	int len = snprintf(to, PATH_MAX, "%s.new", path);

	return len < 0 || len >= PATH_MAX ? error_origin(ENAMETOOLONG) : 0;
}

/* Makes a name that was just added or removed durable. */
static int
sync_folder_of(const char *path)
{
	CLEAN(free_text) char *copy = alloc_text(path);
	CLEAN(close_fd) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? error_origin(errno) : 0;
}

/* A left-over of an earlier run goes first: it may be open elsewhere or have another mode. */
int
file_make(const char *path, unsigned mode, int *ret_fd)
{
	CLEAN(close_fd) int fd = -1;
	char name[PATH_MAX];
	int r = temporary_name(path, name);

	if (r)
		return r;
	if (unlink(name) < 0 && errno != ENOENT)
		return error_origin(errno);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode & 0600);
	if (fd < 0 || fchmod(fd, (mode_t)mode) < 0) /* whatever the umask is */
		return error_origin(errno);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int
put_in_place(const char *path, int fd)
{
	char name[PATH_MAX];
	int r = temporary_name(path, name);

	if (r)
		return r;
	return fsync(fd) < 0 || rename(name, path) < 0 ? error_origin(errno) : 0;
}

static int
close_or_forget(const char *path, int fd, int r)
{
	if (r)
		file_forget(path, fd);
	else
		close_fd(fd);
	return r;
}

int
file_keep(const char *path, int fd)
{
	int r = put_in_place(path, fd);

	return close_or_forget(path, fd, r ? r : sync_folder_of(path));
}

int
file_keep_for_now(const char *path, int fd)
{
	return close_or_forget(path, fd, put_in_place(path, fd));
}

void
file_forget(const char *path, int fd)
{
	char name[PATH_MAX];

	if (temporary_name(path, name) == 0)
		unlink(name);
	close_fd(fd);
}

static int
write_all(int fd, struct str content)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.p, content.len);

		if (n < 0 && errno != EINTR)
			return error_origin(errno);
		if (n > 0)
			content = str_drop(content, (size_t)n);
	}
	return 0;
}

int
file_write(const char *path, struct str content, unsigned mode)
{
	int fd = -1, r = file_make(path, mode, &fd);

	if (r)
		return r;
	r = write_all(fd, content);
	if (r == 0)
		return file_keep(path, fd);
	file_forget(path, fd);
	return r;
}

int
file_sync(const char *path)
{
	CLEAN(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? FILE_E_ABSENT : error_origin(errno);
	return fsync(fd) < 0 ? error_origin(errno) : sync_folder_of(path);
}

int
file_rename(const char *from, const char *to)
{
	if (rename(from, to) < 0)
		return errno == ENOENT ? FILE_E_ABSENT : error_origin(errno);
	return sync_folder_of(to);
}

static int
write_at(int fd, struct str bytes, off_t at)
{
	while (bytes.len > 0) {
		ssize_t n = pwrite(fd, bytes.p, bytes.len, at);

		if (n < 0 && errno != EINTR)
			return error_origin(errno);
		if (n > 0) {
			bytes = str_drop(bytes, (size_t)n);
			at += n;
		}
	}
	return fdatasync(fd) < 0 ? error_origin(errno) : 0;
}

/* First as a comment, of which any part may get lost; then one byte makes a line of it. */
int
file_add_line(const char *path, struct str line, unsigned mode)
{
	CLEAN(close_fd) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, (mode_t)mode);
	CLEAN(buf_fini) struct buf text = BUF(line.len + 3);
	struct stat st;
	char last = '\n';
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_origin(errno);
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) < 0)
		return error_origin(errno);
	if (last != '\n') /* the rest of a line that was cut off */
		buf_put_byte(&text, '\n');
	buf_put_byte(&text, '#');
	buf_put_str(&text, line);
	buf_put_byte(&text, '\n');
	r = write_at(fd, buf_str(&text), st.st_size);
	if (r == 0)
		r = write_at(fd, STR(" "), st.st_size + (last != '\n'));
	if (r == 0 && st.st_size == 0)
		r = sync_folder_of(path);
	return r;
}

int
file_remove(const char *path)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : error_origin(errno);
	return sync_folder_of(path);
}

static int64_t
nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Held against the clock that stamps files. It ticks every 4 to 10 ms; some file systems keep whole
 * seconds, or every other one. */
int
file_stamp(const char *path, struct file_stamp *ret)
{
	struct timespec clock = { 0 };
	struct file_stamp s;
	struct stat st;
	int64_t before;

	if (clock_gettime(CLOCK_REALTIME_COARSE, &clock) < 0)
		return error_origin(errno);
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? FILE_E_ABSENT : error_origin(errno);
	before = nanoseconds(clock) - SETTLED_AFTER;
	s = (struct file_stamp){ .device = st.st_dev,
		.inode = st.st_ino,
		.size = st.st_size,
		.modified = nanoseconds(st.st_mtim),
		.changed = nanoseconds(st.st_ctim) };
	s.settled = S_ISREG(st.st_mode) && s.modified < before && s.changed < before;
	*ret = s;
	return 0;
}

bool
file_stamp_eq(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified == b->modified && a->changed == b->changed;
}

bool
file_is_same(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
	       of_a.st_ino == of_b.st_ino;
}

/* An open file description's lock, not the process': a child that does not inherit the descriptor
 * has no part in it, and two threads that opened the file each exclude one another. */
int
file_lock(const char *path, int *ret_fd)
{
	CLEAN(close_fd) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char pid[24];
	int len, r;

	if (fd < 0)
		return error_origin(errno);
	if (fcntl(fd, F_OFD_SETLK, &whole) < 0)
		return errno == EAGAIN || errno == EACCES ? FILE_E_LOCKED : error_origin(errno);
	len = snprintf(pid, sizeof(pid), "%jd\n", (intmax_t)getpid());
	if (ftruncate(fd, 0) < 0)
		return error_origin(errno);
	r = write_all(fd, str_bytes(pid, (size_t)len));
	if (r)
		return r;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int
make_one_folder(const char *path, unsigned mode)
{
	struct stat st;

	if (mkdir(path, (mode_t)mode) == 0)
		return 0;
	if (errno != EEXIST)
		return error_origin(errno);
	if (stat(path, &st) < 0)
		return error_origin(errno);
	return S_ISDIR(st.st_mode) ? 0 : error_origin(ENOTDIR);
}

int
file_make_folder(const char *path, unsigned mode)
{
	CLEAN(free_text) char *copy = alloc_text(path);

	for (char *slash = strchr(copy + (*copy == '/'), '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = make_one_folder(copy, mode);
		if (r)
			return r;
		*slash = '/';
	}
	return make_one_folder(path, mode);
}

int
file_own_folder(char *to, size_t size)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len < 0)
		return error_origin(errno);
	path[len] = '\0';
	return str_copy(str_of(dirname(path)), to, size) ? 0 : error_origin(ENAMETOOLONG);
}

bool
file_find_program(const char *name, const char *installed, char *to, size_t size)
{
	char own[PATH_MAX];
	int len;

	if (file_own_folder(own, sizeof(own)) == 0) {
		len = snprintf(to, size, "%s/%s", own, name);
		if (len > 0 && (size_t)len < size && file_may_run(to))
			return true;
	}
	len = snprintf(to, size, "%s/%s", installed, name);
	return len > 0 && (size_t)len < size && file_may_run(to);
}

bool
file_may_run(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static void
folder_close(DIR *folder)
{
	if (folder)
		closedir(folder);
}
CLEAN_DEFINE(folder_close, DIR *);

int
file_each(const char *folder, int (*each)(void *about, const char *path), void *about)
{
	CLEAN(folder_close) DIR *open = opendir(folder);
	const struct dirent *entry;
	int r = 0;

	if (!open)
		return errno == ENOENT || errno == ENOTDIR ? FILE_E_ABSENT : error_origin(errno);
	while (r == 0 && (entry = readdir(open))) {
		char path[PATH_MAX];
		struct stat is;

		if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
		    (int)sizeof(path))
			return error_origin(ENAMETOOLONG);
		if (stat(path, &is) == 0 && S_ISREG(is.st_mode))
			r = each(about, path);
	}
	return r;
}
