// Attention with a running softmax (Milakov and Gimelshein 2018; Dao et al. 2022, "FlashAttention"):
// for a tile of queries, keys are visited in blocks; scores of a block never leave the first-level
// cache, and the output is rescaled when a row's maximum grows. Included once for each element type.
//
// Queries go in groups of CK_QUERIES rows and keys in groups of CK_KEY_VECTORS vectors, so that one
// group of scores stays in registers. Keys are packed block by block as k'[width][CK_KEY_BLOCK], values as
// v[keys][width]: a block of either lies in one piece, whose lines do not compete for the same sets of
// the first-level cache.

#if CK_WIDTH == 16
#define CK_QUERIES 12
#define CK_SCORE_ROWS 6
#define CK_KEY_VECTORS 4
#else
#define CK_QUERIES 4
#define CK_SCORE_ROWS 4
#define CK_KEY_VECTORS 2
#endif
#define CK_KEY_GROUP (CK_KEY_VECTORS * CK_WIDTH)
#define CK_KEY_BLOCK 128    // keys whose scores are held at a time
#define CK_QUERY_TILE 1056  // most queries of one work item: packing keys costs 1/1056 of the products

// Scores are taken relative to the largest seen so far, and that one is only replaced by one that is
// larger by this much, in powers of two: weights up to 2^8 lose nothing in float32, and most blocks
// then need no rescaling (the idea is FlashAttention-4's).
#define CK_SCORE_SLACK 8.0f

typedef struct {
  const ck_attention_problem *problem;
  long length, padded_length;  // keys of a sequence; padded to whole vectors
  long stored_keys;            // padded to whole blocks
  long query_count, tile, tiles;  // queries of one work item; work items of a sequence and head
  int padded_width;
  size_t scratch_floats;
  float *scratch;  // [threads, scratch_floats]
} NAME(attention_work);

CK_INLINE long NAME(attention_token)(const ck_attention_problem *p, long sequence, long position) {
  int r = 0;
  while (position >= p->runs[r].count) position -= p->runs[r++].count;
  return sequence / p->inner * p->outer_stride + sequence % p->inner * p->inner_stride +
         (p->runs[r].start + position) * p->token_step;
}

// One row of q or k as float32, rotated where the problem says so.
CK_INLINE void NAME(attention_row)(const ck_attention_problem *p, const TYPE *row, long position,
                                   float *out) {
  int width = p->width;
  if (!p->rotary_cosine) {
    for (int i = 0; i < width; i++) out[i] = SCALAR_LOAD(row + i);
    return;
  }
  const float *cosine = p->rotary_cosine + position * width, *sine = p->rotary_sine + position * width;
  for (int i = 0; i < width; i += 2) {
    float a = SCALAR_LOAD(row + i), b = SCALAR_LOAD(row + i + 1);
    out[i] = a * cosine[i] + b * sine[i];
    out[i + 1] = b * cosine[i + 1] + a * sine[i + 1];
  }
}

