// Attention with a running softmax (Milakov and Gimelshein 2018; Dao et al. 2022, "FlashAttention"):
// for a tile of queries, keys are visited in blocks; scores of a block become weights while they are
// in registers, and the output is rescaled when a row's maximum grows. Included once for each element
// type.
//
// Queries go in groups of CK_SCORE_ROWS rows and keys in groups of CK_KEY_VECTORS vectors, so that one
// group of scores stays in registers. What a group of keys, or of the values' channels, has in a block lies in
// one piece, whose lines do not compete for the same sets of the first-level cache; several groups of queries
// go over it before the next.

#define CK_QUERIES 12  // that meet a group of keys, or of the values' channels, while the cache has it
#define CK_SCORE_ROWS 6
#if CK_WIDTH == 16
#define CK_SUM_ROWS 12  // that are summed at a time where few channels are left
#define CK_KEY_VECTORS 4
#else
#define CK_SUM_ROWS 6
#define CK_KEY_VECTORS 2
#endif
#define CK_KEY_GROUP (CK_KEY_VECTORS * CK_WIDTH)
#define CK_KEY_BLOCK 128    // keys whose weights are held at a time
#define CK_QUERY_TILE 1056  // most queries of one work item: packing keys costs 1/1056 of the products

#include "attention_pack.h"
#include "attention_weights.h"

typedef struct {
  const ck_attention_problem *problem;
  long length, padded_length;  // keys of a sequence; padded to whole vectors
  long stored_keys;            // padded to whole blocks
  long query_count, tile, tiles;  // queries of one work item; work items of a sequence and head
  int width_words;                // of a query or key
  int padded_width, value_width;  // of a value, to whole vectors and to whole groups of channels
  bool has_all_heads;             // whether a work item is of all heads
  size_t scratch_floats;
  float *scratch;  // [threads, scratch_floats]
} NAME(attention_work);

// What one work item holds of its queries.
typedef struct {
  float *queries;    // [tile][width_words] words
  float *output;     // [tile][padded_width]
  float *reference;  // [tile]: what the scores are relative to, log2
  float *totals;     // [tile][CK_WIDTH]: sums of weights, by lane
} NAME(attention_queries);

// out[rows][out_stride] += weights[rows][CK_WEIGHT_ROW] v[words][CK_KEY_GROUP], `vectors` vectors wide.
CK_INLINE void NAME(attention_accumulate)(const float *weights, long words, const float *values, float *out,
                                          long out_stride, const int rows, const int vectors) {
  vfloat sum[CK_SUM_ROWS][CK_KEY_VECTORS];
  CK_UNROLLED for (int r = 0; r < rows; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++)
      sum[r][v] = load_f32(out + r * out_stride + v * CK_WIDTH);
  for (long i = 0; i < words; i++) {
    vfloat x[CK_KEY_VECTORS];
    CK_UNROLLED for (int v = 0; v < vectors; v++) x[v] = load_f32(values + i * CK_KEY_GROUP + v * CK_WIDTH);
    CK_UNROLLED for (int r = 0; r < rows; r++) {
      vfloat weight = splat_word(weights + r * CK_WEIGHT_ROW + i);
      CK_UNROLLED for (int v = 0; v < vectors; v++)
        sum[r][v] = NAME(attention_multiply)(weight, x[v], sum[r][v]);
    }
  }
  CK_UNROLLED for (int r = 0; r < rows; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++)
      store_f32(out + r * out_stride + v * CK_WIDTH, sum[r][v]);
}

