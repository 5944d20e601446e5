// What a card reaches at most in multiply-adds of each precision: shares of it tell how good a kernel is.
#pragma once

#include "device.h"

DEVICE void peak_float(const gk_peak &a) {
  float sums[GK_PEAK_OPERATIONS];
  float slope = 0.5f, shift = (float)thread_index();
  UNROLL for (int i = 0; i < GK_PEAK_OPERATIONS; i++) sums[i] = (float)i;
  for (int round = 0; round < a.rounds; round++) {
    UNROLL for (int i = 0; i < GK_PEAK_OPERATIONS; i++) sums[i] = sums[i] * slope + shift;
  }
  float sum = 0;
  UNROLL for (int i = 0; i < GK_PEAK_OPERATIONS; i++) sum += sums[i];
  put(global<float>(a.target), (long)block_x() * 256 + thread_index(), sum);
}

// `half` has halves of the tensor cores' type.
template <class Element> DEVICE void peak_tensor(const gk_peak &a, u32 half) {
  float sums[GK_PEAK_OPERATIONS][4];
  u32 x[4] = {half, half, half, half};
  UNROLL for (int i = 0; i < GK_PEAK_OPERATIONS; i++) {
    UNROLL for (int e = 0; e < 4; e++) sums[i][e] = 0;
  }
  for (int round = 0; round < a.rounds; round++) {
    UNROLL for (int i = 0; i < GK_PEAK_OPERATIONS; i++) tensor_multiply<Element>(sums[i], x, half, half);
  }
  float sum = 0;
  UNROLL for (int i = 0; i < GK_PEAK_OPERATIONS; i++) sum += sums[i][0] + sums[i][3];
  put(global<float>(a.target), (long)block_x() * 256 + thread_index(), sum);
}
