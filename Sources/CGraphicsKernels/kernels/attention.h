// Attention with a running softmax (Dao et al. 2022): a block has some queries of one head of one sequence, and
// goes through the keys in pieces, so that scores never leave it. This file has what both precisions share, and
// float32 exactly; attention_tensor.h has tensor cores.
#pragma once

#include "device.h"

struct AttentionPlace {
  int sequence, head, first;  // of the sequences, the heads, and the block's positions
  int length, query_count;    // positions of the sequence, and those that ask
  int start;                  // of the run that the sequence is, where runs are apart
  long token;                 // where the sequence begins
};

DEVICE long sequence_token(const gk_attention &a, int sequence) {
  int outer = sequence / a.inner;
  return (long)outer * a.outer_stride + (long)(sequence - outer * a.inner) * a.inner_stride;
}

// The positions of a block that has so many of those that ask, or of all.
DEVICE AttentionPlace attention_place(const gk_attention &a, int each, bool all = false) {
  AttentionPlace place;
  place.length = a.length;
  place.query_count = a.query_count;
  place.start = 0;
  int block = block_x(), heads = a.sequences * a.heads;
  if (a.apart) {
    bool found = false;
    UNROLL for (int i = 0; i < GK_MAX_PARTS; i++) {
      if (i >= a.run_count || found) continue;
      int blocks = (a.runs[i].count + each - 1) / each * heads;
      if (block < blocks) {
        found = true;
        place.length = place.query_count = a.runs[i].count;
        place.start = a.runs[i].start;
      } else {
        block -= blocks;
      }
    }
  }
  int tiles = ((all ? place.length : place.query_count) + each - 1) / each, group = block / tiles;
  place.first = (block - group * tiles) * each;
  place.sequence = group / a.heads;
  place.head = group - place.sequence * a.heads;
  place.token = sequence_token(a, place.sequence);
  return place;
}

