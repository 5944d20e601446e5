// Matrix products and convolutions as implicit products: a block computes a tile of target pixels by outputs, with
// source and weights on their way to shared memory some steps ahead. The tile's products are plain multiply-adds
// in float32 (product_float.h) or tensor cores', of bfloat16 or of float32 rounded to TF32 (product_tensor.h).
#pragma once

#include "device.h"

// The extents of a tile, and what follows from them. A step takes 128 bytes of each row: a line of the cache.
template <class Element_, int rows_, int columns_, int stages_, int threads_> struct Tile {
  using Element = Element_;
  static constexpr int rows = rows_, columns = columns_, stages = stages_, threads = threads_;
  static constexpr int step = GK_STEP_BYTES / sizeof(Element);
  static constexpr int whole = 16 / sizeof(Element);  // elements of one copy
  // Rows lie 16 bytes further apart than they are long, so that neighbours are in different banks.
  static constexpr int pitch = step + whole;
  static constexpr int stage = (rows + columns) * pitch;
  static constexpr int copies = step / whole;           // of a row
  static constexpr int row_step = threads / copies;     // rows that the block's threads load at once
  static constexpr int result_pitch = columns + 4;
};

// Where a target pixel lies, and what it is computed from.
struct Pixel {
  int frame, row, column;  // of the source, in its image: the first of the taps
  int height;              // of the source image; 0 where there is no such pixel
  int source;              // the first token of the source image
  int target;              // the target token
};

DEVICE Pixel pixel_at(const gk_product &a, int index) {
  Pixel pixel{0, 0, 0, 0, 0, 0};
  if (index >= a.pixels) return pixel;
  if (a.side == 1) return Pixel{0, 0, index, 1, 0, index};  // the rows of a matrix
  int each = a.pixels / a.batch, sample = index / each, rest = index - sample * each;
  int source_row = 0, target_row = 0;
  bool found = false;
  UNROLL for (int i = 0; i < GK_MAX_PARTS; i++) {
    if (i >= a.image_count || found) continue;
    int count = a.images[i].target_height * a.target_width * a.target_depth;
    if (rest < count) {
      found = true;
      if (a.target_depth > 1 || a.depth_side > 1) {
        int frame_size = a.images[i].target_height * a.target_width;
        pixel.frame = rest / frame_size * a.stride - a.depth_padding;
      }
      source_row = a.images[i].source_row;
      target_row = a.images[i].target_row;
      pixel.height = a.images[i].source_height;
    } else {
      rest -= count;
    }
  }
  int row = rest / a.target_width, column = rest - row * a.target_width;
  int height = a.images[0].target_height;
  pixel.row = (a.target_depth > 1 ? row % height : row) * a.stride - a.padding;
  pixel.column = column * a.stride - a.padding;
  pixel.source = sample * a.source_tokens + source_row * a.source_width;
  pixel.target =
      sample * a.target_tokens + (target_row + row) * a.target_width + column;
  return pixel;
}

// The source token that a tap reads for a pixel; -1 outside the image.
DEVICE int tap_token(const gk_product &a, const Pixel &pixel, int tap) {
  int frame = pixel.frame;
  if (a.depth_side > 1) {
    int each = a.side * a.side, deep = tap / each;
    frame += deep;
    tap -= deep * each;
  }
  int down = tap / a.side, row = pixel.row + down, column = pixel.column + (tap - down * a.side);
  if (a.dilation > 1) {
    // Between the pixels are zeros; what lies before the first stays below 0.
    if (row % a.dilation != 0 || column % a.dilation != 0 || frame % a.dilation != 0) return -1;
    row /= a.dilation;
    column /= a.dilation;
    frame /= a.dilation;
  }
  bool inside = row >= 0 && row < pixel.height && column >= 0 && column < a.source_width && frame >= 0 &&
                frame < a.source_depth;
  return inside ? pixel.source + (frame * pixel.height + row) * a.source_width + column : -1;
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
  int each = (a.inputs + step - 1) / step, all = each * a.side * a.side * a.depth_side;
  return Steps{each, (int)((long)all * split / a.splits), (int)((long)all * (split + 1) / a.splits)};
}

