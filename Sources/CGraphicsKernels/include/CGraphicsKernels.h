// What the kernels for graphics processors are told, and the text in which the program carries them.
//
// Each kernel takes one of these structures. An address is one of the device's memory; 0 stands for none.
// Features are channels last, as everywhere. Sums are float32 in every kernel, and how they are split depends on
// the layer and never on the batch.
#ifndef CGRAPHICSKERNELS_H
#define CGRAPHICSKERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t gk_address;

// A run of consecutive tokens.
typedef struct {
  int32_t start, count;
} gk_run;

// Images of a stack, or runs of a sequence, that a kernel takes at most.
#define GK_MAX_PARTS 4

// ---- Products ---------------------------------------------------------------------------------

// An image as a convolution reads and writes it, in rows of the sample.
typedef struct {
  int32_t source_row, source_height, target_row, target_height;
} gk_image;

// Bytes of each row that a step of a product takes.
#define GK_STEP_BYTES 128

// A matrix product or a convolution, as implicit products: for each target pixel and output,
//   sum over taps and inputs of source * weights, + bias + residual.
// A matrix product is a convolution of side 1 over one image of one row, which holds all rows of the matrix: its
// width and its pixels are said, and nothing else of images, samples and tokens.
// Of volumes there is one image, whose heights are those of a frame. The gradient of a convolution's input is such
// a product too: of the result's gradient, whose pixels lie `dilation` apart with zeros between, and the turned
// weights.
// Source [batch, source_tokens, inputs] and weights [outputs, side * side, weight_inputs] have the kernel's
// type; weight_inputs is the inputs rounded up to whole 16 bytes, with zeros there. Pixels of no image are
// neither read nor written.
typedef struct {
  gk_address source, weights;
  gk_address bias;      // [outputs] float32, or 0
  gk_address residual;  // like the target, which it may be; or 0
  gk_address target;    // [batch, target_tokens, outputs], half as many where gated
  gk_address partials;  // [splits, pixels, outputs] float32, where there are several splits
  gk_image images[GK_MAX_PARTS];
  int32_t image_count, side, stride, dilation;
  int32_t padding;                   // pixels around an image that count as zeros
  int32_t depth_side;                // taps along the frames, 1 for images
  int32_t depth_padding;             // frames before the first that count as zeros
  int32_t source_depth, target_depth;  // frames; 1 for images
  int32_t batch, source_tokens, target_tokens, source_width, target_width;
  int32_t pixels;  // of all images and samples
  int32_t inputs, weight_inputs, outputs;
  int32_t splits;         // parts of the sum, each of a block of its own, added by gk_add_partials
  int32_t target_bf16;    // type of residual and target
  int32_t gated;          // the first half of the products times the GELU of the second
} gk_product;

// A weight as products read it: [outputs, taps, padded] of the kernel's type, with zeros from the inputs on, from
// [outputs, inputs, taps] float32. Turned it is [inputs, taps from the last to the first, padded], with zeros from
// the outputs on.
typedef struct {
  gk_address source, target;
  int32_t outputs, inputs, taps, padded, turned;
} gk_pack_weight;

// The gradient of a product's weights, summed over its pixels: [splits, taps, outputs, inputs] float32, of which
// gk_add_weight_partials makes [outputs, inputs, taps].
typedef struct {
  gk_product product;   // with source and everything about where pixels lie
  gk_address gradient;  // of the product's target, in the kernel's type
  gk_address partials;
  gk_address target;
  int32_t taps, splits;  // parts of the pixels
} gk_weight_gradient;

// Zeros for the tokens that lie between runs of each sample, or around them.
typedef struct {
  gk_address target;  // [batch, tokens, channels] of the kernel's type
  gk_run gaps[GK_MAX_PARTS];
  int32_t gap_count, batch, tokens, channels;
} gk_clear_gaps;

// ---- Attention --------------------------------------------------------------------------------

// softmax(scale q k') v of each head with a running softmax. Token i of sequence s is
//   (s / inner) * outer_stride + (s % inner) * inner_stride + (run.start + i) * token_step.
// Where runs are apart, each of them is a sequence of its own, of which all positions ask.
typedef struct {
  gk_address query, key, value, target;
  gk_address log_sums;  // [tokens, heads] float32: logarithms to base 2 of the softmax's sums; or 0
  gk_address cosine, sine;  // [length, width] float32 each, the sine with the rotation's sign; or 0
  gk_run runs[GK_MAX_PARTS];
  int32_t run_count, apart, length, query_count;
  int32_t heads, width;
  int32_t source_stride, source_head_stride;  // of query and key, in elements
  int32_t value_stride, value_head_stride, target_stride;
  int32_t sequences, inner, outer_stride, inner_stride, token_step;
  float scale;
} gk_attention;

