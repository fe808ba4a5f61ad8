/* Preloaded into the program: logs every change of a file below one folder, and every sync, in the order in which they happen.
   Built and read by the harness beside it; not part of the product.

   A record: kind (1 byte), inode (8), offset or begin of a sync (8), length of what follows (4), bytes; numbers in the machine's order. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NAME = 1, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK };

#define MAX_DESCRIPTORS 65536
enum { UNKNOWN = 0, OTHER, WATCHED };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char state[MAX_DESCRIPTORS];
static char folder[PATH_MAX];
static size_t folder_length;
static int log_descriptor = -1;
static uint64_t position;
static useconds_t sync_time;

#define REAL(name) static __typeof__(name) *real_##name; if (!real_##name) real_##name = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    const char *of = getenv("RECORDED_FOLDER"), *to = getenv("RECORDED_LOG"), *slow = getenv("RECORDED_SYNC_MICROSECONDS");
    if (!of || !to || !realpath(of, folder)) return;
    folder_length = strlen(folder);
    if (slow) sync_time = (useconds_t)atoi(slow);
    REAL(open);
    log_descriptor = real_open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat at;
    if (log_descriptor >= 0 && fstat(log_descriptor, &at) == 0) position = (uint64_t)at.st_size;
}

static int is_below(const char *path) { return strncmp(path, folder, folder_length) == 0 && (path[folder_length] == '/' || path[folder_length] == 0); }

/* The lock is held. */
static void record(unsigned char kind, uint64_t inode, uint64_t offset, const void *bytes, size_t length)
{
    char head[21];
    uint32_t size = (uint32_t)length;
    head[0] = (char)kind;
    memcpy(head + 1, &inode, 8);
    memcpy(head + 9, &offset, 8);
    memcpy(head + 17, &size, 4);
    struct iovec parts[2] = { { head, sizeof head }, { (void *)bytes, length } };
    REAL(writev);
    if (real_writev(log_descriptor, parts, 2) != (ssize_t)(sizeof head + length)) abort(); /* A recording with a gap is worth nothing. */
    position += sizeof head + length;
}

static int path_of(int descriptor, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int is_watched(int descriptor)
{
    if (log_descriptor < 0 || descriptor < 0 || descriptor >= MAX_DESCRIPTORS || descriptor == log_descriptor) return 0;
    if (state[descriptor] == UNKNOWN)
    {
        char path[PATH_MAX];
        int saved = errno;
        state[descriptor] = path_of(descriptor, path) && is_below(path) ? WATCHED : OTHER;
        errno = saved;
    }
    return state[descriptor] == WATCHED;
}

static uint64_t inode_of(int descriptor)
{
    struct stat at;
    return fstat(descriptor, &at) == 0 ? (uint64_t)at.st_ino : 0;
}

/* The lock is held, because what opens a file may create it or cut it off. */
static int opened(int descriptor, int flags)
{
    if (descriptor < 0 || descriptor >= MAX_DESCRIPTORS) return descriptor;
    state[descriptor] = UNKNOWN;
    if (!is_watched(descriptor)) return descriptor;
    int saved = errno;
    struct stat at;
    char path[PATH_MAX];
    if (fstat(descriptor, &at) == 0 && S_ISREG(at.st_mode) && path_of(descriptor, path))
    {
        if (flags & O_CREAT) record(NAME, (uint64_t)at.st_ino, (uint64_t)at.st_size, path + folder_length + 1, strlen(path) - folder_length - 1);
        if (flags & O_TRUNC) record(TRUNCATE, (uint64_t)at.st_ino, 0, NULL, 0);
    }
    errno = saved;
    return descriptor;
}

#define MODE_OF(flags) mode_t mode = 0; if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
/* Without the lock for others: opening a pipe may wait for ever. */
#define OPENED(call) \
    if (log_descriptor < 0 || !is_below(path)) { int other = call; if (other >= 0 && other < MAX_DESCRIPTORS) state[other] = UNKNOWN; return other; } \
    pthread_mutex_lock(&lock); \
    int result = opened(call, flags); \
    pthread_mutex_unlock(&lock); \
    return result;
#define OPEN(name) int name(const char *path, int flags, ...) { REAL(name); MODE_OF(flags) OPENED(real_##name(path, flags, mode)) }
OPEN(open)
OPEN(open64)
#define OPENAT(name) int name(int at, const char *path, int flags, ...) { REAL(name); MODE_OF(flags) OPENED(real_##name(at, path, flags, mode)) }
OPENAT(openat)
OPENAT(openat64)

int close(int descriptor)
{
    REAL(close);
    if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS) state[descriptor] = UNKNOWN;
    return real_close(descriptor);
}

static void written(int descriptor, uint64_t offset, const struct iovec *parts, int count, ssize_t result)
{
    for (int i = 0; i < count && result > 0; i++)
    {
        size_t length = parts[i].iov_len < (size_t)result ? parts[i].iov_len : (size_t)result;
        record(WRITE, inode_of(descriptor), offset, parts[i].iov_base, length);
        offset += length;
        result -= (ssize_t)length;
    }
}

static uint64_t end_of(int descriptor)
{
    struct stat at;
    if (fcntl(descriptor, F_GETFL) & O_APPEND) return fstat(descriptor, &at) == 0 ? (uint64_t)at.st_size : 0;
    return (uint64_t)lseek(descriptor, 0, SEEK_CUR);
}

