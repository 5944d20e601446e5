// AdamW with the moving average, and the norm of gradients, over all parameters at once.
#pragma once

#include "losses.h"

#define PARAMETER_WORDS 7

// A block's parameter and its elements.
struct ParameterElements {
  gk_address values, gradient, first_moment, second_moment, average;
  long first, end;
};
DEVICE ParameterElements parameter_elements(gk_address table, int count) {
  long at = (long)PARAMETER_WORDS * part_of_block(table, count, PARAMETER_WORDS, 6);
  Global<long> words = global<long>(table);
  long all = get(words, at + 5), first = (block_x() - get(words, at + 6)) * GK_SUM_BLOCK;
  return ParameterElements{(gk_address)get(words, at), (gk_address)get(words, at + 1), (gk_address)get(words, at + 2),
                           (gk_address)get(words, at + 3), (gk_address)get(words, at + 4), first,
                           first + GK_SUM_BLOCK < all ? first + GK_SUM_BLOCK : all};
}

// With PyTorch's order of operations (Loshchilov and Hutter 2019).
DEVICE void adamw(const gk_adamw &a) {
  ParameterElements p = parameter_elements(a.parameters, a.parameter_count);
  Global<float> values = global<float>(p.values), gradients = global<float>(p.gradient);
  Global<float> firsts = global<float>(p.first_moment), seconds = global<float>(p.second_moment);
  Global<float> averages = global<float>(p.average);
  for (long i = p.first + thread_index(); i < p.end; i += 256) {
    float value = get(values, i);
    if (p.gradient) {
      float gradient = get(gradients, i) * a.gradient_factor;
      float first = get(firsts, i), second = get(seconds, i);
      value *= a.decay_factor;
      first += (1 - a.beta1) * (gradient - first);
      second = second * a.beta2 + (1 - a.beta2) * gradient * gradient;
      float denominator = root_of(second) / a.second_correction + a.epsilon;
      value -= a.step_size * first / denominator;
      put(firsts, i, first);
      put(seconds, i, second);
      put(values, i, value);
    }
    if (p.average) {
      float average = get(averages, i);
      put(averages, i, average + a.average_share * (value - average));
    }
  }
}

DEVICE void squared_gradients(const gk_gradient_norm &a) {
  SHARED(float, memory, 8);
  ParameterElements p = parameter_elements(a.parameters, a.parameter_count);
  float sum = 0;
  if (p.gradient) {
    for (long i = p.first + thread_index(); i < p.end; i += 256) {
      float gradient = get(global<float>(p.gradient), i);
      sum += gradient * gradient;
    }
  }
  put_block_sum(a.target, sum, memory);
}
