// Products of single rows, as of a sample's embedding: each weight is read once and used for a few rows, so that
// memory's speed decides. A warp has an output of up to four rows.
#pragma once

#include "normalization.h"
#include "product.h"

#define VECTOR_ROWS 4

// A row's sum is the same whatever rows stand beside it.
template <class Element> DEVICE void product_vector(const gk_product &a) {
  constexpr int count = whole_count<Element>;
  int lane = thread_index() % 32, output = block_x() * 4 + thread_index() / 32;
  if (output >= a.outputs) return;
  Global<Element> source = global<Element>(a.source), weights = global<Element>(a.weights);
  int first = block_y() * VECTOR_ROWS, rows = least(a.pixels - first, VECTOR_ROWS);
  bool whole = a.inputs % count == 0;
  float sums[VECTOR_ROWS];
  UNROLL for (int row = 0; row < VECTOR_ROWS; row++) sums[row] = 0;
  long base = (long)output * a.weight_inputs;
  UNROLL_SOME for (int input = lane * count; input < a.inputs; input += 32 * count) {
    float w[count];
    unpack(get16(weights, base + input), w);
    UNROLL for (int row = 0; row < VECTOR_ROWS; row++) {
      if (row >= rows) continue;
      long place = (long)(first + row) * a.inputs + input;
      float x[count];
      if (whole) {
        unpack(get16(source, place), x);
      } else {
        UNROLL for (int k = 0; k < count; k++) {
          x[k] = input + k < a.inputs ? number(get(source, place + k)) : 0;
        }
      }
      UNROLL for (int k = 0; k < count; k++) sums[row] += x[k] * w[k];
    }
  }
  UNROLL for (int row = 0; row < VECTOR_ROWS; row++) {
    float sum = warp_sum(sums[row]);
    if (row < rows && lane == 0) finish(a, first + row, output, a.outputs, sum + bias_of(a, output));
  }
}