// One group of queries, CK_QUERIES or CK_SCORE_ROWS, against one block of keys and values.
CK_INLINE void NAME(attention_block)(const NAME(attention_work) *work,
                                     const NAME(attention_queries) *tile, long i, long block,
                                     const float *keys, const float *values, float scale,
                                     const int rows) {
  const int words = work->width_words, padded_width = work->padded_width;
  long block_keys = work->padded_length - block;
  if (block_keys > CK_KEY_BLOCK) block_keys = CK_KEY_BLOCK;
  long real_keys = work->length - block < block_keys ? work->length - block : block_keys;
  float weights[CK_QUERIES * CK_WEIGHT_ROW] __attribute__((aligned(64)));
  float *references = tile->reference + i;
  bool are_whole[CK_QUERIES / CK_SCORE_ROWS] = {0};
  if (block > 0 && real_keys == CK_KEY_BLOCK)
    NAME(attention_whole_block)(tile->queries + i * words, words, keys, scale, references, weights,
                                tile->totals + i * CK_WIDTH, rows, are_whole);
  for (int r = 0; r < rows; r += CK_SCORE_ROWS) {
    if (are_whole[r / CK_SCORE_ROWS]) continue;
    const float *q = tile->queries + (i + r) * words;
    float products[CK_SCORE_ROWS * CK_KEY_BLOCK] __attribute__((aligned(64)));
    long g = 0;
    for (; g + CK_KEY_GROUP <= block_keys; g += CK_KEY_GROUP)
      NAME(attention_store_products)(q, words, keys + g * words, products + g, CK_KEY_VECTORS);
    for (long at = 0; g + at < block_keys; at += CK_WIDTH)
      NAME(attention_store_products)(q, words, keys + g * words + at, products + g + at, 1);
    for (int row = 0; row < CK_SCORE_ROWS; row++) {
      float *row_products = products + row * CK_KEY_BLOCK;
      for (long k = real_keys; k < block_keys; k++) row_products[k] = scale < 0 ? INFINITY : -INFINITY;
      NAME(attention_row_weights)(row_products, block_keys, block == 0, scale,
                                  weights + (r + row) * CK_WEIGHT_ROW, references + r + row,
                                  tile->totals + (i + r + row) * CK_WIDTH,
                                  tile->output + (i + r + row) * padded_width, padded_width);
    }
  }
  // A word may hold a key beyond the last: its weight is next to nothing and its values are 0.
  long value_words = (real_keys + CK_NUMBERS - 1) / CK_NUMBERS;
  float *out = tile->output + i * padded_width;
  int c = 0;
  for (; c + CK_KEY_GROUP <= padded_width; c += CK_KEY_GROUP, values += CK_WEIGHT_ROW * CK_KEY_GROUP)
    for (int r = 0; r < rows; r += CK_SCORE_ROWS)
      NAME(attention_accumulate)(weights + r * CK_WEIGHT_ROW, value_words, values,
                                 out + r * padded_width + c, padded_width, CK_SCORE_ROWS, CK_KEY_VECTORS);
  // What is left of the channels takes more rows at a time, where the registers have room.
  const int sum_rows = rows < CK_SUM_ROWS ? rows : CK_SUM_ROWS;
  for (; c + 2 * CK_WIDTH <= padded_width; c += 2 * CK_WIDTH, values += 2 * CK_WIDTH)
    for (int r = 0; r < rows; r += sum_rows)
      NAME(attention_accumulate)(weights + r * CK_WEIGHT_ROW, value_words, values,
                                 out + r * padded_width + c, padded_width, sum_rows, 2);
  for (; c < padded_width; c += CK_WIDTH, values += CK_WIDTH)
    for (int r = 0; r < rows; r += sum_rows)
      NAME(attention_accumulate)(weights + r * CK_WEIGHT_ROW, value_words, values,
                                 out + r * padded_width + c, padded_width, sum_rows, 1);
}

