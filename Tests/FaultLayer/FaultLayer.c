// A file layer that fails at one call, loaded in front of the C library with LD_PRELOAD.
//
// Calls that change something below one folder are counted: opening for writing, writing, syncing,
// cutting, renaming, linking, unlinking, making folders, and closing what was written. The Nth fails with
// an error of one's choice, or the power fails there: what was written and not synced is taken back, and the
// process ends. Where there are fewer than N calls, the power fails when the process has ended by itself.
//
//   PVDM_FAULT_FOLDER  the folder; calls elsewhere are neither counted nor touched
//   PVDM_FAULT_AT      N, from 1; 0 only counts
//   PVDM_FAULT_ERROR   the error's number (ENOSPC if it is not set)
//   PVDM_FAULT_ON      "1": every call from the Nth on fails, as on a disk that stays full
//   PVDM_FAULT_CUT     the power fails at the Nth call. "contents": files lose what was not synced, their
//                      names stay; "entries": folders that were not synced lose their changes, too
//   PVDM_FAULT_STASH   for "entries": an empty folder elsewhere on the same file system, for what may come back
//   PVDM_FAULT_LOG     a file elsewhere that gets a line for each call
//
// The system calls are made directly, so that nothing here can come back to itself.

#define _GNU_SOURCE
#include "FaultLayer.h"

#include <dirent.h>
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

