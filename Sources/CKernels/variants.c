// Kernels under further names: functions that are cases of another, and the one that no instruction set
// makes faster.
#include "table.h"

void ck_average_pool(ck_type type, const void *source, void *destination, long batch,
                     long source_rows, long destination_rows, long width, long channels,
                     const ck_stacked_image *images, int count, int threads) {
  ck_resample_stack(type, source, destination, batch, source_rows, destination_rows, width, channels,
                    images, count, -1, threads);
}
void ck_upsample(ck_type type, const void *source, void *destination, long batch, long source_rows,
                 long destination_rows, long width, long channels, const ck_stacked_image *images,
                 int count, int threads) {
  ck_resample_stack(type, source, destination, batch, source_rows, destination_rows, width, channels,
                    images, count, 1, threads);
}
void ck_copy_stacked(ck_type type, const void *source, void *destination, long batch,
                     long source_rows, long destination_rows, long width, long channels,
                     const ck_stacked_image *images, int count, int threads) {
  ck_resample_stack(type, source, destination, batch, source_rows, destination_rows, width, channels,
                    images, count, 0, threads);
}
void ck_gelu_gradient(ck_type type, const void *source, const void *gradient, void *destination,
                      long count, int threads) {
  ck_elementwise(type, source, gradient, destination, 0, count, CK_GELU_GRADIENT, threads);
}
void ck_leaky_relu(ck_type type, const void *source, void *destination, float slope, long count,
                   int threads) {
  ck_elementwise(type, source, source, destination, slope, count, CK_LEAKY_RELU, threads);
}
void ck_leaky_relu_gradient(ck_type type, const void *result, const void *gradient,
                            void *destination, float slope, long count, int threads) {
  ck_elementwise(type, result, gradient, destination, slope, count, CK_LEAKY_RELU_GRADIENT, threads);
}
void ck_scale(ck_type type, const void *source, void *destination, float factor, long count,
              int threads) {
  ck_elementwise(type, source, source, destination, factor, count, CK_SCALE, threads);
}
void ck_distance_gradient(ck_type type, ck_distance distance, const void *a, const void *b,
                          void *destination, float factor, long count, int threads) {
  int function = distance == CK_SQUARED ? CK_SQUARED_GRADIENT : CK_ABSOLUTE_GRADIENT;
  ck_elementwise(type, a, b, destination, factor, count, function, threads);
}
void ck_max_pool(ck_type type, const void *source, void *destination, long batch, long height,
                 long width, long channels, int threads) {
  ck_pool_maxima(type, source, NULL, destination, batch, height, width, channels, threads);
}
void ck_max_pool_gradient(ck_type type, const void *source, const void *gradient,
                          void *destination, long batch, long height, long width, long channels,
                          int threads) {
  ck_pool_maxima(type, source, gradient, destination, batch, height, width, channels, threads);
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
