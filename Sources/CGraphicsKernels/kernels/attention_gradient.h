// The gradients of attention (Dao et al. 2022, algorithm 4), with scores computed again from the logarithms of
// the softmax's sums. With s = scale q k', p = softmax(s) and o = p v:
//   dv = p' do,  ds = p (do v' - rowsum(do o)),  dq = scale ds k,  dk = scale ds' q.
// A block has some positions of one head of one sequence, as queries or as keys, and goes through the others in
// pieces: so each sum has one owner and one order, at the price of the scores being computed twice. This file has
// what both precisions share, and float32; attention_gradient_bf16.h has tensor cores.
#pragma once

#include "attention.h"

#define GRADIENT_SIDE 32
#define GRADIENT_THREADS 128

// Where a piece's rows lie in memory, `width + 4` apart.
template <int width> struct GradientMemory {
  static constexpr int side = GRADIENT_SIDE, pitch = width + 4, rows = side * pitch;
  static constexpr int queries = 0, gradients = rows, keys = 2 * rows, values = 3 * rows;
  static constexpr int score_pitch = side + 4;
  static constexpr int weights = 4 * rows, score_gradients = weights + side * score_pitch;
  static constexpr int count = score_gradients + side * score_pitch;
};

// Positions from `first` on, as float32, zeros from the sequence's end and from the head's width on.
template <int width>
DEVICE void load_floats(const gk_attention &a, const AttentionPlace &place, AttentionRows rows, int first, int end,
                        Shared<float> memory, int base) {
  using Memory = GradientMemory<width>;
  constexpr int size = whole_count<float>, across = width / size;
  Global<float> source = global<float>(rows.address);
  bool turned = a.cosine != 0 && (rows.address == a.query || rows.address == a.key);
  bool whole = !turned && a.width % size == 0 && rows.stride % size == 0 && rows.head_stride % size == 0 &&
               rows.address % 16 == 0;
  for (int item = thread_index(); item < Memory::side * across; item += GRADIENT_THREADS) {
    int row = item / across, channel = (item - row * across) * size, position = first + row;
    float values[size];
    UNROLL for (int k = 0; k < size; k++) values[k] = 0;
    if (position < end && channel < a.width) {
      long start = attention_token(a, place, position) * rows.stride + (long)place.head * rows.head_stride + channel;
      unpack(whole ? get16(source, start) : turned_words(a, source, start, position, channel, turned), values);
    }
    UNROLL for (int k = 0; k < size; k++) put(memory, base + row * Memory::pitch + channel + k, values[k]);
  }
}

DEVICE AttentionRows target_rows(const gk_attention &a, gk_address address) {
  return AttentionRows{address, a.target_stride, a.width};
}

// Weights and the gradients of scores of the queries and keys in memory. They lie query by query, or key by key
// where those own the sums.
template <int width, bool of_keys>
DEVICE void gradient_scores(const gk_attention &a, const AttentionPlace &place, int query, int key,
                            Shared<float> memory, Shared<float> log_sums, Shared<float> products) {
  using Memory = GradientMemory<width>;
  int column = thread_index() % 16, row = thread_index() / 16;
  float score[4][2], product[4][2];
  UNROLL for (int i = 0; i < 4; i++) score[i][0] = score[i][1] = product[i][0] = product[i][1] = 0;
  UNROLL_SOME for (int c = 0; c < width; c += 4) {
    Four k[2], v[2];
    UNROLL for (int j = 0; j < 2; j++) {
      k[j] = get4(memory, Memory::keys + (column + j * 16) * Memory::pitch + c);
      v[j] = get4(memory, Memory::values + (column + j * 16) * Memory::pitch + c);
    }
    UNROLL for (int i = 0; i < 4; i++) {
      Four q = get4(memory, Memory::queries + (row + i * 8) * Memory::pitch + c);
      Four g = get4(memory, Memory::gradients + (row + i * 8) * Memory::pitch + c);
      UNROLL for (int j = 0; j < 2; j++) {
        score[i][j] += q.x * k[j].x + q.y * k[j].y + q.z * k[j].z + q.w * k[j].w;
        product[i][j] += g.x * v[j].x + g.y * v[j].y + g.z * v[j].z + g.w * v[j].w;
      }
    }
  }
  UNROLL for (int i = 0; i < 4; i++) {
    int line = row + i * 8;
    UNROLL for (int j = 0; j < 2; j++) {
      int other = column + j * 16;
      bool there = query + line < place.query_count && key + other < place.length;
      float weight = there ? exp2_of(score[i][j] * (a.scale * LOG2_E) - get(log_sums, line)) : 0;
      float gradient = there ? weight * (product[i][j] - get(products, line)) : 0;
      int at = of_keys ? other * Memory::score_pitch + line : line * Memory::score_pitch + other;
      put(memory, Memory::weights + at, weight);
      put(memory, Memory::score_gradients + at, gradient);
    }
  }
}

