// Attention with a running softmax (Milakov and Gimelshein 2018; Dao et al. 2022, "FlashAttention"):
// for a tile of queries, keys are visited in blocks; scores of a block never leave the first-level
// cache, and the output is rescaled when a row's maximum grows. Included once for each element type.
//
// Queries go in groups of CK_QUERIES rows and keys in groups of CK_KEY_VECTORS vectors, so that one
// group of scores stays in registers. Keys are packed block by block as k'[width][CK_KEY_BLOCK], values as
// v[keys][width]: a block of either lies in one piece, whose lines do not compete for the same sets of
// the first-level cache.

#if CK_WIDTH == 16
#define CK_QUERIES 6
#define CK_KEY_VECTORS 4
#else
#define CK_QUERIES 4
#define CK_KEY_VECTORS 2
#endif
#define CK_KEY_GROUP (CK_KEY_VECTORS * CK_WIDTH)
#define CK_KEY_BLOCK 128   // keys whose scores are held at a time
#define CK_QUERY_TILE 384  // queries of one work item: packing keys costs 1/384 of the products

typedef struct {
  const ck_attention_problem *problem;
  long length, padded_length;  // keys of a sequence; padded to whole vectors
  long stored_keys;            // padded to whole blocks
  long query_count, tiles;
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

// scores[CK_QUERIES][CK_KEY_BLOCK] = q[CK_QUERIES][width] k'[width][CK_KEY_BLOCK], `vectors` vectors wide.
CK_INLINE void NAME(attention_scores)(const float *q, int width, const float *keys, float *scores,
                                      const int vectors) {
  vfloat sum[CK_QUERIES][CK_KEY_VECTORS];
  for (int r = 0; r < CK_QUERIES; r++)
    for (int v = 0; v < vectors; v++) sum[r][v] = (vfloat){0};
  for (int i = 0; i < width; i++) {
    vfloat k[CK_KEY_VECTORS];
    for (int v = 0; v < vectors; v++) k[v] = load_f32(keys + i * CK_KEY_BLOCK + v * CK_WIDTH);
    for (int r = 0; r < CK_QUERIES; r++) {
      vfloat x = splat(q[r * width + i]);
      for (int v = 0; v < vectors; v++) sum[r][v] = vfma(x, k[v], sum[r][v]);
    }
  }
  for (int r = 0; r < CK_QUERIES; r++)
    for (int v = 0; v < vectors; v++) store_f32(scores + r * CK_KEY_BLOCK + v * CK_WIDTH, sum[r][v]);
}

// out[CK_QUERIES][out_stride] = out * correction + p[CK_QUERIES][stride] v[keys][value_stride].
CK_INLINE void NAME(attention_accumulate)(const float *p, long stride, long keys, const float *values,
                                          long value_stride, const float *correction, float *out,
                                          long out_stride, const int vectors) {
  vfloat sum[CK_QUERIES][CK_KEY_VECTORS];
  for (int r = 0; r < CK_QUERIES; r++)
    for (int v = 0; v < vectors; v++)
      sum[r][v] = load_f32(out + r * out_stride + v * CK_WIDTH) * splat(correction[r]);
  for (long i = 0; i < keys; i++) {
    vfloat x[CK_KEY_VECTORS];
    for (int v = 0; v < vectors; v++) x[v] = load_f32(values + i * value_stride + v * CK_WIDTH);
    for (int r = 0; r < CK_QUERIES; r++) {
      vfloat weight = splat(p[r * stride + i]);
      for (int v = 0; v < vectors; v++) sum[r][v] = vfma(weight, x[v], sum[r][v]);
    }
  }
  for (int r = 0; r < CK_QUERIES; r++)
    for (int v = 0; v < vectors; v++) store_f32(out + r * out_stride + v * CK_WIDTH, sum[r][v]);
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
  float *output = queries + CK_QUERY_TILE * width;
  float *maximum = output + CK_QUERY_TILE * padded_width;
  float *total = maximum + CK_QUERY_TILE;
  float *rows = total + CK_QUERY_TILE;  // [CK_WIDTH, width]: keys before they are transposed

  const TYPE *q = (const TYPE *)p->query + head * p->input_head_stride;
  const TYPE *k = (const TYPE *)p->key + head * p->input_head_stride;
  const TYPE *v = (const TYPE *)p->value + head * p->input_head_stride;

  for (long group = 0; group < padded; group += CK_WIDTH) {
    long in_group = length - group < CK_WIDTH ? length - group : CK_WIDTH;
    for (long j = 0; j < in_group; j++) {
      long token = NAME(attention_token)(p, sequence, group + j);
      NAME(attention_row)(p, k + token * p->input_stride, group + j, rows + j * width);
      float *value = values + (group + j) * padded_width;
      for (int i = 0; i < width; i++) value[i] = SCALAR_LOAD(v + token * p->input_stride + i);
      for (int i = width; i < padded_width; i++) value[i] = 0;
    }
    for (long j = in_group; j < CK_WIDTH; j++) {
      memset(rows + j * width, 0, sizeof(float) * width);
      memset(values + (group + j) * padded_width, 0, sizeof(float) * padded_width);
    }
    float *block = keys + group / CK_KEY_BLOCK * CK_KEY_BLOCK * width + group % CK_KEY_BLOCK;
    for (int i = 0; i < width; i++)
      for (long j = 0; j < CK_WIDTH; j++) block[i * CK_KEY_BLOCK + j] = rows[j * width + i];
  }

  // softmax(s) is taken as 2^(s log2 e), so the logarithm goes into the queries' scale.
  float scale = p->scale * 1.44269504088896f;
  long first = tile * CK_QUERY_TILE;
  long count = work->query_count - first < CK_QUERY_TILE ? work->query_count - first : CK_QUERY_TILE;
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
    maximum[i] = -INFINITY;
    total[i] = 0;
  }
  memset(output, 0, sizeof(float) * padded_count * padded_width);

  float scores[CK_QUERIES * CK_KEY_BLOCK] __attribute__((aligned(64)));
  for (long block = 0; block < padded; block += CK_KEY_BLOCK) {
    const float *block_start = keys + block * width;
    long block_keys = padded - block < CK_KEY_BLOCK ? padded - block : CK_KEY_BLOCK;
    for (long i = 0; i < padded_count; i += CK_QUERIES) {
      long g = 0;
      for (; g + CK_KEY_GROUP <= block_keys; g += CK_KEY_GROUP)
        NAME(attention_scores)(queries + i * width, width, block_start + g, scores + g,
                               CK_KEY_VECTORS);
      for (; g < block_keys; g += CK_WIDTH)
        NAME(attention_scores)(queries + i * width, width, block_start + g, scores + g, 1);
      float correction[CK_QUERIES];
      for (int r = 0; r < CK_QUERIES; r++) {
        float *s = scores + r * CK_KEY_BLOCK;
        for (long j = length - block; j < block_keys; j++) s[j] = -INFINITY;
        vfloat top = load_f32(s);
        for (long j = CK_WIDTH; j < block_keys; j += CK_WIDTH) top = vmax(top, load_f32(s + j));
        float old = maximum[i + r], new_maximum = vmaximum(top);
        if (new_maximum < old) new_maximum = old;
        correction[r] = old == new_maximum ? 1.0f : exp2f(old - new_maximum);
        vfloat sum = {0};
        for (long j = 0; j < block_keys; j += CK_WIDTH) {
          vfloat e = vexp2(load_f32(s + j) - splat(new_maximum));
          store_f32(s + j, e);
          sum += e;
        }
        maximum[i + r] = new_maximum;
        total[i + r] = total[i + r] * correction[r] + vsum(sum);
      }
      long real_keys = length - block < block_keys ? length - block : block_keys;
      int c = 0;
      for (; c + CK_KEY_GROUP <= padded_width; c += CK_KEY_GROUP)
        NAME(attention_accumulate)(scores, CK_KEY_BLOCK, real_keys, values + block * padded_width + c,
                                   padded_width, correction, output + i * padded_width + c,
                                   padded_width, CK_KEY_VECTORS);
      for (; c + 2 * CK_WIDTH <= padded_width; c += 2 * CK_WIDTH)
        NAME(attention_accumulate)(scores, CK_KEY_BLOCK, real_keys, values + block * padded_width + c,
                                   padded_width, correction, output + i * padded_width + c,
                                   padded_width, 2);
      for (; c < padded_width; c += CK_WIDTH)
        NAME(attention_accumulate)(scores, CK_KEY_BLOCK, real_keys, values + block * padded_width + c,
                                   padded_width, correction, output + i * padded_width + c,
                                   padded_width, 1);
    }
  }

  for (long i = 0; i < count; i++) {
    TYPE *target = (TYPE *)p->output + NAME(attention_token)(p, sequence, first + i) * p->output_stride +
                   head * p->output_head_stride;
    if (p->log_sums)
      p->log_sums[NAME(attention_token)(p, sequence, first + i) * p->heads + head] = maximum[i] + log2f(total[i]);
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
  work.tiles = (work.query_count + CK_QUERY_TILE - 1) / CK_QUERY_TILE;
  work.stored_keys = (work.length + CK_KEY_BLOCK - 1) / CK_KEY_BLOCK * CK_KEY_BLOCK;
  size_t floats = (size_t)work.stored_keys * problem->width +
                  (size_t)work.padded_length * work.padded_width +
                  (size_t)CK_QUERY_TILE * (problem->width + work.padded_width + 2) + CK_WIDTH * problem->width;
  work.scratch_floats = (floats + 15) / 16 * 16;
  work.scratch = ck_scratch(sizeof(float) * work.scratch_floats * threads);
  ck_parallel_for(problem->sequences * problem->heads * work.tiles, threads, NAME(attention_tile),
                  &work);
}
