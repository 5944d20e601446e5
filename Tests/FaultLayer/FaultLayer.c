// A file layer that fails at one call, loaded in front of the C library with LD_PRELOAD.
//
// Calls that change something below one folder are counted: opening for writing, writing, syncing,
// cutting, renaming, linking, unlinking, making folders, and closing what was written. The Nth fails with
// an error of one's choice, or the power fails there: everything that was written and not synced is taken
// back, and the process ends.
//
//   PVDM_FAULT_FOLDER  the folder; calls elsewhere are neither counted nor touched
//   PVDM_FAULT_AT      N, from 1; 0 only counts
//   PVDM_FAULT_ERROR   the error's number (ENOSPC if it is not set)
//   PVDM_FAULT_ON      "1": every call from the Nth on fails, as on a disk that stays full
//   PVDM_FAULT_CUT     "1": the power fails at the Nth call
//   PVDM_FAULT_LOG     a file elsewhere that gets a line for each call
//
// The system calls are made directly, so that nothing here can come back to itself.

#define _GNU_SOURCE
#include "FaultLayer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096, FILES = 1024 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static long failing = 0, calls = 0;
static int error_number = ENOSPC, goes_on = 0, cuts = 0, log_descriptor = -1;
/// Descriptors that write below the folder.
static char is_watched[DESCRIPTORS];

/// What a file held when it was last synced, while it differs from that.
struct dirty {
  dev_t device;
  ino_t number;
  int descriptor;
  char *content;
  size_t size;
};
static struct dirty dirty[FILES];
static int dirty_count = 0;