// Adds factors of the block's positions times rows of the others.
template <int width>
DEVICE void add_rows_times(Shared<float> memory, int factors, int rows, float (&sums)[4][width / 16]) {
  using Memory = GradientMemory<width>;
  int column = thread_index() % 16, row = thread_index() / 16;
  UNROLL_SOME for (int k = 0; k < Memory::side; k += 4) {
    Four p[4];
    UNROLL for (int i = 0; i < 4; i++) p[i] = get4(memory, factors + (row + i * 8) * Memory::score_pitch + k);
    UNROLL for (int c = 0; c < width / 16; c++) {
      int first = rows + k * Memory::pitch + column + c * 16;
      float v0 = get(memory, first), v1 = get(memory, first + Memory::pitch);
      float v2 = get(memory, first + 2 * Memory::pitch), v3 = get(memory, first + 3 * Memory::pitch);
      UNROLL for (int i = 0; i < 4; i++) sums[i][c] += p[i].x * v0 + p[i].y * v1 + p[i].z * v2 + p[i].w * v3;
    }
  }
}

// Writes the block's sums times a factor, turned back where the forward pass had turned what they belong to.
template <int width>
DEVICE void put_gradient(const gk_attention_gradient &a, const AttentionPlace &place, gk_address address,
                         float factor, bool turned, const float (&sums)[4][width / 16]) {
  int column = thread_index() % 16, row = thread_index() / 16;
  Global<float> target = global<float>(address);
  UNROLL for (int i = 0; i < 4; i++) {
    int position = place.first + row + i * 8;
    bool there = position < place.length;
    long start = there ? attention_token(a.forward, place, position) * a.stride + (long)place.head * a.head_stride : 0;
    UNROLL for (int c = 0; c < width / 16; c++) {
      int channel = column + c * 16;
      float value = sums[i][c] * factor;
      float beside = shuffle_xor(value, 1);
      if (!there || channel >= a.forward.width) continue;
      if (turned) {
        // Of the pair the neighbour has the other: the sine's sign is that of its own channel.
        long angle = (long)position * a.forward.width + channel;
        value = value * get(global<float>(a.cosine), angle) + beside * get(global<float>(a.sine), angle ^ 1);
      }
      put(target, start + channel, value);
    }
  }
}

template <int width> DEVICE void clear_sums(float (&sums)[4][width / 16]) {
  UNROLL for (int i = 0; i < 4; i++) {
    UNROLL for (int c = 0; c < width / 16; c++) sums[i][c] = 0;
  }
}

