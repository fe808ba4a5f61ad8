/* Preloaded into the program: while a control file exists, the disk of one folder is full ("full") or read-only ("read-only"). Built by the harness beside it; not part of the product. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static const char *control, *folder;

__attribute__((constructor)) static void begin(void)
{
    control = getenv("FAULT_CONTROL");
    folder = getenv("FAULT_FOLDER");
}

#define REAL(name) static __typeof__(name) *real_##name; if (!real_##name) real_##name = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int is(const char *fault)
{
    char path[PATH_MAX];
    if (!control || !folder) return 0;
    snprintf(path, sizeof path, "%s.%s", control, fault);
    int saved = errno, result = access(path, F_OK) == 0;
    errno = saved;
    return result;
}

static int is_below(const char *path) { return folder && strncmp(path, folder, strlen(folder)) == 0; }

static int error_of(int descriptor)
{
    int is_full = is("full"), is_read_only = is("read-only");
    if (!is_full && !is_read_only) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return !is_below(path) ? 0 : is_read_only ? EROFS : ENOSPC;
}

#define FAIL(error) int error_now = error; if (error_now) { errno = error_now; return -1; }

#define MODE_OF(flags) mode_t mode = 0; if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
#define IS_REFUSED (is_below(path) && (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) && is("read-only"))
#define OPEN(name) int name(const char *path, int flags, ...) { REAL(name); MODE_OF(flags) FAIL(IS_REFUSED ? EROFS : 0) return real_##name(path, flags, mode); }
OPEN(open)
OPEN(open64)
#define OPENAT(name) int name(int at, const char *path, int flags, ...) { REAL(name); MODE_OF(flags) FAIL(IS_REFUSED ? EROFS : 0) return real_##name(at, path, flags, mode); }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int descriptor, const void *bytes, size_t length) { REAL(write); FAIL(error_of(descriptor)) return real_write(descriptor, bytes, length); }
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) { REAL(pwrite); FAIL(error_of(descriptor)) return real_pwrite(descriptor, bytes, length, offset); }
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) { REAL(pwrite64); FAIL(error_of(descriptor)) return real_pwrite64(descriptor, bytes, length, offset); }
int ftruncate(int descriptor, off_t length) { REAL(ftruncate); FAIL(error_of(descriptor)) return real_ftruncate(descriptor, length); }
int ftruncate64(int descriptor, off64_t length) { REAL(ftruncate64); FAIL(error_of(descriptor)) return real_ftruncate64(descriptor, length); }

#define CHANGE_NAME(name, parameters, arguments, path) int name parameters { REAL(name); FAIL(is_below(path) && is("read-only") ? EROFS : 0) return real_##name arguments; }
CHANGE_NAME(unlink, (const char *path), (path), path)
CHANGE_NAME(rename, (const char *from, const char *to), (from, to), from)
CHANGE_NAME(mkdir, (const char *path, mode_t mode), (path, mode), path)
