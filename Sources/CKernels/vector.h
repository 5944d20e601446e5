// Portable vectors of CK_WIDTH floats and the functions of them that the kernels share. The file
// that includes this one sets CK_WIDTH and the target attributes.
#include <math.h>
#include <stdint.h>
#include <string.h>

#define CK_INLINE static inline __attribute__((always_inline))

// Before a loop whose variables must stay in registers, which takes loops without an index.
#if defined(__clang__)
#define CK_UNROLLED _Pragma("clang loop unroll(full)")
#else
#define CK_UNROLLED _Pragma("GCC unroll 36")
#endif

typedef float vfloat __attribute__((vector_size(CK_WIDTH * 4)));
typedef int32_t vint __attribute__((vector_size(CK_WIDTH * 4)));
typedef uint32_t vuint __attribute__((vector_size(CK_WIDTH * 4)));
typedef uint16_t vhalf __attribute__((vector_size(CK_WIDTH * 2)));

CK_INLINE vfloat splat(float x) { return x - (vfloat){0}; }

// A word of 32 bits in every lane, whatever it holds.
CK_INLINE vfloat splat_word(const float *p) {
  uint32_t u;
  memcpy(&u, p, 4);
  return (vfloat)(u - (vuint){0});
}

CK_INLINE vfloat load_f32(const float *p) {
  vfloat v;
  memcpy(&v, p, sizeof v);
  return v;
}
CK_INLINE void store_f32(float *p, vfloat v) { memcpy(p, &v, sizeof v); }

CK_INLINE vfloat load_bf16(const uint16_t *p) {
  vhalf h;
  memcpy(&h, p, sizeof h);
  return (vfloat)(__builtin_convertvector(h, vuint) << 16);
}
// Rounds to nearest, ties to even.
CK_INLINE void store_bf16(uint16_t *p, vfloat v) {
  vuint u = (vuint)v;
  u = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  vhalf h = __builtin_convertvector(u, vhalf);
  memcpy(p, &h, sizeof h);
}


// Products of pairs of bfloat16 numbers added to float32 sums, and the rounding that goes with them:
// to nearest, but numbers below the smallest normal one become 0.
#if CK_HAS_DOT
CK_INLINE vfloat vdot(vfloat a, vfloat b, vfloat c) {
  return (vfloat)_mm512_dpbf16_ps((__m512)c, (__m512bh)a, (__m512bh)b);
}
CK_INLINE void store_rounded(uint16_t *p, vfloat v) {
  __m256bh h = _mm512_cvtneps_pbh((__m512)v);
  memcpy(p, &h, sizeof h);
}
#else
CK_INLINE vfloat vdot(vfloat a, vfloat b, vfloat c) {
  (void)a, (void)b, (void)c;
  __builtin_unreachable();  // no operand is bfloat16 here
}
CK_INLINE void store_rounded(uint16_t *p, vfloat v) { store_bf16(p, v); }
#endif

CK_INLINE float scalar_load_f32(const float *p) { return *p; }
CK_INLINE void scalar_store_f32(float *p, float x) { *p = x; }
CK_INLINE float scalar_load_bf16(const uint16_t *p) {
  uint32_t u = (uint32_t)*p << 16;
  float x;
  memcpy(&x, &u, 4);
  return x;
}
CK_INLINE void scalar_store_bf16(uint16_t *p, float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  *p = (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

// The larger and the smaller of two; if b is not a number, so is the result, as with MAXPS and MINPS.
#if CK_WIDTH == 16
CK_INLINE vfloat vmax(vfloat a, vfloat b) { return (vfloat)_mm512_max_ps((__m512)a, (__m512)b); }
CK_INLINE vfloat vmin(vfloat a, vfloat b) { return (vfloat)_mm512_min_ps((__m512)a, (__m512)b); }
#elif CK_WIDTH == 8
CK_INLINE vfloat vmax(vfloat a, vfloat b) { return (vfloat)_mm256_max_ps((__m256)a, (__m256)b); }
CK_INLINE vfloat vmin(vfloat a, vfloat b) { return (vfloat)_mm256_min_ps((__m256)a, (__m256)b); }
#else
CK_INLINE vfloat vselect(vint mask, vfloat a, vfloat b) {
  return (vfloat)((mask & (vint)a) | (~mask & (vint)b));
}
CK_INLINE vfloat vmax(vfloat a, vfloat b) { return vselect(a > b, a, b); }
CK_INLINE vfloat vmin(vfloat a, vfloat b) { return vselect(a < b, a, b); }
#endif
CK_INLINE vfloat vfma(vfloat a, vfloat b, vfloat c) {
#if CK_HAS_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// The sum and the maximum of all lanes, in halves.
#if CK_WIDTH == 16
#define CK_HALVES(v, combine)                                                                      \
  v = combine(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, \
                                         14, 15));                                                 \
  v = combine(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));   \
  v = combine(v, __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3));   \
  v = combine(v, __builtin_shufflevector(v, v, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
#elif CK_WIDTH == 8
#define CK_HALVES(v, combine)                                                  \
  v = combine(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7));       \
  v = combine(v, __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3));       \
  v = combine(v, __builtin_shufflevector(v, v, 1, 1, 1, 1, 1, 1, 1, 1));
