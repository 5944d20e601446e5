// Attention on tensor cores, of bfloat16 or of float32 rounded to TF32: each warp has 16 queries, whose scores become
// the weights of the values without leaving its registers.
#pragma once

#include "attention.h"

// Numbers of shared memory that a block has for keys and values.
template <class Element, int width, int keys> constexpr int attention_room = 4 * keys * (width + whole_count<Element>);

// Adds values times their weights. What a lane has of the scores is what it needs of them as weights, if of float32 the
// keys are taken in another order: 0, 2, 4, 6, then 1, 3, 5, 7.
template <int channels, int blocks, int pitch>
DEVICE void add_values(Shared<bf16> memory, int base, const float (&score)[blocks][4], float (&sums)[channels][4]) {
  int lane = thread_index() % 32;
  UNROLL for (int j = 0; j < blocks; j += 2) {
    u32 p[4] = {pair(score[j][0], score[j][1]), pair(score[j][2], score[j][3]),
                pair(score[j + 1][0], score[j + 1][1]), pair(score[j + 1][2], score[j + 1][3])};
    UNROLL for (int c = 0; c < channels; c += 2) {
      // Matrices: 8 channels of both halves of the keys, then the next 8 channels.
      u32 v[4];
      load_transposed(v, memory, base + (j * 8 + lane / 8 % 2 * 8 + lane % 8) * pitch + c * 8 + lane / 16 * 8);
      multiply_add(sums[c], p, v[0], v[1]);
      multiply_add(sums[c + 1], p, v[2], v[3]);
    }
  }
}
template <int channels, int blocks, int pitch>
DEVICE void add_values(Shared<float> memory, int base, const float (&score)[blocks][4], float (&sums)[channels][4]) {
  int lane = thread_index() % 32;
  UNROLL for (int j = 0; j < blocks; j++) {
    u32 p[4] = {to_tf32(score[j][0]), to_tf32(score[j][2]), to_tf32(score[j][1]), to_tf32(score[j][3])};
    int row = base + (j * 8 + lane % 4 * 2) * pitch + lane / 4;
    UNROLL for (int c = 0; c < channels; c++) {
      u32 even = to_tf32(get(memory, row + c * 8)), odd = to_tf32(get(memory, row + pitch + c * 8));
      multiply_add_tf32(sums[c], p, even, odd);
    }
  }
}

// Two neighbours of a result, of which there may be one or none.
DEVICE void put_two(Global<bf16> target, long place, bool even, float first, float second, int count) {
  if (even && count > 0) {
    put_pair(target, place, pair(first, second));
  } else {
    if (count > 0) put(target, place, to_bf16(first));
    if (count > 1) put(target, place + 1, to_bf16(second));
  }
}
DEVICE void put_two(Global<float> target, long place, bool even, float first, float second, int count) {
  if (even && count > 0) {
    put8(target, place, HalfWords{{to_bits(first), to_bits(second)}});
  } else {
    if (count > 0) put(target, place, first);
    if (count > 1) put(target, place + 1, second);
  }
}

// Two places take turns: keys and values of one piece are on their way while those of the other are used.
template <class Element, int width, int warps, int keys>
DEVICE void attention_tensor(const gk_attention &a, Shared<Element> memory) {
  constexpr int whole = whole_count<Element>, queries = warps * 16, threads = warps * 32, pitch = width + whole;
  constexpr int parts = width / (2 * whole), blocks = keys / 8, channels = width / 8;
  constexpr int value_base = keys * pitch, slot_size = 2 * keys * pitch;
  static_assert(queries <= 4 * keys, "the queries come through the places for keys and values");
  AttentionPlace place = attention_place(a, queries);
  bool turned = a.cosine != 0;
  load_rows<Element, width, threads, queries>(a, place, query_rows(a), place.first, place.query_count, memory, 0, turned);
  commit();
  wait<0>();
  barrier();
  int warp = thread_index() / 32, lane = thread_index() % 32;
  u32 q[parts][4];
  UNROLL for (int c = 0; c < parts; c++) {
    load_matrices(q[c], memory, (warp * 16 + lane % 16) * pitch + c * 2 * whole + lane / 16 * whole);
    tensor_rounded<Element>(q[c]);
  }
  barrier();
  load_rows<Element, width, threads, keys>(a, place, key_rows(a), 0, place.length, memory, 0, turned);
  load_rows<Element, width, threads, keys>(a, place, value_rows(a), 0, place.length, memory, value_base, false);
  commit();
  // A lane has places lane / 4 and 8 further on of the queries, which are called its lower and upper one.
  float sums[channels][4], largest_score[2] = {NO_SCORE, NO_SCORE}, total[2] = {0, 0};
  UNROLL for (int c = 0; c < channels; c++) {
    UNROLL for (int e = 0; e < 4; e++) sums[c][e] = 0;
  }
  for (int key = 0, base = 0; key < place.length; key += keys, base = slot_size - base) {
    int next = key + keys, other = slot_size - base;
    if (next < place.length) {
      load_rows<Element, width, threads, keys>(a, place, key_rows(a), next, place.length, memory, other, turned);
      load_rows<Element, width, threads, keys>(a, place, value_rows(a), next, place.length, memory, other + value_base,
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
                      base + (j * 8 + lane / 16 * 8 + lane % 8) * pitch + c * 2 * whole + lane / 8 % 2 * whole);
        tensor_rounded<Element>(k);
        tensor_multiply<Element>(score[j], q[c], k[0], k[1]);
        tensor_multiply<Element>(score[j + 1], q[c], k[2], k[3]);
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
    add_values<channels, blocks, pitch>(memory, base + value_base, score, sums);
    barrier();
  }
  Global<Element> target = global<Element>(a.target);
  UNROLL for (int half = 0; half < 2; half++) {
    int position = place.first + warp * 16 + half * 8 + lane / 4;
    if (position >= place.query_count) continue;
    long start = attention_token(a, place, position) * a.target_stride + (long)place.head * a.width;
    float factor = 1 / total[half];
    if (a.log_sums && lane % 4 == 0) put_log_sum(a, place, position, largest_score[half], total[half]);
    bool even = (a.width | a.target_stride) % 2 == 0;
    UNROLL for (int c = 0; c < channels; c++) {
      int channel = c * 8 + lane % 4 * 2;
      put_two(target, start + channel, even, sums[c][half * 2] * factor, sums[c][half * 2 + 1] * factor,
              a.width - channel);
    }
  }
}

template <int width, int warps, int keys> DEVICE void attention_bf16(const gk_attention &a) {
  SHARED(bf16, memory, (attention_room<bf16, width, keys>));
  attention_tensor<bf16, width, warps, keys>(a, memory);
}

template <int width, int warps, int keys> DEVICE void attention_tf32(const gk_attention &a) {
  DYNAMIC(float, memory, (attention_room<float, width, keys>));
  attention_tensor<float, width, warps, keys>(a, memory);
}
