// The gradients of attention on tensor cores. Each warp owns 16 positions of its block's 64, whose weights and
// gradients of scores become factors of the others' rows without leaving its registers. As queries or as keys, the
// same is done with other rows:
//   scores = own first * others' first',  products = own second * others' second',
//   sums of the first += gradients of scores * others' first,  of the second += weights * others' second
// where queries own (q, do) beside (k, v), and have no sums of the second; and keys own (k, v) beside (q, do).
#pragma once

#include "attention_gradient.h"

template <int width> struct GradientTiles {
  static constexpr int own = 64, others = 32, threads = 128, pitch = width + 8;
  static constexpr int first = 0, second = own * pitch, slots = 2 * own * pitch;
  // Two places take turns: the others' rows of one piece are on their way while those of the other are used.
  static constexpr int slot = 2 * others * pitch, count = slots + 2 * slot;
};

// Writes the sums of the warp's positions times a factor, turned back where the forward pass had turned what they
// belong to.
template <int width>
DEVICE void put_gradient_pairs(const gk_attention_gradient &a, const AttentionPlace &place, gk_address address,
                               float factor, bool turned, const float (&sums)[width / 8][4]) {
  int warp = thread_index() / 32, lane = thread_index() % 32;
  Global<bf16> target = global<bf16>(address);
  Global<float> cosine = global<float>(a.cosine), sine = global<float>(a.sine);
  UNROLL for (int half = 0; half < 2; half++) {
    int position = place.first + warp * 16 + half * 8 + lane / 4;
    if (position >= place.length) continue;
    long start = attention_token(a.forward, place, position) * a.stride + (long)place.head * a.head_stride;
    UNROLL for (int c = 0; c < width / 8; c++) {
      int channel = c * 8 + lane % 4 * 2;
      if (channel >= a.forward.width) continue;
      float x = sums[c][half * 2] * factor, y = sums[c][half * 2 + 1] * factor;
      if (turned) {
        // The sine's sign is that of its own channel.
        long angle = (long)position * a.forward.width + channel;
        float back = x * get(cosine, angle) + y * get(sine, angle + 1);
        y = y * get(cosine, angle + 1) + x * get(sine, angle);
        x = back;
      }
      put(target, start + channel, to_bf16(x));
      if (channel + 1 < a.forward.width) put(target, start + channel + 1, to_bf16(y));
    }
  }
}

// Begins to bring a piece's rows, and where the others ask, their logarithms and products.
template <int width, bool of_keys>
DEVICE void load_others(const gk_attention_gradient &a, const AttentionPlace &place, int position, int slot,
                        Shared<bf16> memory, Shared<float> log_sums, Shared<float> products) {
  using Tiles = GradientTiles<width>;
  const gk_attention &forward = a.forward;
  int end = of_keys ? place.query_count : place.length, base = Tiles::slots + slot * Tiles::slot;
  load_rows<bf16, width, Tiles::threads, Tiles::others>(forward, place, of_keys ? query_rows(forward) : key_rows(forward),
                                                        position, end, memory, base, forward.cosine != 0);
  load_rows<bf16, width, Tiles::threads, Tiles::others>(
      forward, place, of_keys ? target_rows(forward, a.gradient) : value_rows(forward), position, end, memory,
      base + Tiles::others * Tiles::pitch, false);
  if (!of_keys || thread_index() >= Tiles::others) return;
  int query = position + thread_index(), at = slot * Tiles::others + thread_index();
  bool there = query < end;
  long token = there ? attention_token(forward, place, query) * forward.heads + place.head : 0;
  put(log_sums, at, there ? get(global<float>(forward.log_sums), token) : 0.0f);
  put(products, at, there ? get(global<float>(a.products), token) : 0.0f);
}

// What the block's queries' results and their gradients give together, kept for the block and for keys.
template <int width>
DEVICE void find_products(const gk_attention_gradient &a, const AttentionPlace &place, Shared<bf16> memory,
                          Shared<float> log_sums, Shared<float> products) {
  using Tiles = GradientTiles<width>;
  const gk_attention &forward = a.forward;
  int line = thread_index() / 2, position = place.first + line;
  bool there = position < place.query_count;
  long token = there ? attention_token(forward, place, position) : 0;
  long start = token * forward.target_stride + (long)place.head * forward.width;
  float product = 0;
  for (int c = thread_index() % 2; there && c < forward.width; c += 2) {
    product += number(get(memory, Tiles::second + line * Tiles::pitch + c)) *
               number(get(global<bf16>(forward.target), start + c));
  }
  product += shuffle_xor(product, 1);
  if (thread_index() % 2 != 0) return;
  long at = token * forward.heads + place.head;
  put(log_sums, line, there ? get(global<float>(forward.log_sums), at) : 0.0f);
  put(products, line, product);
  if (there) put(global<float>(a.products), at, product);
}

