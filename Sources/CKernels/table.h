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

// The elementwise functions that share one form, in the order of their table.
enum {
  CK_GELU_GRADIENT,
  CK_LEAKY_RELU,
  CK_LEAKY_RELU_GRADIENT,
  CK_SCALE,
  CK_ABSOLUTE_GRADIENT,
  CK_SQUARED_GRADIENT
};

typedef struct {
  void (*group_norm_gradient)(const ck_group_norm_gradient_problem *, int);
  void (*layer_norm_gradient)(const void *, const void *, void *, long, long, const float *, float,
                              float *, float *, int);
  void (*attention_gradient)(const ck_attention_gradient_problem *, int);
  void (*gated_gelu_gradient)(const void *, const void *, void *, long, long, int);
  void (*elementwise)(const void *, const void *, void *, float, long, int, int);
  void (*sum_rows)(const void *, float *, long, long, long, int);
  void (*sum_axis)(const void *, void *, long, long, long, int);
  void (*split)(const void *, void *, long, void *, long, long, int);
  void (*scatter_sequences)(const void *, void *, long, long, long, long, long, long, long, int);
  void (*max_pool)(const void *, const void *, void *, long, long, long, long, int);
  double (*distance_sum)(const void *, const void *, long, int, int);
} ck_typed_gradient_kernels;

typedef struct {
  const char *name;
  ck_typed_kernels typed[2];  // indexed by ck_type
  void (*silu)(const float *, float *, long);
  void (*tanh)(const float *, float *, float, long);
  void (*to_bfloat16)(const float *, uint16_t *, long);
  void (*to_float32)(const uint16_t *, float *, long);
  bool (*all_finite)(const float *, long);
  void (*pack_linear)(const float *, long, long, ck_type, void *, int);
  void (*pack_convolution)(const float *, long, long, ck_convolution_method, ck_type, void *, int);
  ck_typed_gradient_kernels gradients[2];  // indexed by ck_type
  void (*silu_gradient)(const float *, const float *, float *, long);
  void (*tanh_gradient)(const float *, const float *, float *, float, long);
  void (*adamw)(const ck_adamw_step *, int);
  double (*squared_gradient_norm)(const ck_parameter *, long, int);
  void (*feature_distance)(const float *, const float *, const float *, float *, float *, float, long,
                           long, int);
} ck_kernels;

// The name of the environment's variable that limits the instruction set.
extern const char *const ck_kernels_variable;
// The place of a set's name in their order, the least 0; -1 for a name that is none.
int ck_set_rank(const char *name);

// The table of the instruction set that is in use.
const ck_kernels *ck_chosen_kernels(void);

extern const ck_kernels ck_kernels_baseline;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2, ck_kernels_avx512, ck_kernels_avx512_bf16;
#endif
