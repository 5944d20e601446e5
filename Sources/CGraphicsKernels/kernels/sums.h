// Sums over rows and axes, and of everything. What many blocks add up is added again in their order.
#pragma once

#include "movement.h"
#include "normalization.h"

// A thread has a column of some rows: blocks are columns by chunks by samples.
template <class Element> DEVICE void sum_rows(const gk_sum_rows &a) {
  int column = block_x() * 256 + thread_index();
  if (column >= a.width) return;
  int first = block_y() * a.chunk_rows, count = least(a.chunk_rows, a.rows - first);
  long place = ((long)block_z() * a.rows + first) * a.width + column;
  float sum = 0;
  UNROLL_SOME for (int row = 0; row < count; row++) {
    sum += number(get(global<Element>(a.source), place + (long)row * a.width));
  }
  put(global<float>(a.target), ((long)block_z() * a.chunks + block_y()) * a.width + column, sum);
}

template <class Element> DEVICE void sum_axis(const gk_sum_axis &a) {
  long i = item_index();
  if (i >= a.count) return;
  long outer = i / a.inner, inner = i - outer * a.inner, place = outer * a.extent * a.inner + inner;
  float sum = 0;
  UNROLL_SOME for (int k = 0; k < a.extent; k++) sum += number(get(global<Element>(a.source), place + k * a.inner));
  put(global<Element>(a.target), i, rounded<Element>(sum));
}

// The sum over a block of 256 threads in float64, on its first thread.
DEVICE double block_sum64(double value, Shared<double> memory) {
  barrier();
  put(memory, thread_index(), value);
  barrier();
  double sum = 0;
  if (thread_index() == 0) {
    for (int i = 0; i < 256; i++) sum += get(memory, i);
  }
  return sum;
}

// One block.
DEVICE void sum_numbers(const gk_sum_numbers &a) {
  SHARED(double, memory, 256);
  double sum = 0;
  for (long i = thread_index(); i < a.count; i += 256) sum += get(global<double>(a.source), i);
  sum = block_sum64(sum, memory) * a.factor;
  if (thread_index() != 0) return;
  if (a.root) {
    put(global<double>(a.target), 0, root_of(sum));
  } else {
    put(global<float>(a.target), 0, (float)sum);
  }
}

// The sum over a block's elements, of 16 a thread.
DEVICE void put_block_sum(gk_address target, float sum, Shared<float> memory) {
  float whole = block_sum<8>(sum, memory);
  if (thread_index() == 0) put(global<double>(target), block_x(), (double)whole);
}
