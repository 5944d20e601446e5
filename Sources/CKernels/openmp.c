// oneDNN's threads. The library is built on OpenMP: it calls six functions of libgomp, through a table of
// addresses of its own. Here these addresses are set to functions that share oneDNN's work among the calling
// thread's team. Nobody else's calls of libgomp change, such as those of FFmpeg's libraries.
//
// A parallel region of OpenMP is one of the team with as many pieces as it has threads, each of which stands
// for a number. Pieces that nobody has begun are done by whoever is free, most often the caller, so that here,
// too, nobody waits for a helper that has not come. Some regions have barriers inside, though (gradients of
// weights, products without AVX-512), where the pieces wait for each other. They get there, because a thread
// holds one piece at a time and there are as many threads as pieces.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "team.h"

// A region of OpenMP at work.
typedef struct {
  void (*function)(void *);
  void *data;
  int size, most;  // threads of this region, and of the largest
  _Atomic uint32_t arrived, round, sleepers;  // at its barrier
} gang;

// Where this thread is: in a call of the library, and there perhaps in a region.
static _Thread_local struct {
  int most;
  gang *gang;
  int number;
} place;

static void run_number(void *context, long item, int thread) {
  (void)thread;
  gang *shared = context, *outer = place.gang;
  int outer_most = place.most, outer_number = place.number;
  place.most = shared->most;
  place.gang = shared;
  place.number = (int)item;
  shared->function(shared->data);
  place.most = outer_most;
  place.gang = outer;
  place.number = outer_number;
}

// GOMP_parallel; `threads` is 0 for as many as there are.
void ck_openmp_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags) {
  (void)flags;
  gang shared = {function, data, threads ? (int)threads : place.most, place.most, 0, 0, 0};
  if (shared.size > place.most) shared.size = place.most;
  // There are no regions within regions.
  ck_team *team = shared.size > 1 && !place.gang ? ck_team_of_thread(shared.size - 1) : NULL;
  int available = team ? ck_team_helpers(team) + 1 : 1;
  if (shared.size > available) shared.size = available;
  if (shared.size <= 1) {
    shared.size = 1;
    return run_number(&shared, 0, 0);
  }
  ck_team_run(team, &(ck_region){run_number, &shared, shared.size, 1, shared.size - 1, false});
}

// GOMP_barrier.
void ck_openmp_barrier(void) {
  gang *shared = place.gang;
  if (!shared || shared->size == 1) return;
  uint32_t round = atomic_load(&shared->round);
  if (atomic_fetch_add(&shared->arrived, 1) + 1 == (uint32_t)shared->size) {
    atomic_store(&shared->arrived, 0);
    atomic_fetch_add(&shared->round, 1);
    if (atomic_load(&shared->sleepers)) ck_wake_threads(&shared->round, shared->size);
    return;
  }
  long start = ck_now();
  while (atomic_load(&shared->round) == round) {
    ck_pause();
    if (ck_now() - start < CK_LONGEST_PATIENCE) continue;
    atomic_fetch_add(&shared->sleepers, 1);
    ck_sleep_while(&shared->round, round);
    atomic_fetch_sub(&shared->sleepers, 1);
  }
}

// omp_get_thread_num, omp_get_num_threads, omp_get_max_threads and omp_in_parallel.
int ck_openmp_thread_number(void) { return place.gang ? place.number : 0; }
int ck_openmp_thread_count(void) { return place.gang ? place.gang->size : 1; }
int ck_openmp_most_threads(void) { return place.most ? place.most : 1; }
int ck_openmp_is_parallel(void) { return place.gang && place.gang->size > 1; }

// ---- oneDNN's table ---------------------------------------------------------------------------

static const struct {
  const char *name;
  void *address;
} functions[] = {
    {"GOMP_parallel", (void *)ck_openmp_parallel},
    {"GOMP_barrier", (void *)ck_openmp_barrier},
    {"omp_get_thread_num", (void *)ck_openmp_thread_number},
    {"omp_get_num_threads", (void *)ck_openmp_thread_count},
    {"omp_get_max_threads", (void *)ck_openmp_most_threads},
    {"omp_in_parallel", (void *)ck_openmp_is_parallel},
};
#define FUNCTIONS (int)(sizeof functions / sizeof *functions)

// The kinds of relocation that make an entry of the table.
#if defined(__aarch64__)
#define IS_ENTRY(kind) ((kind) == R_AARCH64_JUMP_SLOT || (kind) == R_AARCH64_GLOB_DAT)
#else
#define IS_ENTRY(kind) ((kind) == R_X86_64_JUMP_SLOT || (kind) == R_X86_64_GLOB_DAT)
#endif

