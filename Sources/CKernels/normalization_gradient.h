// Gradients of group and layer normalisation. Included once for each element type.

typedef struct {
  const ck_group_norm_gradient_problem *problem;
  long chunks_in_run[CK_MAX_RUNS];
  long chunk_count;        // of one sample, over all runs
  float *partial;          // [batch, chunk_count, 2, channels]: sums of dz and of dz * normalised x
  // [batch, run_count, channels] each. The value before the activation is z = x * factor + offset;
  // the gradient of x is dz * factor + x * slope + constant.
  float *factor, *offset, *slope, *constant, *mean;
  float *sums;             // [batch, run_count, 2, channels]: `partial` added up
  long apply_chunks;
} NAME(group_norm_gradient_work);

// The gradient before the activation.
CK_INLINE vfloat NAME(before_silu)(bool silu, vfloat gradient, vfloat z) {
  return silu ? gradient * vsilu_derivative(z) : gradient;
}

static void NAME(group_norm_gradient_sum)(void *context, long item, int thread) {
  (void)thread;
  NAME(group_norm_gradient_work) *work = context;
  const ck_group_norm_gradient_problem *p = work->problem;
  long sample = item / work->chunk_count, chunk = item % work->chunk_count, channels = p->channels;
  float *sum = work->partial + item * 2 * channels, *products = sum + channels;
  int run = 0;
  while (chunk >= work->chunks_in_run[run]) chunk -= work->chunks_in_run[run++];
  long first = p->runs[run].start + chunk * CK_STATISTICS_CHUNK;
  long end = p->runs[run].start + p->runs[run].count;
  long last = first + CK_STATISTICS_CHUNK < end ? first + CK_STATISTICS_CHUNK : end;
  const TYPE *x = (const TYPE *)p->source + (sample * p->tokens + first) * channels;
  const TYPE *g = (const TYPE *)p->gradient + (sample * p->tokens + first) * channels;
  const float *factor = work->factor + (sample * p->run_count + run) * channels;
  const float *offset = work->offset + (sample * p->run_count + run) * channels;
  const float *mean = work->mean + (sample * p->run_count + run) * channels;
  const float *statistics = p->statistics + (sample * p->run_count + run) * p->groups * 2;
  long group_width = channels / p->groups;
  memset(sum, 0, sizeof(float) * 2 * channels);
  for (long t = first; t < last; t++, x += channels, g += channels) {
    long c = 0;
    for (; c + CK_WIDTH <= channels; c += CK_WIDTH) {
      vfloat value = LOAD(x + c);
      vfloat z = vfma(value, load_f32(factor + c), load_f32(offset + c));
      vfloat dz = NAME(before_silu)(p->silu, LOAD(g + c), z);
      store_f32(sum + c, load_f32(sum + c) + dz);
      store_f32(products + c, vfma(dz, value - load_f32(mean + c), load_f32(products + c)));
    }
    for (; c < channels; c++) {
      float value = SCALAR_LOAD(x + c);
      float dz = NAME(before_silu)(p->silu, splat(SCALAR_LOAD(g + c)), splat(value * factor[c] + offset[c]))[0];
      sum[c] += dz;
      products[c] += dz * (value - mean[c]);
    }
  }
  for (long c = 0; c < channels; c++) products[c] *= statistics[c / group_width * 2 + 1];
}

// Adds up one group of one sample, and works out how its gradient depends on dz and x.
static void NAME(group_norm_gradient_combine)(void *context, long item, int thread) {
  (void)thread;
  NAME(group_norm_gradient_work) *work = context;
  const ck_group_norm_gradient_problem *p = work->problem;
  long g = item % p->groups, sample = item / p->groups, channels = p->channels;
  long group_width = channels / p->groups, first_channel = g * group_width;
  double joint_sum = 0, joint_product = 0, joint_count = 0;
  long chunk = sample * work->chunk_count;
  double run_sums[CK_MAX_RUNS], run_products[CK_MAX_RUNS];
  for (int r = 0; r < p->run_count; r++) {
    float *sums = work->sums + (sample * p->run_count + r) * 2 * channels, *products = sums + channels;
    run_sums[r] = run_products[r] = 0;
    for (long c = first_channel; c < first_channel + group_width; c++) {
      double sum = 0, product = 0;
      for (long k = 0; k < work->chunks_in_run[r]; k++) {
        const float *partial = work->partial + (chunk + k) * 2 * channels;
        sum += partial[c];
        product += partial[channels + c];
      }
      sums[c] = (float)sum;
      products[c] = (float)product;
      double scaled = p->weight[c];
      if (p->scale) scaled *= 1.0 + p->scale[sample * p->modulation_stride + c];
      run_sums[r] += scaled * sum;
      run_products[r] += scaled * product;
    }
    chunk += work->chunks_in_run[r];
    joint_sum += run_sums[r];
    joint_product += run_products[r];
    joint_count += (double)p->runs[r].count * group_width;
  }
  for (int r = 0; r < p->run_count; r++) {
    double count = p->joint ? joint_count : (double)p->runs[r].count * group_width;
    double mean_gradient = (p->joint ? joint_sum : run_sums[r]) / count;
    double mean_product = (p->joint ? joint_product : run_products[r]) / count;
    const float *s = p->statistics + ((sample * p->run_count + r) * p->groups + g) * 2;
    double mean = s[0], inverse = s[1];
    float slope = (float)(-inverse * inverse * mean_product);
    float constant = (float)(inverse * (mean * inverse * mean_product - mean_gradient));
    long base = (sample * p->run_count + r) * channels;
    for (long c = first_channel; c < first_channel + group_width; c++) {
      work->slope[base + c] = slope;
      work->constant[base + c] = constant;
    }
  }
}