// Brings the rows of one step after the other to shared memory: the source's for the tile's pixels, then the
// weights'. Where they lie is worked out once for each tap.
template <class Shape, int group> struct Loader {
  using Element = typename Shape::Element;
  static constexpr int pixel_count = Shape::rows / Shape::row_step;
  static constexpr int output_count = Shape::columns / Shape::row_step;
  Pixel pixels[pixel_count];
  long places[pixel_count];    // of the pixels' first numbers; -1 outside the image
  long outputs[output_count];  // of the outputs' first weights; -1 where there is no such output
  Global<Element> source, weights;
  int row, part;
  int each, tap, input;  // steps of a tap; the tap that is next, and the input in it

  DEVICE_MEMBER void begin(const gk_product &a, const Steps &steps) {
    source = global<Element>(a.source);
    weights = global<Element>(a.weights);
    row = thread_index() / Shape::copies;
    part = thread_index() % Shape::copies * Shape::whole;
    each = steps.each;
    tap = steps.first / each;
    input = (steps.first - tap * each) * Shape::step;
    UNROLL for (int i = 0; i < pixel_count; i++) {
      pixels[i] = pixel_at(a, block_x() * Shape::rows + row + i * Shape::row_step);
    }
    long size = (long)a.side * a.side * a.depth_side * a.weight_inputs;
    UNROLL for (int i = 0; i < output_count; i++) {
      int output = output_at(a, block_y() * Shape::columns + row + i * Shape::row_step, group);
      outputs[i] = output < 0 ? -1 : output * size;
    }
    turn(a);
  }

  DEVICE_MEMBER void turn(const gk_product &a) {
    UNROLL for (int i = 0; i < pixel_count; i++) {
      int token = pixels[i].height > 0 ? tap_token(a, pixels[i], tap) : -1;
      places[i] = token < 0 ? -1 : (long)token * a.inputs;
    }
  }

  DEVICE_MEMBER void load(const gk_product &a, Shared<Element> memory, int base) {
    int first = input + part;
    bool whole = a.inputs % Shape::whole == 0;
    UNROLL for (int i = 0; i < pixel_count; i++) {
      int place = base + (row + i * Shape::row_step) * Shape::pitch + part;
      if (whole) {
        bool wanted = places[i] >= 0 && first < a.inputs;
        copy16(memory, place, source, wanted ? places[i] + first : 0, wanted);
      } else {
        // Rows that do not begin at whole 16 bytes go number by number.
        for (int k = 0; k < Shape::whole; k++) {
          bool wanted = places[i] >= 0 && first + k < a.inputs;
          put(memory, place + k, wanted ? get(source, places[i] + first + k) : rounded<Element>(0));
        }
      }
    }
    int along = tap * a.weight_inputs + first;
    UNROLL for (int i = 0; i < output_count; i++) {
      bool wanted = outputs[i] >= 0 && first < a.weight_inputs;
      int place = base + (Shape::rows + row + i * Shape::row_step) * Shape::pitch + part;
      copy16(memory, place, weights, wanted ? outputs[i] + along : 0, wanted);
    }
    input += Shape::step;
    if (input >= each * Shape::step) {
      input = 0;
      tap++;
      turn(a);
    }
  }

  // Calls compute(sources, weights) for every step, with where its numbers are in memory, while those of the
  // steps that follow are on their way.
  template <class Compute>
  DEVICE_MEMBER void for_each_step(const gk_product &a, Shared<Element> memory, Compute compute) {
    Steps steps = steps_of<Shape::step>(a, block_z());
    begin(a, steps);
    int count = steps.end - steps.first, slot = 0, ahead_slot = Shape::stages - 1;
    for (int i = 0; i < Shape::stages - 1; i++) {
      if (i < count) load(a, memory, i * Shape::stage);
      commit();
    }
    for (int step = 0; step < count; step++) {
      wait<Shape::stages - 2>();
      barrier();
      if (step + Shape::stages - 1 < count) load(a, memory, ahead_slot * Shape::stage);
      commit();
      compute(slot * Shape::stage, slot * Shape::stage + Shape::rows * Shape::pitch);
      ahead_slot = slot;
      slot = slot + 1 == Shape::stages ? 0 : slot + 1;
    }
  }
};

// Residual and type of one result.
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

// The same of four neighbours, from a multiple of 4 on, where rows are whole fours.
DEVICE Four add4(Four x, Four y) { return Four{x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w}; }
DEVICE void finish4(const gk_product &a, long token, int output, int width, Four value) {
  long place = token * width + output;
  if (a.target_bf16) {
    if (a.residual) value = add4(value, get_four(global<bf16>(a.residual), place));
    put_four(global<bf16>(a.target), place, value);
  } else {
    if (a.residual) value = add4(value, get_four(global<float>(a.residual), place));
    put_four(global<float>(a.target), place, value);
  }
}