#else
#define CK_HALVES(v, combine)                                  \
  v = combine(v, __builtin_shufflevector(v, v, 2, 3, 2, 3));   \
  v = combine(v, __builtin_shufflevector(v, v, 1, 1, 1, 1));
#endif
#define CK_PLUS(a, b) ((a) + (b))
CK_INLINE float vsum(vfloat v) {
  CK_HALVES(v, CK_PLUS)
  return v[0];
}
CK_INLINE float vmaximum(vfloat v) {
  CK_HALVES(v, vmax)
  return v[0];
}

// Transposes a square of CK_WIDTH vectors: interleaving row i with row i + CK_WIDTH / 2, as often as
// the width can be halved.
#if CK_WIDTH == 16
#define CK_FIRST_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define CK_SECOND_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif CK_WIDTH == 8
#define CK_FIRST_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define CK_SECOND_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#define CK_FIRST_HALVES 0, 4, 1, 5
#define CK_SECOND_HALVES 2, 6, 3, 7
#endif
CK_INLINE void vtranspose(vfloat *square) {
  CK_UNROLLED for (int stage = 1; stage < CK_WIDTH; stage *= 2) {
    vfloat before[CK_WIDTH];
    CK_UNROLLED for (int i = 0; i < CK_WIDTH; i++) before[i] = square[i];
    CK_UNROLLED for (int i = 0; i < CK_WIDTH / 2; i++) {
      vfloat a = before[i], b = before[i + CK_WIDTH / 2];
      square[2 * i] = __builtin_shufflevector(a, b, CK_FIRST_HALVES);
      square[2 * i + 1] = __builtin_shufflevector(a, b, CK_SECOND_HALVES);
    }
  }
}

// Neighbouring lanes exchanged: 1, 0, 3, 2, ...
CK_INLINE vfloat vswap(vfloat x) {
#if CK_WIDTH == 16
  return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
#elif CK_WIDTH == 8
  return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
#else
  return __builtin_shufflevector(x, x, 1, 0, 3, 2);
#endif
}

// 2^x for x <= 127; below -126 it stays at 2^-126, which every user here treats as nothing.
// The polynomial approximates 2^f on [-1/2, 1/2], relative error below 1e-7 (own fit).
CK_INLINE vfloat vexp2(vfloat x) {
  x = vmax(splat(-126.0f), x);
  vfloat shifted = x + splat(12582912.0f);  // 1.5 * 2^23: the low bits hold round(x)
  vfloat n = shifted - splat(12582912.0f);
  vfloat f = x - n;
  vfloat p = splat(1.3264720e-3f);
  p = vfma(p, f, splat(9.6715130e-3f));
  p = vfma(p, f, splat(5.5507336e-2f));
  p = vfma(p, f, splat(2.4022242e-1f));
  p = vfma(p, f, splat(6.9314700e-1f));
  p = vfma(p, f, splat(1.0f));
  return (vfloat)((vint)p + ((vint)shifted << 23));
}
// The same with a relative error below 1.1e-4, a twentieth of what rounding to bfloat16 brings (own fit).
CK_INLINE vfloat vexp2_short(vfloat x) {
  x = vmax(splat(-126.0f), x);
  vfloat shifted = x + splat(12582912.0f);
  vfloat f = x - (shifted - splat(12582912.0f));
  vfloat p = splat(5.5171665e-02f);
  p = vfma(p, f, splat(2.4261112e-01f));
  p = vfma(p, f, splat(6.9326099e-01f));
  p = vfma(p, f, splat(9.9992807e-01f));
  return (vfloat)((vint)p + ((vint)shifted << 23));
}
CK_INLINE vfloat vexp(vfloat x) { return vexp2(x * splat(1.44269504088896f)); }

