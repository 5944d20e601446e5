// Functions of every element, four to a thread and 256 apart. Which one is the same for the whole kernel.
#pragma once

#include "device.h"

template <class Element> DEVICE float element(const gk_elementwise &a, long i) {
  Global<Element> source = global<Element>(a.source);
  Global<Element> other = global<Element>(a.other);
  if (a.function == GK_GATED_GELU) {
    long row = i / a.width, place = row * 2 * a.width + (i - row * a.width);
    return number(get(source, place)) * gelu(number(get(source, place + a.width)));
  }
  float x = number(get(source, i));
  if (a.function == GK_GATED_GELU_GRADIENT) {
    int half = a.width / 2;
    long row = i / a.width, column = i - row * a.width;
    bool is_gate = column >= half;
    float gradient = number(get(other, row * half + (is_gate ? column - half : column)));
    return is_gate ? gradient * number(get(source, i - half)) * gelu_derivative(x)
                   : gradient * gelu(number(get(source, i + half)));
  }
  switch (a.function) {
    case GK_GELU: return gelu(x);
    case GK_SILU: return silu(x);
    case GK_TANH: return hyperbolic_tangent(a.factor * x);
    case GK_LEAKY_RELU: return x < 0 ? a.factor * x : x;
    case GK_ADD: return x + number(get(other, i));
    case GK_SCALE: return a.factor * x;
    case GK_SCALE_BY_NUMBER: return x * get(global<float>(a.other), 0);
    case GK_GELU_GRADIENT: return number(get(other, i)) * gelu_derivative(x);
    case GK_SILU_GRADIENT: return number(get(other, i)) * silu_derivative(x);
    case GK_TANH_GRADIENT: return number(get(other, i)) * a.factor * (1 - x * x);
    case GK_LEAKY_RELU_GRADIENT: return number(get(other, i)) * (x > 0 ? 1 : a.factor);
    default: {
      long row = i / a.width;
      return x + get(global<float>(a.other), row / a.rows * a.width + (i - row * a.width));
    }
  }
}

template <class Element> DEVICE void elementwise(const gk_elementwise &a) {
  Global<Element> target = global<Element>(a.target);
  UNROLL for (int k = 0; k < 4; k++) {
    long i = (long)block_x() * 1024 + k * 256 + thread_index();
    if (i < a.count) put(target, i, rounded<Element>(element<Element>(a, i)));
  }
}

template <class From, class To> DEVICE void convert(const gk_convert &a) {
  Global<From> source = global<From>(a.source);
  Global<To> target = global<To>(a.target);
  UNROLL for (int k = 0; k < 4; k++) {
    long i = (long)block_x() * 1024 + k * 256 + thread_index();
    if (i < a.count) put(target, i, rounded<To>(number(get(source, i))));
  }
}
