// Gradients of the activations, sums, movement and pooling. Included once for each element type.

typedef struct {
  const TYPE *a, *b;
  TYPE *destination;
  float factor;
  long count, width, other_width;
} NAME(gradient_work);

// Defines NAME(name##_chunk), which sets destination[i] = EXPRESSION of the vectors a and b, for one
// chunk of the elements.
#define CK_ELEMENTWISE(name, expression)                                                           \
  static void NAME(name##_chunk)(void *context, long item, int thread) {                           \
    (void)thread;                                                                                  \
    NAME(gradient_work) *work = context;                                                           \
    long i = item * CK_ELEMENT_CHUNK, last = i + CK_ELEMENT_CHUNK;                                 \
    if (last > work->count) last = work->count;                                                    \
    vfloat factor = splat(work->factor);                                                           \
    for (; i + CK_WIDTH <= last; i += CK_WIDTH) {                                                  \
      vfloat a = LOAD(work->a + i), b = LOAD(work->b + i);                                         \
      (void)factor, (void)b;                                                                       \
      STORE(work->destination + i, expression);                                                    \
    }                                                                                              \
    for (; i < last; i++) {                                                                        \
      vfloat a = splat(SCALAR_LOAD(work->a + i)), b = splat(SCALAR_LOAD(work->b + i));             \
      (void)b;                                                                                     \
      SCALAR_STORE(work->destination + i, (expression)[0]);                                        \
    }                                                                                              \
  }

CK_ELEMENTWISE(gelu_gradient, (b * vgelu_derivative(a)))
CK_ELEMENTWISE(leaky_relu, (vmax(a, splat(0.0f)) + factor * vmin(a, splat(0.0f))))
CK_ELEMENTWISE(leaky_relu_gradient, (b * vstep(a, factor)))
CK_ELEMENTWISE(scale, (factor * a))
CK_ELEMENTWISE(absolute_gradient, (factor * vsign(a - b)))
CK_ELEMENTWISE(squared_gradient, (factor * splat(2.0f) * (a - b)))

static void NAME(elementwise)(const void *a, const void *b, void *destination, float factor, long count,
                              int function, int threads) {
  static const ck_task tasks[] = {NAME(gelu_gradient_chunk), NAME(leaky_relu_chunk),
                                  NAME(leaky_relu_gradient_chunk), NAME(scale_chunk),
                                  NAME(absolute_gradient_chunk), NAME(squared_gradient_chunk)};
  NAME(gradient_work) work = {a, b, destination, factor, count, 0, 0};
  ck_parallel_for((count + CK_ELEMENT_CHUNK - 1) / CK_ELEMENT_CHUNK, threads, tasks[function], &work);
}

static void NAME(gated_gelu_gradient_rows)(void *context, long item, int thread) {
  (void)thread;
  NAME(gradient_work) *work = context;
  long width = work->width, last = (item + 1) * 16 < work->count ? (item + 1) * 16 : work->count;
  for (long r = item * 16; r < last; r++) {
    const TYPE *value = work->a + r * 2 * width, *gate = value + width, *gradient = work->b + r * width;
    TYPE *to_value = work->destination + r * 2 * width, *to_gate = to_value + width;
    long c = 0;
    for (; c + CK_WIDTH <= width; c += CK_WIDTH) {
      vfloat g = LOAD(gradient + c), x = LOAD(gate + c), v = LOAD(value + c);
      STORE(to_value + c, g * vgelu(x));
      STORE(to_gate + c, g * v * vgelu_derivative(x));
    }
    for (; c < width; c++) {
      float g = SCALAR_LOAD(gradient + c), v = SCALAR_LOAD(value + c);
      vfloat x = splat(SCALAR_LOAD(gate + c));
      SCALAR_STORE(to_value + c, g * vgelu(x)[0]);
      SCALAR_STORE(to_gate + c, g * v * vgelu_derivative(x)[0]);
    }
  }
}
static void NAME(gated_gelu_gradient)(const void *source, const void *gradient, void *destination,
                                      long rows, long width, int threads) {
  NAME(gradient_work) work = {source, gradient, destination, 0, rows, width, 0};
  ck_parallel_for((rows + 15) / 16, threads, NAME(gated_gelu_gradient_rows), &work);
}

// ---- Sums -------------------------------------------------------------------------------------

