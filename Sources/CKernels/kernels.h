// All kernels for one instruction set: the including file sets CK_WIDTH, CK_HAS_FMA, CK_TABLE,
// CK_TABLE_NAME and the target attributes, and this file defines the table CK_TABLE.
#include "vector.h"

#include "matmul.h"
#include "pack.h"

#define CK_JOIN2(a, b) a##_##b
#define CK_JOIN(a, b) CK_JOIN2(a, b)

#define TYPE float
#define LOAD load_f32
#define STORE store_f32
#define SCALAR_LOAD scalar_load_f32
#define SCALAR_STORE scalar_store_f32
#define NAME(x) CK_JOIN(x, f32)
#define CK_PAIRED 0
#include "normalization.h"
#include "linear.h"
#include "convolution.h"
#include "attention.h"
#include "elementwise.h"
#include "normalization_gradient.h"
#include "attention_gradient.h"
#include "gradients.h"
#undef TYPE
#undef LOAD
#undef STORE
#undef SCALAR_LOAD
#undef SCALAR_STORE
#undef NAME
#undef CK_PAIRED

#define TYPE uint16_t
#define LOAD load_bf16
#define STORE store_bf16
#define SCALAR_LOAD scalar_load_bf16
#define SCALAR_STORE scalar_store_bf16
#define NAME(x) CK_JOIN(x, bf16)
#define CK_PAIRED CK_HAS_DOT
#include "normalization.h"
#include "linear.h"
#include "convolution.h"
#include "attention.h"
#include "elementwise.h"
#include "normalization_gradient.h"
#include "attention_gradient.h"
#include "gradients.h"

#include "optimizer.h"

static void silu(const float *source, float *destination, long count) {
  long i = 0;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) store_f32(destination + i, vsilu(load_f32(source + i)));
  for (; i < count; i++) destination[i] = vsilu(splat(source[i]))[0];
}

// tanh(scale x) = 1 - 2 / (1 + exp(2 scale x)), absolute error a few 1e-7.
static void scaled_tanh(const float *source, float *destination, float scale, long count) {
  vfloat factor = splat(2 * scale), limit = splat(40.0f), one = splat(1.0f), two = splat(2.0f);
  long i = 0;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) {
    vfloat x = vmax(-limit, vmin(limit, load_f32(source + i) * factor));
    store_f32(destination + i, one - two * vreciprocal(one + vexp(x)));
  }
  for (; i < count; i++) {
    vfloat x = vmax(-limit, vmin(limit, splat(source[i]) * factor));
    destination[i] = (one - two * vreciprocal(one + vexp(x)))[0];
  }
}

static void float32_to_bfloat16(const float *source, uint16_t *destination, long count) {
  long i = 0;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) store_bf16(destination + i, load_f32(source + i));
  for (; i < count; i++) scalar_store_bf16(destination + i, source[i]);
}

static void bfloat16_to_float32(const uint16_t *source, float *destination, long count) {
  long i = 0;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) store_f32(destination + i, load_bf16(source + i));
  for (; i < count; i++) destination[i] = scalar_load_bf16(source + i);
}

// A value is finite exactly when its exponent bits are not all ones.
static bool all_finite(const float *values, long count) {
  vuint bad = {0};
  long i = 0;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) {
    vuint bits = (vuint)load_f32(values + i) & 0x7f800000u;
    bad |= (vuint)(bits == 0x7f800000u);
  }
  uint32_t any = 0;
  for (int j = 0; j < CK_WIDTH; j++) any |= bad[j];
  for (; i < count; i++) any |= !isfinite(values[i]);
  return any == 0;
}

const ck_kernels CK_TABLE = {
    .name = CK_TABLE_NAME,
#define CK_BOTH(kernel) .kernel = {[CK_FLOAT32] = CK_JOIN(kernel, f32), [CK_BFLOAT16] = CK_JOIN(kernel, bf16)},
#define CK_TYPED(result, kernel, arguments, ...) CK_BOTH(kernel)
#define CK_PROBLEM(kernel, type) CK_BOTH(kernel)
#define CK_PLAIN(result, kernel, arguments, ...) .kernel = kernel,
#include "include/kernel_list.h"
};