// The token of a position, which may lie in any of the runs.
DEVICE long attention_token(const gk_attention &a, const AttentionPlace &place, int position) {
  if (a.apart) return place.token + (long)(place.start + position) * a.token_step;
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

// Where q and k, or v, lie: elements from token to token, and from head to head.
struct AttentionRows {
  gk_address address;
  int stride, head_stride;
};
DEVICE AttentionRows query_rows(const gk_attention &a) {
  return AttentionRows{a.query, a.source_stride, a.source_head_stride};
}
DEVICE AttentionRows key_rows(const gk_attention &a) {
  return AttentionRows{a.key, a.source_stride, a.source_head_stride};
}
DEVICE AttentionRows value_rows(const gk_attention &a) {
  return AttentionRows{a.value, a.value_stride, a.value_head_stride};
}

// Some numbers of a row as they are, or turned by the rotary embedding; zeros from the head's width on.
template <class Element>
DEVICE Words turned_words(const gk_attention &a, Global<Element> source, long start, int position, int channel,
                          bool turned) {
  constexpr int size = whole_count<Element>;
  Global<float> cosine = global<float>(turned ? a.cosine : 0), sine = global<float>(turned ? a.sine : 0);
  float values[size], results[size];
  UNROLL for (int k = 0; k < size; k++) {
    values[k] = channel + k < a.width ? number(get(source, start + k)) : 0;
  }
  UNROLL for (int k = 0; k < size; k++) {
    results[k] = values[k];
    if (turned && channel + k < a.width) {
      long angle = (long)position * a.width + channel + k;
      results[k] = values[k] * get(cosine, angle) + values[k ^ 1] * get(sine, angle);
    }
  }
  return packed(results);
}

// Begins to bring positions `first ..< first + count` to rows of shared memory that begin at `base`, 16 bytes
// further apart than `width`, and zero from the head's width to it.
template <class Element, int width, int threads, int count>
DEVICE void load_rows(const gk_attention &a, const AttentionPlace &place, AttentionRows rows, int first, int end,
                      Shared<Element> memory, int base, bool turned) {
  constexpr int size = whole_count<Element>, pitch = width + size, across = width / size;
  Global<Element> source = global<Element>(rows.address);
  long head = (long)place.head * rows.head_stride;
  bool whole = !turned && a.width % size == 0 && rows.stride % size == 0 && rows.head_stride % size == 0 &&
               rows.address % 16 == 0;
  for (int item = thread_index(); item < count * across; item += threads) {
    int row = item / across, channel = (item - row * across) * size, position = first + row;
    bool wanted = position < end && channel < a.width;
    long start = wanted ? attention_token(a, place, position) * rows.stride + head + channel : 0;
    int target = base + row * pitch + channel;
    if (whole) {
      copy16(memory, target, source, start, wanted);
    } else {
      put16(memory, target,
            wanted ? turned_words(a, source, start, position, channel, turned) : Words{{0, 0, 0, 0}});
    }
  }
}

// Turns q and k of all heads, once for all who read them: [token, q and k, heads, width].
template <class Element> DEVICE void rotate(const gk_attention &a) {
  constexpr int size = whole_count<Element>;
  int across = a.width / size, row = 2 * a.heads * across;
  u32 item = (u32)block_x() * 256 + thread_index();
  if (item >= (u32)a.sequences * a.length * row) return;
  int place_number = (int)(item / row), part = (int)(item - (u32)place_number * row);
  int sequence = place_number / a.length, position = place_number - sequence * a.length;
  int head = part / across % a.heads, channel = part % across * size;
  bool is_key = part >= a.heads * across;
  AttentionPlace place{sequence, head, 0, a.length, a.query_count, 0, sequence_token(a, sequence)};
  long token = attention_token(a, place, position);
  AttentionRows rows = is_key ? key_rows(a) : query_rows(a);
  Global<Element> source = global<Element>(rows.address);
  float values[size], cosines[size], sines[size], results[size];
  unpack(get16(source, token * rows.stride + (long)head * rows.head_stride + channel), values);
  long angle = (long)position * a.width + channel;
  get_floats<size>(global<float>(a.cosine), angle, cosines);
  get_floats<size>(global<float>(a.sine), angle, sines);
  UNROLL for (int k = 0; k < size; k++) results[k] = values[k] * cosines[k] + values[k ^ 1] * sines[k];
  put16(global<Element>(a.target), token * row * size + (long)part * size, packed(results));
}

#define NO_SCORE -3.0e38f

// Keeps what a gradient needs of the softmax of a position.
DEVICE void put_log_sum(const gk_attention &a, const AttentionPlace &place, int position, float top, float total) {
  put(global<float>(a.log_sums), attention_token(a, place, position) * a.heads + place.head,
      top + log2_of(total));
}

// Threads are 16 columns by queries / 4 rows: each has 4 queries, 2 of 32 keys, and every 16th channel. Keys and
// values have a place each, and one is on its way while the other is used.
template <int width, int queries> DEVICE void attention_float(const gk_attention &a) {
  constexpr int keys = 32, threads = queries / 4 * 16, down = queries / 4, channels = width / 16;
  constexpr int pitch = width + 4, score_pitch = keys + 4;
  constexpr int key_base = queries * pitch, value_base = key_base + keys * pitch;
  constexpr int score_base = value_base + keys * pitch;
  DYNAMIC(float, memory, score_base + queries * score_pitch);
  AttentionPlace place = attention_place(a, queries);
  bool turned = a.cosine != 0;
  load_rows<float, width, threads, queries>(a, place, query_rows(a), place.first, place.query_count, memory, 0, turned);
  load_rows<float, width, threads, keys>(a, place, key_rows(a), 0, place.length, memory, key_base, turned);
  commit();
  int column = thread_index() % 16, row = thread_index() / 16;
  float sums[4][channels], largest_score[4], total[4];
  UNROLL for (int i = 0; i < 4; i++) {
    largest_score[i] = NO_SCORE;
    total[i] = 0;
    UNROLL for (int c = 0; c < channels; c++) sums[i][c] = 0;
  }
  for (int key = 0; key < place.length; key += keys) {
    load_rows<float, width, threads, keys>(a, place, value_rows(a), key, place.length, memory, value_base, false);
    commit();
    wait<1>();
    barrier();
    float score[4][2];
    UNROLL for (int i = 0; i < 4; i++) score[i][0] = score[i][1] = 0;
    UNROLL_SOME for (int c = 0; c < width; c += 4) {
      Four q[4];
      UNROLL for (int i = 0; i < 4; i++) q[i] = get4(memory, (row + i * down) * pitch + c);
      UNROLL for (int j = 0; j < 2; j++) {
        Four k = get4(memory, key_base + (column + j * 16) * pitch + c);
        UNROLL for (int i = 0; i < 4; i++) {
          score[i][j] += q[i].x * k.x + q[i].y * k.y + q[i].z * k.z + q[i].w * k.w;
        }
      }
    }
    UNROLL for (int i = 0; i < 4; i++) {
      UNROLL for (int j = 0; j < 2; j++) {
        bool there = key + column + j * 16 < place.length;
        score[i][j] = there ? score[i][j] * (a.scale * LOG2_E) : NO_SCORE;
      }
      float top = largest(score[i][0], score[i][1]);
      UNROLL for (int mask = 8; mask > 0; mask /= 2) top = largest(top, shuffle_xor(top, mask));
      top = largest(top, largest_score[i]);
      float before = exp2_of(largest_score[i] - top);
      largest_score[i] = top;
      float sum = 0;
      UNROLL for (int j = 0; j < 2; j++) {
        bool there = key + column + j * 16 < place.length;
        float weight = there ? exp2_of(score[i][j] - top) : 0;
        put(memory, score_base + (row + i * down) * score_pitch + column + j * 16, weight);
        sum += weight;
      }
      UNROLL for (int mask = 8; mask > 0; mask /= 2) sum += shuffle_xor(sum, mask);
      total[i] = total[i] * before + sum;
      UNROLL for (int c = 0; c < channels; c++) sums[i][c] *= before;
    }
    barrier();
    int next = key + keys;
    if (next < place.length) {
      load_rows<float, width, threads, keys>(a, place, key_rows(a), next, place.length, memory, key_base, turned);
    }
    commit();
    wait<1>();
    barrier();
    UNROLL_SOME for (int k = 0; k < keys; k += 4) {
      Four p[4];
      UNROLL for (int i = 0; i < 4; i++) {
        p[i] = get4(memory, score_base + (row + i * down) * score_pitch + k);
      }
      UNROLL for (int c = 0; c < channels; c++) {
        int first = value_base + k * pitch + column + c * 16;
        float v0 = get(memory, first), v1 = get(memory, first + pitch);
        float v2 = get(memory, first + 2 * pitch), v3 = get(memory, first + 3 * pitch);
        UNROLL for (int i = 0; i < 4; i++) {
          sums[i][c] += p[i].x * v0 + p[i].y * v1 + p[i].z * v2 + p[i].w * v3;
        }
      }
    }
    barrier();
  }
  Global<float> target = global<float>(a.target);
  UNROLL for (int i = 0; i < 4; i++) {
    int position = place.first + row + i * down;
    if (position >= place.query_count) continue;
    long start = attention_token(a, place, position) * a.target_stride + (long)place.head * a.width;
    float factor = 1 / total[i];
    if (a.log_sums && column == 0) put_log_sum(a, place, position, largest_score[i], total[i]);
    UNROLL for (int c = 0; c < channels; c++) {
      int channel = column + c * 16;
      if (channel < a.width) put(target, start + channel, sums[i][c] * factor);
    }
  }
}