// scores[CK_SCORE_ROWS][CK_KEY_BLOCK] = q[CK_SCORE_ROWS][width] k'[width][CK_KEY_BLOCK] less each row's
// reference, `vectors` vectors wide.
CK_INLINE void NAME(attention_scores)(const float *q, int width, const float *keys,
                                      const float *reference, float *scores, const int vectors) {
  vfloat sum[CK_SCORE_ROWS][CK_KEY_VECTORS];
  CK_UNROLLED for (int r = 0; r < CK_SCORE_ROWS; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = splat(-reference[r]);
  for (int i = 0; i < width; i++) {
    vfloat k[CK_KEY_VECTORS];
    CK_UNROLLED for (int v = 0; v < vectors; v++) k[v] = load_f32(keys + i * CK_KEY_BLOCK + v * CK_WIDTH);
    CK_UNROLLED for (int r = 0; r < CK_SCORE_ROWS; r++) {
      vfloat x = splat(q[r * width + i]);
      CK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = vfma(x, k[v], sum[r][v]);
    }
  }
  CK_UNROLLED for (int r = 0; r < CK_SCORE_ROWS; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++)
      store_f32(scores + r * CK_KEY_BLOCK + v * CK_WIDTH, sum[r][v]);
}

// out[rows][out_stride] += p[rows][CK_KEY_BLOCK] v[keys][value_stride], `vectors` vectors wide.
CK_INLINE void NAME(attention_accumulate)(const float *p, long keys, const float *values,
                                          long value_stride, float *out, long out_stride,
                                          const int rows, const int vectors) {
  vfloat sum[CK_QUERIES][CK_KEY_VECTORS];
  CK_UNROLLED for (int r = 0; r < rows; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++)
      sum[r][v] = load_f32(out + r * out_stride + v * CK_WIDTH);
  for (long i = 0; i < keys; i++) {
    vfloat x[CK_KEY_VECTORS];
    CK_UNROLLED for (int v = 0; v < vectors; v++) x[v] = load_f32(values + i * value_stride + v * CK_WIDTH);
    CK_UNROLLED for (int r = 0; r < rows; r++) {
      vfloat weight = splat(p[r * CK_KEY_BLOCK + i]);
      CK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = vfma(weight, x[v], sum[r][v]);
    }
  }
  CK_UNROLLED for (int r = 0; r < rows; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++)
      store_f32(out + r * out_stride + v * CK_WIDTH, sum[r][v]);
}

// The softmax weights of one row of a block of scores, in place. Where the scores have outgrown the
// row's reference, or there is none yet, moves the reference and rescales what was summed before.
CK_INLINE void NAME(attention_weights)(float *s, long keys, bool first, float *reference, float *total,
                                       float *out, int padded_width) {
  vfloat top = load_f32(s);
  for (long j = CK_WIDTH; j < keys; j += CK_WIDTH) top = vmax(top, load_f32(s + j));
  float growth = vmaximum(top);
  if (first) {
    *reference += growth;
  } else if (growth > CK_SCORE_SLACK) {
    vfloat correction = vexp2(splat(-growth));
    *reference += growth;
    *total *= correction[0];
    for (int c = 0; c < padded_width; c += CK_WIDTH)
      store_f32(out + c, load_f32(out + c) * correction);
  } else {
    growth = 0;
  }
  vfloat sum = {0}, shift = splat(growth);
  for (long j = 0; j < keys; j += CK_WIDTH) {
    vfloat e = vexp2(load_f32(s + j) - shift);
    store_f32(s + j, e);
    sum += e;
  }
  *total += vsum(sum);
}

static void NAME(attention_tile)(void *context, long item, int thread) {
  NAME(attention_work) *work = context;
  const ck_attention_problem *p = work->problem;
  long tile = item % work->tiles, head = item / work->tiles % p->heads;
  long sequence = item / work->tiles / p->heads;
  long length = work->length, padded = work->padded_length;
  int width = p->width, padded_width = work->padded_width;

  float *keys = work->scratch + thread * work->scratch_floats;
  float *values = keys + width * work->stored_keys;
  float *queries = values + padded * padded_width;
  float *output = queries + work->tile * width;
  float *reference = output + work->tile * padded_width;
  float *total = reference + work->tile;
  float *rows = total + work->tile;  // [CK_WIDTH, padded_width]: keys before they are transposed

  const TYPE *q = (const TYPE *)p->query + head * p->input_head_stride;
  const TYPE *k = (const TYPE *)p->key + head * p->input_head_stride;
  const TYPE *v = (const TYPE *)p->value + head * p->input_head_stride;

  for (long group = 0; group < padded; group += CK_WIDTH) {
    long in_group = length - group < CK_WIDTH ? length - group : CK_WIDTH;
    for (long j = 0; j < in_group; j++) {
      long token = NAME(attention_token)(p, sequence, group + j);
      NAME(attention_row)(p, k + token * p->input_stride, group + j, rows + j * padded_width);
      float *value = values + (group + j) * padded_width;
      for (int i = 0; i < width; i++) value[i] = SCALAR_LOAD(v + token * p->input_stride + i);
      for (int i = width; i < padded_width; i++) value[i] = 0;
    }
    for (long j = in_group; j < CK_WIDTH; j++) {
      memset(rows + j * padded_width, 0, sizeof(float) * width);
      memset(values + (group + j) * padded_width, 0, sizeof(float) * padded_width);
    }
    float *block = keys + group / CK_KEY_BLOCK * CK_KEY_BLOCK * width + group % CK_KEY_BLOCK;
    for (int i = 0; i < width; i += CK_WIDTH) {
      vfloat square[CK_WIDTH];
      CK_UNROLLED for (int j = 0; j < CK_WIDTH; j++) square[j] = load_f32(rows + j * padded_width + i);
      vtranspose(square);
      for (int j = 0; j < CK_WIDTH && i + j < width; j++)
        store_f32(block + (i + j) * CK_KEY_BLOCK, square[j]);
    }
  }

  // softmax(s) is taken as 2^(s log2 e), so the logarithm goes into the queries' scale.
  float scale = p->scale * 1.44269504088896f;
  long first = tile * work->tile;
  long count = work->query_count - first < work->tile ? work->query_count - first : work->tile;
  long padded_count = (count + CK_QUERIES - 1) / CK_QUERIES * CK_QUERIES;
  for (long i = 0; i < padded_count; i++) {
    float *target = queries + i * width;
    if (i < count) {
      long token = NAME(attention_token)(p, sequence, first + i);
      NAME(attention_row)(p, q + token * p->input_stride, first + i, target);
      for (int c = 0; c < width; c++) target[c] *= scale;
    } else {
      memset(target, 0, sizeof(float) * width);
    }
    reference[i] = 0;
    total[i] = 0;
  }
  memset(output, 0, sizeof(float) * padded_count * padded_width);

  float scores[CK_QUERIES * CK_KEY_BLOCK] __attribute__((aligned(64)));
  for (long block = 0; block < padded; block += CK_KEY_BLOCK) {
    const float *block_start = keys + block * width;
    long block_keys = padded - block < CK_KEY_BLOCK ? padded - block : CK_KEY_BLOCK;
    long real_keys = length - block < block_keys ? length - block : block_keys;
    const float *block_values = values + block * padded_width;
    for (long i = 0; i < padded_count; i += CK_QUERIES) {
      for (int r = 0; r < CK_QUERIES; r += CK_SCORE_ROWS) {
        const float *q = queries + (i + r) * width;
        float *s = scores + r * CK_KEY_BLOCK;
        long g = 0;
        for (; g + CK_KEY_GROUP <= block_keys; g += CK_KEY_GROUP)
          NAME(attention_scores)(q, width, block_start + g, reference + i + r, s + g, CK_KEY_VECTORS);
        for (; g < block_keys; g += CK_WIDTH)
          NAME(attention_scores)(q, width, block_start + g, reference + i + r, s + g, 1);
      }
      for (int r = 0; r < CK_QUERIES; r++) {
        float *s = scores + r * CK_KEY_BLOCK;
        for (long j = real_keys; j < block_keys; j++) s[j] = -INFINITY;
        NAME(attention_weights)(s, block_keys, block == 0, reference + i + r, total + i + r,
                                output + (i + r) * padded_width, padded_width);
      }
      int c = 0;
      for (; c + CK_KEY_GROUP <= padded_width; c += CK_KEY_GROUP)
        for (int r = 0; r < CK_QUERIES; r += CK_SCORE_ROWS)
          NAME(attention_accumulate)(scores + r * CK_KEY_BLOCK, real_keys, block_values + c, padded_width,
                                     output + (i + r) * padded_width + c, padded_width, CK_SCORE_ROWS,
                                     CK_KEY_VECTORS);
      for (; c + 2 * CK_WIDTH <= padded_width; c += 2 * CK_WIDTH)
        NAME(attention_accumulate)(scores, real_keys, block_values + c, padded_width,
                                   output + i * padded_width + c, padded_width, CK_QUERIES, 2);
      for (; c < padded_width; c += CK_WIDTH)
        NAME(attention_accumulate)(scores, real_keys, block_values + c, padded_width,
                                   output + i * padded_width + c, padded_width, CK_QUERIES, 1);
    }
  }

  for (long i = 0; i < count; i++) {
    TYPE *target = (TYPE *)p->output + NAME(attention_token)(p, sequence, first + i) * p->output_stride +
                   head * p->output_head_stride;
    if (p->log_sums)
      p->log_sums[NAME(attention_token)(p, sequence, first + i) * p->heads + head] = reference[i] + log2f(total[i]);
    float inverse = 1.0f / total[i];
    for (int c = 0; c < width; c++) SCALAR_STORE(target + c, output[i * padded_width + c] * inverse);
  }
}

static void NAME(attention)(const ck_attention_problem *problem, int threads) {
  NAME(attention_work) work = {.problem = problem};
  for (int r = 0; r < problem->run_count; r++) work.length += problem->runs[r].count;
  work.padded_length = (work.length + CK_WIDTH - 1) / CK_WIDTH * CK_WIDTH;
  work.padded_width = (problem->width + CK_WIDTH - 1) / CK_WIDTH * CK_WIDTH;
  work.query_count = problem->query_count ? problem->query_count : work.length;
  // Few large tiles, yet enough work items for every thread, and whole groups of queries.
  long items = problem->sequences * problem->heads;
  work.tiles = (work.query_count + CK_QUERY_TILE - 1) / CK_QUERY_TILE;
  if (work.tiles * items < 4 * threads) work.tiles = (4 * threads + items - 1) / items;
  work.tile = (work.query_count + work.tiles - 1) / work.tiles;
  work.tile = (work.tile + CK_QUERIES - 1) / CK_QUERIES * CK_QUERIES;
  work.tiles = (work.query_count + work.tile - 1) / work.tile;
  work.stored_keys = (work.length + CK_KEY_BLOCK - 1) / CK_KEY_BLOCK * CK_KEY_BLOCK;
  size_t floats = (size_t)work.stored_keys * problem->width +
                  (size_t)work.padded_length * work.padded_width +
                  (size_t)work.tile * (problem->width + work.padded_width + 2) + CK_WIDTH * work.padded_width;
  work.scratch_floats = (floats + 15) / 16 * 16;
  work.scratch = ck_scratch(sizeof(float) * work.scratch_floats * threads);
  ck_parallel_for(items * work.tiles, threads, NAME(attention_tile),
                  &work);
}
