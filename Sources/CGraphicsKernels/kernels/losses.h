// Losses and their gradients.
#pragma once

#include "sums.h"

// The part that a block serves: the last whose first block is not behind it. Entries are three numbers each.
DEVICE int part_of_block(gk_address table, int count, int words, int block_word) {
  int low = 0, high = count;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (get(global<long>(table), (long)middle * words + block_word) <= block_x()) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

struct BlockElements {
  long first, end;
};

DEVICE BlockElements distance_elements(const gk_distance &a) {
  long part = 3 * (long)part_of_block(a.parts, a.part_count, 3, 2);
  Global<long> parts = global<long>(a.parts);
  long start = get(parts, part), end = start + get(parts, part + 1);
  long first = start + (block_x() - get(parts, part + 2)) * GK_SUM_BLOCK;
  return BlockElements{first, first + GK_SUM_BLOCK < end ? first + GK_SUM_BLOCK : end};
}

template <class Element> DEVICE void distance_sum(const gk_distance &a) {
  SHARED(float, memory, 8);
  BlockElements elements = distance_elements(a);
  float sum = 0;
  for (long i = elements.first + thread_index(); i < elements.end; i += 256) {
    float d = number(get(global<Element>(a.source), i)) - number(get(global<Element>(a.other), i));
    sum += a.squared ? d * d : d < 0 ? -d : d;
  }
  put_block_sum(a.target, sum, memory);
}

template <class Element> DEVICE void distance_gradient(const gk_distance &a) {
  BlockElements elements = distance_elements(a);
  float factor = get(global<float>(a.number), 0) * a.share;
  for (long i = elements.first + thread_index(); i < elements.end; i += 256) {
    float d = number(get(global<Element>(a.source), i)) - number(get(global<Element>(a.other), i));
    float slope = a.squared ? 2 * d : d > 0 ? 1 : d < 0 ? -1 : 0;
    put(global<Element>(a.target), i, rounded<Element>(factor * slope));
  }
}

template <class Element> DEVICE void mean_value(const gk_mean &a) {
  SHARED(double, memory, 256);
  double sum = 0;
  for (long i = thread_index(); i < a.count; i += 256) {
    float x = number(get(global<Element>(a.source), i));
    if (a.hinge) x = largest(0, a.margin + a.sign * x);
    sum += (double)x;
  }
  sum = block_sum64(sum, memory) / (double)a.count;
  if (thread_index() == 0) put(global<float>(a.target), 0, (float)sum);
}

template <class Element> DEVICE void mean_gradient(const gk_mean &a) {
  long i = item_index();
  if (i >= a.count) return;
  float slope = 1;
  if (a.hinge) slope = a.margin + a.sign * number(get(global<Element>(a.source), i)) > 0 ? a.sign : 0;
  put(global<Element>(a.target), i, rounded<Element>(get(global<float>(a.number), 0) / (float)a.count * slope));
}

// The difference of what two tensors change by from an element to its neighbour.
DEVICE float change_error(const gk_finite_difference &a, long i, long step) {
  Global<float> x = global<float>(a.source), y = global<float>(a.other);
  return (get(x, i + step) - get(y, i + step)) - (get(x, i) - get(y, i));
}
DEVICE float sign_of(float x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

DEVICE void finite_difference(const gk_finite_difference &a) {
  SHARED(float, memory, 8);
  float sum = 0;
  for (int k = 0; k < GK_SUM_BLOCK / 256; k++) {
    long i = (long)block_x() * GK_SUM_BLOCK + k * 256 + thread_index();
    if (i >= a.count) break;
    float slope = 0;
    UNROLL for (int kind = 0; kind < GK_MAX_NEIGHBORS; kind++) {
      if (kind >= a.kind_count) continue;
      long step = a.kinds[kind].step, length = a.kinds[kind].length, place = i % (length + step);
      float share = (float)a.kinds[kind].share;
      if (place < length) {
        float error = change_error(a, i, step);
        sum += share * (error < 0 ? -error : error);
        slope -= share * sign_of(error);
      }
      if (place >= step) slope += share * sign_of(change_error(a, i - step, step));
    }
    if (a.gradient) put(global<float>(a.gradient), i, slope);
  }
  put_block_sum(a.target, sum, memory);
}

// A warp has a row.
DEVICE void feature_distance(const gk_feature_distance &a) {
  int lane = thread_index() % 32;
  long row = (long)block_x() * 4 + thread_index() / 32;
  if (row >= a.rows) return;
  Global<float> x = global<float>(a.source), y = global<float>(a.other), weight = global<float>(a.weight);
  long base = row * a.channels;
  float xx = 0, yy = 0;
  for (int c = lane; c < a.channels; c += 32) {
    xx += get(x, base + c) * get(x, base + c);
    yy += get(y, base + c) * get(y, base + c);
  }
  float length = root_of(warp_sum(xx)), to_x = 1 / (length + 1e-10f);
  float to_y = 1 / (root_of(warp_sum(yy)) + 1e-10f), sum = 0, along = 0;
  for (int c = lane; c < a.channels; c += 32) {
    float difference = get(x, base + c) * to_x - get(y, base + c) * to_y;
    float weighted = get(weight, c) * difference;
    sum += weighted * difference;
    along += weighted * get(x, base + c);
  }
  sum = warp_sum(sum);
  along = warp_sum(along);
  if (lane == 0) put(global<float>(a.values), row, sum);
  if (!a.gradient) return;
  // The part along x, which the division by its length takes away.
  float factor = 2 * a.share * to_x, back = length > 0 ? along * to_x / length : 0;
  for (int c = lane; c < a.channels; c += 32) {
    float value = get(x, base + c), difference = value * to_x - get(y, base + c) * to_y;
    put(global<float>(a.gradient), base + c, factor * (get(weight, c) * difference - back * value));
  }
}

// One block.
DEVICE void feature_means(const gk_feature_means &a) {
  SHARED(double, memory, 256);
  float all = 0;
  for (int sample = 0; sample < a.batch; sample++) {
    double sum = 0;
    for (int row = thread_index(); row < a.rows; row += 256) {
      sum += (double)get(global<float>(a.values), (long)sample * a.rows + row);
    }
    sum = block_sum64(sum, memory) / a.rows;
    if (thread_index() == 0) put(global<float>(a.distances), sample, (float)sum);
    all += (float)sum;
  }
  if (thread_index() == 0) put(global<float>(a.mean), 0, all / (float)a.batch);
}
