// The few loops that need SIMD. Each function handles a whole problem, splits it over the calling thread's
// team and picks AVX-512, AVX2 or baseline code at run time.
//
// This file has what they are told and what is needed around them; kernel_list.h lists them.
//
// Element types: every `type` argument is one of CK_FLOAT32 and CK_BFLOAT16. Normalisation
// parameters, statistics and softmax are always float32.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { CK_FLOAT32 = 0, CK_BFLOAT16 = 1 } ck_type;

// A run of consecutive tokens: `count` tokens from token `start` on.
typedef struct {
  long start;
  long count;
} ck_run;

#define CK_MAX_RUNS 4

// ---- Threads and processor --------------------------------------------------------------------

typedef void (*ck_task)(void *context, long item, int thread);

// Calls task(context, item, thread) for item in 0 ..< items, each once, on up to `threads` threads, which
// `thread` numbers from 0, the calling one. Which thread does an item, and how many threads come, is not
// decided: results must not depend on `thread`. Within an item, a call runs on its own thread.
//
// The calling thread has a team of its own, which lasts as long as it. It does items like its helpers, and
// waits for none that has not begun one; see team.c.
void ck_parallel_for(long items, int threads, ck_task task, void *context);

// What a thread of a team is about to do, for tests: `thread` as tasks get it.
typedef enum {
  CK_TEAM_CLAIMS,   // a helper: to claim the first items of a region
  CK_TEAM_CLAIMED,  // to do items that it has claimed
  CK_TEAM_DID,      // to look for more, having done them
  CK_TEAM_SLEEPS,   // a helper: to fall asleep
} ck_team_moment;
typedef struct {
  void (*call)(void *context, ck_team_moment moment, int thread);
  void *context;
} ck_team_watcher;
// Has every team of the process call `watcher`, which must last, at these moments; NULL for none. While there
// is one, items are claimed one by one, however short they are, and sleepers are always woken.
void ck_watch_teams(const ck_team_watcher *watcher);

// What the regions of this thread had and would take a team of the threads that they were opened for; see
// simulation.c. Seconds: of all pieces, until the team would have done them, and that passed here meanwhile.
typedef struct {
  long regions, pieces;
  double work, span, taken;
} ck_simulation;
// From here to ck_end_simulation this thread does all pieces itself and counts; oneDNN gets one thread.
#define CK_MOST_SIMULATED 1024  // threads
void ck_begin_simulation(void);
// What was counted since the last call.
ck_simulation ck_take_simulation(void);
void ck_end_simulation(void);

// "avx512_bf16", "avx512", "avx2", or "baseline": the code chosen for this processor. The first is
// chosen where bfloat16 dot products are faster than float32. The variable PVDM_KERNELS in the
// environment names the best that may be chosen, and that oneDNN and OpenBLAS may use.
const char *ck_instruction_set(void);
// Chooses one of these for what this thread calls, for tests; NULL restores the best.
// Returns false, changing nothing, where the processor lacks the set or the environment forbids it.
bool ck_select_instruction_set(const char *name);

// Runs a chain of multiply-adds on every thread for about `seconds`; returns GFLOP/s of all threads.
double ck_measure_peak_float32(int threads, double seconds);
// The same with bfloat16 dot products (AVX512_BF16); 0 where the processor has none.
double ck_measure_peak_bfloat16(int threads, double seconds);
// Sequential reading of `bytes` bytes at `data` by all threads; returns GB/s.
double ck_measure_read_bandwidth(const void *data, size_t bytes, int threads);

// Starts a process that computes at ordinary priority and ends with the calling thread, however that ends.
// Returns its number; -1, with errno, where there is none to be had.
int ck_start_neighbour(void);
// Ends such a process, and waits until it is gone.
void ck_stop_neighbour(int process);

// Whether the processor is AMD's.
bool ck_processor_is_amd(void);
// Processors in this process's affinity mask.
int ck_available_processors(void);

// From here to ck_end_library, what this thread calls of oneDNN is compiled for `threads` threads and shared
// among its team; see openmp.c.
void ck_begin_library(int threads);
void ck_end_library(void);
// How many of `threads` threads this thread's team can be: fewer where the system gives no more.
int ck_team_threads(int threads);
// Whether oneDNN's threads are the team's; one that is built otherwise than is known here keeps its own.
bool ck_is_library_bound(void);
// What oneDNN calls for GOMP_parallel, GOMP_barrier, omp_get_thread_num, omp_get_num_threads,
// omp_get_max_threads and omp_in_parallel.
void ck_openmp_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
void ck_openmp_barrier(void);
int ck_openmp_thread_number(void);
int ck_openmp_thread_count(void);
int ck_openmp_most_threads(void);
int ck_openmp_is_parallel(void);

// ---- Checksums --------------------------------------------------------------------------------

// Takes bytes into the state of a CRC-32 (reflected polynomial 0xEDB88320; the state is not inverted).
// Returns how many were taken: all but the last few, or none where the processor lacks the instruction.
size_t ck_crc32(uint32_t *state, const void *bytes, size_t count);

// ---- Normalisation ----------------------------------------------------------------------------

// Group normalisation of [batch, tokens, channels], optionally modulated and followed by SiLU:
// y = (x - mean) / sqrt(var + eps) * weight + bias; y = y * (1 + scale) + shift; y = silu(y).
// Statistics are taken over each run of tokens by itself, or over all runs together when `joint`.
// Tokens outside every run become zero in the destination.
typedef struct {
  ck_type type;
  const void *source;
  void *destination;
  long batch, tokens, channels, groups;
  const ck_run *runs;
  int run_count;
  bool joint;
  const float *weight, *bias;  // [channels]
  const float *scale, *shift;  // [batch, modulation_stride] each, or NULL
  long modulation_stride;
  bool silu;
  float epsilon;
  float *statistics;  // [batch, run_count, groups, 2]: gets means and 1 / sqrt(var + eps); or NULL
} ck_group_norm_problem;

