// The gradients of attention. Scores are computed again from the saved logarithms of the softmax's
// denominators (Dao et al. 2022, "FlashAttention", algorithm 4), block by block, so that no more than
// one block of them exists. One item of work is one head of one sequence: it owns the gradients of its
// keys and values, and adds them up in a fixed order. Included once for each element type.
//
// With s = scale q k', p = softmax(s) and o = p v:
//   dv = p' do,  ds = p (do v' - rowsum(do o)),  dq = scale ds k,  dk = scale ds' q.

#define CK_GRADIENT_KEYS 96    // a block of scores; both are multiples of CK_SUM_ROWS and of vectors
#define CK_GRADIENT_QUERIES 48

typedef struct {
  const ck_attention_gradient_problem *problem;
  long length, stored_keys, query_count, stored_queries;
  int padded_width;
  size_t scratch_floats;
  float *scratch;  // [threads, scratch_floats]
} NAME(attention_gradient_work);

// out[CK_SUM_ROWS][columns] += a[CK_SUM_ROWS][count] b[count][columns], `vectors` vectors wide. Row r of
// a begins at a + r * row_step, and its elements are `step` apart. Two vectors of sums for each row are
// what the registers hold.
CK_INLINE void NAME(tile_matmul)(const float *a, long row_step, long step, long count, const float *b,
                                  long b_stride, float *out, long out_stride, bool adding,
                                  const int vectors) {
  vfloat sum[CK_SUM_ROWS][2];
  CK_UNROLLED for (int r = 0; r < CK_SUM_ROWS; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++)
      sum[r][v] = adding ? load_f32(out + r * out_stride + v * CK_WIDTH) : (vfloat){0};
  for (long i = 0; i < count; i++) {
    vfloat x[2];
    CK_UNROLLED for (int v = 0; v < vectors; v++) x[v] = load_f32(b + i * b_stride + v * CK_WIDTH);
    CK_UNROLLED for (int r = 0; r < CK_SUM_ROWS; r++) {
      vfloat factor = splat(a[r * row_step + i * step]);
      CK_UNROLLED for (int v = 0; v < vectors; v++) sum[r][v] = vfma(factor, x[v], sum[r][v]);
    }
  }
  CK_UNROLLED for (int r = 0; r < CK_SUM_ROWS; r++)
    CK_UNROLLED for (int v = 0; v < vectors; v++)
      store_f32(out + r * out_stride + v * CK_WIDTH, sum[r][v]);
}

// The same for any number of columns, a multiple of CK_WIDTH, and rows, a multiple of CK_SUM_ROWS.
static void NAME(block_matmul)(const float *a, long row_step, long step, long count, const float *b,
                                long b_stride, float *out, long out_stride, long rows, long columns,
                                bool adding) {
  for (long r = 0; r < rows; r += CK_SUM_ROWS) {
    const float *left = a + r * row_step;
    float *target = out + r * out_stride;
    long c = 0;
    for (; c + 2 * CK_WIDTH <= columns; c += 2 * CK_WIDTH)
      NAME(tile_matmul)(left, row_step, step, count, b + c, b_stride, target + c, out_stride, adding, 2);
    if (c < columns)
      NAME(tile_matmul)(left, row_step, step, count, b + c, b_stride, target + c, out_stride, adding, 1);
  }
}

// Writes a gradient of q or k, which was taken after the rotation: rotated back, times a factor.
CK_INLINE void NAME(store_unrotated)(const ck_attention_problem *p, const float *gradient, long position,
                                     float factor, TYPE *out) {
  const int width = p->width;
  int i = 0;
  if (!p->rotary_cosine) {
    for (; i + CK_WIDTH <= width; i += CK_WIDTH) STORE(out + i, splat(factor) * load_f32(gradient + i));
    for (; i < width; i++) SCALAR_STORE(out + i, factor * gradient[i]);
    return;
  }
  const float *cosine = p->rotary_cosine + position * width, *sine = p->rotary_sine + position * width;
  for (; i + CK_WIDTH <= width; i += CK_WIDTH) {
    vfloat x = splat(factor) * load_f32(gradient + i);
    STORE(out + i, vfma(x, load_f32(cosine + i), vswap(x * load_f32(sine + i))));
  }
  for (; i < width; i += 2) {
    float a = factor * gradient[i], b = factor * gradient[i + 1];
    SCALAR_STORE(out + i, a * cosine[i] + b * sine[i + 1]);
    SCALAR_STORE(out + i + 1, a * sine[i] + b * cosine[i + 1]);
  }
}

