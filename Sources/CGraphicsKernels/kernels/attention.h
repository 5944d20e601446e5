// Attention with a running softmax (Dao et al. 2022): a block has some queries of one head of one sequence, and
// goes through the keys in pieces, so that scores never leave it. This file has what both precisions share, and
// float32; attention_bf16.h has tensor cores.
#pragma once

#include "device.h"

struct AttentionPlace {
  int sequence, head, first;  // of the sequences, the heads, and the block's queries
  long token;                 // where the sequence begins
};

DEVICE AttentionPlace attention_place(const gk_attention &a, int queries) {
  int tiles = (a.query_count + queries - 1) / queries, group = block_x() / tiles;
  AttentionPlace place;
  place.first = (block_x() - group * tiles) * queries;
  place.sequence = group / a.heads;
  place.head = group - place.sequence * a.heads;
  int outer = place.sequence / a.inner;
  place.token =
      (long)outer * a.outer_stride + (long)(place.sequence - outer * a.inner) * a.inner_stride;
  return place;
}

// The token of a position, which may lie in any of the runs.
DEVICE long attention_token(const gk_attention &a, const AttentionPlace &place, int position) {
  int token = 0;
  bool found = false;
  UNROLL for (int i = 0; i < GK_MAX_PARTS; i++) {
    if (i >= a.run_count || found) continue;
    if (position < a.runs[i].count) {
      found = true;
      token = a.runs[i].start + position;
    } else {
      position -= a.runs[i].count;
    }
  }
  return place.token + (long)token * a.token_step;
}

// Brings positions `first ..< first + count` of q, k or v to rows of shared memory, `pitch` elements apart and
// zero from the head's width to `width`; turned by the rotary embedding where wanted.
template <class Element>
DEVICE void load_rows(const gk_attention &a, const AttentionPlace &place, gk_address address, int first,
                      int count, int end, int width, Shared<Element> memory, int base, int pitch,
                      int threads, bool turned) {
  Global<Element> source = global<Element>(address);
  Global<float> cosine = global<float>(turned ? a.cosine : 0), sine = global<float>(turned ? a.sine : 0);
  long head = (long)place.head * a.source_head_stride;
  for (int item = thread_index(); item < count * width; item += threads) {
    int row = item / width, channel = item - row * width, position = first + row;
    Element value = rounded<Element>(0);
    if (position < end && channel < a.width) {
      long start = attention_token(a, place, position) * a.source_stride + head;
      value = get(source, start + channel);
      if (turned) {
        long angle = (long)position * a.width + channel;
        value = rounded<Element>(number(value) * get(cosine, angle) +
                                 number(get(source, start + (channel ^ 1))) * get(sine, angle));
      }
    }
    put(memory, base + row * pitch + channel, value);
  }
}

#define NO_SCORE -3.0e38f

// Threads are 16 columns by queries / 4 rows: each has 4 queries, 2 of 32 keys, and every 16th channel.
template <int width, int queries> DEVICE void attention_float(const gk_attention &a) {
  constexpr int keys = 32, threads = queries / 4 * 16, down = queries / 4, channels = width / 16;
  constexpr int pitch = width + 4, score_pitch = keys + 4;
  SHARED(float, query, queries * pitch);
  SHARED(float, content, keys * pitch);
  SHARED(float, scores, queries * score_pitch);
  AttentionPlace place = attention_place(a, queries);
  bool turned = a.cosine != 0;
  load_rows<float>(a, place, a.query, place.first, queries, a.query_count, width, query, 0, pitch, threads,
                   turned);
  int column = thread_index() % 16, row = thread_index() / 16;
  float sums[4][channels], largest_score[4], total[4];
  UNROLL for (int i = 0; i < 4; i++) {
    largest_score[i] = NO_SCORE;
    total[i] = 0;
    UNROLL for (int c = 0; c < channels; c++) sums[i][c] = 0;
  }
  for (int key = 0; key < a.length; key += keys) {
    barrier();
    load_rows<float>(a, place, a.key, key, keys, a.length, width, content, 0, pitch, threads, turned);
    barrier();
    float score[4][2];
    UNROLL for (int i = 0; i < 4; i++) score[i][0] = score[i][1] = 0;
    UNROLL_SOME for (int c = 0; c < width; c += 4) {
      Four q[4];
      UNROLL for (int i = 0; i < 4; i++) q[i] = get4(query, (row + i * down) * pitch + c);
      UNROLL for (int j = 0; j < 2; j++) {
        Four k = get4(content, (column + j * 16) * pitch + c);
        UNROLL for (int i = 0; i < 4; i++) {
          score[i][j] += q[i].x * k.x + q[i].y * k.y + q[i].z * k.z + q[i].w * k.w;
        }
      }
    }
    UNROLL for (int i = 0; i < 4; i++) {
      UNROLL for (int j = 0; j < 2; j++) {
        bool there = key + column + j * 16 < a.length;
        score[i][j] = there ? score[i][j] * (a.scale * LOG2_E) : NO_SCORE;
      }
      float top = largest(score[i][0], score[i][1]);
      UNROLL for (int mask = 8; mask > 0; mask /= 2) top = largest(top, shuffle_xor(top, mask));
      top = largest(top, largest_score[i]);
      float before = exp2_of(largest_score[i] - top);
      largest_score[i] = top;
      float sum = 0;
      UNROLL for (int j = 0; j < 2; j++) {
        bool there = key + column + j * 16 < a.length;
        float weight = there ? exp2_of(score[i][j] - top) : 0;
        put(scores, (row + i * down) * score_pitch + column + j * 16, weight);
        sum += weight;
      }
      UNROLL for (int mask = 8; mask > 0; mask /= 2) sum += shuffle_xor(sum, mask);
      total[i] = total[i] * before + sum;
      UNROLL for (int c = 0; c < channels; c++) sums[i][c] *= before;
    }
    barrier();
    load_rows<float>(a, place, a.value, key, keys, a.length, width, content, 0, pitch, threads, false);
    barrier();
    UNROLL_SOME for (int k = 0; k < keys; k += 4) {
      Four p[4];
      UNROLL for (int i = 0; i < 4; i++) p[i] = get4(scores, (row + i * down) * score_pitch + k);
      UNROLL for (int c = 0; c < channels; c++) {
        int first = k * pitch + column + c * 16;
        float v0 = get(content, first), v1 = get(content, first + pitch);
        float v2 = get(content, first + 2 * pitch), v3 = get(content, first + 3 * pitch);
        UNROLL for (int i = 0; i < 4; i++) {
          sums[i][c] += p[i].x * v0 + p[i].y * v1 + p[i].z * v2 + p[i].w * v3;
        }
      }
    }
  }
  Global<float> target = global<float>(a.target);
  UNROLL for (int i = 0; i < 4; i++) {
    int position = place.first + row + i * down;
    if (position >= a.query_count) continue;
    long start = attention_token(a, place, position) * a.target_stride + (long)place.head * a.width;
    float factor = 1 / total[i];
    UNROLL for (int c = 0; c < channels; c++) {
      int channel = column + c * 16;
      if (channel < a.width) put(target, start + channel, sums[i][c] * factor);
    }
  }
}
