// Products on tensor cores, of bfloat16 or of float32 rounded to TF32, sums in float32: a warp has a part of the tile,
// in pieces of 16 by 8. Both types come from shared memory 16 bytes of a row at a time, so that they lie alike.
#pragma once

#include "product.h"

// The block's warps are `down` by `across`.
template <class Element, int rows, int columns, int stages, int down, int across>
DEVICE void product_tensor(const gk_product &a) {
  using Shape = Tile<Element, rows, columns, stages, down * across * 32>;
  constexpr int whole = Shape::whole, tall = rows / down / 16, wide = columns / across / 8;
  DYNAMIC(Element, memory, stages * Shape::stage);
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
    UNROLL for (int k = 0; k < Shape::step; k += 2 * whole) {
      u32 x[tall][4];
      UNROLL for (int i = 0; i < tall; i++) {
        // Matrices: rows 0 and 8 of the first 8 inputs (of float32, 4), then of the next.
        int row = top + i * 16 + lane % 16;
        load_matrices(x[i], memory, sources + row * Shape::pitch + k + lane / 16 * whole);
        tensor_rounded<Element>(x[i]);
      }
      UNROLL for (int j = 0; j < wide; j += 2) {
        // Matrices: 8 outputs with both halves of the inputs, then the next 8 outputs.
        int row = left + j * 8 + lane / 16 * 8 + lane % 8;
        u32 w[4];
        load_matrices(w, memory, weights + row * Shape::pitch + k + lane / 8 % 2 * whole);
        tensor_rounded<Element>(w);
        UNROLL for (int i = 0; i < tall; i++) {
          tensor_multiply<Element>(sums[i][j], x[i], w[0], w[1]);
          tensor_multiply<Element>(sums[i][j + 1], x[i], w[2], w[3]);
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
