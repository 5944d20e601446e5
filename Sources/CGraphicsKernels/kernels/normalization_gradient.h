// The gradients of normalisations.
#pragma once

#include "normalization.h"

// What a group's numbers depend on, of one channel.
struct GroupChannel {
  float mean, inverse;   // of the group
  float slope, shift;    // z = x slope + shift is the value before the activation
  float scaled;          // what the normalised number is multiplied by on the way to z
};

DEVICE GroupChannel group_channel(const gk_group_norm &a, int run, int channel) {
  long place = (((long)block_z() * a.run_count + run) * a.groups + block_x()) * 2;
  GroupChannel found;
  found.mean = get(global<float>(a.statistics), place);
  found.inverse = get(global<float>(a.statistics), place + 1);
  found.scaled = get(global<float>(a.weight), channel);
  found.shift = get(global<float>(a.bias), channel) - found.mean * found.inverse * found.scaled;
  if (a.modulation) {
    long row = (long)block_z() * 2 * a.channels + channel;
    float scale = 1 + get(global<float>(a.modulation), row);
    found.shift = found.shift * scale + get(global<float>(a.modulation), row + a.channels);
    found.scaled *= scale;
  }
  found.slope = found.inverse * found.scaled;
  return found;
}

// The gradient before the activation.
DEVICE float before_activation(const gk_group_norm &a, float gradient, float z) {
  return a.activated ? gradient * silu_derivative(z) : gradient;
}

// A block has a group of a sample, in one run or in all, as with the forward kernel. Its threads share tokens and
// channels so that each keeps to the same channels: as many neighbours as the group has, and then the next token.
template <class Element, int threads> DEVICE void group_norm_gradient(const gk_group_norm_gradient &a) {
  const gk_group_norm &forward = a.forward;
  SHARED(float, memory, threads / 32);
  SHARED(float, sums, threads);
  SHARED(float, products, threads);
  Global<Element> source = global<Element>(forward.source), gradient = global<Element>(a.gradient);
  Global<Element> result = global<Element>(a.result);
  int wide = forward.channels / forward.groups, first = block_x() * wide, lanes = least(wide, threads);
  int lane = thread_index() % lanes, line = thread_index() / lanes, lines = threads / lanes;
  int first_run = forward.joint ? 0 : block_y(), end_run = forward.joint ? forward.run_count : first_run + 1;
  long base = (long)block_z() * forward.tokens * forward.channels;
  long sum_place = ((long)block_z() * (forward.joint ? 1 : forward.run_count) + block_y()) * 2 * forward.channels;
  float whole_sum = 0, whole_product = 0, amount = 0;
  for (int run = first_run; run < end_run; run++) amount += (float)run_at(forward.runs, run).count * wide;
  for (int begin = 0; begin < wide; begin += lanes) {
    int channel = first + begin + lane;
    bool there = begin + lane < wide && line < lines;
    float sum = 0, product = 0;
    GroupChannel numbers{0, 0, 0, 0, 0};
    if (there) numbers = group_channel(forward, first_run, channel);
    for (int run = first_run; there && run < end_run; run++) {
      gk_run tokens = run_at(forward.runs, run);
      UNROLL_SOME for (int token = line; token < tokens.count; token += lines) {
        long place = base + (long)(tokens.start + token) * forward.channels + channel;
        float x = number(get(source, place));
        float before = before_activation(forward, number(get(gradient, place)), x * numbers.slope + numbers.shift);
        sum += before;
        product += before * (x - numbers.mean);
      }
    }
    barrier();
    put(sums, thread_index(), sum);
    put(products, thread_index(), product);
    barrier();
    // The first line adds up what the others have of its channels.
    if (line == 0 && there) {
      float all_sums = 0, all_products = 0;
      for (int other = 0; other < lines; other++) {
        all_sums += get(sums, other * lanes + lane);
        all_products += get(products, other * lanes + lane);
      }
      all_products *= numbers.inverse;
      put(global<float>(a.sums), sum_place + channel, all_sums);
      put(global<float>(a.sums), sum_place + forward.channels + channel, all_products);
      whole_sum += numbers.scaled * all_sums;
      whole_product += numbers.scaled * all_products;
    }
  }
  float mean_gradient = block_sum<threads / 32>(whole_sum, memory) / amount;
  float mean_product = block_sum<threads / 32>(whole_product, memory) / amount;
  for (int begin = 0; begin < wide; begin += lanes) {
    int channel = first + begin + lane;
    if (begin + lane >= wide || line >= lines) continue;
    GroupChannel numbers = group_channel(forward, first_run, channel);
    for (int run = first_run; run < end_run; run++) {
      gk_run tokens = run_at(forward.runs, run);
      UNROLL_SOME for (int token = line; token < tokens.count; token += lines) {
        long place = base + (long)(tokens.start + token) * forward.channels + channel;
        float x = number(get(source, place));
        float before = before_activation(forward, number(get(gradient, place)), x * numbers.slope + numbers.shift);
        float y = numbers.scaled * before - mean_gradient - (x - numbers.mean) * numbers.inverse * mean_product;
        put(result, place, rounded<Element>(numbers.inverse * y));
      }
      // What lies between this run and the next, or before the first, has no gradient.
      int end = tokens.start + tokens.count;
      int next = run + 1 < forward.run_count ? run_at(forward.runs, run + 1).start : forward.tokens;
      for (int token = line; run == 0 && token < tokens.start; token += lines) {
        put(result, base + (long)token * forward.channels + channel, rounded<Element>(0));
      }
      for (int token = end + line; token < next; token += lines) {
        put(result, base + (long)token * forward.channels + channel, rounded<Element>(0));
      }
    }
  }
}