#define RECORDED(call, descriptor, offset, parts, count) \
    pthread_mutex_lock(&lock); \
    uint64_t from = (uint64_t)(offset); \
    ssize_t result = (call); \
    int saved = errno; \
    written(descriptor, from, parts, count, result); \
    errno = saved; \
    pthread_mutex_unlock(&lock); \
    return result;

ssize_t write(int descriptor, const void *bytes, size_t length)
{
    REAL(write);
    if (!is_watched(descriptor)) return real_write(descriptor, bytes, length);
    struct iovec part = { (void *)bytes, length };
    RECORDED(real_write(descriptor, bytes, length), descriptor, end_of(descriptor), &part, 1)
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    REAL(writev);
    if (!is_watched(descriptor)) return real_writev(descriptor, parts, count);
    RECORDED(real_writev(descriptor, parts, count), descriptor, end_of(descriptor), parts, count)
}

#define PWRITE(name, type) ssize_t name(int descriptor, const void *bytes, size_t length, type offset) { REAL(name); if (!is_watched(descriptor)) return real_##name(descriptor, bytes, length, offset); struct iovec part = { (void *)bytes, length }; RECORDED(real_##name(descriptor, bytes, length, offset), descriptor, offset, &part, 1) }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
#define PWRITEV(name, type) ssize_t name(int descriptor, const struct iovec *parts, int count, type offset) { REAL(name); if (!is_watched(descriptor)) return real_##name(descriptor, parts, count, offset); RECORDED(real_##name(descriptor, parts, count, offset), descriptor, offset, parts, count) }
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

#define FTRUNCATE(name, type) int name(int descriptor, type length) { REAL(name); if (!is_watched(descriptor)) return real_##name(descriptor, length); pthread_mutex_lock(&lock); int result = real_##name(descriptor, length); if (result == 0) record(TRUNCATE, inode_of(descriptor), (uint64_t)length, NULL, 0); pthread_mutex_unlock(&lock); return result; }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

/* The runtime and the engines do without these. */
#define UNSUPPORTED(name, parameters) ssize_t name parameters { errno = ENOSYS; return -1; }
UNSUPPORTED(copy_file_range, (int in, off64_t *in_offset, int out, off64_t *out_offset, size_t length, unsigned flags))
UNSUPPORTED(sendfile, (int out, int in, off_t *offset, size_t length))
UNSUPPORTED(sendfile64, (int out, int in, off64_t *offset, size_t length))
int fallocate(int descriptor, int mode, off_t offset, off_t length) { errno = EOPNOTSUPP; return -1; }
int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) { errno = EOPNOTSUPP; return -1; }
int posix_fallocate(int descriptor, off_t offset, off_t length) { return EOPNOTSUPP; }
int posix_fallocate64(int descriptor, off64_t offset, off64_t length) { return EOPNOTSUPP; }

/* A sync covers what was written before it began. Others may write meanwhile. */
static int synced(int descriptor, int (*sync)(int))
{
    pthread_mutex_lock(&lock);
    uint64_t begin_of_sync = position;
    pthread_mutex_unlock(&lock);
    int result = sync(descriptor);
    if (sync_time) usleep(sync_time);
    struct stat at;
    char path[PATH_MAX];
    if (result == 0 && fstat(descriptor, &at) == 0 && path_of(descriptor, path))
    {
        pthread_mutex_lock(&lock);
        if (S_ISREG(at.st_mode)) record(SYNC, (uint64_t)at.st_ino, begin_of_sync, NULL, 0);
        else if (S_ISDIR(at.st_mode)) record(SYNC_FOLDER, 0, begin_of_sync, path + folder_length, strlen(path) - folder_length);
        pthread_mutex_unlock(&lock);
    }
    return result;
}

int fsync(int descriptor)
{
    REAL(fsync);
    return is_watched(descriptor) ? synced(descriptor, real_fsync) : real_fsync(descriptor);
}

int fdatasync(int descriptor)
{
    REAL(fdatasync);
    return is_watched(descriptor) ? synced(descriptor, real_fdatasync) : real_fdatasync(descriptor);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    char full_from[PATH_MAX], full_to[PATH_MAX];
    if (log_descriptor < 0 || !realpath(from, full_from) || !is_below(full_from)) return real_rename(from, to);
    pthread_mutex_lock(&lock);
    int result = real_rename(from, to), saved = errno;
    if (result == 0 && realpath(to, full_to))
    {
        char both[2 * PATH_MAX];
        int length = snprintf(both, sizeof both, "%s\n%s", full_from + folder_length + 1, full_to + folder_length + 1);
        record(RENAME, 0, 0, both, (size_t)length);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}

#define REMOVE(name) int name(const char *path) { \
    REAL(name); \
    char full[PATH_MAX]; \
    if (log_descriptor < 0 || !realpath(path, full) || !is_below(full)) return real_##name(path); \
    pthread_mutex_lock(&lock); \
    int result = real_##name(path), saved = errno; \
    if (result == 0) record(UNLINK, 0, 0, full + folder_length + 1, strlen(full) - folder_length - 1); \
    pthread_mutex_unlock(&lock); \
    errno = saved; \
    return result; \
}
REMOVE(unlink)
REMOVE(remove)