// 1/x within 2 units in the last place.
CK_INLINE vfloat vreciprocal(vfloat x) {
#if CK_WIDTH == 16
  vfloat r = (vfloat)_mm512_rcp14_ps((__m512)x);
  return r * vfma(-x, r, splat(2.0f));
#else
  return splat(1.0f) / x;
#endif
}

// The clamp keeps exp(-x) finite: silu(-88) is 0 in float32 either way.
CK_INLINE vfloat vsilu(vfloat x) {
  return x * vreciprocal(splat(1.0f) + vexp(-vmax(splat(-87.0f), x)));
}

// x (1 + erf(x / sqrt 2)) / 2 with erf after Abramowitz and Stegun 7.1.26 (absolute error 1.5e-7).
CK_INLINE vfloat vgelu(vfloat x) {
  vfloat z = __builtin_elementwise_abs(x) * splat(0.70710678118654752f);
  vfloat t = vreciprocal(vfma(splat(0.3275911f), z, splat(1.0f)));
  vfloat p = splat(1.061405429f);
  p = vfma(p, t, splat(-1.453152027f));
  p = vfma(p, t, splat(1.421413741f));
  p = vfma(p, t, splat(-0.284496736f));
  p = vfma(p, t, splat(0.254829592f));
  vfloat tail = p * t * vexp(-(z * z));  // 1 - erf(|z|)
  vfloat half = splat(0.5f) * x;
  vfloat magnitude = __builtin_elementwise_abs(half) * (splat(1.0f) - tail);
  return half + magnitude;
}

// The derivative of silu.
CK_INLINE vfloat vsilu_derivative(vfloat x) {
  vfloat s = vreciprocal(splat(1.0f) + vexp(-vmax(splat(-87.0f), x)));
  return s * vfma(x, splat(1.0f) - s, splat(1.0f));
}

// The magnitude of the first argument with the sign of the second.
CK_INLINE vfloat vcopysign(vfloat magnitude, vfloat sign) {
  return (vfloat)(((vuint)magnitude & 0x7fffffffu) | ((vuint)sign & 0x80000000u));
}

// The derivative of gelu, the normal distribution's function plus x times its density; erf as in vgelu.
CK_INLINE vfloat vgelu_derivative(vfloat x) {
  vfloat z = __builtin_elementwise_abs(x) * splat(0.70710678118654752f);
  vfloat t = vreciprocal(vfma(splat(0.3275911f), z, splat(1.0f)));
  vfloat p = splat(1.061405429f);
  p = vfma(p, t, splat(-1.453152027f));
  p = vfma(p, t, splat(1.421413741f));
  p = vfma(p, t, splat(-0.284496736f));
  p = vfma(p, t, splat(0.254829592f));
  vfloat bell = vexp(-(z * z));
  vfloat half = splat(0.5f) * (splat(1.0f) - p * t * bell);
  return splat(0.5f) + vcopysign(half, x) + splat(0.39894228040143268f) * x * bell;
}

// -1, 0 or 1.
CK_INLINE vfloat vsign(vfloat x) {
  vuint nonzero = (vuint)(x != splat(0.0f));
  return (vfloat)((vuint)vcopysign(splat(1.0f), x) & nonzero);
}

// 1 where x > 0, elsewhere `below`.
CK_INLINE vfloat vstep(vfloat x, vfloat below) {
  vuint positive = (vuint)(x > splat(0.0f));
  return (vfloat)((positive & (vuint)splat(1.0f)) | (~positive & (vuint)below));
}

CK_INLINE vfloat vsqrt(vfloat x) { return __builtin_elementwise_sqrt(x); }