typedef struct {
  const TYPE *source;
  float *partial;  // [batch, chunks, width]
  long rows, width, chunks, chunk_rows;
} NAME(sum_rows_work);

static void NAME(sum_rows_chunk)(void *context, long item, int thread) {
  (void)thread;
  NAME(sum_rows_work) *work = context;
  long sample = item / work->chunks, first = item % work->chunks * work->chunk_rows, width = work->width;
  long last = first + work->chunk_rows < work->rows ? first + work->chunk_rows : work->rows;
  float *sum = work->partial + item * width;
  memset(sum, 0, sizeof(float) * width);
  for (long r = first; r < last; r++) {
    const TYPE *x = work->source + (sample * work->rows + r) * width;
    long c = 0;
    for (; c + CK_WIDTH <= width; c += CK_WIDTH) store_f32(sum + c, load_f32(sum + c) + LOAD(x + c));
    for (; c < width; c++) sum[c] += SCALAR_LOAD(x + c);
  }
}
static void NAME(sum_rows)(const void *source, float *destination, long batch, long rows, long width,
                           int threads) {
  NAME(sum_rows_work) work = {source, NULL, rows, width, 0, 64};
  // At most 256 chunks a sample, so that adding them up stays cheap.
  if (rows > 64 * 256) work.chunk_rows = (rows + 255) / 256;
  work.chunks = (rows + work.chunk_rows - 1) / work.chunk_rows;
  work.partial = ck_scratch(sizeof(float) * batch * work.chunks * width);
  if (!work.partial) return;
  ck_parallel_for(batch * work.chunks, threads, NAME(sum_rows_chunk), &work);
  for (long sample = 0; sample < batch; sample++) {
    float *out = destination + sample * width;
    memset(out, 0, sizeof(float) * width);
    for (long k = 0; k < work.chunks; k++) {
      const float *sum = work.partial + (sample * work.chunks + k) * width;
      for (long c = 0; c < width; c++) out[c] += sum[c];
    }
  }
}

typedef struct {
  const TYPE *source;
  TYPE *destination;
  long extent, inner, pieces;
} NAME(sum_axis_work);

static void NAME(sum_axis_piece)(void *context, long item, int thread) {
  (void)thread;
  NAME(sum_axis_work) *work = context;
  long outer = item / work->pieces, i = item % work->pieces * CK_ELEMENT_CHUNK;
  long last = i + CK_ELEMENT_CHUNK < work->inner ? i + CK_ELEMENT_CHUNK : work->inner;
  const TYPE *source = work->source + outer * work->extent * work->inner;
  TYPE *out = work->destination + outer * work->inner;
  for (; i + CK_WIDTH <= last; i += CK_WIDTH) {
    vfloat sum = {0};
    for (long k = 0; k < work->extent; k++) sum += LOAD(source + k * work->inner + i);
    STORE(out + i, sum);
  }
  for (; i < last; i++) {
    float sum = 0;
    for (long k = 0; k < work->extent; k++) sum += SCALAR_LOAD(source + k * work->inner + i);
    SCALAR_STORE(out + i, sum);
  }
}
static void NAME(sum_axis)(const void *source, void *destination, long outer, long extent, long inner,
                           int threads) {
  NAME(sum_axis_work) work = {source, destination, extent, inner,
                              (inner + CK_ELEMENT_CHUNK - 1) / CK_ELEMENT_CHUNK};
  ck_parallel_for(outer * work.pieces, threads, NAME(sum_axis_piece), &work);
}

// ---- Movement ---------------------------------------------------------------------------------

static void NAME(split_rows)(void *context, long item, int thread) {
  (void)thread;
  NAME(row_work) *work = context;
  long last = (item + 1) * 16 < work->rows ? (item + 1) * 16 : work->rows;
  long total = work->width + work->b_width;
  TYPE *b = (TYPE *)work->b;
  for (long r = item * 16; r < last; r++) {
    memcpy(work->destination + r * work->width, work->a + r * total, sizeof(TYPE) * work->width);
    memcpy(b + r * work->b_width, work->a + r * total + work->width, sizeof(TYPE) * work->b_width);
  }
}
static void NAME(split)(const void *source, void *a, long a_channels, void *b, long b_channels, long rows,
                        int threads) {
  NAME(row_work) work = {source, b, a, rows, a_channels, b_channels};
  ck_parallel_for((rows + 15) / 16, threads, NAME(split_rows), &work);
}

