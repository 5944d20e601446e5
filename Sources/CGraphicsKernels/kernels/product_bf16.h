// Products of bfloat16 on tensor cores, sums in float32: a warp has a part of the tile, in pieces of 16 by 8.
#pragma once

#include "product.h"

// The block's warps are `down` by `across`.
template <int rows, int columns, int stages, int down, int across>
DEVICE void product_bf16(const gk_product &a) {
  using Shape = Tile<bf16, rows, columns, stages, down * across * 32>;
  constexpr int tall = rows / down / 16, wide = columns / across / 8;
  SHARED(bf16, memory, stages * Shape::stage);
  Loader<bf16, Shape, rows, columns, 8> loader;
  loader.begin(a);
  Steps steps = steps_of<Shape::step>(a, block_z());
  int warp = thread_index() / 32, lane = thread_index() % 32;
  int top = warp / across * (rows / down), left = warp % across * (columns / across);
  float sums[tall][wide][4];
  UNROLL for (int i = 0; i < tall; i++) {
    UNROLL for (int j = 0; j < wide; j++) {
      UNROLL for (int e = 0; e < 4; e++) sums[i][j][e] = 0;
    }
  }
  loader.template for_each_step<stages>(a, steps, memory, [&](int sources, int weights) {
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
  UNROLL for (int i = 0; i < tall; i++) {
    UNROLL for (int half = 0; half < 2; half++) {
      int index = block_x() * rows + top + i * 16 + half * 8 + lane / 4;
      if (index >= a.pixels) continue;
      long token = pixel_at(a, index).target;
      int first = block_y() * columns + left + lane % 4 * 2;
      UNROLL for (int e = 0; e < 2; e++) {
        int place = half * 2 + e;
        if (a.gated) {
          UNROLL for (int j = 0; j < wide; j += 2) {
            store_gated(a, index, token, output_at(a, first + j * 8 + e, 8), sums[i][j][place],
                        sums[i][j + 1][place]);
          }
        } else {
          UNROLL for (int j = 0; j < wide; j++) {
            store(a, index, token, output_at(a, first + j * 8 + e, 8), sums[i][j][place]);
          }
        }
      }
    }
  }
}