// The gradients of a channel's parameters, from the sums of all samples and runs in their order.
DEVICE void group_norm_parameters(const gk_group_norm_gradient &a) {
  const gk_group_norm &forward = a.forward;
  int channel = block_x() * 256 + thread_index(), channels = forward.channels;
  if (channel >= channels) return;
  int runs = forward.joint ? 1 : forward.run_count;
  float weight = get(global<float>(forward.weight), channel), bias = get(global<float>(forward.bias), channel);
  float to_weight = 0, to_bias = 0;
  for (int sample = 0; sample < forward.batch; sample++) {
    float sum = 0, product = 0;
    for (int run = 0; run < runs; run++) {
      long place = ((long)sample * runs + run) * 2 * channels + channel;
      sum += get(global<float>(a.sums), place);
      product += get(global<float>(a.sums), place + channels);
    }
    float scale = 1;
    long row = (long)sample * 2 * channels + channel;
    if (forward.modulation) scale += get(global<float>(forward.modulation), row);
    if (a.modulation_gradient) {
      put(global<float>(a.modulation_gradient), row, weight * product + bias * sum);
      put(global<float>(a.modulation_gradient), row + channels, sum);
    }
    to_weight += scale * product;
    to_bias += scale * sum;
  }
  put(global<float>(a.weight_gradient), channel, to_weight);
  put(global<float>(a.bias_gradient), channel, to_bias);
}

// A warp has a row.
template <class Element> DEVICE void layer_norm_gradient(const gk_layer_norm_gradient &a) {
  const gk_layer_norm &forward = a.forward;
  int lane = thread_index() % 32;
  long row = (long)block_x() * 4 + thread_index() / 32;
  if (row >= forward.rows) return;
  Global<Element> source = global<Element>(forward.source), gradient = global<Element>(a.gradient);
  Global<float> weight = global<float>(forward.weight);
  long base = row * forward.channels;
  float sum = 0;
  for (int c = lane; c < forward.channels; c += 32) sum += number(get(source, base + c));
  float mean = warp_sum(sum) / forward.channels;
  sum = 0;
  for (int c = lane; c < forward.channels; c += 32) {
    float distance = number(get(source, base + c)) - mean;
    sum += distance * distance;
  }
  float inverse = 1 / root_of(warp_sum(sum) / forward.channels + forward.epsilon), product = 0;
  sum = 0;
  for (int c = lane; c < forward.channels; c += 32) {
    float weighted = number(get(gradient, base + c)) * get(weight, c);
    sum += weighted;
    product += weighted * (number(get(source, base + c)) - mean) * inverse;
  }
  sum = warp_sum(sum) / forward.channels;
  product = warp_sum(product) / forward.channels;
  for (int c = lane; c < forward.channels; c += 32) {
    float x = (number(get(source, base + c)) - mean) * inverse;
    float y = number(get(gradient, base + c)) * get(weight, c) - sum - x * product;
    put(global<Element>(a.result), base + c, rounded<Element>(inverse * y));
  }
  if (lane == 0) {
    put(global<float>(a.statistics), row * 2, mean);
    put(global<float>(a.statistics), row * 2 + 1, inverse);
  }
}

// A thread has a channel of some rows: blocks are channels by chunks.
template <class Element> DEVICE void layer_norm_sums(const gk_layer_norm_gradient &a) {
  const gk_layer_norm &forward = a.forward;
  int channel = block_x() * 256 + thread_index();
  if (channel >= forward.channels) return;
  long first = (long)block_y() * a.chunk_rows;
  int count = least(a.chunk_rows, (int)(forward.rows - first));
  float to_weight = 0, to_bias = 0;
  UNROLL_SOME for (int i = 0; i < count; i++) {
    long row = first + i, place = row * forward.channels + channel;
    float gradient = number(get(global<Element>(a.gradient), place));
    float x = number(get(global<Element>(forward.source), place));
    float mean = get(global<float>(a.statistics), row * 2), inverse = get(global<float>(a.statistics), row * 2 + 1);
    to_weight += gradient * (x - mean) * inverse;
    to_bias += gradient;
  }
  long target = (long)block_y() * 2 * forward.channels + channel;
  put(global<float>(a.sums), target, to_weight);
  put(global<float>(a.sums), target + forward.channels, to_bias);
}
