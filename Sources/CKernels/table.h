// The functions that exist once for each instruction set, as a table that the dispatcher fills.
#include "include/CKernels.h"

// Aligned memory that lasts until this thread's next call.
void *ck_scratch(size_t bytes);

typedef struct {
  void (*group_norm)(const ck_group_norm_problem *, int);
  void (*layer_norm)(const void *, void *, long, long, const float *, const float *, float, int);
  void (*linear)(const ck_linear_problem *, int);
  void (*convolution)(const ck_convolution_problem *, int);
  void (*attention)(const ck_attention_problem *, int);
  void (*gated_gelu)(const void *, void *, long, long, int);
  void (*gelu)(void *, long, int);
  void (*add)(const void *, const void *, void *, long, int);
  void (*add_rows)(const void *, const float *, void *, long, long, long, int);
  void (*concatenate)(const void *, long, const void *, long, void *, long, int);
  void (*resample_stack)(const void *, void *, long, long, long, long, long, const ck_stacked_image *,
                         int, int, int);
  void (*sum_planes)(const void *, const void *, const void *, void *, long, long, long, long, int);
  void (*gather_sequences)(const void *, void *, long, long, long, long, long, long, long,
                           const float *, const float *, int);
} ck_typed_kernels;

typedef struct {
  const char *name;
  ck_typed_kernels typed[2];  // indexed by ck_type
  void (*silu)(const float *, float *, long);
  void (*tanh)(const float *, float *, float, long);
  void (*to_bfloat16)(const float *, uint16_t *, long);
  void (*to_float32)(const uint16_t *, float *, long);
  bool (*all_finite)(const float *, long);
} ck_kernels;

extern const ck_kernels ck_kernels_baseline;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2, ck_kernels_avx512;
#endif
