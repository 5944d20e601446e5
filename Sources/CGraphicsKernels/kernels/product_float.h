// Products in float32 with plain multiply-adds: a thread has every 16th row and column of its part of the tile.
#pragma once

#include "product.h"

// `threads` are 16 columns by `threads / 16` rows of them.
template <int rows, int columns, int stages, int threads> DEVICE void product_float(const gk_product &a) {
  using Shape = Tile<float, rows, columns, stages, threads>;
  constexpr int down = threads / 16, mine = rows / down, across = columns / 16;
  DYNAMIC(float, memory, stages * Shape::stage);
  SHARED(int, tokens, rows);
  Loader<Shape, 16> loader;
  int column = thread_index() % 16, row = thread_index() / 16;
  float sums[mine][across];
  UNROLL for (int i = 0; i < mine; i++) {
    UNROLL for (int j = 0; j < across; j++) sums[i][j] = 0;
  }
  loader.for_each_step(a, memory, [&](int sources, int weights) {
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
  barrier();
  DYNAMIC(float, results, rows * Shape::result_pitch);
  UNROLL for (int i = 0; i < mine; i++) {
    UNROLL for (int j = 0; j < across; j++) {
      put(results, (row + i * down) * Shape::result_pitch + column + j * 16, sums[i][j]);
    }
  }
  store_tile<Shape, 16>(a, results, tokens);
}
