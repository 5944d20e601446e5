// Products of bfloat16 on tensor cores, sums in float32: a warp has a part of the tile, in pieces of 16 by 8.
#pragma once

#include "product.h"

// The block's warps are `down` by `across`.
template <int rows, int columns, int stages, int down, int across>
DEVICE void product_bf16(const gk_product &a) {
  using Shape = Tile<bf16, rows, columns, stages, down * across * 32>;
  constexpr int tall = rows / down / 16, wide = columns / across / 8;
  DYNAMIC(bf16, memory, stages * Shape::stage);
  SHARED(int, tokens, rows);
  Loader<Shape, 8> loader;
  int warp = thread_index() / 32, lane = thread_index() % 32;
  int top = warp / across * (rows / down), left = warp % across * (columns / across);
  float sums[tall][wide][4];
  UNROLL for (int i = 0; i < tall; i++) {
    UNROLL for (int j = 0; j < wide; j++) {
      UNROLL for (int e = 0; e < 4; e++) sums[i][j][e] = 0;
    }
  }
  loader.for_each_step(a, memory, [&](int sources, int weights) {
    UNROLL for (int k = 0; k < Shape::step; k += 16) {
      u32 x[tall][4];
      UNROLL for (int i = 0; i < tall; i++) {
        // Matrices: rows 0 and 8 of the first 8 inputs, then of the next 8.
        int row = top + i * 16 + lane % 16;
        load_matrices(x[i], memory, sources + row * Shape::pitch + k + lane / 16 * 8);
      }
      UNROLL for (int j = 0; j < wide; j += 2) {
        // Matrices: 8 outputs with both halves of the inputs, then the next 8 outputs.
        int row = left + j * 8 + lane / 16 * 8 + lane % 8;
        u32 w[4];
        load_matrices(w, memory, weights + row * Shape::pitch + k + lane / 8 % 2 * 8);
        UNROLL for (int i = 0; i < tall; i++) {
          multiply_add(sums[i][j], x[i], w[0], w[1]);
          multiply_add(sums[i][j + 1], x[i], w[2], w[3]);
        }
      }
    }
  });
  barrier();
  DYNAMIC(float, results, rows * Shape::result_pitch);
  UNROLL for (int i = 0; i < tall; i++) {
    UNROLL for (int j = 0; j < wide; j++) {
      UNROLL for (int e = 0; e < 4; e++) {
        // A lane has two neighbours of each of two rows.
        int row = top + i * 16 + e / 2 * 8 + lane / 4;
        put(results, row * Shape::result_pitch + left + j * 8 + lane % 4 * 2 + e % 2, sums[i][j][e]);
      }
    }
  }
  store_tile<Shape, 8>(a, results, tokens);
}