// One head of a work item: a tile of queries of a sequence.
static void NAME(attention_head)(const NAME(attention_work) *work, long sequence, long head, long tile_index,
                                 int thread) {
  const ck_attention_problem *p = work->problem;
  const int width = p->width, words = work->width_words, padded_width = work->padded_width;
  const long start = NAME(attention_start)(p, sequence);

  float *keys = work->scratch + thread * work->scratch_floats;
  float *values = keys + words * work->stored_keys;
  NAME(attention_queries) tile = {.output = values + work->stored_keys / CK_NUMBERS * work->value_width};
  tile.totals = tile.output + work->tile * padded_width;
  tile.reference = tile.totals + work->tile * CK_WIDTH;
  tile.queries = tile.reference + work->tile;
  NAME(attention_pack)(p, start, head, work->length, work->padded_length, words, work->value_width, keys, values,
                       tile.queries + work->tile * words);

  long first = tile_index * work->tile;
  long count = work->query_count - first < work->tile ? work->query_count - first : work->tile;
  long padded_count = (count + CK_SCORE_ROWS - 1) / CK_SCORE_ROWS * CK_SCORE_ROWS;
  const TYPE *q = (const TYPE *)p->query + head * p->input_head_stride;
  for (long i = 0; i < count; i++) {
    const TYPE *row = q + NAME(attention_token)(p, start, first + i) * p->input_stride;
    NAME(attention_words)(p, row, first + i, tile.queries + i * words);
    NAME(attention_fetch_next)(p, row);
  }
  memset(tile.queries + count * words, 0, sizeof(float) * (padded_count - count) * words);
  memset(tile.reference, 0, sizeof(float) * padded_count);
  memset(tile.totals, 0, sizeof(float) * padded_count * CK_WIDTH);
  memset(tile.output, 0, sizeof(float) * padded_count * padded_width);

  // softmax(s) is taken as 2^(s log2 e), so the logarithm goes into the scale.
  float scale = p->scale * 1.44269504088896f;
  for (long block = 0; block < work->padded_length; block += CK_KEY_BLOCK) {
    const float *block_keys = keys + block * words, *block_values = values + block / CK_NUMBERS * work->value_width;
    long i = 0;
    for (; i + CK_QUERIES <= padded_count; i += CK_QUERIES)
      NAME(attention_block)(work, &tile, i, block, block_keys, block_values, scale, CK_QUERIES);
    for (; i < padded_count; i += CK_SCORE_ROWS)
      NAME(attention_block)(work, &tile, i, block, block_keys, block_values, scale, CK_SCORE_ROWS);
  }

  for (long i = 0; i < count; i++) {
    long token = NAME(attention_token)(p, start, first + i);
    TYPE *target = (TYPE *)p->output + token * p->output_stride + head * p->output_head_stride;
    const float *output = tile.output + i * padded_width;
    float total = vsum(load_f32(tile.totals + i * CK_WIDTH));
    if (p->log_sums) p->log_sums[token * p->heads + head] = tile.reference[i] + log2f(total);
    float inverse = 1.0f / total;
    int c = 0;
    for (; c + CK_WIDTH <= width; c += CK_WIDTH) STORE(target + c, load_f32(output + c) * splat(inverse));
    for (; c < width; c++) SCALAR_STORE(target + c, output[c] * inverse);
  }
}

// Work items are tiles of a sequence and head, or whole sequences with all their heads.
static void NAME(attention_item)(void *context, long item, int thread) {
  const NAME(attention_work) *work = context;
  const int heads = work->problem->heads;
  long tile = item % work->tiles;
  item /= work->tiles;
  if (!work->has_all_heads) return NAME(attention_head)(work, item / heads, item % heads, tile, thread);
  for (int head = 0; head < heads; head++) NAME(attention_head)(work, item, head, tile, thread);
}

static void NAME(attention)(const ck_attention_problem *problem, int threads) {
  NAME(attention_work) work = {.problem = problem};
  for (int r = 0; r < problem->run_count; r++) work.length += problem->runs[r].count;
  work.padded_length = (work.length + CK_WIDTH - 1) / CK_WIDTH * CK_WIDTH;
  work.padded_width = (problem->width + CK_WIDTH - 1) / CK_WIDTH * CK_WIDTH;
  work.value_width = (problem->width + CK_KEY_GROUP - 1) / CK_KEY_GROUP * CK_KEY_GROUP;
  work.width_words = (problem->width + CK_NUMBERS - 1) / CK_NUMBERS;
  work.query_count = problem->query_count ? problem->query_count : work.length;
  // Few large tiles, yet enough work items for every thread, and whole groups of queries.
  long items = problem->sequences * problem->heads;
  work.tiles = (work.query_count + CK_QUERY_TILE - 1) / CK_QUERY_TILE;
  if (work.tiles * items < 4 * threads) work.tiles = (4 * threads + items - 1) / items;
  work.tile = (work.query_count + work.tiles - 1) / work.tiles;
  work.tile = (work.tile + CK_QUERIES - 1) / CK_QUERIES * CK_QUERIES;
  work.tiles = (work.query_count + work.tile - 1) / work.tile;
  work.stored_keys = (work.length + CK_KEY_BLOCK - 1) / CK_KEY_BLOCK * CK_KEY_BLOCK;
  size_t floats = (size_t)work.stored_keys * work.width_words +
                  (size_t)work.stored_keys / CK_NUMBERS * work.value_width +
                  (size_t)work.tile * (work.width_words + work.padded_width + 1 + CK_WIDTH) +
                  (size_t)CK_WIDTH * (work.width_words + 1);
  work.scratch_floats = (floats + 15) / 16 * 16;
  work.scratch = ck_scratch(sizeof(float) * work.scratch_floats * threads);
  if (!work.scratch) return;
  // The heads of a token are neighbours: many sequences are better read whole.
  work.has_all_heads = problem->sequences >= 8 * threads && work.tiles == 1;
  ck_parallel_for(work.has_all_heads ? problem->sequences : items * work.tiles, threads,
                  NAME(attention_item), &work);
}

#undef CK_NUMBERS
#undef CK_WEIGHT_ROW
