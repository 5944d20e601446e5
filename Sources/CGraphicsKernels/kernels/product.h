// Matrix products and convolutions as implicit products: a block computes a tile of target pixels by outputs, with
// source and weights on their way to shared memory some steps ahead. The tile's products are plain multiply-adds
// in float32 (product_float.h) or tensor cores' in bfloat16 (product_bf16.h).
#pragma once

#include "device.h"

// The extents of a tile, and what follows from them. A step takes 64 bytes of each row.
template <class Element, int rows, int columns, int stages, int threads> struct Tile {
  static constexpr int step = 64 / sizeof(Element);
  static constexpr int whole = 16 / sizeof(Element);  // elements of one copy
  // Rows lie 16 bytes further apart than they are long, so that neighbours are in different banks.
  static constexpr int pitch = step + whole;
  static constexpr int stage = (rows + columns) * pitch;
  static constexpr int row_step = threads / 4;  // rows that the block's threads load at once
};

// Where a target pixel lies, and what it is computed from.
struct Pixel {
  int row, column;  // of the source, in its image: the middle of the taps
  int height;       // of the source image; 0 where there is no such pixel
  long source;      // the first token of the source image
  long target;      // the target token
};

DEVICE Pixel pixel_at(const gk_product &a, int index) {
  Pixel pixel{0, 0, 0, 0, 0};
  if (index >= a.pixels) return pixel;
  int each = a.pixels / a.batch, sample = index / each, rest = index - sample * each;
  int source_row = 0, target_row = 0;
  bool found = false;
  UNROLL for (int i = 0; i < GK_MAX_PARTS; i++) {
    if (i >= a.image_count || found) continue;
    int count = a.images[i].target_height * a.target_width;
    if (rest < count) {
      found = true;
      source_row = a.images[i].source_row;
      target_row = a.images[i].target_row;
      pixel.height = a.images[i].source_height;
    } else {
      rest -= count;
    }
  }
  int row = rest / a.target_width, column = rest - row * a.target_width;
  pixel.row = row * a.stride;
  pixel.column = column * a.stride;
  pixel.source = (long)sample * a.source_tokens + (long)source_row * a.source_width;
  pixel.target =
      (long)sample * a.target_tokens + (long)(target_row + row) * a.target_width + column;
  return pixel;
}

// The source token that a tap reads for a pixel; -1 outside the image.
DEVICE long tap_token(const gk_product &a, const Pixel &pixel, int tap) {
  int shift = a.side / 2, down = tap / a.side;
  int row = pixel.row + down - shift, column = pixel.column + (tap - down * a.side) - shift;
  bool inside = row >= 0 && row < pixel.height && column >= 0 && column < a.source_width;
  return inside ? pixel.source + (long)row * a.source_width + column : -1;
}

// The output that a column of the tile stands for. Where the product is gated, columns come in groups: so many
// values, then their gates, so that one thread has both.
DEVICE int output_at(const gk_product &a, int column, int group) {
  if (!a.gated) return column < a.outputs ? column : -1;
  int half = a.outputs / 2;
  int value = column / (2 * group) * group + column % group;
  if (value >= half) return -1;
  return column / group % 2 == 0 ? value : half + value;
}

// What the steps of a sum are: so many for each tap. A block with one part of it does some of them.
struct Steps {
  int each, first, end;
};

template <int step> DEVICE Steps steps_of(const gk_product &a, int split) {
  int each = (a.inputs + step - 1) / step, all = each * a.side * a.side;
  return Steps{each, (int)((long)all * split / a.splits), (int)((long)all * (split + 1) / a.splits)};
}

