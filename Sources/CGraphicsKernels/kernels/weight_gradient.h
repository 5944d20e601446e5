// The gradient of a product's weights: for each tap, output and input the sum over pixels of the result's gradient
// times what the tap read. A block has a tile of outputs by inputs of one tap, for a part of the pixels; both
// operands come to shared memory as they lie, pixel by pixel, some steps ahead.
#pragma once

#include "product.h"

// The extents: a step takes so many pixels.
template <class Element_, int threads_, int gap_ = 16 / sizeof(Element_)> struct GradientTile {
  using Element = Element_;
  static constexpr int side = 64, threads = threads_, stages = 3;
  static constexpr int step = sizeof(Element) == 4 ? 16 : 32;
  static constexpr int whole = whole_count<Element>;
  static constexpr int pitch = side + gap_;
  static constexpr int operand = step * pitch, stage = 2 * operand;
  static constexpr int across = side / whole;  // copies of a pixel
};

// Where a block's tile lies, and its part of the pixels.
struct GradientPlace {
  int output, input, tap, first, end;
};

template <class Shape> DEVICE GradientPlace gradient_place(const gk_weight_gradient &a) {
  int wide = (a.product.inputs + Shape::side - 1) / Shape::side, row = block_x() / wide;
  long steps = (a.product.pixels + Shape::step - 1) / Shape::step;
  int first = (int)(steps * block_z() / a.splits), end = (int)(steps * (block_z() + 1) / a.splits);
  return GradientPlace{row * Shape::side, (block_x() - row * wide) * Shape::side, block_y(), first * Shape::step,
                       least(end * Shape::step, a.product.pixels)};
}

// Calls compute(gradients, sources) for every step, with where its numbers are in memory.
template <class Shape, class Compute>
DEVICE void for_each_pixels(const gk_weight_gradient &a, const GradientPlace &place,
                            Shared<typename Shape::Element> memory, Shared<int> tokens, Compute compute) {
  using Element = typename Shape::Element;
  Global<Element> source = global<Element>(a.product.source), gradient = global<Element>(a.gradient);
  int count = (place.end - place.first + Shape::step - 1) / Shape::step;
  // Where the pixels of a step lie is worked out once, a step before they are loaded.
  auto find = [&](int step) {
    int index = place.first + step * Shape::step + thread_index();
    if (thread_index() >= Shape::step) return;
    int base = step % Shape::stages * 2 * Shape::step + thread_index(), target = -1, from = -1;
    if (index < place.end) {
      Pixel pixel = pixel_at(a.product, index);
      target = pixel.target;
      from = tap_token(a.product, pixel, place.tap);
    }
    put(tokens, base, from < 0 ? -1 : target);
    put(tokens, base + Shape::step, from);
  };
  auto load_operand = [&](Global<Element> from, int rows, int base, int first, int channels) {
    bool whole = channels % Shape::whole == 0;
    for (int item = thread_index(); item < Shape::step * Shape::across; item += Shape::threads) {
      int row = item / Shape::across, part = (item - row * Shape::across) * Shape::whole;
      int token = get(tokens, rows + row), channel = first + part, at = base + row * Shape::pitch + part;
      long start = (long)token * channels + channel;
      if (whole) {
        bool wanted = token >= 0 && channel < channels;
        copy16(memory, at, from, wanted ? start : 0, wanted);
      } else {
        for (int k = 0; k < Shape::whole; k++) {
          bool wanted = token >= 0 && channel + k < channels;
          put(memory, at + k, wanted ? get(from, start + k) : rounded<Element>(0));
        }
      }
    }
  };
  auto load = [&](int step) {
    int slot = step % Shape::stages, rows = slot * 2 * Shape::step, base = slot * Shape::stage;
    load_operand(gradient, rows, base, place.output, a.product.outputs);
    load_operand(source, rows + Shape::step, base + Shape::operand, place.input, a.product.inputs);
  };
  for (int step = 0; step < Shape::stages && step < count; step++) find(step);
  barrier();
  for (int step = 0; step < Shape::stages - 1; step++) {
    if (step < count) load(step);
    commit();
  }
  for (int step = 0; step < count; step++) {
    wait<Shape::stages - 2>();
    barrier();
    if (step + Shape::stages - 1 < count) load(step + Shape::stages - 1);
    commit();
    if (step + Shape::stages < count) find(step + Shape::stages);
    int base = step % Shape::stages * Shape::stage;
    compute(base, base + Shape::operand);
  }
}

DEVICE void put_weight_sum(const gk_weight_gradient &a, const GradientPlace &place, int output, int input,
                           float sum) {
  output += place.output;
  input += place.input;
  if (output >= a.product.outputs || input >= a.product.inputs) return;
  long row = ((long)block_z() * a.taps + place.tap) * a.product.outputs + output;
  put(global<float>(a.partials), row * a.product.inputs + input, sum);
}

