// The machine's own limits: multiply-add rate and reading bandwidth, for the benchmark's shares.
#include <stdlib.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "table.h"

// The accumulators must stay in registers, which takes loops without an index.
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 24")
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct {
  long iterations;
  volatile float sink[256];
} peak_work;

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void peak_avx512(void *context, long item, int thread) {
  (void)thread;
  peak_work *work = context;
  __m512 a[24];
  UNROLLED for (int i = 0; i < 24; i++) a[i] = _mm512_set1_ps((float)i);
  __m512 x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(0.001f);
  for (long n = 0; n < work->iterations; n++) {
    UNROLLED for (int i = 0; i < 24; i++) {
      a[i] = _mm512_fmadd_ps(a[i], x, y);
      __asm__ volatile("" : "+v"(a[i]));
    }
  }
  float s = 0;
  UNROLLED for (int i = 0; i < 24; i++) s += _mm512_reduce_add_ps(a[i]);
  work->sink[item % 256] = s;
}
__attribute__((target("avx512f,avx512bf16"))) static void peak_avx512_bf16(void *context, long item,
                                                                           int thread) {
  (void)thread;
  peak_work *work = context;
  __m512 a[24];
  UNROLLED for (int i = 0; i < 24; i++) a[i] = _mm512_set1_ps((float)i);
  __m512bh x = (__m512bh)_mm512_set1_epi16(0x3a00), y = (__m512bh)_mm512_set1_epi16(0x3a01);
  for (long n = 0; n < work->iterations; n++) {
    UNROLLED for (int i = 0; i < 24; i++) {
      a[i] = _mm512_dpbf16_ps(a[i], x, y);
      __asm__ volatile("" : "+v"(a[i]));
    }
  }
  float s = 0;
  UNROLLED for (int i = 0; i < 24; i++) s += _mm512_reduce_add_ps(a[i]);
  work->sink[item % 256] = s;
}
__attribute__((target("avx2,fma"))) static void peak_avx2(void *context, long item, int thread) {
  (void)thread;
  peak_work *work = context;
  __m256 a[12];
  UNROLLED for (int i = 0; i < 12; i++) a[i] = _mm256_set1_ps((float)i);
  __m256 x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(0.001f);
  for (long n = 0; n < work->iterations; n++) {
    UNROLLED for (int i = 0; i < 12; i++) {
      a[i] = _mm256_fmadd_ps(a[i], x, y);
      __asm__ volatile("" : "+x"(a[i]));
    }
  }
  float s = 0;
  UNROLLED for (int i = 0; i < 12; i++)
    for (int j = 0; j < 8; j++) s += ((float *)&a[i])[j];
  work->sink[item % 256] = s;
}
#endif

static void peak_baseline(void *context, long item, int thread) {
  (void)thread;
  peak_work *work = context;
  typedef float v4 __attribute__((vector_size(16)));
  v4 a[12], x = {0.999f, 0.999f, 0.999f, 0.999f}, y = {0.001f, 0.001f, 0.001f, 0.001f};
  UNROLLED for (int i = 0; i < 12; i++) a[i] = (v4){(float)i, 1, 2, 3};
  for (long n = 0; n < work->iterations; n++) {
    UNROLLED for (int i = 0; i < 12; i++) {
      a[i] = a[i] * x + y;
#if defined(__x86_64__)
      __asm__ volatile("" : "+x"(a[i]));
#else
      __asm__ volatile("" : "+w"(a[i]));
#endif
    }
  }
  float s = 0;
  UNROLLED for (int i = 0; i < 12; i++) s += a[i][0] + a[i][1] + a[i][2] + a[i][3];
  work->sink[item % 256] = s;
}

// Doubles the work until a run lasts long enough, then takes the best of five. An iteration of `task` has so
// many operations.
static double measure(ck_task task, double operations, int threads, double seconds) {
  peak_work work = {.iterations = 1 << 16};
  double elapsed = 0;
  for (;;) {
    double start = now();
    ck_parallel_for(threads, threads, task, &work);
    elapsed = now() - start;
    if (elapsed * 5 >= seconds || work.iterations > (1L << 40)) break;
    work.iterations *= 2;
  }
  for (int i = 0; i < 4; i++) {
    double start = now();
    ck_parallel_for(threads, threads, task, &work);
    double again = now() - start;
    if (again < elapsed) elapsed = again;
  }
  return operations * (double)work.iterations * threads / elapsed / 1e9;
}

double ck_measure_peak_float32(int threads, double seconds) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return measure(peak_avx512, 24 * 32, threads, seconds);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return measure(peak_avx2, 12 * 16, threads, seconds);
#endif
  return measure(peak_baseline, 12 * 8, threads, seconds);
}

double ck_measure_peak_bfloat16(int threads, double seconds) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) return measure(peak_avx512_bf16, 24 * 64, threads, seconds);
#endif
  return 0;
}

typedef struct {
  const char *data;
  size_t bytes_per_item, bytes;
  volatile uint64_t sink[256];
} read_work;

static void read_part(void *context, long item, int thread) {
  (void)thread;
  read_work *work = context;
  const char *p = work->data + item * work->bytes_per_item;
  uint64_t s = 0;
  for (size_t i = 0; i + 64 <= work->bytes_per_item; i += 64) s += *(const uint64_t *)(p + i);
  work->sink[item % 256] = s;
}

double ck_measure_read_bandwidth(const void *data, size_t bytes, int threads) {
  read_work work = {.data = data, .bytes_per_item = bytes / ((size_t)threads * 4) / 64 * 64, .bytes = bytes};
  double best = 1e30;
  for (int i = 0; i < 3; i++) {
    double start = now();
    ck_parallel_for((long)threads * 4, threads, read_part, &work);
    double elapsed = now() - start;
    if (elapsed < best) best = elapsed;
  }
  return (double)(work.bytes_per_item * (size_t)threads * 4) / best / 1e9;
}