// Brings the rows of a step to shared memory: the source's for the tile's pixels, then the weights'.
template <class Element, class Shape, int rows, int columns, int group> struct Loader {
  static constexpr int pixel_count = rows / Shape::row_step;
  static constexpr int output_count = columns / Shape::row_step;
  Pixel pixels[pixel_count];
  int outputs[output_count];
  Global<Element> source, weights;
  int row, part;

  DEVICE_MEMBER void begin(const gk_product &a) {
    source = global<Element>(a.source);
    weights = global<Element>(a.weights);
    row = thread_index() / 4;
    part = thread_index() % 4 * Shape::whole;
    UNROLL for (int i = 0; i < pixel_count; i++) {
      pixels[i] = pixel_at(a, block_x() * rows + row + i * Shape::row_step);
    }
    UNROLL for (int i = 0; i < output_count; i++) {
      outputs[i] = output_at(a, block_y() * columns + row + i * Shape::row_step, group);
    }
  }

  DEVICE_MEMBER void load(const gk_product &a, const Steps &steps, int step, Shared<Element> memory,
                          int base) {
    int tap = step / steps.each, input = (step - tap * steps.each) * Shape::step + part;
    bool whole = a.inputs % Shape::whole == 0;
    UNROLL for (int i = 0; i < pixel_count; i++) {
      long token = pixels[i].height > 0 ? tap_token(a, pixels[i], tap) : -1;
      int place = base + (row + i * Shape::row_step) * Shape::pitch + part;
      if (whole) {
        bool wanted = token >= 0 && input < a.inputs;
        copy16(memory, place, source, wanted ? token * a.inputs + input : 0, wanted);
      } else {
        // Rows that do not begin at whole 16 bytes go number by number.
        for (int k = 0; k < Shape::whole; k++) {
          bool wanted = token >= 0 && input + k < a.inputs;
          put(memory, place + k,
              wanted ? get(source, token * a.inputs + input + k) : rounded<Element>(0));
        }
      }
    }
    int taps = a.side * a.side;
    UNROLL for (int i = 0; i < output_count; i++) {
      bool wanted = outputs[i] >= 0 && input < a.weight_inputs;
      int place = base + (rows + row + i * Shape::row_step) * Shape::pitch + part;
      long weight = ((long)outputs[i] * taps + tap) * a.weight_inputs + input;
      copy16(memory, place, weights, wanted ? weight : 0, wanted);
    }
  }

  // Calls compute(sources, weights) for every step, with where its numbers are in memory, while those of the
  // steps that follow are on their way.
  template <int stages, class Compute>
  DEVICE_MEMBER void for_each_step(const gk_product &a, const Steps &steps, Shared<Element> memory,
                                   Compute compute) {
    for (int i = 0; i < stages - 1; i++) {
      if (steps.first + i < steps.end) load(a, steps, steps.first + i, memory, i * Shape::stage);
      commit();
    }
    for (int step = steps.first; step < steps.end; step++) {
      wait<stages - 2>();
      barrier();
      int ahead = step + stages - 1;
      if (ahead < steps.end) {
        load(a, steps, ahead, memory, (ahead - steps.first) % stages * Shape::stage);
      }
      commit();
      int base = (step - steps.first) % stages * Shape::stage;
      compute(base, base + rows * Shape::pitch);
    }
  }
};

// Bias, residual and type of one result.
DEVICE void finish(const gk_product &a, long token, int output, int width, float value) {
  long place = token * width + output;
  if (a.target_bf16) {
    if (a.residual) value += number(get(global<bf16>(a.residual), place));
    put(global<bf16>(a.target), place, to_bf16(value));
  } else {
    if (a.residual) value += get(global<float>(a.residual), place);
    put(global<float>(a.target), place, value);
  }
}

DEVICE float biased(const gk_product &a, int output, float value) {
  return a.bias ? value + get(global<float>(a.bias), output) : value;
}

// A result of the tile, or with its gate.
DEVICE void store(const gk_product &a, int index, long token, int output, float value) {
  if (output < 0) return;
  if (a.splits > 1) {
    long place = ((long)block_z() * a.pixels + index) * a.outputs + output;
    put(global<float>(a.partials), place, value);
  } else {
    finish(a, token, output, a.outputs, biased(a, output, value));
  }
}

DEVICE void store_gated(const gk_product &a, int index, long token, int output, float value, float gate) {
  if (output < 0) return;
  int half = a.outputs / 2;
  if (a.splits > 1) {
    store(a, index, token, output, value);
    store(a, index, token, output + half, gate);
  } else {
    finish(a, token, output, half,
           biased(a, output, value) * gelu(biased(a, output + half, gate)));
  }
}

// Adds the parts of a sum, in order, a thread for each result.
DEVICE void add_partials(const gk_product &a) {
  int width = a.gated ? a.outputs / 2 : a.outputs;
  long item = (long)block_x() * 256 + thread_index();
  if (item >= (long)a.pixels * width) return;
  int index = (int)(item / width), output = (int)(item - (long)index * width);
  Global<float> partials = global<float>(a.partials);
  float value = 0, gate = 0;
  for (int split = 0; split < a.splits; split++) {
    long place = ((long)split * a.pixels + index) * a.outputs + output;
    value += get(partials, place);
    if (a.gated) gate += get(partials, place + width);
  }
  value = biased(a, output, value);
  if (a.gated) value *= gelu(biased(a, output + width, gate));
  finish(a, pixel_at(a, index).target, output, width, value);
}