static void NAME(group_norm_gradient_apply)(void *context, long item, int thread) {
  (void)thread;
  NAME(group_norm_gradient_work) *work = context;
  const ck_group_norm_gradient_problem *p = work->problem;
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
    const TYPE *g = (const TYPE *)p->gradient + (sample * p->tokens + t) * p->channels;
    long base = (sample * p->run_count + run) * p->channels;
    const float *factor = work->factor + base, *offset = work->offset + base;
    const float *slope = work->slope + base, *constant = work->constant + base;
    long c = 0;
    for (; c + CK_WIDTH <= p->channels; c += CK_WIDTH) {
      vfloat value = LOAD(x + c), f = load_f32(factor + c);
      vfloat dz = NAME(before_silu)(p->silu, LOAD(g + c), vfma(value, f, load_f32(offset + c)));
      STORE(y + c, vfma(dz, f, vfma(value, load_f32(slope + c), load_f32(constant + c))));
    }
    for (; c < p->channels; c++) {
      float value = SCALAR_LOAD(x + c);
      float dz = NAME(before_silu)(p->silu, splat(SCALAR_LOAD(g + c)), splat(value * factor[c] + offset[c]))[0];
      SCALAR_STORE(y + c, dz * factor[c] + value * slope[c] + constant[c]);
    }
  }
}

static void NAME(group_norm_gradient)(const ck_group_norm_gradient_problem *p, int threads) {
  NAME(group_norm_gradient_work) work = {.problem = p};
  for (int r = 0; r < p->run_count; r++) {
    work.chunks_in_run[r] = (p->runs[r].count + CK_STATISTICS_CHUNK - 1) / CK_STATISTICS_CHUNK;
    work.chunk_count += work.chunks_in_run[r];
  }
  long channels = p->channels, group_width = channels / p->groups;
  long partial = p->batch * work.chunk_count * 2 * channels;
  long coefficients = p->batch * p->run_count * channels;
  work.partial = ck_scratch(sizeof(float) * (partial + 7 * coefficients));
  if (!work.partial) return;
  work.factor = work.partial + partial;
  work.offset = work.factor + coefficients;
  work.slope = work.offset + coefficients;
  work.constant = work.slope + coefficients;
  work.mean = work.constant + coefficients;
  work.sums = work.mean + coefficients;
  work.apply_chunks = (p->tokens + CK_APPLY_CHUNK - 1) / CK_APPLY_CHUNK;
  for (long i = 0; i < coefficients; i++) {
    long c = i % channels, sample = i / channels / p->run_count;
    const float *s = p->statistics + (i / channels * p->groups + c / group_width) * 2;
    float factor = s[1] * p->weight[c], offset = p->bias[c] - s[0] * factor;
    if (p->scale) {
      float scale = 1.0f + p->scale[sample * p->modulation_stride + c];
      factor *= scale;
      offset = offset * scale + p->shift[sample * p->modulation_stride + c];
    }
    work.mean[i] = s[0];
    work.factor[i] = factor;
    work.offset[i] = offset;
  }
  ck_parallel_for(p->batch * work.chunk_count, threads, NAME(group_norm_gradient_sum), &work);
  ck_parallel_for(p->batch * p->groups, threads, NAME(group_norm_gradient_combine), &work);
  ck_parallel_for(p->batch * work.apply_chunks, threads, NAME(group_norm_gradient_apply), &work);

  memset(p->weight_gradient, 0, sizeof(float) * channels);
  memset(p->bias_gradient, 0, sizeof(float) * channels);
  if (p->modulation_gradient) memset(p->modulation_gradient, 0, sizeof(float) * p->batch * 2 * channels);
  for (long i = 0; i < coefficients; i++) {
    long c = i % channels, row = i / channels, sample = row / p->run_count;
    float sum = work.sums[row * 2 * channels + c], product = work.sums[(row * 2 + 1) * channels + c];
    float scale = p->scale ? 1.0f + p->scale[sample * p->modulation_stride + c] : 1.0f;
    p->weight_gradient[c] += scale * product;
    p->bias_gradient[c] += scale * sum;
    if (p->modulation_gradient) {
      float *modulation = p->modulation_gradient + sample * 2 * channels;
      modulation[c] += p->weight[c] * product + p->bias[c] * sum;
      modulation[channels + c] += sum;
    }
  }
}

