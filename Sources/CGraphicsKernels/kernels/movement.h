// Kernels that bring tokens to other places, a thread for each element of the target.
#pragma once

#include "device.h"

DEVICE long item_index() { return (long)block_x() * 256 + thread_index(); }

template <class Element> DEVICE void concatenate(const gk_concatenate &a) {
  int channels = a.first_channels + a.second_channels;
  long i = item_index();
  if (i >= a.rows * channels) return;
  long row = i / channels;
  int channel = (int)(i - row * channels);
  Element value = channel < a.first_channels
                      ? get(global<Element>(a.first), row * a.first_channels + channel)
                      : get(global<Element>(a.second),
                            row * a.second_channels + channel - a.first_channels);
  put(global<Element>(a.target), i, value);
}

template <class Element> DEVICE void transpose(const gk_transpose &a) {
  long i = item_index();
  if (i >= a.count) return;
  // Of the target: [outer, second, first, inner].
  long row = i / a.inner, inner = i - row * a.inner;
  long column = row / a.first, first = row - column * a.first;
  long outer = column / a.second, second = column - outer * a.second;
  long from = ((outer * a.first + first) * a.second + second) * a.inner + inner;
  put(global<Element>(a.target), i, get(global<Element>(a.source), from));
}

template <class Element> DEVICE void resample(const gk_resample &a) {
  long i = item_index();
  long row_size = (long)a.target_width * a.channels;
  if (i >= row_size * a.target_rows * a.batch) return;
  long rows = i / row_size, rest = i - rows * row_size;
  int sample = (int)(rows / a.target_rows), row = (int)(rows - (long)sample * a.target_rows);
  int column = (int)(rest / a.channels), channel = (int)(rest - (long)column * a.channels);
  Global<Element> source = global<Element>(a.source);
  float value = 0;
  for (int image = 0; image < a.image_count; image++) {
    int down = row - a.images[image].target_row;
    if (down < 0 || down >= a.images[image].target_height) continue;
    bool pools = a.kind == GK_AVERAGE_POOL, repeats = a.kind == GK_UPSAMPLE;
    int from = a.images[image].source_row + (pools ? 2 * down : repeats ? down / 2 : down);
    int across = pools ? 2 * column : repeats ? column / 2 : column;
    long first = (((long)sample * a.source_rows + from) * a.source_width + across) * a.channels + channel;
    value = number(get(source, first));
    if (pools) {
      long below = first + (long)a.source_width * a.channels;
      value += number(get(source, first + a.channels));
      value += number(get(source, below)) + number(get(source, below + a.channels));
      value *= 0.25f;
    }
  }
  put(global<Element>(a.target), i, rounded<Element>(value));
}

template <class Element> DEVICE void sum_planes(const gk_sum_planes &a) {
  long i = item_index();
  if (i >= (long)a.depth * a.height * a.width * a.channels) return;
  long token = i / a.channels, channel = i - token * a.channels;
  long line = token / a.width, w = token - line * a.width;
  long d = line / a.height, h = line - d * a.height;
  float front = number(get(global<Element>(a.front), (h * a.width + w) * a.channels + channel));
  float side = number(get(global<Element>(a.side), (d * a.width + w) * a.channels + channel));
  float top = number(get(global<Element>(a.top), (d * a.height + h) * a.channels + channel));
  put(global<Element>(a.target), i, rounded<Element>(front + side + top));
}

template <class Element> DEVICE void gather_sequences(const gk_gather_sequences &a) {
  long i = item_index();
  if (i >= (long)a.sequences * (a.length + 1) * a.channels) return;
  long row = i / a.channels, channel = i - row * a.channels;
  int sequence = (int)(row / (a.length + 1)), place = (int)(row - (long)sequence * (a.length + 1));
  float value;
  if (place == a.length) {
    value = get(global<float>(a.token), channel);
  } else {
    int outer = sequence / a.inner;
    long token = (long)outer * a.outer_stride + (long)(sequence - outer * a.inner) * a.inner_stride +
                 (long)place * a.token_step;
    value = number(get(global<Element>(a.source), token * a.channels + channel));
  }
  value += get(global<float>(a.positions), (long)place * a.channels + channel);
  put(global<Element>(a.target), i, rounded<Element>(value));
}