// ---- Linear layers and convolutions -----------------------------------------------------------

// Packed weights have their output channels in panels of CK_PANEL, as float32 or as pairs of bfloat16
// that follow each other along the inputs. Products with bfloat16 weights are dot products of bfloat16
// where the chosen code has them (inputs are then rounded), else float32; sums are always float32.
// Inputs are a multiple of 16 and outputs of CK_PANEL.
#define CK_PANEL 32

// destination = source weight' + bias + residual for [rows, inputs] and [rows, outputs]. The bias may
// be NULL; the residual may be NULL or the destination itself. Where `gated`, the first half of the
// products is multiplied with the exact (erf) GELU of the second, which leaves [rows, outputs / 2] for
// residual and destination; outputs are then a multiple of 2 CK_PANEL.
typedef struct {
  ck_type type, output_type;  // of source; of residual and destination
  const void *source;
  const void *residual;
  void *destination;
  long rows, inputs, outputs;
  bool gated;
  ck_type weight_type;
  const void *weights;
  const float *bias;
} ck_linear_problem;

// How a 3x3 convolution is computed: as an implicit GEMM of nine taps, or after Winograd for output tiles of a side
// of 2 or 4.
typedef enum { CK_IMPLICIT_GEMM = 1, CK_WINOGRAD_2 = 2, CK_WINOGRAD_4 = 4 } ck_convolution_method;

// Products of each pair of channels that a method takes: 9, or the points of a transformed tile.
static inline long ck_convolution_points(ck_convolution_method method) {
  return method == CK_IMPLICIT_GEMM ? 9 : (long)(method + 2) * (long)(method + 2);
}

// Rows of an image within the rows of a sample.
typedef struct {
  long first_row, height;
} ck_image_rows;

// A 3x3 convolution with padding 1 of each image of [batch, tokens, inputs] by itself, plus bias and
// residual (NULL, or the destination itself). Tokens of no image are neither read nor written.
typedef struct {
  ck_type type, output_type;  // of source; of residual and destination
  const void *source;
  const void *residual;
  void *destination;
  long batch, tokens, width;  // width in tokens
  const ck_image_rows *images;
  int image_count;
  long inputs, outputs;
  ck_convolution_method method;
  ck_type weight_type;
  const void *weights;
  const float *bias;
} ck_convolution_problem;

// ---- Attention --------------------------------------------------------------------------------

// softmax(scale q k') v with a running softmax, for `heads` heads of `width` channels, over
// `sequences` independent sequences of the tokens named by `runs` (the same in each sequence).
// Token i of sequence s is at token index
//   (s / inner) * outer_stride + (s % inner) * inner_stride + (run.start + i) * token_step.
// Query positions beyond `query_count` (0 = all) are not computed.
typedef struct {
  ck_type type;
  const void *query, *key, *value;
  void *output;
  long input_stride;   // elements from one token to the next in query, key and value
  long output_stride;  // the same in output
  long input_head_stride, output_head_stride;
  int heads, width;
  long sequences, inner, outer_stride, inner_stride, token_step;
  const ck_run *runs;
  int run_count;
  long query_count;
  float scale;
  // Rotary embedding of q and k: [length, width] each; the sine already carries the sign of the
  // interleaved rotation (-sin at even, +sin at odd positions). NULL for none.
  const float *rotary_cosine, *rotary_sine;
  float *log_sums;  // [tokens, heads]: gets log2 of the sums of exp(scale q k'); or NULL
} ck_attention_problem;

// ---- Images in a stack of rows ----------------------------------------------------------------

// Each source image has `height` rows starting at row `source_row`, each target image starts at row
// `destination_row`; all rows have the stack's width. Rows of the destination that belong to no
// image are set to zero.
typedef struct {
  long source_row, destination_row, height;  // height in source rows
} ck_stacked_image;
// 2x2 average pooling: [batch, source_rows, width, channels] -> [batch, destination_rows, width / 2, channels].
void ck_average_pool(ck_type type, const void *source, void *destination, long batch,
                     long source_rows, long destination_rows, long width, long channels,
                     const ck_stacked_image *images, int count, int threads);
// 2x nearest neighbour: the reverse shapes.
void ck_upsample(ck_type type, const void *source, void *destination, long batch,
                 long source_rows, long destination_rows, long width, long channels,
                 const ck_stacked_image *images, int count, int threads);
// Rows `source_row ...` to `destination_row ...` unchanged, other rows zero.
void ck_copy_stacked(ck_type type, const void *source, void *destination, long batch,
                     long source_rows, long destination_rows, long width, long channels,
                     const ck_stacked_image *images, int count, int threads);

#include "CKernelGradients.h"

// ---- The kernels ------------------------------------------------------------------------------

// A kernel that finds no memory for what it keeps in between writes nothing, and a sum is then no number.
// Returns how many bytes the first of this thread's kernels lacked that did so since this was last asked; 0
// where none did.
size_t ck_take_missing_bytes(void);

#define CK_TYPED(result, name, arguments, ...) result ck_##name(ck_type type, __VA_ARGS__);
#define CK_PROBLEM(name, type) void ck_##name(const ck_##name##_problem *problem, int threads);
#define CK_PLAIN(result, name, arguments, ...) result ck_##name(__VA_ARGS__);
#include "kernel_list.h"

#endif
