// Activations, sums, resampling of stacked images and gathering of sequences. Included once for each
// element type.

#define CK_ELEMENT_CHUNK 8192

typedef struct {
  const TYPE *a, *b;
  TYPE *destination;
  long rows, width, b_width;
} NAME(row_work);

static void NAME(gated_gelu_rows)(void *context, long item, int thread) {
  (void)thread;
  NAME(row_work) *work = context;
  long width = work->width, last = (item + 1) * 16 < work->rows ? (item + 1) * 16 : work->rows;
  for (long r = item * 16; r < last; r++) {
    const TYPE *value = work->a + r * 2 * width, *gate = value + width;
    TYPE *out = work->destination + r * width;
    long c = 0;
    for (; c + CK_WIDTH <= width; c += CK_WIDTH) STORE(out + c, LOAD(value + c) * vgelu(LOAD(gate + c)));
    for (; c < width; c++)
      SCALAR_STORE(out + c, SCALAR_LOAD(value + c) * vgelu(splat(SCALAR_LOAD(gate + c)))[0]);
  }
}
static void NAME(gated_gelu)(const void *source, void *destination, long rows, long width, int threads) {
  NAME(row_work) work = {source, NULL, destination, rows, width, 0};
  ck_parallel_for((rows + 15) / 16, threads, NAME(gated_gelu_rows), &work);
}

static void NAME(gelu_chunk)(void *context, long item, int thread) {
  (void)thread;
  NAME(row_work) *work = context;
  long first = item * CK_ELEMENT_CHUNK;
  long last = first + CK_ELEMENT_CHUNK < work->rows ? first + CK_ELEMENT_CHUNK : work->rows;
  TYPE *x = work->destination;
  long c = first;
  for (; c + CK_WIDTH <= last; c += CK_WIDTH) STORE(x + c, vgelu(LOAD(x + c)));
  for (; c < last; c++) SCALAR_STORE(x + c, vgelu(splat(SCALAR_LOAD(x + c)))[0]);
}
static void NAME(gelu)(void *values, long count, int threads) {
  NAME(row_work) work = {NULL, NULL, values, count, 0, 0};
  ck_parallel_for((count + CK_ELEMENT_CHUNK - 1) / CK_ELEMENT_CHUNK, threads, NAME(gelu_chunk), &work);
}

static void NAME(add_chunk)(void *context, long item, int thread) {
  (void)thread;
  NAME(row_work) *work = context;
  long first = item * CK_ELEMENT_CHUNK;
  long last = first + CK_ELEMENT_CHUNK < work->rows ? first + CK_ELEMENT_CHUNK : work->rows;
  long c = first;
  for (; c + CK_WIDTH <= last; c += CK_WIDTH)
    STORE(work->destination + c, LOAD(work->a + c) + LOAD(work->b + c));
  for (; c < last; c++)
    SCALAR_STORE(work->destination + c, SCALAR_LOAD(work->a + c) + SCALAR_LOAD(work->b + c));
}
static void NAME(add)(const void *a, const void *b, void *destination, long count, int threads) {
  NAME(row_work) work = {a, b, destination, count, 0, 0};
  ck_parallel_for((count + CK_ELEMENT_CHUNK - 1) / CK_ELEMENT_CHUNK, threads, NAME(add_chunk), &work);
}