// Its gradients, with scores computed again: of the queries, which also gives `products`, then of keys and values.
typedef struct {
  gk_attention forward;  // with what it made
  gk_address gradient;   // of the target, laid out like it
  gk_address products;   // [tokens, heads] float32: of the gradient and the target
  gk_address cosine, sine;  // by which the forward pass had turned queries and keys; or 0
  // Laid out as query, key and value were before they were turned.
  gk_address query_gradient, key_gradient, value_gradient;
  int32_t stride, head_stride;
} gk_attention_gradient;

// ---- Normalisation ----------------------------------------------------------------------------

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias; y = y (1 + scale) + shift; y = silu(y), with the
// statistics of each run, or of all of them together. Tokens of no run become 0.
typedef struct {
  gk_address source, target;  // [batch, tokens, channels]
  gk_address weight, bias;    // [channels] float32
  gk_address modulation;      // [batch, 2 channels] float32: scales, then shifts; or 0
  gk_address statistics;      // [batch, runs, groups, 2] float32: means and inverse deviations for the gradient; or 0
  gk_run runs[GK_MAX_PARTS];
  int32_t run_count, joint, activated;
  int32_t batch, tokens, channels, groups;
  float epsilon;
} gk_group_norm;

// The same over the channels of each row.
typedef struct {
  gk_address source, target;  // [rows, channels]
  gk_address weight, bias;    // [channels] float32
  int32_t rows, channels;
  float epsilon;
} gk_layer_norm;

// Their gradients. Those of parameters are sums over tokens in `sums`, of which other kernels make the rest.
typedef struct {
  gk_group_norm forward;  // with its statistics
  gk_address gradient;    // of the target; read in runs alone
  gk_address result;      // gradient of the source, 0 in no run
  gk_address sums;        // [batch, runs or 1 where joint, 2, channels] float32
  gk_address weight_gradient, bias_gradient;  // [channels] float32
  gk_address modulation_gradient;             // [batch, 2 channels] float32, or 0
} gk_group_norm_gradient;

typedef struct {
  gk_layer_norm forward;
  gk_address gradient, result;
  gk_address statistics;  // [rows, 2] float32: means and inverse deviations
  gk_address sums;        // [chunks, 2, channels] float32: of the weight's gradient, then of the bias's
  int32_t chunk_rows;
} gk_layer_norm_gradient;

// ---- Elementwise ------------------------------------------------------------------------------

typedef enum {
  GK_GELU,        // the exact (erf) GELU
  GK_GATED_GELU,  // the first half of each row times the GELU of the second; count and width of the target
  GK_SILU,
  GK_TANH,        // tanh(factor x)
  GK_LEAKY_RELU,  // x, or factor x below 0
  GK_ADD,         // x + other
  GK_ADD_ROWS,    // x + other[sample] for float32 [samples, width], with `rows` rows of each sample
  GK_SCALE,       // factor x
  GK_SCALE_BY_NUMBER,      // x times the one float32 of other
  GK_GELU_GRADIENT,        // of x, where other is the result's gradient; so in all that follow
  GK_GATED_GELU_GRADIENT,  // count and width of the target, which is like x
  GK_SILU_GRADIENT,
  GK_TANH_GRADIENT,        // from its result
  GK_LEAKY_RELU_GRADIENT,  // from its result, which has the sign of x
} gk_function;

typedef struct {
  gk_address source, other, target;
  int64_t count;
  int32_t function, width, rows;
  float factor;
} gk_elementwise;

// Between float32 and bfloat16; which way, the kernel's name says.
typedef struct {
  gk_address source, target;
  int64_t count;
} gk_convert;

// ---- Movement ---------------------------------------------------------------------------------

// Rows of two tensors one behind the other.
typedef struct {
  gk_address first, second, target;
  int64_t rows;
  int32_t first_channels, second_channels;
} gk_concatenate;

// [outer, first, second, inner] to [outer, second, first, inner].
typedef struct {
  gk_address source, target;
  int64_t count;
  int32_t first, second, inner;
} gk_transpose;

typedef enum { GK_AVERAGE_POOL, GK_UPSAMPLE, GK_COPY } gk_resampling;

// Each image of a stack at half, twice or the same side; rows of the target that belong to no image become 0.
typedef struct {
  gk_address source, target;  // [batch, rows, width, channels]
  gk_image images[GK_MAX_PARTS];
  int32_t image_count, kind;
  int32_t batch, source_rows, source_width, target_rows, target_width, channels;
} gk_resample;

// target[d, h, w] = front[h, w] + side[d, w] + top[d, h].
typedef struct {
  gk_address front, side, top, target;
  int32_t depth, height, width, channels;
} gk_sum_planes;

// Sequences of tokens, each with one more at its end, plus positions: [sequences, length + 1, channels]. Where
// the tokens lie is said as for attention, with one run from 0.
typedef struct {
  gk_address source, token, positions, target;  // token [channels], positions [length + 1, channels] float32
  int32_t sequences, length, channels;
  int32_t inner, outer_stride, inner_stride, token_step;
} gk_gather_sequences;

// Puts every token of such sequences but the last of each back where it came from.
typedef struct {
  gk_address source, target;
  int32_t sequences, length, channels;
  int32_t inner, outer_stride, inner_stride, token_step;
} gk_scatter_sequences;