// The gradient of queries. A thread has, as with the forward kernel, 4 positions and every 16th channel.
template <int width> DEVICE void attention_query_gradient(const gk_attention_gradient &a) {
  using Memory = GradientMemory<width>;
  const gk_attention &forward = a.forward;
  DYNAMIC(float, memory, Memory::count);
  SHARED(float, log_sums, GRADIENT_SIDE);
  SHARED(float, products, GRADIENT_SIDE);
  AttentionPlace place = attention_place(forward, GRADIENT_SIDE, true);
  load_floats<width>(forward, place, query_rows(forward), place.first, place.query_count, memory,
                              Memory::queries);
  load_floats<width>(forward, place, target_rows(forward, a.gradient), place.first, place.query_count,
                              memory, Memory::gradients);
  // The place for keys holds the results, until their products with the gradient are known: four threads a row.
  load_floats<width>(forward, place, target_rows(forward, forward.target), place.first, place.query_count,
                              memory, Memory::keys);
  barrier();
  int line = thread_index() / 4;
  float product = 0;
  for (int c = thread_index() % 4; c < width; c += 4) {
    product += get(memory, Memory::gradients + line * Memory::pitch + c) *
               get(memory, Memory::keys + line * Memory::pitch + c);
  }
  product += shuffle_xor(product, 1);
  product += shuffle_xor(product, 2);
  if (thread_index() % 4 == 0) {
    int position = place.first + line;
    float log_sum = 0;
    if (position < place.query_count) {
      long at = attention_token(forward, place, position) * forward.heads + place.head;
      log_sum = get(global<float>(forward.log_sums), at);
      put(global<float>(a.products), at, product);
    }
    put(log_sums, line, log_sum);
    put(products, line, product);
  }
  float to_queries[4][width / 16];
  clear_sums<width>(to_queries);
  for (int key = 0; key < place.length; key += GRADIENT_SIDE) {
    barrier();
    load_floats<width>(forward, place, key_rows(forward), key, place.length, memory, Memory::keys);
    load_floats<width>(forward, place, value_rows(forward), key, place.length, memory, Memory::values);
    barrier();
    gradient_scores<width, false>(forward, place, place.first, key, memory, log_sums, products);
    barrier();
    add_rows_times<width>(memory, Memory::score_gradients, Memory::keys, to_queries);
  }
  put_gradient<width>(a, place, a.query_gradient, forward.scale, a.cosine != 0, to_queries);
}

// The gradients of keys and values.
template <int width> DEVICE void attention_key_gradient(const gk_attention_gradient &a) {
  using Memory = GradientMemory<width>;
  const gk_attention &forward = a.forward;
  DYNAMIC(float, memory, Memory::count);
  SHARED(float, log_sums, GRADIENT_SIDE);
  SHARED(float, products, GRADIENT_SIDE);
  AttentionPlace place = attention_place(forward, GRADIENT_SIDE, true);
  load_floats<width>(forward, place, key_rows(forward), place.first, place.length, memory, Memory::keys);
  load_floats<width>(forward, place, value_rows(forward), place.first, place.length, memory,
                              Memory::values);
  float to_keys[4][width / 16], to_values[4][width / 16];
  clear_sums<width>(to_keys);
  clear_sums<width>(to_values);
  for (int query = 0; query < place.query_count; query += GRADIENT_SIDE) {
    barrier();
    load_floats<width>(forward, place, query_rows(forward), query, place.query_count, memory,
                                Memory::queries);
    load_floats<width>(forward, place, target_rows(forward, a.gradient), query, place.query_count, memory,
                                Memory::gradients);
    if (thread_index() < GRADIENT_SIDE) {
      int position = query + thread_index();
      bool there = position < place.query_count;
      long at = there ? attention_token(forward, place, position) * forward.heads + place.head : 0;
      put(log_sums, thread_index(), there ? get(global<float>(forward.log_sums), at) : 0.0f);
      put(products, thread_index(), there ? get(global<float>(a.products), at) : 0.0f);
    }
    barrier();
    gradient_scores<width, true>(forward, place, query, place.first, memory, log_sums, products);
    barrier();
    add_rows_times<width>(memory, Memory::weights, Memory::gradients, to_values);
    add_rows_times<width>(memory, Memory::score_gradients, Memory::queries, to_keys);
  }
  put_gradient<width>(a, place, a.key_gradient, forward.scale, a.cosine != 0, to_keys);
  put_gradient<width>(a, place, a.value_gradient, 1, false, to_values);
}
