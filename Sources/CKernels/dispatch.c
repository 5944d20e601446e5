// Chooses the kernels for this processor and forwards the public functions to them.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static _Atomic(const ck_kernels *) chosen;

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

const ck_kernels *ck_chosen_kernels(void) {
  const ck_kernels *table = atomic_load_explicit(&chosen, memory_order_acquire);
  if (table) return table;
  // Intel's dot products of bfloat16 have half the rate of float32 (175 against 360 GFLOP/s on two
  // cores of Emerald Rapids), so that they are used there only where they are asked for.
  bool dots = supported("avx512_bf16") && (ck_processor_is_amd() || wish());
  table = named(dots                  ? "avx512_bf16"
                : supported("avx512") ? "avx512"
                : supported("avx2")   ? "avx2"
                                      : "baseline");
  atomic_store_explicit(&chosen, table, memory_order_release);
  return table;
}

static const ck_kernels *kernels(void) { return ck_chosen_kernels(); }

bool ck_select_instruction_set(const char *name) {
  if (!name) {
    atomic_store(&chosen, NULL);
    return true;
  }
  if (!supported(name)) return false;
  atomic_store(&chosen, named(name));
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

void ck_group_norm(const ck_group_norm_problem *problem, int threads) {
  kernels()->typed[problem->type].group_norm(problem, threads);
}
void ck_layer_norm(ck_type type, const void *source, void *destination, long rows, long channels,
                   const float *weight, const float *bias, float epsilon, int threads) {
  kernels()->typed[type].layer_norm(source, destination, rows, channels, weight, bias, epsilon, threads);
}
void ck_linear(const ck_linear_problem *problem, int threads) {
  kernels()->typed[problem->type].linear(problem, threads);
}
void ck_pack_linear(const float *weight, long inputs, long outputs, ck_type type, void *packed,
                    int threads) {
  kernels()->pack_linear(weight, inputs, outputs, type, packed, threads);
}
void ck_pack_convolution(const float *weight, long inputs, long outputs, ck_convolution_method method,
                         ck_type type, void *packed, int threads) {
  kernels()->pack_convolution(weight, inputs, outputs, method, type, packed, threads);
}
long ck_convolution_places(ck_convolution_method method) {
  return method == CK_TAPS ? 9 : (long)(method + 2) * (long)(method + 2);
}
void ck_convolution(const ck_convolution_problem *problem, int threads) {
  kernels()->typed[problem->type].convolution(problem, threads);
}
void ck_attention(const ck_attention_problem *problem, int threads) {
  kernels()->typed[problem->type].attention(problem, threads);
}
void ck_gated_gelu(ck_type type, const void *source, void *destination, long rows, long width,
                   int threads) {
  kernels()->typed[type].gated_gelu(source, destination, rows, width, threads);
}
void ck_gelu(ck_type type, void *values, long count, int threads) {
  kernels()->typed[type].gelu(values, count, threads);
}
void ck_silu(const float *source, float *destination, long count) {
  kernels()->silu(source, destination, count);
}
void ck_add(ck_type type, const void *a, const void *b, void *destination, long count, int threads) {
  kernels()->typed[type].add(a, b, destination, count, threads);
}
void ck_add_rows(ck_type type, const void *source, const float *added, void *destination, long batch,
                 long rows, long width, int threads) {
  kernels()->typed[type].add_rows(source, added, destination, batch, rows, width, threads);
}
void ck_tanh(const float *source, float *destination, float scale, long count) {
  kernels()->tanh(source, destination, scale, count);
}
void ck_concatenate(ck_type type, const void *a, long a_channels, const void *b, long b_channels,
                    void *destination, long rows, int threads) {
  kernels()->typed[type].concatenate(a, a_channels, b, b_channels, destination, rows, threads);
}
void ck_average_pool(ck_type type, const void *source, void *destination, long batch,
                     long source_rows, long destination_rows, long width, long channels,
                     const ck_stacked_image *images, int count, int threads) {
  kernels()->typed[type].resample_stack(source, destination, batch, source_rows, destination_rows,
                                        width, channels, images, count, -1, threads);
}
void ck_upsample(ck_type type, const void *source, void *destination, long batch, long source_rows,
                 long destination_rows, long width, long channels, const ck_stacked_image *images,
                 int count, int threads) {
  kernels()->typed[type].resample_stack(source, destination, batch, source_rows, destination_rows,
                                        width, channels, images, count, 1, threads);
}
void ck_copy_stacked(ck_type type, const void *source, void *destination, long batch,
                     long source_rows, long destination_rows, long width, long channels,
                     const ck_stacked_image *images, int count, int threads) {
  kernels()->typed[type].resample_stack(source, destination, batch, source_rows, destination_rows,
                                        width, channels, images, count, 0, threads);
}
void ck_sum_planes(ck_type type, const void *xy, const void *yt, const void *xt, void *destination,
                   long frames, long height, long width, long channels, int threads) {
  kernels()->typed[type].sum_planes(xy, yt, xt, destination, frames, height, width, channels, threads);
}
void ck_gather_sequences(ck_type type, const void *source, void *destination, long sequences,
                         long inner, long outer_stride, long inner_stride, long token_step,
                         long length, long channels, const float *token, const float *position,
                         int threads) {
  kernels()->typed[type].gather_sequences(source, destination, sequences, inner, outer_stride,
                                          inner_stride, token_step, length, channels, token, position,
                                          threads);
}
void ck_float32_to_bfloat16(const float *source, uint16_t *destination, long count) {
  kernels()->to_bfloat16(source, destination, count);
}
void ck_bfloat16_to_float32(const uint16_t *source, float *destination, long count) {
  kernels()->to_float32(source, destination, count);
}
bool ck_all_finite(const float *values, long count) { return kernels()->all_finite(values, count); }