typedef struct {
  const TYPE *source, *gradient;
  TYPE *destination;
  long rows, channels, chunk_rows;
  const float *weight;
  float epsilon;
  float *partial;  // [chunks, 2, channels]: gradients of weight and bias
} NAME(layer_norm_gradient_work);

static void NAME(layer_norm_gradient_rows)(void *context, long item, int thread) {
  (void)thread;
  NAME(layer_norm_gradient_work) *work = context;
  long channels = work->channels, first = item * work->chunk_rows;
  long last = first + work->chunk_rows < work->rows ? first + work->chunk_rows : work->rows;
  float *to_weight = work->partial + item * 2 * channels, *to_bias = to_weight + channels;
  memset(to_weight, 0, sizeof(float) * 2 * channels);
  for (long row = first; row < last; row++) {
    const TYPE *x = work->source + row * channels, *g = work->gradient + row * channels;
    TYPE *y = work->destination + row * channels;
    vfloat s = {0}, q = {0};
    float tail = 0;
    long c = 0;
    for (; c + CK_WIDTH <= channels; c += CK_WIDTH) s += LOAD(x + c);
    for (; c < channels; c++) tail += SCALAR_LOAD(x + c);
    float mean = (vsum(s) + tail) / channels;
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
    vfloat sum = {0}, product = {0};
    float sum_tail = 0, product_tail = 0;
    for (c = 0; c + CK_WIDTH <= channels; c += CK_WIDTH) {
      vfloat d = (LOAD(x + c) - splat(mean)) * splat(inverse), gradient = LOAD(g + c);
      vfloat weighted = gradient * load_f32(work->weight + c);
      sum += weighted;
      product = vfma(weighted, d, product);
      store_f32(to_weight + c, vfma(gradient, d, load_f32(to_weight + c)));
      store_f32(to_bias + c, load_f32(to_bias + c) + gradient);
    }
    for (; c < channels; c++) {
      float d = (SCALAR_LOAD(x + c) - mean) * inverse, gradient = SCALAR_LOAD(g + c);
      sum_tail += gradient * work->weight[c];
      product_tail += gradient * work->weight[c] * d;
      to_weight[c] += gradient * d;
      to_bias[c] += gradient;
    }
    float mean_sum = (vsum(sum) + sum_tail) / channels, mean_product = (vsum(product) + product_tail) / channels;
    for (c = 0; c + CK_WIDTH <= channels; c += CK_WIDTH) {
      vfloat d = (LOAD(x + c) - splat(mean)) * splat(inverse);
      vfloat weighted = LOAD(g + c) * load_f32(work->weight + c);
      STORE(y + c, splat(inverse) * (weighted - splat(mean_sum) - d * splat(mean_product)));
    }
    for (; c < channels; c++) {
      float d = (SCALAR_LOAD(x + c) - mean) * inverse;
      SCALAR_STORE(y + c, inverse * (SCALAR_LOAD(g + c) * work->weight[c] - mean_sum - d * mean_product));
    }
  }
}

static void NAME(layer_norm_gradient)(const void *source, const void *gradient, void *destination,
                                      long rows, long channels, const float *weight, float epsilon,
                                      float *weight_gradient, float *bias_gradient, int threads) {
  NAME(layer_norm_gradient_work) work = {source, gradient, destination, rows, channels,
                                         CK_APPLY_CHUNK, weight, epsilon, NULL};
  if (rows > CK_APPLY_CHUNK * 256) work.chunk_rows = (rows + 255) / 256;
  long chunks = (rows + work.chunk_rows - 1) / work.chunk_rows;
  work.partial = ck_scratch(sizeof(float) * chunks * 2 * channels);
  if (!work.partial) return;
  ck_parallel_for(chunks, threads, NAME(layer_norm_gradient_rows), &work);
  memset(weight_gradient, 0, sizeof(float) * channels);
  memset(bias_gradient, 0, sizeof(float) * channels);
  for (long k = 0; k < chunks; k++) {
    const float *partial = work.partial + k * 2 * channels;
    for (long c = 0; c < channels; c++) {
      weight_gradient[c] += partial[c];
      bias_gradient[c] += partial[channels + c];
    }
  }
}
