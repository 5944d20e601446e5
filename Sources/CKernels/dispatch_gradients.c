// Forwards the public functions of training to the kernels for this processor.
#include "table.h"

static const ck_kernels *kernels(void) { return ck_chosen_kernels(); }
static const ck_typed_gradient_kernels *typed(ck_type type) { return kernels()->gradients + type; }

void ck_group_norm_gradient(const ck_group_norm_gradient_problem *problem, int threads) {
  typed(problem->type)->group_norm_gradient(problem, threads);
}
void ck_layer_norm_gradient(ck_type type, const void *source, const void *gradient,
                            void *destination, long rows, long channels, const float *weight,
                            float epsilon, float *weight_gradient, float *bias_gradient,
                            int threads) {
  typed(type)->layer_norm_gradient(source, gradient, destination, rows, channels, weight, epsilon,
                                   weight_gradient, bias_gradient, threads);
}
void ck_attention_gradient(const ck_attention_gradient_problem *problem, int threads) {
  typed(problem->forward->type)->attention_gradient(problem, threads);
}
void ck_gated_gelu_gradient(ck_type type, const void *source, const void *gradient,
                            void *destination, long rows, long width, int threads) {
  typed(type)->gated_gelu_gradient(source, gradient, destination, rows, width, threads);
}
void ck_gelu_gradient(ck_type type, const void *source, const void *gradient, void *destination,
                      long count, int threads) {
  typed(type)->elementwise(source, gradient, destination, 0, count, CK_GELU_GRADIENT, threads);
}
void ck_silu_gradient(const float *source, const float *gradient, float *destination, long count) {
  kernels()->silu_gradient(source, gradient, destination, count);
}
void ck_tanh_gradient(const float *result, const float *gradient, float *destination, float scale,
                      long count) {
  kernels()->tanh_gradient(result, gradient, destination, scale, count);
}
void ck_leaky_relu(ck_type type, const void *source, void *destination, float slope, long count,
                   int threads) {
  typed(type)->elementwise(source, source, destination, slope, count, CK_LEAKY_RELU, threads);
}
void ck_leaky_relu_gradient(ck_type type, const void *result, const void *gradient,
                            void *destination, float slope, long count, int threads) {
  typed(type)->elementwise(result, gradient, destination, slope, count, CK_LEAKY_RELU_GRADIENT,
                           threads);
}
void ck_scale(ck_type type, const void *source, void *destination, float factor, long count,
              int threads) {
  typed(type)->elementwise(source, source, destination, factor, count, CK_SCALE, threads);
}
void ck_sum_rows(ck_type type, const void *source, float *destination, long batch, long rows,
                 long width, int threads) {
  typed(type)->sum_rows(source, destination, batch, rows, width, threads);
}
void ck_sum_axis(ck_type type, const void *source, void *destination, long outer, long extent,
                 long inner, int threads) {
  typed(type)->sum_axis(source, destination, outer, extent, inner, threads);
}
void ck_split(ck_type type, const void *source, void *a, long a_channels, void *b, long b_channels,
              long rows, int threads) {
  typed(type)->split(source, a, a_channels, b, b_channels, rows, threads);
}
void ck_scatter_sequences(ck_type type, const void *source, void *destination, long sequences,
                          long inner, long outer_stride, long inner_stride, long token_step,
                          long length, long channels, int threads) {
  typed(type)->scatter_sequences(source, destination, sequences, inner, outer_stride, inner_stride,
                                 token_step, length, channels, threads);
}
void ck_max_pool(ck_type type, const void *source, void *destination, long batch, long height,
                 long width, long channels, int threads) {
  typed(type)->max_pool(source, NULL, destination, batch, height, width, channels, threads);
}
void ck_max_pool_gradient(ck_type type, const void *source, const void *gradient,
                          void *destination, long batch, long height, long width, long channels,
                          int threads) {
  typed(type)->max_pool(source, gradient, destination, batch, height, width, channels, threads);
}
double ck_distance_sum(ck_type type, ck_distance distance, const void *a, const void *b, long count,
                       int threads) {
  return typed(type)->distance_sum(a, b, count, distance == CK_SQUARED, threads);
}
void ck_distance_gradient(ck_type type, ck_distance distance, const void *a, const void *b,
                          void *destination, float factor, long count, int threads) {
  int function = distance == CK_SQUARED ? CK_SQUARED_GRADIENT : CK_ABSOLUTE_GRADIENT;
  typed(type)->elementwise(a, b, destination, factor, count, function, threads);
}
void ck_feature_distance(const float *a, const float *b, const float *weight, float *values,
                         float *gradient, float factor, long rows, long channels, int threads) {
  kernels()->feature_distance(a, b, weight, values, gradient, factor, rows, channels, threads);
}
void ck_adamw(const ck_adamw_step *step, int threads) { kernels()->adamw(step, threads); }
double ck_squared_gradient_norm(const ck_parameter *parameters, long count, int threads) {
  return kernels()->squared_gradient_norm(parameters, count, threads);
}

typedef struct {
  const char *source;
  char *destination;
  long first, second, bytes;
} swap_work;

static void swap_rows(void *context, long item, int thread) {
  (void)thread;
  const swap_work *work = context;
  long outer = item / work->second, s = item % work->second;
  const char *source = work->source + (outer * work->first * work->second + s) * work->bytes;
  char *out = work->destination + item * work->first * work->bytes;
  for (long f = 0; f < work->first; f++)
    __builtin_memcpy(out + f * work->bytes, source + f * work->second * work->bytes, work->bytes);
}

void ck_swap_axes(const void *source, void *destination, long outer, long first, long second,
                  long inner, long element_bytes, int threads) {
  swap_work work = {source, destination, first, second, inner * element_bytes};
  ck_parallel_for(outer * second, threads, swap_rows, &work);
}