static void NAME(scatter_sequence)(void *context, long item, int thread) {
  (void)thread;
  NAME(gather_work) *work = context;
  long base = item / work->inner * work->outer_stride + item % work->inner * work->inner_stride;
  const TYPE *in = work->source + item * (work->length + 1) * work->channels;
  for (long i = 0; i < work->length; i++)
    memcpy(work->destination + (base + i * work->token_step) * work->channels, in + i * work->channels,
           sizeof(TYPE) * work->channels);
}
static void NAME(scatter_sequences)(const void *source, void *destination, long sequences, long inner,
                                    long outer_stride, long inner_stride, long token_step, long length,
                                    long channels, int threads) {
  NAME(gather_work) work = {source,     destination, inner,    outer_stride, inner_stride,
                            token_step, length,      channels, NULL,         NULL};
  ck_parallel_for(sequences, threads, NAME(scatter_sequence), &work);
}

// ---- Maximum pooling --------------------------------------------------------------------------

typedef struct {
  const TYPE *source, *gradient;
  TYPE *destination;
  long height, width, channels;
} NAME(max_pool_work);

// One row of the pooled images; with a gradient, the two rows of the source that it came from.
static void NAME(max_pool_row)(void *context, long item, int thread) {
  (void)thread;
  NAME(max_pool_work) *work = context;
  long channels = work->channels, half = work->width / 2;
  for (long x = 0; x < half; x++) {
    long corner = (item * 2 * work->width + 2 * x) * channels;
    const long offsets[4] = {corner, corner + channels, corner + work->width * channels,
                             corner + (work->width + 1) * channels};
    long target = (item * half + x) * channels;
    for (long c = 0; c < channels; c++) {
      int best = 0;
      float top = SCALAR_LOAD(work->source + offsets[0] + c);
      for (int i = 1; i < 4; i++) {
        float value = SCALAR_LOAD(work->source + offsets[i] + c);
        if (value > top) {
          top = value;
          best = i;
        }
      }
      if (work->gradient) {
        for (int i = 0; i < 4; i++) work->destination[offsets[i] + c] = 0;
        work->destination[offsets[best] + c] = work->gradient[target + c];
      } else {
        SCALAR_STORE(work->destination + target + c, top);
      }
    }
  }
}
static void NAME(pool_maxima)(const void *source, const void *gradient, void *destination, long batch,
                              long height, long width, long channels, int threads) {
  NAME(max_pool_work) work = {source, gradient, destination, height, width, channels};
  ck_parallel_for(batch * height / 2, threads, NAME(max_pool_row), &work);
}

// ---- Losses -----------------------------------------------------------------------------------

typedef struct {
  const TYPE *a, *b;
  double *sums;
  long count;
  bool squared;
} NAME(distance_work);

static void NAME(distance_chunk)(void *context, long item, int thread) {
  (void)thread;
  NAME(distance_work) *work = context;
  long i = item * CK_ELEMENT_CHUNK, last = i + CK_ELEMENT_CHUNK < work->count ? i + CK_ELEMENT_CHUNK : work->count;
  vfloat sum = {0};
  float tail = 0;
  for (; i + CK_WIDTH <= last; i += CK_WIDTH) {
    vfloat d = LOAD(work->a + i) - LOAD(work->b + i);
    sum += work->squared ? d * d : __builtin_elementwise_abs(d);
  }
  for (; i < last; i++) {
    float d = SCALAR_LOAD(work->a + i) - SCALAR_LOAD(work->b + i);
    tail += work->squared ? d * d : fabsf(d);
  }
  work->sums[item] = (double)vsum(sum) + tail;
}
static double NAME(distance_sum)(ck_distance distance, const void *a, const void *b, long count,
                                 int threads) {
  long chunks = (count + CK_ELEMENT_CHUNK - 1) / CK_ELEMENT_CHUNK;
  NAME(distance_work) work = {a, b, ck_scratch(sizeof(double) * chunks), count, distance == CK_SQUARED};
  if (!work.sums) return NAN;
  ck_parallel_for(chunks, threads, NAME(distance_chunk), &work);
  double total = 0;
  for (long k = 0; k < chunks; k++) total += work.sums[k];
  return total;
}
#undef CK_ELEMENTWISE
