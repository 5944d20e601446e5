// Products in float32 with plain multiply-adds: a thread has every 16th row and column of its part of the tile.
#pragma once

#include "product.h"

// `threads` are 16 columns by `threads / 16` rows of them.
template <int rows, int columns, int stages, int threads> DEVICE void product_float(const gk_product &a) {
  using Shape = Tile<float, rows, columns, stages, threads>;
  constexpr int down = threads / 16, mine = rows / down, across = columns / 16;
  SHARED(float, memory, stages * Shape::stage);
  Loader<float, Shape, rows, columns, 16> loader;
  loader.begin(a);
  Steps steps = steps_of<Shape::step>(a, block_z());
  int column = thread_index() % 16, row = thread_index() / 16;
  float sums[mine][across];
  UNROLL for (int i = 0; i < mine; i++) {
    UNROLL for (int j = 0; j < across; j++) sums[i][j] = 0;
  }
  loader.template for_each_step<stages>(a, steps, memory, [&](int sources, int weights) {
    UNROLL_SOME for (int k = 0; k < Shape::step; k += 4) {
      Four x[mine];
      UNROLL for (int i = 0; i < mine; i++) {
        x[i] = get4(memory, sources + (row + i * down) * Shape::pitch + k);
      }
      UNROLL for (int j = 0; j < across; j++) {
        Four w = get4(memory, weights + (column + j * 16) * Shape::pitch + k);
        UNROLL for (int i = 0; i < mine; i++) {
          sums[i][j] += x[i].x * w.x;
          sums[i][j] += x[i].y * w.y;
          sums[i][j] += x[i].z * w.z;
          sums[i][j] += x[i].w * w.w;
        }
      }
    }
  });
  UNROLL for (int i = 0; i < mine; i++) {
    int index = block_x() * rows + row + i * down;
    if (index >= a.pixels) continue;
    long token = pixel_at(a, index).target;
    int first = block_y() * columns + column;
    if (a.gated) {
      UNROLL for (int j = 0; j < across; j += 2) {
        store_gated(a, index, token, output_at(a, first + j * 16, 16), sums[i][j], sums[i][j + 1]);
      }
    } else {
      UNROLL for (int j = 0; j < across; j++) {
        store(a, index, token, output_at(a, first + j * 16, 16), sums[i][j]);
      }
    }
  }
}
