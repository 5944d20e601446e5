// Attention's scores and what the softmax makes of them, for CK_SCORE_ROWS queries and a block of keys at
// a time. Included once for each element type.

// Scores are taken relative to the largest seen so far, and that one is only replaced by one that is
// larger by this much, in powers of two: weights up to 2^8 lose nothing in float32, and most blocks
// then need no rescaling (the idea is FlashAttention-4's).
#define CK_SCORE_SLACK 8.0f

CK_INLINE vfloat NAME(attention_multiply)(vfloat x, vfloat y, vfloat sum) {
  return CK_PAIRED ? vdot(x, y, sum) : vfma(x, y, sum);
}

// Weights that are rounded to bfloat16 need no more digits.
CK_INLINE vfloat NAME(attention_power)(vfloat x) { return CK_PAIRED ? vexp2_short(x) : vexp2(x); }

// Stores a vector of one row's weights, and adds them to the row's sums as they were stored: so the
// weights of a row amount to 1 in spite of their rounding.
CK_INLINE vfloat NAME(attention_store_weights)(float *row, long key, vfloat weights, vfloat sums) {
#if CK_PAIRED
  store_rounded((uint16_t *)row + key, weights);
  return sums + load_bf16((uint16_t *)row + key);
#else
  store_f32(row + key, weights);
  return sums + weights;
#endif
}

// The same for two vectors that follow each other.
CK_INLINE vfloat NAME(attention_store_two)(float *row, long key, vfloat first, vfloat second, vfloat sums) {
#if CK_PAIRED
  __m512bh both = _mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
  memcpy((uint16_t *)row + key, &both, sizeof both);
  return vdot((vfloat)both, (vfloat)(0x3f803f80u - (vuint){0}), sums);  // pairs of 1.0
#else
  store_f32(row + key, first);
  store_f32(row + key + CK_WIDTH, second);
  return sums + (first + second);
#endif
}