// rows[keys][padded] transposed into columns[width][keys]. Both extents are multiples of CK_WIDTH, but
// for the width, of which there may be less.
CK_INLINE void NAME(transpose_rows)(const float *rows, long keys, int padded, int width, float *columns) {
  for (long i = 0; i < keys; i += CK_WIDTH)
    for (int c = 0; c < padded; c += CK_WIDTH) {
      vfloat square[CK_WIDTH];
      CK_UNROLLED for (int j = 0; j < CK_WIDTH; j++) square[j] = load_f32(rows + (i + j) * padded + c);
      vtranspose(square);
      for (int j = 0; j < CK_WIDTH && c + j < width; j++) store_f32(columns + (c + j) * keys + i, square[j]);
    }
}

// A row of numbers as float32, zeros after them.
CK_INLINE void NAME(load_row)(const TYPE *row, int width, int padded, float *out) {
  int i = 0;
  for (; i + CK_WIDTH <= width; i += CK_WIDTH) store_f32(out + i, LOAD(row + i));
  for (; i < width; i++) out[i] = SCALAR_LOAD(row + i);
  for (; i < padded; i++) out[i] = 0;
}

static void NAME(attention_gradient_item)(void *context, long item, int thread) {
  NAME(attention_gradient_work) *work = context;
  const ck_attention_gradient_problem *problem = work->problem;
  const ck_attention_problem *p = problem->forward;
  long head = item % p->heads, sequence = item / p->heads, length = work->length;
  long keys = work->stored_keys, queries = work->stored_queries;
  const long start = NAME(attention_start)(p, sequence);
  int width = p->width, padded = work->padded_width;
  const float scale = p->scale, log2e = 1.44269504088896f, ln2 = 0.693147180559945f;

  float *scores = work->scratch + thread * work->scratch_floats;
  float *score_gradients = scores + CK_GRADIENT_QUERIES * CK_GRADIENT_KEYS;
  float *keys_by_channel = score_gradients + CK_GRADIENT_QUERIES * CK_GRADIENT_KEYS;  // [width, keys]
  float *values_by_channel = keys_by_channel + width * keys;
  float *key_rows = values_by_channel + width * keys;  // [keys, padded], and so on
  float *to_keys = key_rows + keys * padded, *to_values = to_keys + keys * padded;
  float *query_rows = to_values + keys * padded;  // times scale log2 e
  float *gradient_rows = query_rows + queries * padded, *to_queries = gradient_rows + queries * padded;
  float *log_sums = to_queries + queries * padded, *products = log_sums + queries;

  long head_input = head * p->input_head_stride, head_output = head * p->output_head_stride;
  float *value_rows = to_values;  // which are not needed before all values are transposed
  for (long i = 0; i < length; i++) {
    long token = NAME(attention_token)(p, start, i) * p->input_stride + head_input;
    float *row = key_rows + i * padded;
    NAME(attention_row)(p, (const TYPE *)p->key + token, i, CK_FLOAT32, row);
    for (int c = width; c < padded; c++) row[c] = 0;
    NAME(load_row)((const TYPE *)p->value + token, width, padded, value_rows + i * padded);
  }
  // Padding must be finite, and zero wherever it is added up.
  memset(key_rows + length * padded, 0, sizeof(float) * (keys - length) * padded);
  memset(value_rows + length * padded, 0, sizeof(float) * (keys - length) * padded);
  NAME(transpose_rows)(key_rows, keys, padded, width, keys_by_channel);
  NAME(transpose_rows)(value_rows, keys, padded, width, values_by_channel);
  for (long i = 0; i < work->query_count; i++) {
    long token = NAME(attention_token)(p, start, i);
    float *row = query_rows + i * padded, *gradient = gradient_rows + i * padded;
    NAME(attention_row)(p, (const TYPE *)p->query + token * p->input_stride + head_input, i,
                        CK_FLOAT32, row);
    for (int c = width; c < padded; c++) row[c] = 0;
    NAME(load_row)((const TYPE *)problem->gradient + token * p->output_stride + head_output, width, padded,
                   gradient);
    const TYPE *out = (const TYPE *)p->output + token * p->output_stride + head_output;
    vfloat product = {0};
    float rest = 0;
    int c = 0;
    for (; c + CK_WIDTH <= width; c += CK_WIDTH) {
      store_f32(row + c, load_f32(row + c) * splat(scale * log2e));
      product = vfma(load_f32(gradient + c), LOAD(out + c), product);
    }
    for (; c < width; c++) {
      row[c] *= scale * log2e;
      rest += gradient[c] * SCALAR_LOAD(out + c);
    }
    log_sums[i] = p->log_sums[token * p->heads + head];
    products[i] = vsum(product) + rest;
  }
  long spare = queries - work->query_count;
  memset(query_rows + work->query_count * padded, 0, sizeof(float) * spare * padded);
  memset(gradient_rows + work->query_count * padded, 0, sizeof(float) * spare * padded);
  memset(log_sums + work->query_count, 0, sizeof(float) * spare);
  memset(products + work->query_count, 0, sizeof(float) * spare);

  for (long first_key = 0; first_key < length; first_key += CK_GRADIENT_KEYS) {
    long count = length - first_key < CK_GRADIENT_KEYS ? length - first_key : CK_GRADIENT_KEYS;
    long columns = (count + CK_WIDTH - 1) / CK_WIDTH * CK_WIDTH;
    long rows = (count + CK_SUM_ROWS - 1) / CK_SUM_ROWS * CK_SUM_ROWS;
    long filled = columns > rows ? columns : rows;
    for (long first_query = 0; first_query < queries; first_query += CK_GRADIENT_QUERIES) {
      long block = queries - first_query < CK_GRADIENT_QUERIES ? queries - first_query : CK_GRADIENT_QUERIES;
      const float *q = query_rows + first_query * padded, *g = gradient_rows + first_query * padded;
      NAME(block_matmul)(q, padded, 1, width, keys_by_channel + first_key, keys, scores,
                          CK_GRADIENT_KEYS, block, columns, false);
      NAME(block_matmul)(g, padded, 1, width, values_by_channel + first_key, keys, score_gradients,
                          CK_GRADIENT_KEYS, block, columns, false);
      for (long i = 0; i < block; i++) {
        float *s = scores + i * CK_GRADIENT_KEYS, *ds = score_gradients + i * CK_GRADIENT_KEYS;
        vfloat log_sum = splat(log_sums[first_query + i]), product = splat(products[first_query + i]);
        for (long j = 0; j < columns; j += CK_WIDTH) {
          vfloat probability = vexp2(load_f32(s + j) - log_sum);
          store_f32(s + j, probability);
          store_f32(ds + j, probability * (load_f32(ds + j) - product));
        }
        for (long j = count; j < filled; j++) s[j] = ds[j] = 0;
      }
      NAME(block_matmul)(score_gradients, CK_GRADIENT_KEYS, 1, count, key_rows + first_key * padded,
                          padded, to_queries + first_query * padded, padded, block, padded,
                          first_key > 0);
      NAME(block_matmul)(score_gradients, 1, CK_GRADIENT_KEYS, block, q, padded,
                          to_keys + first_key * padded, padded, rows, padded, first_query > 0);
      NAME(block_matmul)(scores, 1, CK_GRADIENT_KEYS, block, g, padded,
                          to_values + first_key * padded, padded, rows, padded, first_query > 0);
    }
  }

  for (long i = 0; i < length; i++) {
    long token = NAME(attention_token)(p, start, i) * p->input_stride + head_input;
    // The rows of q carry scale log2 e, of which the logarithm does not belong to the gradient. Positions
    // that ask nothing have no gradient.
    if (i < work->query_count)
      NAME(store_unrotated)(p, to_queries + i * padded, i, scale, (TYPE *)problem->query_gradient + token);
    else
      memset((TYPE *)problem->query_gradient + token, 0, sizeof(TYPE) * width);
    NAME(store_unrotated)(p, to_keys + i * padded, i, ln2, (TYPE *)problem->key_gradient + token);
    TYPE *to_value = (TYPE *)problem->value_gradient + token;
    int c = 0;
    for (; c + CK_WIDTH <= width; c += CK_WIDTH) STORE(to_value + c, load_f32(to_values + i * padded + c));
    for (; c < width; c++) SCALAR_STORE(to_value + c, to_values[i * padded + c]);
  }
}