// Threads are 16 columns of four inputs by `threads / 16` rows of four outputs, and again 32 further on.
template <int threads> DEVICE void weight_gradient_float(const gk_weight_gradient &a) {
  using Shape = GradientTile<float, threads>;
  constexpr int down = threads / 16, tall = Shape::side / down / 4;
  DYNAMIC(float, memory, Shape::stages * Shape::stage);
  SHARED(int, tokens, Shape::stages * 2 * Shape::step);
  GradientPlace place = gradient_place<Shape>(a);
  int column = thread_index() % 16 * 4, row = thread_index() / 16 * 4;
  float sums[tall * 4][4];
  UNROLL for (int i = 0; i < tall * 4; i++) {
    UNROLL for (int j = 0; j < 4; j++) sums[i][j] = 0;
  }
  for_each_pixels<Shape>(a, place, memory, tokens, [&](int gradients, int sources) {
    UNROLL_SOME for (int k = 0; k < Shape::step; k++) {
      Four x = get4(memory, sources + k * Shape::pitch + column);
      UNROLL for (int i = 0; i < tall; i++) {
        Four g = get4(memory, gradients + k * Shape::pitch + row + i * down * 4);
        float each[4] = {g.x, g.y, g.z, g.w};
        UNROLL for (int e = 0; e < 4; e++) {
          sums[i * 4 + e][0] += each[e] * x.x;
          sums[i * 4 + e][1] += each[e] * x.y;
          sums[i * 4 + e][2] += each[e] * x.z;
          sums[i * 4 + e][3] += each[e] * x.w;
        }
      }
    }
  });
  UNROLL for (int i = 0; i < tall * 4; i++) {
    UNROLL for (int j = 0; j < 4; j++) {
      put_weight_sum(a, place, row + i / 4 * down * 4 + i % 4, column + j, sums[i][j]);
    }
  }
}

// A step's products of a warp, on tensor cores: of bfloat16, and of float32 rounded to TF32.
template <class Shape>
DEVICE void add_gradients(Shared<bf16> memory, int gradients, int sources, float (&sums)[2][4][4]) {
  int lane = thread_index() % 32;
  UNROLL for (int k = 0; k < Shape::step; k += 16) {
    u32 g[2][4];
    UNROLL for (int i = 0; i < 2; i++) {
      // Matrices: 8 pixels of both halves of the outputs, then the next 8 pixels.
      int row = k + lane / 16 * 8 + lane % 8;
      load_transposed(g[i], memory, gradients + row * Shape::pitch + i * 16 + lane / 8 % 2 * 8);
    }
    UNROLL for (int j = 0; j < 4; j += 2) {
      // Matrices: both halves of the pixels with 8 inputs, then with the next 8.
      u32 x[4];
      int row = k + lane / 8 % 2 * 8 + lane % 8;
      load_transposed(x, memory, sources + row * Shape::pitch + j * 8 + lane / 16 * 8);
      UNROLL for (int i = 0; i < 2; i++) {
        multiply_add(sums[i][j], g[i], x[0], x[1]);
        multiply_add(sums[i][j + 1], g[i], x[2], x[3]);
      }
    }
  }
}
template <class Shape>
DEVICE void add_gradients(Shared<float> memory, int gradients, int sources, float (&sums)[2][4][4]) {
  int lane = thread_index() % 32;
  UNROLL for (int k = 0; k < Shape::step; k += 8) {
    // A lane has pixels lane % 4 and 4 further on, of output or input lane / 4 of each eight.
    int first = (k + lane % 4) * Shape::pitch + lane / 4, second = first + 4 * Shape::pitch;
    u32 g[2][4];
    UNROLL for (int i = 0; i < 2; i++) {
      UNROLL for (int half = 0; half < 2; half++) {
        int place = gradients + i * 16 + half * 8;
        g[i][half] = to_tf32(get(memory, place + first));
        g[i][half + 2] = to_tf32(get(memory, place + second));
      }
    }
    UNROLL for (int j = 0; j < 4; j++) {
      int place = sources + j * 8;
      u32 low = to_tf32(get(memory, place + first)), high = to_tf32(get(memory, place + second));
      UNROLL for (int i = 0; i < 2; i++) multiply_add_tf32(sums[i][j], g[i], low, high);
    }
  }
}

// Four warps, each with 32 outputs by 32 inputs. Rows of float32 lie `gap` numbers further apart than they are long, so
// that what the lanes read is in different banks.
template <class Element, int gap> DEVICE void weight_gradient_tensor(const gk_weight_gradient &a) {
  using Shape = GradientTile<Element, 128, gap>;
  DYNAMIC(Element, memory, Shape::stages * Shape::stage);
  SHARED(int, tokens, Shape::stages * 2 * Shape::step);
  GradientPlace place = gradient_place<Shape>(a);
  int warp = thread_index() / 32, lane = thread_index() % 32, top = warp / 2 * 32, left = warp % 2 * 32;
  float sums[2][4][4];
  UNROLL for (int i = 0; i < 2; i++) {
    UNROLL for (int j = 0; j < 4; j++) {
      UNROLL for (int e = 0; e < 4; e++) sums[i][j][e] = 0;
    }
  }
  for_each_pixels<Shape>(a, place, memory, tokens, [&](int gradients, int sources) {
    add_gradients<Shape>(memory, gradients + top, sources + left, sums);
  });
  UNROLL for (int i = 0; i < 2; i++) {
    UNROLL for (int j = 0; j < 4; j++) {
      UNROLL for (int e = 0; e < 4; e++) {
        put_weight_sum(a, place, top + i * 16 + e / 2 * 8 + lane / 4, left + j * 8 + lane % 4 * 2 + e % 2,
                       sums[i][j][e]);
      }
    }
  }
}
