// What training needs beyond the forward kernels: gradients, losses and the optimiser's step. The
// conventions are those of CKernels.h. Sums over rows, tokens and elements are taken in chunks whose
// size does not depend on the number of threads, and chunk sums are added in order, so that results
// are the same for any number of threads.
#ifndef CKERNEL_GRADIENTS_H
#define CKERNEL_GRADIENTS_H

#include "CKernels.h"

// ---- Normalisation ----------------------------------------------------------------------------

// The gradients of ck_group_norm. `statistics` is what the forward pass wrote. Tokens outside every
// run are ignored in `gradient` and zero in `destination`.
typedef struct {
  ck_type type;
  const void *source;    // the forward pass's source
  const void *gradient;  // of its destination
  void *destination;     // gradient of the source
  long batch, tokens, channels, groups;
  const ck_run *runs;
  int run_count;
  bool joint;
  const float *weight, *bias;
  const float *scale, *shift;
  long modulation_stride;
  bool silu;
  const float *statistics;                // [batch, run_count, groups, 2]
  float *weight_gradient, *bias_gradient; // [channels]
  float *modulation_gradient;             // [batch, 2 * channels]: of scales, then shifts; or NULL
} ck_group_norm_gradient_problem;
void ck_group_norm_gradient(const ck_group_norm_gradient_problem *problem, int threads);

// The gradients of ck_layer_norm.
void ck_layer_norm_gradient(ck_type type, const void *source, const void *gradient,
                            void *destination, long rows, long channels, const float *weight,
                            float epsilon, float *weight_gradient, float *bias_gradient,
                            int threads);

// ---- Attention --------------------------------------------------------------------------------

// The gradients of q, k and v. `forward` is the forward pass's problem with its output and log_sums;
// scores are computed again from them.
typedef struct {
  const ck_attention_problem *forward;
  const void *gradient;  // of the output, laid out like it
  // Laid out like query, key and value. Tokens that belong to no sequence are left alone.
  void *query_gradient, *key_gradient, *value_gradient;
} ck_attention_gradient_problem;
void ck_attention_gradient(const ck_attention_gradient_problem *problem, int threads);

// ---- Elementwise ------------------------------------------------------------------------------

// [rows, 2 * width] and the gradient [rows, width] of ck_gated_gelu's result -> [rows, 2 * width].
void ck_gated_gelu_gradient(ck_type type, const void *source, const void *gradient,
                            void *destination, long rows, long width, int threads);
// Elementwise functions: destination = gradient * f'(source).
void ck_gelu_gradient(ck_type type, const void *source, const void *gradient, void *destination,
                      long count, int threads);
void ck_silu_gradient(const float *source, const float *gradient, float *destination, long count);
// Of tanh(scale x), from its result y: gradient * scale * (1 - y y).
void ck_tanh_gradient(const float *result, const float *gradient, float *destination, float scale,
                      long count);
// x where x > 0, else slope * x.
void ck_leaky_relu(ck_type type, const void *source, void *destination, float slope, long count,
                   int threads);
// From its result, which has the sign of its argument.
void ck_leaky_relu_gradient(ck_type type, const void *result, const void *gradient,
                            void *destination, float slope, long count, int threads);
// destination = factor * source.
void ck_scale(ck_type type, const void *source, void *destination, float factor, long count,
              int threads);

// ---- Sums and movement ------------------------------------------------------------------------

// [batch, rows, width] -> float32 [batch, width]: sums over the rows.
void ck_sum_rows(ck_type type, const void *source, float *destination, long batch, long rows,
                 long width, int threads);
// [outer, extent, inner] -> [outer, inner]: sums over the middle axis.
void ck_sum_axis(ck_type type, const void *source, void *destination, long outer, long extent,
                 long inner, int threads);
// [rows, a_channels + b_channels] -> [rows, a_channels] and [rows, b_channels].
void ck_split(ck_type type, const void *source, void *a, long a_channels, void *b, long b_channels,
              long rows, int threads);
// The reverse of ck_gather_sequences without its last tokens: every token of the destination that
// belongs to a sequence is set from its place there.
void ck_scatter_sequences(ck_type type, const void *source, void *destination, long sequences,
                          long inner, long outer_stride, long inner_stride, long token_step,
                          long length, long channels, int threads);
// [outer, first, second, inner] -> [outer, second, first, inner], elements of element_bytes.
void ck_swap_axes(const void *source, void *destination, long outer, long first, long second,
                  long inner, long element_bytes, int threads);

// 2x2 maximum pooling of [batch, height, width, channels] with even sides.
void ck_max_pool(ck_type type, const void *source, void *destination, long batch, long height,
                 long width, long channels, int threads);
// The gradient goes to the first element of each block that holds the maximum.
void ck_max_pool_gradient(ck_type type, const void *source, const void *gradient,
                          void *destination, long batch, long height, long width, long channels,
                          int threads);

// ---- Losses -----------------------------------------------------------------------------------

typedef enum { CK_ABSOLUTE = 0, CK_SQUARED = 1 } ck_distance;

// The sum of |a - b| or (a - b)^2.
double ck_distance_sum(ck_type type, ck_distance distance, const void *a, const void *b, long count,
                       int threads);
// factor times the derivative of that sum by a; 0 where a and b are equal.
void ck_distance_gradient(ck_type type, ck_distance distance, const void *a, const void *b,
                          void *destination, float factor, long count, int threads);

// The distance of Zhang et al. 2018 between rows of float32 features: both rows divided by their
// length, squared differences weighted by channel and summed. Writes one value for each row to
// `values` [rows]. If `gradient` is not NULL it gets factor times the derivative by b.
void ck_feature_distance(const float *a, const float *b, const float *weight, float *values,
                         float *gradient, float factor, long rows, long channels, int threads);

// ---- Optimiser --------------------------------------------------------------------------------

// One parameter of the optimiser. Without a gradient only the average follows.
typedef struct {
  float *values;
  const float *gradient;  // or NULL
  float *first_moment, *second_moment;
  float *average;         // or NULL
  long count;
} ck_parameter;

// AdamW (Loshchilov and Hutter 2019) with PyTorch's order of operations, and the moving average of
// the new values: average += (1 - decay) (value - average).
typedef struct {
  const ck_parameter *parameters;
  long parameter_count;
  float gradient_factor;    // every gradient is multiplied by this first
  float decay_factor;       // 1 - learning rate * weight decay
  float beta1, beta2;
  float step_size;          // learning rate / (1 - beta1^step)
  float second_correction;  // sqrt(1 - beta2^step)
  float epsilon;
  float average_share;      // 1 - decay of the moving average
} ck_adamw_step;
void ck_adamw(const ck_adamw_step *step, int threads);

// The sum of squares of all gradients.
double ck_squared_gradient_norm(const ck_parameter *parameters, long count, int threads);

#endif
