// Normalisations, each in one kernel. Variances are means of squared distances from the mean, which is known by
// then: the numbers are read again, from the cache.
#pragma once

#include "device.h"

// The sum over a warp, on every lane of it.
DEVICE float warp_sum(float value) {
  UNROLL for (int mask = 16; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
  return value;
}

// The sum over a block, on every thread; `memory` holds a number for each warp.
template <int warps> DEVICE float block_sum(float value, Shared<float> memory) {
  value = warp_sum(value);
  barrier();
  if (thread_index() % 32 == 0) put(memory, thread_index() / 32, value);
  barrier();
  float sum = 0;
  UNROLL for (int warp = 0; warp < warps; warp++) sum += get(memory, warp);
  return sum;
}

// A block has a group of a sample, in one run or in all: blocks are groups by runs by samples.
template <class Element, int threads> DEVICE void group_norm(const gk_group_norm &a) {
  SHARED(float, memory, threads / 32);
  Global<Element> source = global<Element>(a.source), target = global<Element>(a.target);
  Global<float> weight = global<float>(a.weight), bias = global<float>(a.bias);
  Global<float> modulation = global<float>(a.modulation);
  int sample = block_z(), wide = a.channels / a.groups, first = block_x() * wide;
  // Threads stand side by side over the group's channels, and again for as many tokens as there are threads.
  int side = least(wide, threads), step = threads / side;
  int place = thread_index() % side, token = thread_index() / side;
  bool works = token < step;
  int first_run = a.joint ? 0 : block_y(), end_run = a.joint ? a.run_count : first_run + 1;
  long base = (long)sample * a.tokens;
  float sum = 0;
  int count = 0;
  for (int run = first_run; run < end_run; run++) {
    gk_run tokens = run_at(a.runs, run);
    int start = tokens.start, length = tokens.count;
    count += length;
    for (int t = token; works && t < length; t += step) {
      for (int c = place; c < wide; c += side) {
        sum += number(get(source, (base + start + t) * a.channels + first + c));
      }
    }
  }
  float mean = block_sum<threads / 32>(sum, memory) / ((float)count * wide);
  sum = 0;
  for (int run = first_run; run < end_run; run++) {
    gk_run tokens = run_at(a.runs, run);
    int start = tokens.start, length = tokens.count;
    for (int t = token; works && t < length; t += step) {
      for (int c = place; c < wide; c += side) {
        float distance = number(get(source, (base + start + t) * a.channels + first + c)) - mean;
        sum += distance * distance;
      }
    }
  }
  float variance = block_sum<threads / 32>(sum, memory) / ((float)count * wide);
  float factor = 1 / root_of(variance + a.epsilon);
  for (int c = place; works && c < wide; c += side) {
    int channel = first + c;
    float slope = factor * get(weight, channel), shift = get(bias, channel) - mean * slope;
    if (a.modulation) {
      long row = (long)sample * 2 * a.channels;
      float scale = 1 + get(modulation, row + channel);
      slope *= scale;
      shift = shift * scale + get(modulation, row + a.channels + channel);
    }
    for (int run = first_run; run < end_run; run++) {
      gk_run tokens = run_at(a.runs, run);
    int start = tokens.start, length = tokens.count;
      for (int t = token; t < length; t += step) {
        long item = (base + start + t) * a.channels + channel;
        float y = number(get(source, item)) * slope + shift;
        put(target, item, rounded<Element>(a.activated ? silu(y) : y));
      }
      // What lies between this run and the next, or before the first.
      int next = run + 1 < a.run_count ? run_at(a.runs, run + 1).start : a.tokens;
      for (int t = (run == 0 ? 0 : start + length) + token; t < next; t += step) {
        if (t < start || t >= start + length) {
          put(target, (base + t) * a.channels + channel, rounded<Element>(0));
        }
      }
    }
  }
}

// A warp has a row.
template <class Element> DEVICE void layer_norm(const gk_layer_norm &a) {
  int lane = thread_index() % 32;
  long row = (long)block_x() * 4 + thread_index() / 32;
  if (row >= a.rows) return;
  Global<Element> source = global<Element>(a.source), target = global<Element>(a.target);
  Global<float> weight = global<float>(a.weight), bias = global<float>(a.bias);
  long base = row * a.channels;
  float sum = 0;
  for (int c = lane; c < a.channels; c += 32) sum += number(get(source, base + c));
  float mean = warp_sum(sum) / a.channels;
  sum = 0;
  for (int c = lane; c < a.channels; c += 32) {
    float distance = number(get(source, base + c)) - mean;
    sum += distance * distance;
  }
  float factor = 1 / root_of(warp_sum(sum) / a.channels + a.epsilon);
  for (int c = lane; c < a.channels; c += 32) {
    float y = (number(get(source, base + c)) - mean) * factor * get(weight, c) + get(bias, c);
    put(target, base + c, rounded<Element>(y));
  }
}