// sum[CK_SCORE_ROWS][vectors] = q[CK_SCORE_ROWS][width] k'[width][CK_KEY_GROUP].
CK_INLINE void NAME(attention_products)(const float *q, int words, const float *keys,
                                        vfloat sum[][CK_KEY_VECTORS], const int vectors) {
  CK_UNROLLED for (int r = 0; r < CK_SCORE_ROWS; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = (vfloat){0};
  for (int i = 0; i < words; i++) {
    vfloat k[CK_KEY_VECTORS];
    CK_UNROLLED for (int v = 0; v < vectors; v++) k[v] = load_f32(keys + i * CK_KEY_GROUP + v * CK_WIDTH);
    CK_UNROLLED for (int r = 0; r < CK_SCORE_ROWS; r++) {
      vfloat x = splat_word(q + r * words + i);
      CK_UNROLLED for (int v = 0; v < vectors; v++)
        sum[r][v] = NAME(attention_multiply)(x, k[v], sum[r][v]);
    }
  }
}

// The same, stored in rows of CK_KEY_BLOCK.
CK_INLINE void NAME(attention_store_products)(const float *q, int words, const float *keys,
                                              float *products, const int vectors) {
  vfloat sum[CK_SCORE_ROWS][CK_KEY_VECTORS];
  NAME(attention_products)(q, words, keys, sum, vectors);
  CK_UNROLLED for (int r = 0; r < CK_SCORE_ROWS; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++)
      store_f32(products + r * CK_KEY_BLOCK + v * CK_WIDTH, sum[r][v]);
}

// The softmax weights of a group of queries and keys relative to the queries' references, with their
// sums on top of `sums`. Returns the largest scores, relative to the references too.
CK_INLINE vfloat NAME(attention_group)(const float *q, int words, const float *keys, float scale,
                                       const float *reference, float *weights, float *sums) {
  vfloat sum[CK_SCORE_ROWS][CK_KEY_VECTORS], top = splat(-INFINITY);
  NAME(attention_products)(q, words, keys, sum, CK_KEY_VECTORS);
  CK_UNROLLED for (int r = 0; r < CK_SCORE_ROWS; r++) {
    vfloat total = load_f32(sums + r * CK_WIDTH), shift = splat(-reference[r]);
    CK_UNROLLED for (int v = 0; v < CK_KEY_VECTORS; v += 2) {
      vfloat first = vfma(sum[r][v], splat(scale), shift);
      vfloat second = vfma(sum[r][v + 1], splat(scale), shift);
      top = vmax(top, vmax(first, second));
      total = NAME(attention_store_two)(weights + r * CK_WEIGHT_ROW, v * CK_WIDTH,
                                        NAME(attention_power)(first), NAME(attention_power)(second), total);
    }
    store_f32(sums + r * CK_WIDTH, total);
  }
  return top;
}

// The weights of some groups of queries, CK_QUERIES at most, and a whole block of keys. Of the groups none of
// whose scores has outgrown its reference, adds the sums to the totals and says that they are done.
CK_INLINE void NAME(attention_whole_block)(const float *q, int words, const float *keys, float scale,
                                           const float *reference, float *weights, float *totals,
                                           const int rows, bool *are_done) {
  float sums[CK_QUERIES * CK_WIDTH] __attribute__((aligned(64))) = {0};
  vfloat top[CK_QUERIES / CK_SCORE_ROWS];
  for (int r = 0; r < rows; r += CK_SCORE_ROWS) top[r / CK_SCORE_ROWS] = splat(-INFINITY);
  for (long g = 0; g < CK_KEY_BLOCK; g += CK_KEY_GROUP)
    for (int r = 0; r < rows; r += CK_SCORE_ROWS)
      top[r / CK_SCORE_ROWS] = vmax(
          top[r / CK_SCORE_ROWS],
          NAME(attention_group)(q + r * words, words, keys + g * words, scale, reference + r,
                                weights + r * CK_WEIGHT_ROW + g / CK_NUMBERS, sums + r * CK_WIDTH));
  for (int r = 0; r < rows; r += CK_SCORE_ROWS) {
    are_done[r / CK_SCORE_ROWS] = vmaximum(top[r / CK_SCORE_ROWS]) <= CK_SCORE_SLACK;
    if (!are_done[r / CK_SCORE_ROWS]) continue;
    for (int i = r * CK_WIDTH; i < (r + CK_SCORE_ROWS) * CK_WIDTH; i += CK_WIDTH)
      store_f32(totals + i, load_f32(totals + i) + load_f32(sums + i));
  }
}

// The weights of one row of a block of products. Where the scores have outgrown the row's reference, or
// there is none yet, moves the reference and rescales what was summed before; else every sum is rounded as
// in attention_whole_block, so that a row does not depend on the rows beside it.
CK_INLINE void NAME(attention_row_weights)(const float *products, long keys, bool first, float scale,
                                           float *weights, float *reference, float *totals, float *out,
                                           int padded_width) {
  vfloat top = splat(-INFINITY), factor = splat(scale), shift = splat(-*reference);
  for (long j = 0; j < keys; j += CK_WIDTH) top = vmax(top, vfma(load_f32(products + j), factor, shift));
  float growth = vmaximum(top);
  if (first || growth > CK_SCORE_SLACK) {
    *reference += growth;
    shift = splat(-*reference);
  }
  if (!first && growth > CK_SCORE_SLACK) {
    vfloat correction = vexp2(splat(-growth));
    store_f32(totals, load_f32(totals) * correction);
    for (int c = 0; c < padded_width; c += CK_WIDTH)
      store_f32(out + c, load_f32(out + c) * correction);
  }
  vfloat sum = {0};
  long j = 0;
  for (; j + 2 * CK_WIDTH <= keys; j += 2 * CK_WIDTH)
    sum = NAME(attention_store_two)(
        weights, j, NAME(attention_power)(vfma(load_f32(products + j), factor, shift)),
        NAME(attention_power)(vfma(load_f32(products + j + CK_WIDTH), factor, shift)), sum);
  if (j < keys)
    sum = NAME(attention_store_weights)(
        weights, j, NAME(attention_power)(vfma(load_f32(products + j), factor, shift)), sum);
  store_f32(totals, load_f32(totals) + sum);
}
