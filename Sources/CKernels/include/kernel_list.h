// Every kernel of which each instruction set has its own code, once: from these rows come the declarations
// of CKernels.h, the tables of the instruction sets (table.h, kernels.h) and what forwards to the chosen one
// (dispatch.c). A new kernel is its row and its code.
//
//   CK_TYPED(result, name, (arguments), parameters...)   ck_name(type, parameters...); the code is
//                                                        NAME(name)(parameters...), compiled for each type
//   CK_PROBLEM(name, type)                               ck_name(problem, threads) with a ck_name_problem
//                                                        that says its type; the code is NAME(name)
//   CK_PLAIN(result, name, (arguments), parameters...)   ck_name(parameters...); the code is name

// ---- Conversions ------------------------------------------------------------------------------

CK_PLAIN(void, float32_to_bfloat16, (source, destination, count),
         const float *source, uint16_t *destination, long count)
CK_PLAIN(void, bfloat16_to_float32, (source, destination, count),
         const uint16_t *source, float *destination, long count)
// Whether every value is finite.
CK_PLAIN(bool, all_finite, (values, count), const float *values, long count)

// ---- Normalisation ----------------------------------------------------------------------------

CK_PROBLEM(group_norm, problem->type)
CK_PROBLEM(group_norm_gradient, problem->type)
// Layer normalisation of each row of [rows, channels].
CK_TYPED(void, layer_norm, (source, destination, rows, channels, weight, bias, epsilon, threads),
         const void *source, void *destination, long rows, long channels, const float *weight,
         const float *bias, float epsilon, int threads)
CK_TYPED(void, layer_norm_gradient,
         (source, gradient, destination, rows, channels, weight, epsilon, weight_gradient, bias_gradient,
          threads),
         const void *source, const void *gradient, void *destination, long rows, long channels,
         const float *weight, float epsilon, float *weight_gradient, float *bias_gradient, int threads)

// ---- Linear layers and convolutions -----------------------------------------------------------

// [outputs, inputs] -> [outputs / CK_PANEL, inputs, CK_PANEL], in bfloat16
// [outputs / CK_PANEL, inputs / 2, CK_PANEL, 2].
CK_PLAIN(void, pack_linear, (weight, inputs, outputs, type, packed, threads),
         const float *weight, long inputs, long outputs, ck_type type, void *packed, int threads)
CK_PROBLEM(linear, problem->type)
// [outputs, inputs, 3, 3] -> ck_convolution_points transformed matrices, each as ck_pack_linear has them; for
// the implicit GEMM the nine taps of a panel lie together.
CK_PLAIN(void, pack_convolution, (weight, inputs, outputs, method, type, packed, threads),
         const float *weight, long inputs, long outputs, ck_convolution_method method, ck_type type,
         void *packed, int threads)
CK_PROBLEM(convolution, problem->type)

// ---- Attention --------------------------------------------------------------------------------

CK_PROBLEM(attention, problem->type)
CK_PROBLEM(attention_gradient, problem->forward->type)

// ---- Elementwise ------------------------------------------------------------------------------

// [rows, 2 * width] -> [rows, width]: first half times the exact (erf) GELU of the second.
CK_TYPED(void, gated_gelu, (source, destination, rows, width, threads),
         const void *source, void *destination, long rows, long width, int threads)
// [rows, 2 * width] and the gradient [rows, width] of ck_gated_gelu's result -> [rows, 2 * width].
CK_TYPED(void, gated_gelu_gradient, (source, gradient, destination, rows, width, threads),
         const void *source, const void *gradient, void *destination, long rows, long width, int threads)
// Exact (erf) GELU in place.
CK_TYPED(void, gelu, (values, count, threads), void *values, long count, int threads)
// x / (1 + exp(-x)) of float32 values.
CK_PLAIN(void, silu, (source, destination, count), const float *source, float *destination, long count)
CK_PLAIN(void, silu_gradient, (source, gradient, destination, count),
         const float *source, const float *gradient, float *destination, long count)
// tanh(scale x) of float32 values.
CK_PLAIN(void, scaled_tanh, (source, destination, scale, count),
         const float *source, float *destination, float scale, long count)
// Of tanh(scale x), from its result y: gradient * scale * (1 - y y).
CK_PLAIN(void, tanh_gradient, (result, gradient, destination, scale, count),
         const float *result, const float *gradient, float *destination, float scale, long count)
// destination = a + b.
CK_TYPED(void, add, (a, b, destination, count, threads),
         const void *a, const void *b, void *destination, long count, int threads)
// destination[b, r] = source[b, r] + added[b], added being [batch, width] float32.
CK_TYPED(void, add_rows, (source, added, destination, batch, rows, width, threads),
         const void *source, const float *added, void *destination, long batch, long rows, long width,
         int threads)
