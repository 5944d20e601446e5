// CRC-32 by carry-less multiplication (Gopal, Ozturk, Guilford and others 2009, "Fast CRC Computation
// for Generic Polynomials Using PCLMULQDQ Instruction"): 64 bytes at a time are folded onto the next 64,
// and what remains is reduced in the end. The constants are the paper's for the reflected polynomial
// 0xEDB88320.
#include "include/CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define CK_CLMUL __attribute__((target("pclmul,sse4.1")))

// What `far` contributes some distance further on, the two factors being those of that distance.
CK_CLMUL static inline __m128i folded(__m128i far, __m128i factors, __m128i near) {
  __m128i low = _mm_clmulepi64_si128(far, factors, 0x00);
  __m128i high = _mm_clmulepi64_si128(far, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), near);
}

// `count` is a multiple of 16 and at least 64.
CK_CLMUL static uint32_t crc32_blocks(uint32_t state, const __m128i *at, size_t count) {
  const __m128i far = _mm_set_epi64x(0x1c6e41596, 0x154442bd4), near = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  __m128i sum[4];
  for (int i = 0; i < 4; i++) sum[i] = _mm_loadu_si128(at + i);
  sum[0] = _mm_xor_si128(sum[0], _mm_cvtsi32_si128((int)state));
  at += 4;
  count -= 64;
  for (; count >= 64; count -= 64, at += 4)
    for (int i = 0; i < 4; i++) sum[i] = folded(sum[i], far, _mm_loadu_si128(at + i));
  __m128i x = sum[0];
  for (int i = 1; i < 4; i++) x = folded(x, near, sum[i]);
  for (; count >= 16; count -= 16, at++) x = folded(x, near, _mm_loadu_si128(at));

  // 128 bits to 64, these to 32, and the remainder after Barrett.
  const __m128i low = _mm_setr_epi32(~0, 0, ~0, 0), last = _mm_set_epi64x(0, 0x163cd6124);
  const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
  x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, near, 0x10));
  x = _mm_xor_si128(_mm_srli_si128(x, 4), _mm_clmulepi64_si128(_mm_and_si128(x, low), last, 0x00));
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(x, low), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low), barrett, 0x00);
  return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, quotient), 1);
}

size_t ck_crc32(uint32_t *state, const void *bytes, size_t count) {
  count = count / 16 * 16;
  if (count < 64 || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1")) return 0;
  *state = crc32_blocks(*state, bytes, count);
  return count;
}
#else
size_t ck_crc32(uint32_t *state, const void *bytes, size_t count) {
  (void)state, (void)bytes, (void)count;
  return 0;
}
#endif
