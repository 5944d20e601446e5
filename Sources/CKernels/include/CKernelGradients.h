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

// ---- Attention --------------------------------------------------------------------------------

// The gradients of q, k and v. `forward` is the forward pass's problem with its output and log_sums;
// scores are computed again from them.
typedef struct {
  const ck_attention_problem *forward;
  const void *gradient;  // of the output, laid out like it
  // Laid out like query, key and value. Tokens that belong to no sequence are left alone.
  void *query_gradient, *key_gradient, *value_gradient;
} ck_attention_gradient_problem;

// ---- Elementwise ------------------------------------------------------------------------------

// Functions of one or two numbers that share a form, in the order of their code in gradients.h.
typedef enum {
  CK_GELU_GRADIENT,
  CK_LEAKY_RELU,
  CK_LEAKY_RELU_GRADIENT,
  CK_SCALE,
  CK_ABSOLUTE_GRADIENT,
  CK_SQUARED_GRADIENT
} ck_elementwise_function;

// gradient * gelu'(source).
void ck_gelu_gradient(ck_type type, const void *source, const void *gradient, void *destination,
                      long count, int threads);
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

// factor times the derivative of the sum of distances by a; 0 where a and b are equal.
void ck_distance_gradient(ck_type type, ck_distance distance, const void *a, const void *b,
                          void *destination, float factor, long count, int threads);

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

#endif