// What is added to an output's sum.
DEVICE float bias_of(const gk_product &a, int output) {
  return a.bias && output >= 0 && output < a.outputs ? get(global<float>(a.bias), output) : 0;
}
DEVICE Four biased4(const gk_product &a, int output, Four value) {
  return a.bias ? add4(value, get_four(global<float>(a.bias), output)) : value;
}

DEVICE Four gated4(Four value, Four gate) {
  return Four{value.x * gelu(gate.x), value.y * gelu(gate.y), value.z * gelu(gate.z),
              value.w * gelu(gate.w)};
}

// Takes the tile's sums from shared memory to where they belong, whole lines at a time: parts of sums for
// gk_add_partials as they are, the others with bias, gate and residual.
template <class Shape, int group>
DEVICE void store_tile(const gk_product &a, Shared<float> results, Shared<int> tokens) {
  for (int row = thread_index(); row < Shape::rows; row += Shape::threads) {
    int index = block_x() * Shape::rows + row;
    put(tokens, row, index < a.pixels ? pixel_at(a, index).target : -1);
  }
  barrier();
  int width = a.gated ? a.outputs / 2 : a.outputs;
  bool whole = width % 4 == 0;
  UNROLL_SOME for (int item = thread_index(); item < Shape::rows * Shape::columns / 4; item += Shape::threads) {
    int row = item / (Shape::columns / 4), column = item % (Shape::columns / 4) * 4;
    int index = block_x() * Shape::rows + row, token = get(tokens, row);
    int output = output_at(a, block_y() * Shape::columns + column, group);
    if (token < 0 || output < 0) continue;
    int place = row * Shape::result_pitch + column;
    bool is_gate = a.gated && output >= width;
    if (whole) {
      Four value = get4(results, place);
      if (a.splits > 1) {
        put_four(global<float>(a.partials), ((long)block_z() * a.pixels + index) * a.outputs + output, value);
      } else if (!is_gate) {
        value = biased4(a, output, value);
        if (a.gated) value = gated4(value, biased4(a, output + width, get4(results, place + group)));
        finish4(a, token, output, width, value);
      }
      continue;
    }
    for (int k = 0; k < 4; k++) {
      int single = output_at(a, block_y() * Shape::columns + column + k, group);
      if (single < 0) continue;
      float value = get(results, place + k);
      if (a.splits > 1) {
        put(global<float>(a.partials), ((long)block_z() * a.pixels + index) * a.outputs + single, value);
      } else if (!is_gate) {
        value += bias_of(a, single);
        if (a.gated) value *= gelu(get(results, place + k + group) + bias_of(a, single + width));
        finish(a, token, single, width, value);
      }
    }
  }
}

// Adds the parts of sums, in order, a thread for each four results.
DEVICE void add_partials(const gk_product &a) {
  int width = a.gated ? a.outputs / 2 : a.outputs, fours = (width + 3) / 4;
  u32 item = (u32)block_x() * 256 + thread_index();
  if (item >= (u32)a.pixels * fours) return;
  int index = (int)(item / fours), output = (int)(item - (u32)index * fours) * 4;
  Global<float> partials = global<float>(a.partials);
  long step = (long)a.pixels * a.outputs, place = (long)index * a.outputs + output;
  int token = pixel_at(a, index).target;
  if (width % 4 == 0) {
    Four value{0, 0, 0, 0}, gate{0, 0, 0, 0};
    UNROLL_SOME for (int split = 0; split < a.splits; split++) {
      value = add4(value, get_four(partials, place + split * step));
      if (a.gated) gate = add4(gate, get_four(partials, place + split * step + width));
    }
    value = biased4(a, output, value);
    if (a.gated) value = gated4(value, biased4(a, output + width, gate));
    finish4(a, token, output, width, value);
    return;
  }
  for (int k = 0; k < 4 && output + k < width; k++) {
    float value = 0, gate = 0;
    for (int split = 0; split < a.splits; split++) {
      value += get(partials, place + split * step + k);
      if (a.gated) gate += get(partials, place + split * step + k + width);
    }
    value += bias_of(a, output + k);
    if (a.gated) value *= gelu(gate + bias_of(a, output + k + width));
    finish(a, token, output + k, width, value);
  }
}