template <int width, bool of_keys> DEVICE void attention_gradient_bf16(const gk_attention_gradient &a) {
  using Tiles = GradientTiles<width>;
  constexpr int parts = width / 16, blocks = Tiles::others / 8, channels = width / 8;
  const gk_attention &forward = a.forward;
  DYNAMIC(bf16, memory, Tiles::count);
  SHARED(float, log_sums, 2 * Tiles::others);
  SHARED(float, products, 2 * Tiles::others);
  AttentionPlace place = attention_place(forward, Tiles::own, true);
  int own_end = of_keys ? place.length : place.query_count, others_end = of_keys ? place.query_count : place.length;
  load_rows<bf16, width, Tiles::threads, Tiles::own>(forward, place, of_keys ? key_rows(forward) : query_rows(forward),
                                                     place.first, own_end, memory, Tiles::first,
                                                     forward.cosine != 0);
  load_rows<bf16, width, Tiles::threads, Tiles::own>(
      forward, place, of_keys ? value_rows(forward) : target_rows(forward, a.gradient), place.first, own_end, memory,
      Tiles::second, false);
  commit();
  if constexpr (!of_keys) {
    wait<0>();
    barrier();
    find_products<width>(a, place, memory, log_sums, products);
  }
  load_others<width, of_keys>(a, place, 0, 0, memory, log_sums, products);
  commit();
  int warp = thread_index() / 32, lane = thread_index() % 32;
  float first_sums[channels][4], second_sums[channels][4];
  UNROLL for (int c = 0; c < channels; c++) {
    UNROLL for (int e = 0; e < 4; e++) first_sums[c][e] = second_sums[c][e] = 0;
  }
  for (int other = 0, slot = 0; other < others_end; other += Tiles::others, slot = 1 - slot) {
    if (other + Tiles::others < others_end) {
      load_others<width, of_keys>(a, place, other + Tiles::others, 1 - slot, memory, log_sums, products);
    }
    commit();
    wait<1>();
    barrier();
    int base = Tiles::slots + slot * Tiles::slot, second_base = base + Tiles::others * Tiles::pitch;
    float score[blocks][4], product[blocks][4];
    UNROLL for (int j = 0; j < blocks; j++) {
      UNROLL for (int e = 0; e < 4; e++) score[j][e] = product[j][e] = 0;
    }
    UNROLL_SOME for (int c = 0; c < parts; c++) {
      u32 x[4], y[4];
      int row = (warp * 16 + lane % 16) * Tiles::pitch + c * 16 + lane / 16 * 8;
      load_matrices(x, memory, Tiles::first + row);
      load_matrices(y, memory, Tiles::second + row);
      UNROLL for (int j = 0; j < blocks; j += 2) {
        u32 b[4];
        int place_of = (j * 8 + lane / 16 * 8 + lane % 8) * Tiles::pitch + c * 16 + lane / 8 % 2 * 8;
        load_matrices(b, memory, base + place_of);
        multiply_add(score[j], x, b[0], b[1]);
        multiply_add(score[j + 1], x, b[2], b[3]);
        load_matrices(b, memory, second_base + place_of);
        multiply_add(product[j], y, b[0], b[1]);
        multiply_add(product[j + 1], y, b[2], b[3]);
      }
    }
    UNROLL for (int j = 0; j < blocks; j++) {
      UNROLL for (int e = 0; e < 4; e++) {
        int mine = warp * 16 + e / 2 * 8 + lane / 4, its = j * 8 + lane % 4 * 2 + e % 2;
        int asking = of_keys ? slot * Tiles::others + its : mine;
        bool there = place.first + mine < own_end && other + its < others_end;
        float weight = there ? exp2_of(score[j][e] * (forward.scale * LOG2_E) - get(log_sums, asking)) : 0;
        score[j][e] = weight;
        product[j][e] = there ? weight * (product[j][e] - get(products, asking)) : 0;
      }
    }
    UNROLL for (int j = 0; j < blocks; j += 2) {
      u32 slopes[4] = {pair(product[j][0], product[j][1]), pair(product[j][2], product[j][3]),
                       pair(product[j + 1][0], product[j + 1][1]), pair(product[j + 1][2], product[j + 1][3])};
      u32 weights[4] = {pair(score[j][0], score[j][1]), pair(score[j][2], score[j][3]),
                        pair(score[j + 1][0], score[j + 1][1]), pair(score[j + 1][2], score[j + 1][3])};
      UNROLL for (int c = 0; c < channels; c += 2) {
        // Matrices: 8 channels of both halves of the others, then the next 8 channels.
        u32 b[4];
        int place_of = (j * 8 + lane / 8 % 2 * 8 + lane % 8) * Tiles::pitch + c * 8 + lane / 16 * 8;
        load_transposed(b, memory, base + place_of);
        multiply_add(first_sums[c], slopes, b[0], b[1]);
        multiply_add(first_sums[c + 1], slopes, b[2], b[3]);
        if constexpr (of_keys) {
          load_transposed(b, memory, second_base + place_of);
          multiply_add(second_sums[c], weights, b[0], b[1]);
          multiply_add(second_sums[c + 1], weights, b[2], b[3]);
        }
      }
    }
    barrier();
  }
  put_gradient_pairs<width>(a, place, of_keys ? a.key_gradient : a.query_gradient, forward.scale, a.cosine != 0,
                            first_sums);
  if constexpr (of_keys) put_gradient_pairs<width>(a, place, a.value_gradient, 1, false, second_sums);
}
