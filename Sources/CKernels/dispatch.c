// Chooses the kernels for this processor and forwards the public functions to them.
#define _GNU_SOURCE
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"

// The best of the processor, once it is known, and what this thread has named in its place.
static _Atomic(const ck_kernels *) best;
static _Thread_local const ck_kernels *named_here;

// The best set that may be used by the environment's wish; NULL where it has none.
static const char *wish(void) {
  const char *name = getenv(ck_kernels_variable);
  return name && *name ? name : NULL;
}

static bool supported(const char *name) {
  if (wish() && ck_set_rank(name) > ck_set_rank(wish())) return false;
#if defined(__x86_64__)
  if (strcmp(name, "avx512_bf16") == 0)
    return supported("avx512") && __builtin_cpu_supports("avx512bf16");
  if (strcmp(name, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("fma");
  if (strcmp(name, "avx2") == 0) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return strcmp(name, "baseline") == 0;
}

static const ck_kernels *named(const char *name) {
#if defined(__x86_64__)
  if (strcmp(name, "avx512_bf16") == 0) return &ck_kernels_avx512_bf16;
  if (strcmp(name, "avx512") == 0) return &ck_kernels_avx512;
  if (strcmp(name, "avx2") == 0) return &ck_kernels_avx2;
#endif
  return &ck_kernels_baseline;
}

static const ck_kernels *find_best(void) {
  // Intel's dot products of bfloat16 have half the rate of float32 (175 against 360 GFLOP/s on two
  // cores of Emerald Rapids), so that they are used there only where they are asked for.
  bool dots = supported("avx512_bf16") && (ck_processor_is_amd() || wish());
  return named(dots                  ? "avx512_bf16"
               : supported("avx512") ? "avx512"
               : supported("avx2")   ? "avx2"
                                     : "baseline");
}

static const ck_kernels *kernels(void) {
  if (__builtin_expect(named_here != NULL, 0)) return named_here;
  const ck_kernels *table = atomic_load_explicit(&best, memory_order_acquire);
  if (table) return table;
  table = find_best();
  atomic_store_explicit(&best, table, memory_order_release);
  return table;
}

bool ck_select_instruction_set(const char *name) {
  if (name && !supported(name)) return false;
  named_here = name ? named(name) : NULL;
  return true;
}

const char *ck_instruction_set(void) { return kernels()->name; }

bool ck_processor_is_amd(void) {
#if defined(__x86_64__)
  return __builtin_cpu_is("amd");
#else
  return false;
#endif
}

int ck_available_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

#define CK_TYPED(result, name, arguments, ...) \
  result ck_##name(ck_type type, __VA_ARGS__) { return kernels()->name[type] arguments; }
#define CK_PROBLEM(name, type)                                                \
  void ck_##name(const ck_##name##_problem *problem, int threads) {           \
    kernels()->name[type](problem, threads);                                  \
  }
#define CK_PLAIN(result, name, arguments, ...) \
  result ck_##name(__VA_ARGS__) { return kernels()->name arguments; }
#include "include/kernel_list.h"
