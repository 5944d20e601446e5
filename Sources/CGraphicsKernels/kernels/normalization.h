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

// The numbers of a group that a block has: those of a sample, in one run or in all. They go in pieces of `size`
// neighbouring channels, and the threads take every so many of them.
template <class Element, int size> struct GroupPieces {
  Global<Element> source, target;
  long base;           // the sample's first number
  int channels, first;  // of the tensor; the group's first channel
  int across, count;   // pieces of a token; of all tokens
  int first_run, end_run;

  DEVICE_MEMBER void begin(const gk_group_norm &a) {
    source = global<Element>(a.source);
    target = global<Element>(a.target);
    channels = a.channels;
    int wide = a.channels / a.groups;
    first = block_x() * wide;
    across = wide / size;
    base = (long)block_z() * a.tokens * a.channels;
    first_run = a.joint ? 0 : block_y();
    end_run = a.joint ? a.run_count : first_run + 1;
    count = 0;
    for (int run = first_run; run < end_run; run++) count += run_at(a.runs, run).count * across;
  }

  // The channel at which a piece begins, and where it lies.
  DEVICE_MEMBER int channel(int piece) { return first + piece % across * size; }
  DEVICE_MEMBER long place(const gk_group_norm &a, int piece) {
    int token = piece / across;
    for (int run = first_run; run < end_run; run++) {
      gk_run tokens = run_at(a.runs, run);
      if (token < tokens.count || run + 1 == end_run) {
        token += tokens.start;
        break;
      }
      token -= tokens.count;
    }
    return base + (long)token * channels + channel(piece);
  }

  DEVICE_MEMBER void read(long place, float (&values)[size]) {
    if constexpr (size == 1) {
      values[0] = number(get(source, place));
    } else {
      unpack(get16(source, place), values);
    }
  }
  DEVICE_MEMBER void write(long place, const float (&values)[size]) {
    if constexpr (size == 1) {
      put(target, place, rounded<Element>(values[0]));
    } else {
      put16(target, place, packed(values));
    }
  }
};

// What a normalised number is multiplied by, and what is added to it, for each channel of a piece.
template <int size>
DEVICE void group_norm_line(const gk_group_norm &a, int channel, float mean, float factor,
                            float (&slopes)[size], float (&shifts)[size]) {
  long row = (long)block_z() * 2 * a.channels + channel;
  UNROLL for (int k = 0; k < size; k++) {
    slopes[k] = factor * get(global<float>(a.weight), channel + k);
    shifts[k] = get(global<float>(a.bias), channel + k) - mean * slopes[k];
    if (a.modulation) {
      Global<float> modulation = global<float>(a.modulation);
      float scale = 1 + get(modulation, row + k);
      slopes[k] *= scale;
      shifts[k] = shifts[k] * scale + get(modulation, row + a.channels + k);
    }
  }
}

// The first `kept` pieces of a thread stay in registers; what does not fit is read again, from the cache.
template <class Element, int threads, int size, int kept>
DEVICE void group_norm_pieces(const gk_group_norm &a, Shared<float> memory) {
  GroupPieces<Element, size> pieces;
  pieces.begin(a);
  float values[kept][size];
  float sum = 0;
  UNROLL for (int i = 0; i < kept; i++) {
    int piece = thread_index() + i * threads;
    if (piece < pieces.count) {
      pieces.read(pieces.place(a, piece), values[i]);
      UNROLL for (int k = 0; k < size; k++) sum += values[i][k];
    }
  }
  for (int piece = thread_index() + kept * threads; piece < pieces.count; piece += threads) {
    float more[size];
    pieces.read(pieces.place(a, piece), more);
    UNROLL for (int k = 0; k < size; k++) sum += more[k];
  }
  float amount = (float)pieces.count * size;
  float mean = block_sum<threads / 32>(sum, memory) / amount;
  sum = 0;
  UNROLL for (int i = 0; i < kept; i++) {
    if (thread_index() + i * threads < pieces.count) {
      UNROLL for (int k = 0; k < size; k++) sum += (values[i][k] - mean) * (values[i][k] - mean);
    }
  }
  for (int piece = thread_index() + kept * threads; piece < pieces.count; piece += threads) {
    float more[size];
    pieces.read(pieces.place(a, piece), more);
    UNROLL for (int k = 0; k < size; k++) sum += (more[k] - mean) * (more[k] - mean);
  }
  float factor = 1 / root_of(block_sum<threads / 32>(sum, memory) / amount + a.epsilon);
  if (a.statistics && thread_index() == 0) {
    for (int run = pieces.first_run; run < pieces.end_run; run++) {
      long place = (((long)block_z() * a.run_count + run) * a.groups + block_x()) * 2;
      put(global<float>(a.statistics), place, mean);
      put(global<float>(a.statistics), place + 1, factor);
    }
  }
  float slopes[size], shifts[size];
  int known = -1;
  UNROLL_SOME for (int i = 0; i * threads < pieces.count; i++) {
    int piece = thread_index() + i * threads;
    if (piece >= pieces.count) break;
    int channel = pieces.channel(piece);
    if (channel != known) {
      known = channel;
      group_norm_line<size>(a, channel, mean, factor, slopes, shifts);
    }
    long place = pieces.place(a, piece);
    float more[size];
    pieces.read(place, more);
    UNROLL for (int k = 0; k < size; k++) {
      float y = more[k] * slopes[k] + shifts[k];
      more[k] = a.activated ? silu(y) : y;
    }
    pieces.write(place, more);
  }
  // What lies between a run and the next, or before the first, becomes 0.
  float nothing[size];
  UNROLL for (int k = 0; k < size; k++) nothing[k] = 0;
  for (int run = pieces.first_run; run < pieces.end_run; run++) {
    gk_run tokens = run_at(a.runs, run);
    int end = tokens.start + tokens.count;
    int next = run + 1 < a.run_count ? run_at(a.runs, run + 1).start : a.tokens;
    int before = run == 0 ? tokens.start * pieces.across : 0;
    int all = before + (next - end) * pieces.across;
    for (int piece = thread_index(); piece < all; piece += threads) {
      int token = piece < before ? piece / pieces.across : end + (piece - before) / pieces.across;
      pieces.write(pieces.base + (long)token * a.channels + pieces.channel(piece % pieces.across), nothing);
    }
  }
}

// A block has a group of a sample, in one run or in all: blocks are groups by runs by samples.
template <class Element, int threads> DEVICE void group_norm(const gk_group_norm &a) {
  constexpr int size = whole_count<Element>;
  SHARED(float, memory, threads / 32);
  // Pieces of 16 bytes, where a group is so many.
  if (a.channels / a.groups % size == 0) {
    group_norm_pieces<Element, threads, size, 64 / size>(a, memory);
  } else {
    group_norm_pieces<Element, threads, 1, 4>(a, memory);
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