// target[i] = the sum of source[places[k]] for k from starts[i] to before starts[i + 1], float32.
typedef struct {
  gk_address source, places, starts, target;  // places and starts are int32
  int64_t count;
} gk_gather;

// The maximum of each 2x2 pixels; its gradient goes to the first that holds it.
typedef struct {
  gk_address source, gradient, target;
  int32_t batch, height, width, channels;  // of the source
} gk_maximum_pool;

// The maximum or the mean of every window of volumes; positions outside them do not count. Axes are frames, rows and
// columns.
typedef struct {
  gk_address source, target;  // [batch, extents, channels] and [batch, results, channels] float32
  int32_t extents[3], results[3], size[3], stride[3], before[3];  // positions before the first that windows begin at
  int32_t batch, channels, average;
} gk_volume_pool;

// ---- Sums ---------------------------------------------------------------------------------------

// Sums over rows: [batch, chunks, width] float32 from [batch, rows, width].
typedef struct {
  gk_address source, target;
  int32_t batch, rows, width, chunk_rows, chunks;
} gk_sum_rows;

// [outer, extent, inner] to [outer, inner].
typedef struct {
  gk_address source, target;
  int64_t count;  // of the target
  int32_t extent;
  int64_t inner;
} gk_sum_axis;

// The sum of float64 numbers in their order, times a factor: a float32, or where `root` its root in float64.
typedef struct {
  gk_address source, target;
  int64_t count;
  double factor;
  int32_t root;
} gk_sum_numbers;

// ---- Losses -------------------------------------------------------------------------------------

// Elements that a block of the kernels below adds up: 16 for each thread.
#define GK_SUM_BLOCK 4096

// A run of elements, and the first of the blocks that serve it.
typedef struct {
  int64_t start, count, block;
} gk_part;

// The sum of distances over parts, a float64 for each block; or the gradient of their mean.
typedef struct {
  gk_address source, other, target;
  gk_address parts;   // gk_part each
  gk_address number;  // the gradient of the mean, a float32
  int32_t part_count, squared;
  float share;        // 1 over how many elements count
} gk_distance;

// The mean of x or of max(0, margin + sign x), float32, by one block; or its gradient.
typedef struct {
  gk_address source, target, number;
  int64_t count;
  int32_t hinge;
  float sign, margin;
} gk_mean;

// Kinds of neighbours: `length` of each `length + step` elements have one `step` further on.
#define GK_MAX_NEIGHBORS 4
typedef struct {
  int64_t step, length;
  double share;  // 1 over how many have one
} gk_neighbors;

// The mean differences of two tensors' changes, a float64 for each block; and their gradient, or 0.
typedef struct {
  gk_address source, other, target, gradient;
  int64_t count;
  gk_neighbors kinds[GK_MAX_NEIGHBORS];
  int32_t kind_count;
} gk_finite_difference;

// The perceptual distance of each row of features, and its gradient, or 0.
typedef struct {
  gk_address source, other, weight, values, gradient;
  int32_t rows, channels;
  float share;
} gk_feature_distance;

// Each sample's mean of values, and the mean of those.
typedef struct {
  gk_address values, distances, mean;
  int32_t batch, rows;
} gk_feature_means;

// ---- Learning -----------------------------------------------------------------------------------

// A parameter, float32 each; the gradient and the average may be 0. `block` is the first that serves it.
typedef struct {
  gk_address values, gradient, first_moment, second_moment, average;
  int64_t count, block;
} gk_parameter;

// A step of AdamW, with the numbers of CKernelGradients.h.
typedef struct {
  gk_address parameters;  // gk_parameter each
  int32_t parameter_count;
  float gradient_factor, decay_factor, beta1, beta2, step_size, second_correction, epsilon, average_share;
} gk_adamw;

// The sum of squared gradients, a float64 for each block.
typedef struct {
  gk_address parameters, target;
  int32_t parameter_count;
} gk_gradient_norm;

// ---- What a card reaches -----------------------------------------------------------------------

// Multiply-adds of numbers that never leave their registers. The rounds are of GK_PEAK_OPERATIONS for each thread
// in float32, and for each warp in bfloat16 of as many multiplications of 16x16 by 16x8.
#define GK_PEAK_OPERATIONS 16
typedef struct {
  gk_address target;  // a float32 for each thread
  int32_t rounds;
} gk_peak;

// ---- The kernels ------------------------------------------------------------------------------

typedef struct {
  const char *name;
  int32_t threads;        // of a block
  int32_t argument_size;  // bytes
  int32_t dynamic_size;   // bytes of dynamic memory of a block
} gk_kernel;

extern const int32_t gk_kernel_count;
gk_kernel gk_kernel_at(int32_t index);

// The kernels as PTX, which every driver since CUDA 11 compiles for its card; NULL where the program was built
// without the compiler that writes it.
const char *gk_ptx(void);

#ifdef __cplusplus
}
#endif

#endif