// destination[b, r] = source[b, r] + added[b] for rows r of each sample b.
static void NAME(add_rows_chunk)(void *context, long item, int thread) {
  (void)thread;
  NAME(row_work) *work = context;  // rows of a sample, width; b_width: chunks of a sample
  long sample = item / work->b_width, first = item % work->b_width * 16;
  long last = first + 16 < work->rows ? first + 16 : work->rows;
  const float *added = (const float *)work->b + sample * work->width;
  for (long r = first; r < last; r++) {
    const TYPE *in = work->a + (sample * work->rows + r) * work->width;
    TYPE *out = work->destination + (sample * work->rows + r) * work->width;
    long c = 0;
    for (; c + CK_WIDTH <= work->width; c += CK_WIDTH) STORE(out + c, LOAD(in + c) + load_f32(added + c));
    for (; c < work->width; c++) SCALAR_STORE(out + c, SCALAR_LOAD(in + c) + added[c]);
  }
}
static void NAME(add_rows)(const void *source, const float *added, void *destination, long batch,
                           long rows, long width, int threads) {
  long chunks = (rows + 15) / 16;
  NAME(row_work) work = {source, (const TYPE *)added, destination, rows, width, chunks};
  ck_parallel_for(batch * chunks, threads, NAME(add_rows_chunk), &work);
}

static void NAME(concatenate_rows)(void *context, long item, int thread) {
  (void)thread;
  NAME(row_work) *work = context;
  long last = (item + 1) * 16 < work->rows ? (item + 1) * 16 : work->rows;
  long total = work->width + work->b_width;
  for (long r = item * 16; r < last; r++) {
    memcpy(work->destination + r * total, work->a + r * work->width, sizeof(TYPE) * work->width);
    memcpy(work->destination + r * total + work->width, work->b + r * work->b_width,
           sizeof(TYPE) * work->b_width);
  }
}
static void NAME(concatenate)(const void *a, long a_channels, const void *b, long b_channels,
                              void *destination, long rows, int threads) {
  NAME(row_work) work = {a, b, destination, rows, a_channels, b_channels};
  ck_parallel_for((rows + 15) / 16, threads, NAME(concatenate_rows), &work);
}

// ---- Stacked images ---------------------------------------------------------------------------

typedef struct {
  const TYPE *source;
  TYPE *destination;
  long source_rows, destination_rows, width, channels;  // width of the source
  const ck_stacked_image *images;
  int count;
  int resample;  // -1 average pool, 0 copy, 1 upsample
} NAME(stack_work);

static void NAME(stack_row)(void *context, long item, int thread) {
  (void)thread;
  NAME(stack_work) *work = context;
  long sample = item / work->destination_rows, row = item % work->destination_rows;
  long channels = work->channels, width = work->width;
  long out_width = work->resample < 0 ? width / 2 : work->resample > 0 ? width * 2 : width;
  TYPE *out = work->destination + item * out_width * channels;
  for (int i = 0; i < work->count; i++) {
    const ck_stacked_image *image = work->images + i;
    long height = work->resample < 0   ? image->height / 2
                  : work->resample > 0 ? image->height * 2
                                       : image->height;
    long y = row - image->destination_row;
    if (y < 0 || y >= height) continue;
    long source_y = work->resample < 0 ? 2 * y : work->resample > 0 ? y / 2 : y;
    const TYPE *in = work->source +
                     (sample * work->source_rows + image->source_row + source_y) * width * channels;
    if (work->resample == 0) {
      memcpy(out, in, sizeof(TYPE) * width * channels);
    } else if (work->resample > 0) {
      for (long x = 0; x < width; x++) {
        memcpy(out + 2 * x * channels, in + x * channels, sizeof(TYPE) * channels);
        memcpy(out + (2 * x + 1) * channels, in + x * channels, sizeof(TYPE) * channels);
      }
    } else {
      const TYPE *below = in + width * channels;
      for (long x = 0; x < out_width; x++) {
        const TYPE *a = in + 2 * x * channels, *b = a + channels;
        const TYPE *c = below + 2 * x * channels, *d = c + channels;
        TYPE *o = out + x * channels;
        long k = 0;
        for (; k + CK_WIDTH <= channels; k += CK_WIDTH)
          STORE(o + k, (LOAD(a + k) + LOAD(b + k) + LOAD(c + k) + LOAD(d + k)) * splat(0.25f));
        for (; k < channels; k++)
          SCALAR_STORE(o + k, (SCALAR_LOAD(a + k) + SCALAR_LOAD(b + k) + SCALAR_LOAD(c + k) +
                               SCALAR_LOAD(d + k)) * 0.25f);
      }
    }
    return;
  }
  memset(out, 0, sizeof(TYPE) * out_width * channels);
}
static void NAME(resample_stack)(const void *source, void *destination, long batch, long source_rows,
                                 long destination_rows, long width, long channels,
                                 const ck_stacked_image *images, int count, int resample, int threads) {
  NAME(stack_work) work = {source,   destination, source_rows, destination_rows, width,
                           channels, images,      count,       resample};
  ck_parallel_for(batch * destination_rows, threads, NAME(stack_row), &work);
}

