// One buffer for each thread that calls kernels; it only grows, and goes with the thread.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "table.h"

#define HUGE_PAGE ((size_t)2 << 20)
static _Thread_local void *scratch;
static _Thread_local size_t scratch_bytes;
static _Thread_local size_t missing_bytes;  // of the first request that failed since it was last asked

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void prepare(void) { pthread_key_create(&key, free); }

void *ck_scratch(size_t bytes) {
  if (bytes > scratch_bytes) {
    free(scratch);
    // Large buffers ask for huge pages: kernels stride through them, and would miss in the TLB.
    size_t page = bytes < HUGE_PAGE ? 4096 : HUGE_PAGE, rounded = (bytes + page - 1) / page * page;
    scratch = aligned_alloc(page, rounded);
    scratch_bytes = scratch ? rounded : 0;
    if (!scratch && !missing_bytes) missing_bytes = bytes;
    if (scratch && page == HUGE_PAGE) madvise(scratch, rounded, MADV_HUGEPAGE);
    pthread_once(&once, prepare);
    pthread_setspecific(key, scratch);
  }
  return scratch;
}

size_t ck_take_missing_bytes(void) {
  size_t bytes = missing_bytes;
  missing_bytes = 0;
  return bytes;
}
