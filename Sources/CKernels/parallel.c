// Work sharing on libgomp's team, which is also oneDNN's: one set of threads for everything.
#define _GNU_SOURCE
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "table.h"

// libgomp's entry point for a parallel region (GCC's ABI, stable since GCC 4.9).
extern void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);

typedef struct {
  atomic_long next;
  long items;
  ck_task task;
  void *context;
} region;

static void work(void *data) {
  region *shared = data;
  int thread = omp_get_thread_num();
  long item;
  while ((item = atomic_fetch_add_explicit(&shared->next, 1, memory_order_relaxed)) < shared->items)
    shared->task(shared->context, item, thread);
}

void ck_parallel_for(long items, int threads, ck_task task, void *context) {
  if (items <= 0) return;
  if (threads <= 1 || items == 1) {
    for (long i = 0; i < items; i++) task(context, i, 0);
    return;
  }
  region shared = {0, items, task, context};
  GOMP_parallel(work, &shared, (unsigned)threads, 0);
}

int ck_available_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

// One buffer for each thread that calls kernels; it only grows, and goes with the thread.
#define HUGE_PAGE ((size_t)2 << 20)
static _Thread_local void *scratch;
static _Thread_local size_t scratch_bytes;
static _Thread_local size_t missing_bytes;  // of the first request that failed since it was last asked

void *ck_scratch(size_t bytes) {
  if (bytes > scratch_bytes) {
    free(scratch);
    // Large buffers ask for huge pages: kernels stride through them, and would miss in the TLB.
    size_t page = bytes < HUGE_PAGE ? 4096 : HUGE_PAGE, rounded = (bytes + page - 1) / page * page;
    scratch = aligned_alloc(page, rounded);
    scratch_bytes = scratch ? rounded : 0;
    if (!scratch && !missing_bytes) missing_bytes = bytes;
    if (scratch && page == HUGE_PAGE) madvise(scratch, rounded, MADV_HUGEPAGE);
  }
  return scratch;
}

size_t ck_take_missing_bytes(void) {
  size_t bytes = missing_bytes;
  missing_bytes = 0;
  return bytes;
}