// Each token of the target stands in one sequence: a thread for each element of those.
template <class Element> DEVICE void scatter_sequences(const gk_scatter_sequences &a) {
  long i = item_index();
  if (i >= (long)a.sequences * a.length * a.channels) return;
  long row = i / a.channels, channel = i - row * a.channels;
  int sequence = (int)(row / a.length), place = (int)(row - (long)sequence * a.length), outer = sequence / a.inner;
  long token = (long)outer * a.outer_stride + (long)(sequence - outer * a.inner) * a.inner_stride +
               (long)place * a.token_step;
  long from = ((long)sequence * (a.length + 1) + place) * a.channels + channel;
  put(global<Element>(a.target), token * a.channels + channel, get(global<Element>(a.source), from));
}

DEVICE void gather(const gk_gather &a) {
  long i = item_index();
  if (i >= a.count) return;
  int end = get(global<int>(a.starts), i + 1);
  float sum = 0;
  for (int k = get(global<int>(a.starts), i); k < end; k++) {
    sum += get(global<float>(a.source), get(global<int>(a.places), k));
  }
  put(global<float>(a.target), i, sum);
}

// A thread for each number of the pooled images.
template <class Element, bool is_gradient> DEVICE void maximum_pool(const gk_maximum_pool &a) {
  long i = item_index();
  int half = a.width / 2;
  if (i >= (long)a.batch * (a.height / 2) * half * a.channels) return;
  long pixel = i / a.channels, channel = i - pixel * a.channels, row = pixel / half, column = pixel - row * half;
  long corner = (row * 2 * a.width + 2 * column) * a.channels + channel, below = (long)a.width * a.channels;
  const long offsets[4] = {0, a.channels, below, below + a.channels};
  int best = 0;
  float top = number(get(global<Element>(a.source), corner));
  UNROLL for (int k = 1; k < 4; k++) {
    float value = number(get(global<Element>(a.source), corner + offsets[k]));
    if (value > top) {
      top = value;
      best = k;
    }
  }
  if constexpr (is_gradient) {
    Element gradient = get(global<Element>(a.gradient), i);
    UNROLL for (int k = 0; k < 4; k++) {
      put(global<Element>(a.target), corner + offsets[k], k == best ? gradient : rounded<Element>(0));
    }
  } else {
    put(global<Element>(a.target), i, rounded<Element>(top));
  }
}

// A thread for each number of the result.
DEVICE void volume_pool(const gk_volume_pool &a) {
  long i = item_index(), places = (long)a.results[0] * a.results[1] * a.results[2];
  if (i >= a.batch * places * a.channels) return;
  long place = i / a.channels, channel = i - place * a.channels, sample = place / places;
  int rest = (int)(place - sample * places), at[3];
  at[2] = rest % a.results[2];
  at[1] = rest / a.results[2] % a.results[1];
  at[0] = rest / (a.results[2] * a.results[1]);
  int first[3], end[3];
  UNROLL for (int axis = 0; axis < 3; axis++) {
    int start = at[axis] * a.stride[axis] - a.before[axis];
    first[axis] = start > 0 ? start : 0;
    end[axis] = least(start + a.size[axis], a.extents[axis]);
  }
  float sum = 0, top = -3.4028235e38f;
  for (int frame = first[0]; frame < end[0]; frame++) {
    for (int row = first[1]; row < end[1]; row++) {
      for (int column = first[2]; column < end[2]; column++) {
        long token = ((sample * a.extents[0] + frame) * a.extents[1] + row) * a.extents[2] + column;
        float value = get(global<float>(a.source), token * a.channels + channel);
        sum += value;
        top = largest(top, value);
      }
    }
  }
  int count = (end[0] - first[0]) * (end[1] - first[1]) * (end[2] - first[2]);
  put(global<float>(a.target), i, a.average ? sum / (float)count : top);
}
