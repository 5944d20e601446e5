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
  int32_t image_count, side, stride;
  int32_t batch, source_tokens, target_tokens, source_width, target_width;
  int32_t pixels;  // of all images and samples
  int32_t inputs, weight_inputs, outputs;
  int32_t splits;         // parts of the sum, each of a block of its own, added by gk_add_partials
  int32_t target_bf16;    // type of residual and target
  int32_t gated;          // the first half of the products times the GELU of the second
} gk_product;

// ---- Attention --------------------------------------------------------------------------------

// softmax(scale q k') v of each head with a running softmax. Token i of sequence s is
//   (s / inner) * outer_stride + (s % inner) * inner_stride + (run.start + i) * token_step.
typedef struct {
  gk_address query, key, value, target;
  gk_address cosine, sine;  // [length, width] float32 each, the sine with the rotation's sign; or 0
  gk_run runs[GK_MAX_PARTS];
  int32_t run_count, length, query_count;
  int32_t heads, width;
  int32_t source_stride, source_head_stride;  // of query and key, in elements
  int32_t value_stride, value_head_stride, target_stride;
  int32_t sequences, inner, outer_stride, inner_stride, token_step;
  float scale;
} gk_attention;

// ---- Normalisation ----------------------------------------------------------------------------

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias; y = y (1 + scale) + shift; y = silu(y), with the
// statistics of each run, or of all of them together. Tokens of no run become 0.
typedef struct {
  gk_address source, target;  // [batch, tokens, channels]
  gk_address weight, bias;    // [channels] float32
  gk_address modulation;      // [batch, 2 channels] float32: scales, then shifts; or 0
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

// ---- Elementwise ------------------------------------------------------------------------------

typedef enum {
  GK_GELU,        // the exact (erf) GELU
  GK_GATED_GELU,  // the first half of each row times the GELU of the second; count and width of the target
  GK_SILU,
  GK_TANH,        // tanh(factor x)
  GK_LEAKY_RELU,  // x, or factor x below 0
  GK_ADD,         // x + other
  GK_ADD_ROWS,    // x + other[sample] for float32 [samples, width], with `rows` rows of each sample
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
