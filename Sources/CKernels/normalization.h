// Group and layer normalisation over channels-last rows. Included once for each element type.

#define CK_STATISTICS_CHUNK 64  // tokens summed in float32 before the sums go to float64
#define CK_APPLY_CHUNK 32

typedef struct {
  const ck_group_norm_problem *problem;
  long chunks_in_run[CK_MAX_RUNS];
  long chunk_count;       // of one sample, over all runs
  float *partial;         // [batch, chunk_count, 2, channels]: sums and sums of squares
  float *factor, *offset; // [batch, run_count, channels]: y = x * factor + offset
  long apply_chunks;
} NAME(group_norm_work);

// Sums over one chunk are taken about the chunk's first token, so that a large common offset does
// not cancel the variance away: partial = [2][channels] of sum(x - x0) and sum((x - x0)^2), with x0
// read again from the source when the chunks are combined.
static void NAME(group_norm_sum)(void *context, long item, int thread) {
  (void)thread;
  NAME(group_norm_work) *work = context;
  const ck_group_norm_problem *p = work->problem;
  long sample = item / work->chunk_count, chunk = item % work->chunk_count;
  float *sum = work->partial + item * 2 * p->channels, *squares = sum + p->channels;
  int run = 0;
  while (chunk >= work->chunks_in_run[run]) chunk -= work->chunks_in_run[run++];
  long first = p->runs[run].start + chunk * CK_STATISTICS_CHUNK;
  long end = p->runs[run].start + p->runs[run].count;
  long last = first + CK_STATISTICS_CHUNK < end ? first + CK_STATISTICS_CHUNK : end;
  const TYPE *base = (const TYPE *)p->source + (sample * p->tokens + first) * p->channels;
  long c = 0;
  for (; c + CK_WIDTH <= p->channels; c += CK_WIDTH) {
    vfloat origin = LOAD(base + c), s = {0}, q = {0};
    const TYPE *x = base + c;
    for (long t = first; t < last; t++, x += p->channels) {
      vfloat v = LOAD(x) - origin;
      s += v;
      q = vfma(v, v, q);
    }
    store_f32(sum + c, s);
    store_f32(squares + c, q);
  }
  for (; c < p->channels; c++) {
    float origin = SCALAR_LOAD(base + c), s = 0, q = 0;
    for (long t = 0; t < last - first; t++) {
      float v = SCALAR_LOAD(base + t * p->channels + c) - origin;
      s += v;
      q += v * v;
    }
    sum[c] = s;
    squares[c] = q;
  }
}

// Mean and variance of one group of one sample, from the sums of its chunks; a joint item covers all
// runs. Deviations are taken about the group's mean, chunk by chunk, in float64.
static void NAME(group_norm_combine)(void *context, long item, int thread) {
  (void)thread;
  NAME(group_norm_work) *work = context;
  const ck_group_norm_problem *p = work->problem;
  int statistics = p->joint ? 1 : p->run_count;
  long g = item % p->groups, sample = item / p->groups / statistics;
  int first_run = (int)(item / p->groups % statistics);
  int last_run = p->joint ? p->run_count : first_run + 1;
  long group_width = p->channels / p->groups, first_channel = g * group_width;
  long first_chunk = sample * work->chunk_count;
  for (int r = 0; r < first_run; r++) first_chunk += work->chunks_in_run[r];

  double mean = 0, deviations = 0;
  for (int pass = 0; pass < 2; pass++) {
    double tokens = 0, sum = 0;
    long chunk = first_chunk;
    for (int r = first_run; r < last_run; r++) {
      for (long k = 0; k < work->chunks_in_run[r]; k++, chunk++) {
        long first = p->runs[r].start + k * CK_STATISTICS_CHUNK;
        long left = p->runs[r].start + p->runs[r].count - first;
        double count = left < CK_STATISTICS_CHUNK ? left : CK_STATISTICS_CHUNK, share = 1 / count;
        const float *sums = work->partial + chunk * 2 * p->channels, *squares = sums + p->channels;
        const TYPE *origin = (const TYPE *)p->source + (sample * p->tokens + first) * p->channels;
        tokens += count;
        for (long c = first_channel; c < first_channel + group_width; c++) {
          double about = SCALAR_LOAD(origin + c);
          if (pass == 0) {
            sum += sums[c] + count * about;
          } else {
            double offset = about + sums[c] * share - mean;
            deviations += squares[c] - sums[c] * (double)sums[c] * share + count * offset * offset;
          }
        }
      }
    }
    if (pass == 0) mean = sum / (tokens * group_width);
    else deviations /= tokens * group_width;
  }

  float inverse = (float)(1.0 / sqrt(deviations + p->epsilon));
  if (p->statistics) {
    for (int r = first_run; r < last_run; r++) {
      float *statistics = p->statistics + ((sample * p->run_count + r) * p->groups + g) * 2;
      statistics[0] = (float)mean;
      statistics[1] = inverse;
    }
  }
  for (long c = first_channel; c < first_channel + group_width; c++) {
    float factor = inverse * p->weight[c];
    float offset = p->bias[c] - (float)mean * factor;
    if (p->scale) {
      float scale = 1.0f + p->scale[sample * p->modulation_stride + c];
      factor *= scale;
      offset = offset * scale + p->shift[sample * p->modulation_stride + c];
    }
    for (int r = first_run; r < last_run; r++) {
      work->factor[(sample * p->run_count + r) * p->channels + c] = factor;
      work->offset[(sample * p->run_count + r) * p->channels + c] = offset;
    }
  }
}

