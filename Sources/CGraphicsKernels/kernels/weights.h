// What weights need beyond a product: their forms for it, made anew whenever a step of training has changed them.
#pragma once

#include "movement.h"

// A thread for each number of the target.
template <class Element> DEVICE void pack_weight(const gk_pack_weight &a) {
  int rows = a.turned ? a.inputs : a.outputs, columns = a.turned ? a.outputs : a.inputs;
  long i = item_index();
  if (i >= (long)rows * a.taps * a.padded) return;
  long line = i / a.padded;
  int column = (int)(i - line * a.padded), row = (int)(line / a.taps), tap = (int)(line - (long)row * a.taps);
  float value = 0;
  if (column < columns) {
    int output = a.turned ? column : row, input = a.turned ? row : column;
    if (a.turned) tap = a.taps - 1 - tap;
    value = get(global<float>(a.source), ((long)output * a.inputs + input) * a.taps + tap);
  }
  put(global<Element>(a.target), i, rounded<Element>(value));
}

// A thread for each weight: adds the parts of its gradient, in order.
DEVICE void add_weight_partials(const gk_weight_gradient &a) {
  long inputs = a.product.inputs, size = a.product.outputs * inputs;
  long i = item_index();
  if (i >= size * a.taps) return;
  // Neighbours read neighbours: the sums lie tap by tap.
  long tap = i / size, weight = i - tap * size;
  float sum = 0;
  for (int split = 0; split < a.splits; split++) {
    sum += get(global<float>(a.partials), ((long)split * a.taps + tap) * size + weight);
  }
  put(global<float>(a.target), weight * a.taps + tap, sum);
}

// A thread for each number between the runs.
template <class Element> DEVICE void clear_gaps(const gk_clear_gaps &a) {
  long i = item_index();
  int channel = (int)(i % a.channels), count = 0;
  long token = i / a.channels;
  for (int gap = 0; gap < a.gap_count; gap++) count += run_at(a.gaps, gap).count;
  long sample = token / count;
  if (sample >= a.batch) return;
  int rest = (int)(token - sample * count);
  bool found = false;
  for (int gap = 0; gap < a.gap_count; gap++) {
    gk_run run = run_at(a.gaps, gap);
    if (!found && rest < run.count) {
      found = true;
      put(global<Element>(a.target), (sample * a.tokens + run.start + rest) * a.channels + channel,
          rounded<Element>(0));
    }
    rest -= run.count;
  }
}
