// Attention on tensor cores: each warp has 16 queries, whose scores become the weights of the values without
// leaving its registers.
#pragma once

#include "attention.h"

// Two places take turns: keys and values of one piece are on their way while those of the other are used.
template <int width, int warps, int keys> DEVICE void attention_bf16(const gk_attention &a) {
  constexpr int queries = warps * 16, threads = warps * 32, pitch = width + 8;
  constexpr int parts = width / 16, blocks = keys / 8, channels = width / 8;
  constexpr int value_base = keys * pitch, slot_size = 2 * keys * pitch;
  static_assert(queries <= 4 * keys, "the queries come through the places for keys and values");
  SHARED(bf16, memory, 2 * slot_size);
  AttentionPlace place = attention_place(a, queries);
  bool turned = a.cosine != 0;
  load_rows<bf16, width, threads, queries>(a, place, query_rows(a), place.first, place.query_count, memory, 0, turned);
  commit();
  wait<0>();
  barrier();
  int warp = thread_index() / 32, lane = thread_index() % 32;
  u32 q[parts][4];
  UNROLL for (int c = 0; c < parts; c++) {
    load_matrices(q[c], memory, (warp * 16 + lane % 16) * pitch + c * 16 + lane / 16 * 8);
  }
  barrier();
  load_rows<bf16, width, threads, keys>(a, place, key_rows(a), 0, place.length, memory, 0, turned);
  load_rows<bf16, width, threads, keys>(a, place, value_rows(a), 0, place.length, memory, value_base, false);
  commit();
  // A lane has places lane / 4 and 8 further on of the queries, which are called its lower and upper one.
  float sums[channels][4], largest_score[2] = {NO_SCORE, NO_SCORE}, total[2] = {0, 0};
  UNROLL for (int c = 0; c < channels; c++) {
    UNROLL for (int e = 0; e < 4; e++) sums[c][e] = 0;
  }
  for (int key = 0, base = 0; key < place.length; key += keys, base = slot_size - base) {
    int next = key + keys, other = slot_size - base;
    if (next < place.length) {
      load_rows<bf16, width, threads, keys>(a, place, key_rows(a), next, place.length, memory, other, turned);
      load_rows<bf16, width, threads, keys>(a, place, value_rows(a), next, place.length, memory, other + value_base,
                                            false);
    }
    commit();
    wait<1>();
    barrier();
    float score[blocks][4];
    UNROLL for (int j = 0; j < blocks; j++) {
      UNROLL for (int e = 0; e < 4; e++) score[j][e] = 0;
    }
    UNROLL for (int c = 0; c < parts; c++) {
      UNROLL for (int j = 0; j < blocks; j += 2) {
        u32 k[4];
        load_matrices(k, memory,
                      base + (j * 8 + lane / 16 * 8 + lane % 8) * pitch + c * 16 + lane / 8 % 2 * 8);
        multiply_add(score[j], q[c], k[0], k[1]);
        multiply_add(score[j + 1], q[c], k[2], k[3]);
      }
    }
    float top[2] = {largest_score[0], largest_score[1]};
    UNROLL for (int j = 0; j < blocks; j++) {
      UNROLL for (int e = 0; e < 4; e++) {
        bool there = key + j * 8 + lane % 4 * 2 + e % 2 < place.length;
        score[j][e] = there ? score[j][e] * (a.scale * LOG2_E) : NO_SCORE;
        top[e / 2] = largest(top[e / 2], score[j][e]);
      }
    }
    UNROLL for (int half = 0; half < 2; half++) {
      top[half] = largest(top[half], shuffle_xor(top[half], 1));
      top[half] = largest(top[half], shuffle_xor(top[half], 2));
      float before = exp2_of(largest_score[half] - top[half]), sum = 0;
      largest_score[half] = top[half];
      UNROLL for (int j = 0; j < blocks; j++) {
        UNROLL for (int e = 0; e < 2; e++) {
          bool there = key + j * 8 + lane % 4 * 2 + e < place.length;
          float weight = there ? exp2_of(score[j][half * 2 + e] - top[half]) : 0;
          score[j][half * 2 + e] = weight;
          sum += weight;
        }
      }
      sum += shuffle_xor(sum, 1);
      sum += shuffle_xor(sum, 2);
      total[half] = total[half] * before + sum;
      UNROLL for (int c = 0; c < channels; c++) {
        sums[c][half * 2] *= before;
        sums[c][half * 2 + 1] *= before;
      }
    }
    UNROLL for (int j = 0; j < blocks; j += 2) {
      u32 p[4] = {pair(score[j][0], score[j][1]), pair(score[j][2], score[j][3]),
                  pair(score[j + 1][0], score[j + 1][1]), pair(score[j + 1][2], score[j + 1][3])};
      UNROLL for (int c = 0; c < channels; c += 2) {
        // Matrices: 8 channels of both halves of the keys, then the next 8 channels.
        u32 v[4];
        load_transposed(v, memory,
                        base + value_base + (j * 8 + lane / 8 % 2 * 8 + lane % 8) * pitch + c * 8 + lane / 16 * 8);
        multiply_add(sums[c], p, v[0], v[1]);
        multiply_add(sums[c + 1], p, v[2], v[3]);
      }
    }
    barrier();
  }
  Global<bf16> target = global<bf16>(a.target);
  UNROLL for (int half = 0; half < 2; half++) {
    int position = place.first + warp * 16 + half * 8 + lane / 4;
    if (position >= place.query_count) continue;
    long start = attention_token(a, place, position) * a.target_stride + (long)place.head * a.width;
    float factor = 1 / total[half];
    if (a.log_sums && lane % 4 == 0) put_log_sum(a, place, position, largest_score[half], total[half]);
    bool even = (a.width | a.target_stride) % 2 == 0;
    UNROLL for (int c = 0; c < channels; c++) {
      int channel = c * 8 + lane % 4 * 2;
      float first = sums[c][half * 2] * factor, second = sums[c][half * 2 + 1] * factor;
      if (even && channel < a.width) {
        put_pair(target, start + channel, pair(first, second));
      } else {
        if (channel < a.width) put(target, start + channel, to_bf16(first));
        if (channel + 1 < a.width) put(target, start + channel + 1, to_bf16(second));
      }
    }
  }
}