static void NAME(group_norm_apply)(void *context, long item, int thread) {
  (void)thread;
  NAME(group_norm_work) *work = context;
  const ck_group_norm_problem *p = work->problem;
  long sample = item / work->apply_chunks, first = item % work->apply_chunks * CK_APPLY_CHUNK;
  long last = first + CK_APPLY_CHUNK < p->tokens ? first + CK_APPLY_CHUNK : p->tokens;
  for (long t = first; t < last; t++) {
    int run = 0;
    while (run < p->run_count && !(t >= p->runs[run].start && t < p->runs[run].start + p->runs[run].count))
      run++;
    TYPE *y = (TYPE *)p->destination + (sample * p->tokens + t) * p->channels;
    if (run == p->run_count) {
      memset(y, 0, sizeof(TYPE) * p->channels);
      continue;
    }
    const TYPE *x = (const TYPE *)p->source + (sample * p->tokens + t) * p->channels;
    const float *factor = work->factor + (sample * p->run_count + run) * p->channels;
    const float *offset = work->offset + (sample * p->run_count + run) * p->channels;
    long c = 0;
    if (p->silu) {
      for (; c + CK_WIDTH <= p->channels; c += CK_WIDTH)
        STORE(y + c, vsilu(vfma(LOAD(x + c), load_f32(factor + c), load_f32(offset + c))));
      for (; c < p->channels; c++) {
        vfloat v = splat(SCALAR_LOAD(x + c) * factor[c] + offset[c]);
        SCALAR_STORE(y + c, vsilu(v)[0]);
      }
    } else {
      for (; c + CK_WIDTH <= p->channels; c += CK_WIDTH)
        STORE(y + c, vfma(LOAD(x + c), load_f32(factor + c), load_f32(offset + c)));
      for (; c < p->channels; c++) SCALAR_STORE(y + c, SCALAR_LOAD(x + c) * factor[c] + offset[c]);
    }
  }
}

static void NAME(group_norm)(const ck_group_norm_problem *problem, int threads) {
  NAME(group_norm_work) work = {.problem = problem};
  for (int r = 0; r < problem->run_count; r++) {
    work.chunks_in_run[r] = (problem->runs[r].count + CK_STATISTICS_CHUNK - 1) / CK_STATISTICS_CHUNK;
    work.chunk_count += work.chunks_in_run[r];
  }
  long c = problem->channels;
  long partial = problem->batch * work.chunk_count * 2 * c;
  long coefficients = problem->batch * problem->run_count * c;
  work.partial = ck_scratch(sizeof(float) * (partial + 2 * coefficients));
  if (!work.partial) return;
  work.factor = work.partial + partial;
  work.offset = work.factor + coefficients;
  work.apply_chunks = (problem->tokens + CK_APPLY_CHUNK - 1) / CK_APPLY_CHUNK;
  ck_parallel_for(problem->batch * work.chunk_count, threads, NAME(group_norm_sum), &work);
  ck_parallel_for(problem->batch * (problem->joint ? 1 : problem->run_count) * problem->groups, threads,
                  NAME(group_norm_combine), &work);
  ck_parallel_for(problem->batch * work.apply_chunks, threads, NAME(group_norm_apply), &work);
}

typedef struct {
  const TYPE *source;
  TYPE *destination;
  long rows, channels;
  const float *weight, *bias;
  float epsilon;
} NAME(layer_norm_work);

static void NAME(layer_norm_rows)(void *context, long item, int thread) {
  (void)thread;
  NAME(layer_norm_work) *work = context;
  long channels = work->channels;
  long last = (item + 1) * CK_APPLY_CHUNK < work->rows ? (item + 1) * CK_APPLY_CHUNK : work->rows;
  for (long row = item * CK_APPLY_CHUNK; row < last; row++) {
    const TYPE *x = work->source + row * channels;
    TYPE *y = work->destination + row * channels;
    vfloat s = {0};
    float tail = 0;
    long c = 0;
    for (; c + CK_WIDTH <= channels; c += CK_WIDTH) s += LOAD(x + c);
    for (; c < channels; c++) tail += SCALAR_LOAD(x + c);
    float mean = (vsum(s) + tail) / channels;
    vfloat q = {0};
    tail = 0;
    for (c = 0; c + CK_WIDTH <= channels; c += CK_WIDTH) {
      vfloat d = LOAD(x + c) - splat(mean);
      q = vfma(d, d, q);
    }
    for (; c < channels; c++) {
      float d = SCALAR_LOAD(x + c) - mean;
      tail += d * d;
    }
    float inverse = 1.0f / sqrtf((vsum(q) + tail) / channels + work->epsilon);
    for (c = 0; c + CK_WIDTH <= channels; c += CK_WIDTH) {
      vfloat d = (LOAD(x + c) - splat(mean)) * splat(inverse);
      STORE(y + c, vfma(d, load_f32(work->weight + c), load_f32(work->bias + c)));
    }
    for (; c < channels; c++)
      SCALAR_STORE(y + c, (SCALAR_LOAD(x + c) - mean) * inverse * work->weight[c] + work->bias[c]);
  }
}

static void NAME(layer_norm)(const void *source, void *destination, long rows, long channels,
                             const float *weight, const float *bias, float epsilon, int threads) {
  NAME(layer_norm_work) work = {source, destination, rows, channels, weight, bias, epsilon};
  ck_parallel_for((rows + CK_APPLY_CHUNK - 1) / CK_APPLY_CHUNK, threads, NAME(layer_norm_rows), &work);
}