__attribute__((constructor)) static void begin(void) {
  const char *where = getenv("PVDM_FAULT_FOLDER");
  if (where == NULL || where[0] != '/') return;
  snprintf(folder, sizeof folder, "%s", where);
  folder_length = strlen(folder);
  const char *value;
  if ((value = getenv("PVDM_FAULT_AT"))) failing = atol(value);
  if ((value = getenv("PVDM_FAULT_ERROR"))) error_number = atoi(value);
  if ((value = getenv("PVDM_FAULT_ON"))) goes_on = value[0] == '1';
  if ((value = getenv("PVDM_FAULT_CUT"))) cuts = value[0] == '1';
  if ((value = getenv("PVDM_FAULT_LOG")))
    log_descriptor =
        (int)syscall(SYS_openat, AT_FDCWD, value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/// Whether a path is below the folder; a relative one is from a folder's descriptor.
static int is_inside(int from, const char *path) {
  if (folder_length == 0 || path == NULL) return 0;
  char whole[PATH_MAX * 2];
  if (path[0] != '/') {
    char link[64], base[PATH_MAX];
    if (from == AT_FDCWD)
      snprintf(link, sizeof link, "/proc/self/cwd");
    else
      snprintf(link, sizeof link, "/proc/self/fd/%d", from);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    path = whole;
  }
  return strncmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || path[folder_length] == 0);
}

static int is_watched_descriptor(int descriptor) {
  return descriptor >= 0 && descriptor < DESCRIPTORS && is_watched[descriptor];
}

/// Puts the content of unsynced files back, and ends the process as a power failure does.
static void cut_power(void) {
  for (int index = 0; index < dirty_count; index++) {
    struct dirty *file = &dirty[index];
    size_t done = 0;
    while (done < file->size) {
      long count = syscall(
          SYS_pwrite64, file->descriptor, file->content + done, file->size - done, (off_t)done);
      if (count <= 0) break;
      done += (size_t)count;
    }
    syscall(SYS_ftruncate, file->descriptor, (off_t)file->size);
  }
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

/// Counts a call. Not 0 if it is to fail, with errno set.
static int fails(const char *name, const char *path) {
  pthread_mutex_lock(&mutex);
  long number = ++calls;
  if (log_descriptor >= 0) {
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path ? path : "");
    if (length > 0) syscall(SYS_write, log_descriptor, line, (size_t)length);
  }
  int hits = failing > 0 && (number == failing || (goes_on && number > failing));
  if (hits && cuts) cut_power();
  pthread_mutex_unlock(&mutex);
  if (hits) errno = error_number;
  return hits;
}

/// Notes what a file holds before it is changed for the first time since it was synced.
static void note_change(int descriptor) {
  if (!cuts) return;
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return;
  pthread_mutex_lock(&mutex);
  int known = 0;
  for (int index = 0; index < dirty_count; index++)
    known = known || (dirty[index].device == status.st_dev && dirty[index].number == status.st_ino);
  if (!known && dirty_count < FILES) {
    struct dirty *file = &dirty[dirty_count];
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    // A descriptor of its own, since the file may be closed and renamed before it is synced.
    file->descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    file->device = status.st_dev;
    file->number = status.st_ino;
    file->size = (size_t)status.st_size;
    file->content = malloc(file->size + 1);
    size_t done = 0;
    while (file->descriptor >= 0 && done < file->size) {
      long count = syscall(
          SYS_pread64, file->descriptor, file->content + done, file->size - done, (off_t)done);
      if (count <= 0) break;
      done += (size_t)count;
    }
    if (file->descriptor >= 0) dirty_count++;
  }
  pthread_mutex_unlock(&mutex);
}

static void note_sync(int descriptor) {
  struct stat status;
  if (!cuts || fstat(descriptor, &status) != 0) return;
  pthread_mutex_lock(&mutex);
  for (int index = 0; index < dirty_count; index++) {
    if (dirty[index].device != status.st_dev || dirty[index].number != status.st_ino) continue;
    syscall(SYS_close, dirty[index].descriptor);
    free(dirty[index].content);
    dirty[index] = dirty[--dirty_count];
    break;
  }
  pthread_mutex_unlock(&mutex);
}

static int opened(int from, const char *path, int flags, mode_t mode) {
  int changes = (flags & O_ACCMODE) != O_RDONLY && is_inside(from, path);
  if (changes && fails("open", path)) return -1;
  int truncates = flags & O_TRUNC;
  int descriptor =
      (int)syscall(SYS_openat, from, path, cuts && changes ? flags & ~O_TRUNC : flags, mode);
  if (descriptor >= 0 && descriptor < DESCRIPTORS) is_watched[descriptor] = (char)changes;
  if (cuts && changes && truncates && descriptor >= 0) {
    note_change(descriptor);
    syscall(SYS_ftruncate, descriptor, (off_t)0);
  }
  return descriptor;
}

static mode_t mode_of(int flags, va_list list) {
  return flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(list, unsigned) : 0;
}

#define OPEN(name)                                      \
  int name(const char *path, int flags, ...) {          \
    va_list list;                                       \
    va_start(list, flags);                              \
    mode_t mode = mode_of(flags, list);                 \
    va_end(list);                                       \
    return opened(AT_FDCWD, path, flags, mode);         \
  }
#define OPEN_AT(name)                                   \
  int name(int from, const char *path, int flags, ...) { \
    va_list list;                                       \
    va_start(list, flags);                              \
    mode_t mode = mode_of(flags, list);                 \
    va_end(list);                                       \
    return opened(from, path, flags, mode);             \
  }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

int creat(const char *path, mode_t mode) {
  return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  if (is_watched_descriptor(descriptor)) {
    if (fails("write", NULL)) return -1;
    note_change(descriptor);
  }
  return syscall(SYS_write, descriptor, bytes, count);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (is_watched_descriptor(descriptor)) {
    if (fails("writev", NULL)) return -1;
    note_change(descriptor);
  }
  return syscall(SYS_writev, descriptor, parts, count);
}

#define WRITE_AT(name, offset_type)                                                     \
  ssize_t name(int descriptor, const void *bytes, size_t count, offset_type offset) {   \
    if (is_watched_descriptor(descriptor)) {                                            \
      if (fails("pwrite", NULL)) return -1;                                             \
      note_change(descriptor);                                                          \
    }                                                                                   \
    return syscall(SYS_pwrite64, descriptor, bytes, count, offset);                     \
  }
WRITE_AT(pwrite, off_t)
WRITE_AT(pwrite64, off64_t)

#define TRUNCATE(name, offset_type)                     \
  int name(int descriptor, offset_type size) {          \
    if (is_watched_descriptor(descriptor)) {            \
      if (fails("ftruncate", NULL)) return -1;          \
      note_change(descriptor);                          \
    }                                                   \
    return (int)syscall(SYS_ftruncate, descriptor, size); \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

static int synced(int descriptor, long call, const char *name) {
  if (is_watched_descriptor(descriptor) && fails(name, NULL)) return -1;
  int result = (int)syscall(call, descriptor);
  if (result == 0) note_sync(descriptor);
  return result;
}

int fsync(int descriptor) { return synced(descriptor, SYS_fsync, "fsync"); }
int fdatasync(int descriptor) { return synced(descriptor, SYS_fdatasync, "fdatasync"); }

int close(int descriptor) {
  int was_watched = is_watched_descriptor(descriptor);
  if (was_watched) is_watched[descriptor] = 0;
  int failed = was_watched && fails("close", NULL);
  // A close that fails has closed all the same.
  int result = (int)syscall(SYS_close, descriptor);
  if (!failed) return result;
  errno = error_number;
  return -1;
}

static int renamed(int from, const char *old, int to, const char *new, unsigned flags) {
  if ((is_inside(from, old) || is_inside(to, new)) && fails("rename", new)) return -1;
  return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

int rename(const char *old, const char *new) { return renamed(AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) {
  return renamed(from, old, to, new, 0);
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  return renamed(from, old, to, new, flags);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
  if (is_inside(to, new) && fails("link", new)) return -1;
  return (int)syscall(SYS_linkat, from, old, to, new, flags);
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int unlinkat(int from, const char *path, int flags) {
  if (is_inside(from, path) && fails("unlink", path)) return -1;
  return (int)syscall(SYS_unlinkat, from, path, flags);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int from, const char *path, mode_t mode) {
  if (is_inside(from, path) && fails("mkdir", path)) return -1;
  return (int)syscall(SYS_mkdirat, from, path, mode);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