// ---- Planes -----------------------------------------------------------------------------------

typedef struct {
  const TYPE *xy, *yt, *xt;
  TYPE *destination;
  long frames, height, width, channels;
} NAME(planes_work);

static void NAME(sum_planes_row)(void *context, long item, int thread) {
  (void)thread;
  NAME(planes_work) *work = context;
  long t = item / work->height, h = item % work->height, channels = work->channels;
  const TYPE *xt = work->xt + (t * work->height + h) * channels;
  for (long w = 0; w < work->width; w++) {
    const TYPE *xy = work->xy + (h * work->width + w) * channels;
    const TYPE *yt = work->yt + (t * work->width + w) * channels;
    TYPE *out = work->destination + (item * work->width + w) * channels;
    long c = 0;
    for (; c + CK_WIDTH <= channels; c += CK_WIDTH)
      STORE(out + c, LOAD(xy + c) + LOAD(yt + c) + LOAD(xt + c));
    for (; c < channels; c++)
      SCALAR_STORE(out + c, SCALAR_LOAD(xy + c) + SCALAR_LOAD(yt + c) + SCALAR_LOAD(xt + c));
  }
}
static void NAME(sum_planes)(const void *xy, const void *yt, const void *xt, void *destination,
                             long frames, long height, long width, long channels, int threads) {
  NAME(planes_work) work = {xy, yt, xt, destination, frames, height, width, channels};
  ck_parallel_for(frames * height, threads, NAME(sum_planes_row), &work);
}

typedef struct {
  const TYPE *source;
  TYPE *destination;
  long inner, outer_stride, inner_stride, token_step, length, channels;
  const float *token, *position;
} NAME(gather_work);

static void NAME(gather_sequence)(void *context, long item, int thread) {
  (void)thread;
  NAME(gather_work) *work = context;
  long channels = work->channels;
  long base = item / work->inner * work->outer_stride + item % work->inner * work->inner_stride;
  TYPE *out = work->destination + item * (work->length + 1) * channels;
  for (long i = 0; i <= work->length; i++, out += channels) {
    const float *position = work->position + i * channels;
    long c = 0;
    if (i == work->length) {
      for (; c + CK_WIDTH <= channels; c += CK_WIDTH)
        STORE(out + c, load_f32(work->token + c) + load_f32(position + c));
      for (; c < channels; c++) SCALAR_STORE(out + c, work->token[c] + position[c]);
    } else {
      const TYPE *in = work->source + (base + i * work->token_step) * channels;
      for (; c + CK_WIDTH <= channels; c += CK_WIDTH)
        STORE(out + c, LOAD(in + c) + load_f32(position + c));
      for (; c < channels; c++) SCALAR_STORE(out + c, SCALAR_LOAD(in + c) + position[c]);
    }
  }
}
static void NAME(gather_sequences)(const void *source, void *destination, long sequences, long inner,
                                   long outer_stride, long inner_stride, long token_step, long length,
                                   long channels, const float *token, const float *position,
                                   int threads) {
  NAME(gather_work) work = {source,     destination, inner,    outer_stride, inner_stride,
                            token_step, length,      channels, token,        position};
  ck_parallel_for(sequences, threads, NAME(gather_sequence), &work);
}