enum { DESCRIPTORS = 4096, FILES = 1024, FOLDERS = 512, ENTRIES = 1 << 16 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static long failing = 0, calls = 0;
static int error_number = ENOSPC, goes_on = 0, cuts = 0, log_descriptor = -1;
/// The folder for what may come back, while changes of folders are noted.
static int stash = -1;
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

/// A folder with changes. By its descriptor, since it may be renamed itself.
struct place {
  dev_t device;
  ino_t number;
  int descriptor;
};
static struct place places[FOLDERS];
static int place_count = 0;

/// A name in a folder.
struct name {
  int place;  // in `places`; negative for one that is not looked after
  char *text;
};

/// A change of a folder that was not synced since. What is undone is the newest first.
struct entry {
  enum { MADE, REMOVED, MOVED, EXCHANGED } kind;
  struct name name;    // of what was made or removed; what moved has it now
  struct name before;  // what moved had it
  long stashed;        // what was removed or replaced, by its name in the stash; negative for nothing
};
static struct entry entries[ENTRIES];
static int entry_count = 0;
static long stash_count = 0;

/// Ends the process in a way that no test takes for a failure of the program's.
static void give_up(const char *reason) {
  char line[256];
  int length = snprintf(line, sizeof line, "the fault layer: %s\n", reason);
  syscall(SYS_write, STDERR_FILENO, line, (size_t)length);
  syscall(SYS_kill, getpid(), SIGABRT);
  for (;;) pause();
}

__attribute__((constructor)) static void begin(void) {
  const char *where = getenv("PVDM_FAULT_FOLDER");
  if (where == NULL || where[0] != '/') return;
  snprintf(folder, sizeof folder, "%s", where);
  folder_length = strlen(folder);
  const char *value;
  if ((value = getenv("PVDM_FAULT_AT"))) failing = atol(value);
  if ((value = getenv("PVDM_FAULT_ERROR"))) error_number = atoi(value);
  if ((value = getenv("PVDM_FAULT_ON"))) goes_on = value[0] == '1';
  if ((value = getenv("PVDM_FAULT_CUT"))) cuts = 1;
  if (cuts && strcmp(value, "entries") == 0) {
    const char *path = getenv("PVDM_FAULT_STASH");
    stash = (int)syscall(
        SYS_openat, AT_FDCWD, path ? path : "", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (stash < 0) give_up("PVDM_FAULT_STASH is no folder");
  }
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

/// The name in the stash of the Nth thing that is in it.
static void write_stash_name(char *text, size_t size, long number) {
  snprintf(text, size, "%d-%ld", (int)getpid(), number);
}

/// Takes a name out of its folder, to the stash.
///
/// Returns its number there, negative if there is none.
static long stash_away(int folder, const char *name) {
  char text[64];
  write_stash_name(text, sizeof text, stash_count);
  if (syscall(SYS_renameat2, folder, name, stash, text, 0) != 0) return -1;
  return stash_count++;
}

/// Gives something in the stash its name back, in place of what has it.
static void take_back(long number, int folder, const char *name) {
  if (number < 0) return;
  char text[64];
  write_stash_name(text, sizeof text, number);
  syscall(SYS_renameat2, stash, text, folder, name, 0);
}

static void undo(const struct entry *entry) {
  if (entry->name.place < 0) return;
  int folder = places[entry->name.place].descriptor;
  int other = entry->before.place < 0 ? -1 : places[entry->before.place].descriptor;
  switch (entry->kind) {
    case MADE: stash_away(folder, entry->name.text); break;
    case REMOVED: take_back(entry->stashed, folder, entry->name.text); break;
    case MOVED:
      if (other >= 0)
        syscall(SYS_renameat2, folder, entry->name.text, other, entry->before.text, 0);
      take_back(entry->stashed, folder, entry->name.text);
      break;
    case EXCHANGED:
      if (other >= 0)
        syscall(SYS_renameat2, folder, entry->name.text, other, entry->before.text, RENAME_EXCHANGE);
      break;
  }
}

/// Takes back what was not synced: contents of files, then changes of folders.
static void lose_unsynced(void) {
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
  while (entry_count > 0) undo(&entries[--entry_count]);
}

/// Ends the process as a power failure does. The lock is held, so that no other thread changes a thing.
static void cut_power(void) {
  lose_unsynced();
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

/// The power fails after the work, so that what was said to be kept is looked for on the disk.
__attribute__((destructor)) static void end(void) {
  if (!cuts || folder_length == 0) return;
  pthread_mutex_lock(&mutex);
  lose_unsynced();
  pthread_mutex_unlock(&mutex);
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

/// While the power may fail, changes are made and noted one at a time.
static void begin_change(void) {
  if (cuts) pthread_mutex_lock(&mutex);
}
static long end_change(long result) {
  if (cuts) {
    int code = errno;
    pthread_mutex_unlock(&mutex);
    errno = code;
  }
  return result;
}

/// Notes what a file holds before it is changed for the first time since it was synced.
static void note_change(int descriptor) {
  if (!cuts) return;
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return;
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
}

/// The folder around a path, and the last part of the path.
static struct name name_of(int from, const char *path) {
  struct name none = {-1, NULL};
  if (stash < 0 || path == NULL || !is_inside(from, path)) return none;
  char around[PATH_MAX];
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  size_t start = length;
  while (start > 0 && path[start - 1] != '/') start--;
  if (start >= sizeof around) return none;
  memcpy(around, path, start);
  around[start] = 0;
  int descriptor = (int)syscall(
      SYS_openat, from, start > 0 ? around : ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  struct stat status;
  if (descriptor < 0) return none;
  if (fstat(descriptor, &status) != 0) give_up("a folder cannot be asked for its number");
  struct name name = {0, strndup(path + start, length - start)};
  for (; name.place < place_count; name.place++) {
    struct place *place = &places[name.place];
    if (place->device != status.st_dev || place->number != status.st_ino) continue;
    syscall(SYS_close, descriptor);
    return name;
  }
  if (place_count == FOLDERS) give_up("too many folders");
  places[place_count++] = (struct place){status.st_dev, status.st_ino, descriptor};
  return name;
}

/// Keeps what a name stands for, which is about to be removed or replaced; an empty folder is taken away.
static long keep(struct name name) {
  if (name.place < 0) return -1;
  int folder = places[name.place].descriptor;
  struct stat status;
  if (fstatat(folder, name.text, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
  if (S_ISDIR(status.st_mode)) return -1;
  char text[64];
  write_stash_name(text, sizeof text, stash_count);
  if (syscall(SYS_linkat, folder, name.text, stash, text, 0) != 0)
    give_up("PVDM_FAULT_STASH is not on the same file system");
  return stash_count++;
}

static void note_entry(struct entry entry) {
  if (entry.name.place < 0 && entry.before.place < 0) return;
  if (entry_count == ENTRIES) give_up("too many changes of folders");
  entries[entry_count++] = entry;
}

static void note_made(struct name name) {
  note_entry((struct entry){.kind = MADE, .name = name, .before = {-1, NULL}, .stashed = -1});
}

/// Notes that a folder's changes are on the disk. What moved from it to another one is when that is synced.
static void note_folder_sync(const struct stat *status) {
  int kept = 0;
  for (int index = 0; index < entry_count; index++) {
    int place = entries[index].name.place;
    if (place >= 0 && places[place].device == status->st_dev &&
        places[place].number == status->st_ino)
      continue;
    entries[kept++] = entries[index];
  }
  entry_count = kept;
}

static void note_sync(int descriptor) {
  struct stat status;
  if (!cuts || fstat(descriptor, &status) != 0) return;
  pthread_mutex_lock(&mutex);
  if (S_ISDIR(status.st_mode)) note_folder_sync(&status);
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
  if (!changes) return (int)syscall(SYS_openat, from, path, flags, mode);
  begin_change();
  struct name name = flags & O_CREAT ? name_of(from, path) : (struct name){-1, NULL};
  struct stat status;
  int is_new =
      name.place >= 0 &&
      fstatat(places[name.place].descriptor, name.text, &status, AT_SYMLINK_NOFOLLOW) != 0;
  int descriptor =
      (int)syscall(SYS_openat, from, path, cuts ? flags & ~O_TRUNC : flags, mode);
  if (descriptor >= 0 && is_new) note_made(name);
  if (descriptor >= 0 && descriptor < DESCRIPTORS) is_watched[descriptor] = 1;
  if (cuts && truncates && descriptor >= 0) {
    note_change(descriptor);
    syscall(SYS_ftruncate, descriptor, (off_t)0);
  }
  return (int)end_change(descriptor);
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
    begin_change();
    note_change(descriptor);
    return end_change(syscall(SYS_write, descriptor, bytes, count));
  }
  return syscall(SYS_write, descriptor, bytes, count);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (is_watched_descriptor(descriptor)) {
    if (fails("writev", NULL)) return -1;
    begin_change();
    note_change(descriptor);
    return end_change(syscall(SYS_writev, descriptor, parts, count));
  }
  return syscall(SYS_writev, descriptor, parts, count);
}

#define WRITE_AT(name, offset_type)                                                     \
  ssize_t name(int descriptor, const void *bytes, size_t count, offset_type offset) {   \
    if (is_watched_descriptor(descriptor)) {                                            \
      if (fails("pwrite", NULL)) return -1;                                             \
      begin_change();                                                                   \
      note_change(descriptor);                                                          \
      return end_change(syscall(SYS_pwrite64, descriptor, bytes, count, offset));       \
    }                                                                                   \
    return syscall(SYS_pwrite64, descriptor, bytes, count, offset);                     \
  }
WRITE_AT(pwrite, off_t)
WRITE_AT(pwrite64, off64_t)

#define TRUNCATE(name, offset_type)                     \
  int name(int descriptor, offset_type size) {          \
    if (is_watched_descriptor(descriptor)) {            \
      if (fails("ftruncate", NULL)) return -1;          \
      begin_change();                                   \
      note_change(descriptor);                          \
      return (int)end_change(syscall(SYS_ftruncate, descriptor, size)); \
    }                                                   \
    return (int)syscall(SYS_ftruncate, descriptor, size); \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

/// A file may be synced through a descriptor that only reads; a folder always is.
static int synced(int descriptor, long call, const char *name) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  if (is_inside(AT_FDCWD, path) && fails(name, path)) return -1;
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
  if (!is_inside(from, old) && !is_inside(to, new))
    return (int)syscall(SYS_renameat2, from, old, to, new, flags);
  if (fails("rename", new)) return -1;
  begin_change();
  struct entry entry = {MOVED, name_of(to, new), name_of(from, old), -1};
  if (flags & RENAME_EXCHANGE)
    entry.kind = EXCHANGED;
  else if (!(flags & RENAME_NOREPLACE))
    entry.stashed = keep(entry.name);
  int result = (int)syscall(SYS_renameat2, from, old, to, new, flags);
  if (result == 0) note_entry(entry);
  return (int)end_change(result);
}

int rename(const char *old, const char *new) { return renamed(AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) {
  return renamed(from, old, to, new, 0);
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  return renamed(from, old, to, new, flags);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
  if (!is_inside(to, new)) return (int)syscall(SYS_linkat, from, old, to, new, flags);
  if (fails("link", new)) return -1;
  begin_change();
  int result = (int)syscall(SYS_linkat, from, old, to, new, flags);
  if (result == 0) note_made(name_of(to, new));
  return (int)end_change(result);
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

static int is_empty(int from, const char *path) {
  DIR *listing = fdopendir(
      (int)syscall(SYS_openat, from, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
  if (listing == NULL) return 0;
  int count = 0;
  while (readdir(listing) != NULL) count++;
  closedir(listing);
  return count == 2;
}

/// Removes an empty folder so that it can come back with what was removed from it: it goes to the stash.
static int remove_folder(struct name name, long *stashed) {
  int folder = places[name.place].descriptor;
  if (!is_empty(folder, name.text))
    return (int)syscall(SYS_unlinkat, folder, name.text, AT_REMOVEDIR);
  *stashed = stash_away(folder, name.text);
  return *stashed < 0 ? -1 : 0;
}

int unlinkat(int from, const char *path, int flags) {
  if (!is_inside(from, path)) return (int)syscall(SYS_unlinkat, from, path, flags);
  if (fails("unlink", path)) return -1;
  begin_change();
  struct entry entry = {REMOVED, name_of(from, path), {-1, NULL}, -1};
  int result;
  if (entry.name.place >= 0 && flags & AT_REMOVEDIR) {
    result = remove_folder(entry.name, &entry.stashed);
  } else {
    entry.stashed = keep(entry.name);
    result = (int)syscall(SYS_unlinkat, from, path, flags);
  }
  if (result == 0) note_entry(entry);
  return (int)end_change(result);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int from, const char *path, mode_t mode) {
  if (!is_inside(from, path)) return (int)syscall(SYS_mkdirat, from, path, mode);
  if (fails("mkdir", path)) return -1;
  begin_change();
  int result = (int)syscall(SYS_mkdirat, from, path, mode);
  if (result == 0) note_made(name_of(from, path));
  return (int)end_change(result);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
