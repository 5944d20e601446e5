// Numbers of both types, and the functions that networks take of them. There is no mathematical library on a
// graphics processor without the vendor's: these are own formulas, good to some 1e-7.
#pragma once

DEVICE float number(float value) { return value; }
DEVICE float number(bf16 value) { return from_bits((u32)value.bits << 16); }

// The nearest bfloat16, ties to even.
DEVICE bf16 to_bf16(float value) {
  u32 bits = to_bits(value);
  u32 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  // Rounding up could make an infinity of what is no number.
  return bf16{(u16)(value == value ? rounded : 0x7fc0)};
}

// In the precision of a tensor.
template <class Type> DEVICE Type rounded(float value) {
  if constexpr (sizeof(Type) == sizeof(float)) {
    return value;
  } else {
    return to_bf16(value);
  }
}

// Two of them as the tensor cores take them, the first in the lower half.
DEVICE u32 pair(float low, float high) {
  return (u32)to_bf16(low).bits | (u32)to_bf16(high).bits << 16;
}

// How tensor cores take numbers of a type: as they are, or of float32 rounded to TF32.
template <class Element, int count> DEVICE void tensor_rounded(u32 (&r)[count]) {
  if constexpr (sizeof(Element) == sizeof(float)) {
    UNROLL for (int i = 0; i < count; i++) r[i] = to_tf32(from_bits(r[i]));
  }
}

// The product of a type on tensor cores: of 16x16 by 16x8 bfloat16, or of 16x8 by 8x8 in TF32.
template <class Element> DEVICE void tensor_multiply(float d[4], const u32 a[4], u32 b0, u32 b1) {
  if constexpr (sizeof(Element) == sizeof(float)) {
    multiply_add_tf32(d, a, b0, b1);
  } else {
    multiply_add(d, a, b0, b1);
  }
}

// Four numbers from a multiple of 4 on.
DEVICE Four get_four(Global<float> x, long i) {
  Words words = get16(x, i);
  return Four{from_bits(words.w[0]), from_bits(words.w[1]), from_bits(words.w[2]), from_bits(words.w[3])};
}
DEVICE void put_four(Global<float> x, long i, Four v) {
  put16(x, i, Words{{to_bits(v.x), to_bits(v.y), to_bits(v.z), to_bits(v.w)}});
}
DEVICE Four get_four(Global<bf16> x, long i) {
  HalfWords words = get8(x, i);
  u32 low = words.w[0], high = words.w[1];
  return Four{from_bits(low << 16), from_bits(low & 0xffff0000), from_bits(high << 16),
              from_bits(high & 0xffff0000)};
}
DEVICE void put_four(Global<bf16> x, long i, Four v) {
  put8(x, i, HalfWords{{pair(v.x, v.y), pair(v.z, v.w)}});
}

// Numbers of 16 bytes.
template <class Element> constexpr int whole_count = 16 / sizeof(Element);

DEVICE void unpack(Words words, float (&values)[4]) {
  UNROLL for (int i = 0; i < 4; i++) values[i] = from_bits(words.w[i]);
}
DEVICE void unpack(Words words, float (&values)[8]) {
  UNROLL for (int i = 0; i < 4; i++) {
    values[2 * i] = from_bits(words.w[i] << 16);
    values[2 * i + 1] = from_bits(words.w[i] & 0xffff0000);
  }
}
DEVICE Words packed(const float (&values)[4]) {
  Words words;
  UNROLL for (int i = 0; i < 4; i++) words.w[i] = to_bits(values[i]);
  return words;
}
DEVICE Words packed(const float (&values)[8]) {
  Words words;
  UNROLL for (int i = 0; i < 4; i++) words.w[i] = pair(values[2 * i], values[2 * i + 1]);
  return words;
}

// So many float32 from a multiple of 4 on.
template <int count> DEVICE void get_floats(Global<float> x, long i, float (&values)[count]) {
  UNROLL for (int k = 0; k < count; k += 4) {
    Words words = get16(x, i + k);
    UNROLL for (int e = 0; e < 4; e++) values[k + e] = from_bits(words.w[e]);
  }
}

#define LOG2_E 1.4426950408889634f

DEVICE float exponential(float x) { return exp2_of(x * LOG2_E); }

DEVICE float silu(float x) { return x * reciprocal_of(1 + exponential(-x)); }

// Abramowitz and Stegun (1964), 7.1.26: off by 1.5e-7 at most.
DEVICE float error_function(float x) {
  float size = x < 0 ? -x : x;
  float t = reciprocal_of(1 + 0.3275911f * size);
  float sum = 1.061405429f;
  sum = sum * t - 1.453152027f;
  sum = sum * t + 1.421413741f;
  sum = sum * t - 0.284496736f;
  sum = sum * t + 0.254829592f;
  float value = 1 - sum * t * exponential(-size * size);
  return x < 0 ? -value : value;
}

// s(x) (1 + x (1 - s(x))) with s the logistic function.
DEVICE float silu_derivative(float x) {
  float s = reciprocal_of(1 + exponential(-x));
  return s * (1 + x * (1 - s));
}

DEVICE float gelu(float x) { return 0.5f * x * (1 + error_function(x * 0.70710678118f)); }

DEVICE float gelu_derivative(float x) {
  return 0.5f * (1 + error_function(x * 0.70710678118f)) + x * 0.39894228040f * exponential(-0.5f * x * x);
}

DEVICE float hyperbolic_tangent(float x) {
  float size = x < 0 ? -x : x;
  // The quotient would lose the digits of a small result: there, the first terms of the series do.
  float square = x * x;
  if (size < 0.25f) {
    return x * (1 + square * (-1.0f / 3 + square * (2.0f / 15 + square * (-17.0f / 315))));
  }
  float value = 1 - 2 * reciprocal_of(exponential(2 * size) + 1);
  return x < 0 ? -value : value;
}