static void NAME(attention_gradient)(const ck_attention_gradient_problem *problem, int threads) {
  const ck_attention_problem *p = problem->forward;
  NAME(attention_gradient_work) work = {.problem = problem};
  for (int r = 0; r < p->run_count; r++) work.length += p->runs[r].count;
  work.query_count = p->query_count ? p->query_count : work.length;
  work.padded_width = (p->width + CK_WIDTH - 1) / CK_WIDTH * CK_WIDTH;
  // Room for the rounding up to whole vectors and whole groups of rows at the end.
  work.stored_keys = (work.length + CK_WIDTH - 1) / CK_WIDTH * CK_WIDTH + CK_WIDTH;
  work.stored_queries = (work.query_count + CK_SUM_ROWS - 1) / CK_SUM_ROWS * CK_SUM_ROWS;
  size_t floats = (size_t)2 * CK_GRADIENT_QUERIES * CK_GRADIENT_KEYS + (size_t)2 * p->width * work.stored_keys +
                  (size_t)3 * work.padded_width * (work.stored_keys + work.stored_queries) +
                  (size_t)2 * work.stored_queries;
  work.scratch_floats = (floats + 15) / 16 * 16;
  work.scratch = ck_scratch(sizeof(float) * work.scratch_floats * threads);
  if (!work.scratch) return;
  ck_parallel_for(p->sequences * p->heads, threads, NAME(attention_gradient_item), &work);
}