// One of the functions of ck_elementwise_function.
CK_TYPED(void, elementwise, (a, b, destination, factor, count, function, threads),
         const void *a, const void *b, void *destination, float factor, long count, int function,
         int threads)

// ---- Sums and movement ------------------------------------------------------------------------

// [rows, a_channels] and [rows, b_channels] -> [rows, a_channels + b_channels].
CK_TYPED(void, concatenate, (a, a_channels, b, b_channels, destination, rows, threads),
         const void *a, long a_channels, const void *b, long b_channels, void *destination, long rows,
         int threads)
// [rows, a_channels + b_channels] -> [rows, a_channels] and [rows, b_channels].
CK_TYPED(void, split, (source, a, a_channels, b, b_channels, rows, threads),
         const void *source, void *a, long a_channels, void *b, long b_channels, long rows, int threads)
// [batch, rows, width] -> float32 [batch, width]: sums over the rows.
CK_TYPED(void, sum_rows, (source, destination, batch, rows, width, threads),
         const void *source, float *destination, long batch, long rows, long width, int threads)
// [outer, extent, inner] -> [outer, inner]: sums over the middle axis.
CK_TYPED(void, sum_axis, (source, destination, outer, extent, inner, threads),
         const void *source, void *destination, long outer, long extent, long inner, int threads)

// ---- Images -----------------------------------------------------------------------------------

// Images of a stack, made half as large, twice as large, or moved; see ck_average_pool, ck_upsample and
// ck_copy_stacked. `change` is -1, 1 or 0.
CK_TYPED(void, resample_stack,
         (source, destination, batch, source_rows, destination_rows, width, channels, images, count, change,
          threads),
         const void *source, void *destination, long batch, long source_rows, long destination_rows,
         long width, long channels, const ck_stacked_image *images, int count, int change, int threads)
// 2x2 maximum pooling, or with a gradient of its result its gradient; see ck_max_pool and
// ck_max_pool_gradient.
CK_TYPED(void, pool_maxima, (source, gradient, destination, batch, height, width, channels, threads),
         const void *source, const void *gradient, void *destination, long batch, long height, long width,
         long channels, int threads)

// ---- A video's three planes -------------------------------------------------------------------

// out[t, h, w] = xy[h, w] + yt[t, w] + xt[t, h] for vectors of `channels`.
CK_TYPED(void, sum_planes, (xy, yt, xt, destination, frames, height, width, channels, threads),
         const void *xy, const void *yt, const void *xt, void *destination, long frames, long height,
         long width, long channels, int threads)
// Sequences along one axis with an extra token at the end, positions added:
// out[s, i] = source[(s / inner) * outer_stride + (s % inner) * inner_stride + i * token_step]
//   + position[i] for i < length, and out[s, length] = token + position[length].
CK_TYPED(void, gather_sequences,
         (source, destination, sequences, inner, outer_stride, inner_stride, token_step, length, channels,
          token, position, threads),
         const void *source, void *destination, long sequences, long inner, long outer_stride,
         long inner_stride, long token_step, long length, long channels, const float *token,
         const float *position, int threads)
// The reverse of ck_gather_sequences without its last tokens: every token of the destination that belongs
// to a sequence is set from its place there.
CK_TYPED(void, scatter_sequences,
         (source, destination, sequences, inner, outer_stride, inner_stride, token_step, length, channels,
          threads),
         const void *source, void *destination, long sequences, long inner, long outer_stride,
         long inner_stride, long token_step, long length, long channels, int threads)

// ---- Losses and the optimiser -----------------------------------------------------------------

// The sum of |a - b| or (a - b)^2.
CK_TYPED(double, distance_sum, (distance, a, b, count, threads),
         ck_distance distance, const void *a, const void *b, long count, int threads)
// The distance of Zhang et al. 2018 between rows of float32 features: both rows divided by their length,
// squared differences weighted by channel and summed. Writes one value for each row to `values` [rows]. If
// `gradient` is not NULL it gets factor times the derivative by b.
CK_PLAIN(void, feature_distance, (a, b, weight, values, gradient, factor, rows, channels, threads),
         const float *a, const float *b, const float *weight, float *values, float *gradient, float factor,
         long rows, long channels, int threads)
CK_PLAIN(void, adamw, (step, threads), const ck_adamw_step *step, int threads)
// The sum of squares of all gradients.
CK_PLAIN(double, squared_gradient_norm, (parameters, count, threads),
         const ck_parameter *parameters, long count, int threads)

#undef CK_TYPED
#undef CK_PROBLEM
#undef CK_PLAIN