// The library in memory, and what of it is read-only by now.
typedef struct {
  ElfW(Addr) base, read_only, read_only_end;
  const ElfW(Sym) *symbols;
  const char *names;
} library;

static void set_entry(const library *onednn, ElfW(Addr) entry, void *address) {
  ElfW(Addr) size = (ElfW(Addr))sysconf(_SC_PAGESIZE), page = entry / size * size;
  bool is_read_only = onednn->read_only <= page && page + size <= onednn->read_only_end;
  if (is_read_only && mprotect((void *)page, size, PROT_READ | PROT_WRITE) != 0) return;
  __atomic_store_n((void **)entry, address, __ATOMIC_RELEASE);
  if (is_read_only) mprotect((void *)page, size, PROT_READ);
}

// Sets the entries that these relocations made. Where `looking`, sets none. Returns how many there are of
// functions of OpenMP, or -1 where one of these is not among ours.
static int set_entries(const library *onednn, const ElfW(Rela) *relocations, size_t bytes, bool looking) {
  int count = 0;
  for (size_t i = 0; relocations && i < bytes / sizeof *relocations; i++) {
    if (!IS_ENTRY(ELF64_R_TYPE(relocations[i].r_info))) continue;
    const char *name = onednn->names + onednn->symbols[ELF64_R_SYM(relocations[i].r_info)].st_name;
    if (strncmp(name, "GOMP_", 5) != 0 && strncmp(name, "omp_", 4) != 0) continue;
    int f = 0;
    while (f < FUNCTIONS && strcmp(name, functions[f].name) != 0) f++;
    if (f == FUNCTIONS) return -1;
    count++;
    if (!looking) set_entry(onednn, onednn->base + relocations[i].r_offset, functions[f].address);
  }
  return count;
}

static bool is_bound;

static int look_at_object(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size, (void)unused;
  const char *file = strrchr(object->dlpi_name, '/');
  if (strncmp(file ? file + 1 : object->dlpi_name, "libdnnl.so", 10) != 0) return 0;
  library onednn = {.base = object->dlpi_addr};
  ElfW(Addr) page = (ElfW(Addr))sysconf(_SC_PAGESIZE);
  const ElfW(Dyn) *entry = NULL;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    if (part->p_type == PT_DYNAMIC) entry = (const ElfW(Dyn) *)(onednn.base + part->p_vaddr);
    if (part->p_type != PT_GNU_RELRO) continue;
    onednn.read_only = (onednn.base + part->p_vaddr) / page * page;
    onednn.read_only_end = (onednn.base + part->p_vaddr + part->p_memsz) / page * page;
  }
  const ElfW(Rela) *calls = NULL, *others = NULL;
  size_t call_bytes = 0, other_bytes = 0;
  for (; entry && entry->d_tag != DT_NULL; entry++) {
    // The loader has made these absolute, or left them as they were in the file.
    ElfW(Addr) address = entry->d_un.d_ptr;
    if (address < onednn.base) address += onednn.base;
    switch (entry->d_tag) {
      case DT_JMPREL: calls = (const ElfW(Rela) *)address; break;
      case DT_PLTRELSZ: call_bytes = entry->d_un.d_val; break;
      case DT_RELA: others = (const ElfW(Rela) *)address; break;
      case DT_RELASZ: other_bytes = entry->d_un.d_val; break;
      case DT_SYMTAB: onednn.symbols = (const ElfW(Sym) *)address; break;
      case DT_STRTAB: onednn.names = (const char *)address; break;
    }
  }
  if (!onednn.symbols || !onednn.names) return 1;
  int called = set_entries(&onednn, calls, call_bytes, true), kept = set_entries(&onednn, others, other_bytes, true);
  if (called < 0 || kept < 0 || called + kept == 0) return 1;
  set_entries(&onednn, calls, call_bytes, false);
  set_entries(&onednn, others, other_bytes, false);
  is_bound = true;
  return 1;
}

// libgomp's, for a oneDNN that calls more of OpenMP than is known here, which keeps its own threads.
static void (*set_libgomp_threads)(int);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void bind_library(void) {
  dl_iterate_phdr(look_at_object, NULL);
  if (!is_bound) *(void **)&set_libgomp_threads = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
}

bool ck_is_library_bound(void) {
  pthread_once(&once, bind_library);
  return is_bound;
}

void ck_begin_library(int threads) {
  pthread_once(&once, bind_library);
  if (ck_is_simulated()) threads = 1;
  if (set_libgomp_threads) set_libgomp_threads(threads);
  place.most = threads;
}
void ck_end_library(void) { place.most = 0; }
