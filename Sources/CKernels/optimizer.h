// The optimiser's step and the functions of float32 values that training needs. Included once for each
// instruction set.

#define CK_PARAMETER_CHUNK 16384

typedef struct {
  const ck_adamw_step *step;
  const ck_parameter *parameters;
  long parameter_count;
  const long *first_chunk;  // of each parameter, and the number of all chunks at the end
  double *sums;             // of each chunk
} parameter_work;

// The parameter that a chunk belongs to, and its elements.
CK_INLINE const ck_parameter *chunk_elements(const parameter_work *work, long item, long *first, long *last) {
  long low = 0, high = work->parameter_count;
  while (high - low > 1) {
    long middle = (low + high) / 2;
    if (work->first_chunk[middle] <= item) low = middle;
    else high = middle;
  }
  const ck_parameter *parameter = work->parameters + low;
  *first = (item - work->first_chunk[low]) * CK_PARAMETER_CHUNK;
  *last = *first + CK_PARAMETER_CHUNK < parameter->count ? *first + CK_PARAMETER_CHUNK : parameter->count;
  return parameter;
}

// Runs `task` on every chunk of every parameter; returns how many there were, or -1 where the memory for
// their list was not to be had.
static long for_parameters(parameter_work *work, bool summing, int threads, ck_task task) {
  long count = work->parameter_count, chunks = 0;
  for (long i = 0; i < count; i++)
    chunks += (work->parameters[i].count + CK_PARAMETER_CHUNK - 1) / CK_PARAMETER_CHUNK;
  work->sums = ck_scratch(sizeof(double) * (summing ? chunks : 0) + sizeof(long) * (count + 1));
  if (!work->sums) return -1;
  long *first_chunk = (long *)(work->sums + (summing ? chunks : 0));
  first_chunk[0] = 0;
  for (long i = 0; i < count; i++)
    first_chunk[i + 1] =
        first_chunk[i] + (work->parameters[i].count + CK_PARAMETER_CHUNK - 1) / CK_PARAMETER_CHUNK;
  work->first_chunk = first_chunk;
  ck_parallel_for(chunks, threads, task, work);
  return chunks;
}

// Loads and stores a vector, or the first element alone where no whole vector is left.
CK_INLINE vfloat load_part(const float *p, bool whole) { return whole ? load_f32(p) : splat(*p); }
CK_INLINE void store_part(float *p, vfloat v, bool whole) {
  if (whole) store_f32(p, v);
  else *p = v[0];
}

CK_INLINE void adamw_elements(const ck_adamw_step *s, const ck_parameter *p, long i, bool whole) {
  vfloat value = load_part(p->values + i, whole);
  if (p->gradient) {
    vfloat gradient = load_part(p->gradient + i, whole) * splat(s->gradient_factor);
    vfloat first = load_part(p->first_moment + i, whole), second = load_part(p->second_moment + i, whole);
    value = value * splat(s->decay_factor);
    first = vfma(splat(1.0f - s->beta1), gradient - first, first);
    second = vfma(splat(1.0f - s->beta2) * gradient, gradient, second * splat(s->beta2));
    vfloat denominator = vsqrt(second) / splat(s->second_correction) + splat(s->epsilon);
    value = value - splat(s->step_size) * first / denominator;
    store_part(p->first_moment + i, first, whole);
    store_part(p->second_moment + i, second, whole);
    store_part(p->values + i, value, whole);
  }
  if (p->average) {
    vfloat average = load_part(p->average + i, whole);
    store_part(p->average + i, vfma(splat(s->average_share), value - average, average), whole);
  }
}

static void adamw_chunk(void *context, long item, int thread) {
  (void)thread;
  parameter_work *work = context;
  long i, last;
  const ck_parameter *parameter = chunk_elements(work, item, &i, &last);
  for (; i + CK_WIDTH <= last; i += CK_WIDTH) adamw_elements(work->step, parameter, i, true);
  for (; i < last; i++) adamw_elements(work->step, parameter, i, false);
}
static void adamw(const ck_adamw_step *step, int threads) {
  parameter_work work = {step, step->parameters, step->parameter_count, NULL, NULL};
  for_parameters(&work, false, threads, adamw_chunk);
}

static void squared_norm_chunk(void *context, long item, int thread) {
  (void)thread;
  parameter_work *work = context;
  long i, last;
  const float *gradient = chunk_elements(work, item, &i, &last)->gradient;
  vfloat sum = {0};
  float tail = 0;
  if (gradient) {
    for (; i + CK_WIDTH <= last; i += CK_WIDTH) {
      vfloat g = load_f32(gradient + i);
      sum = vfma(g, g, sum);
    }
    for (; i < last; i++) tail += gradient[i] * gradient[i];
  }
  work->sums[item] = (double)vsum(sum) + tail;
}
static double squared_gradient_norm(const ck_parameter *parameters, long count, int threads) {
  parameter_work work = {NULL, parameters, count, NULL, NULL};
  long chunks = for_parameters(&work, true, threads, squared_norm_chunk);
  if (chunks < 0) return NAN;
  double total = 0;
  for (long k = 0; k < chunks; k++) total += work.sums[k];
  return total;
}

// ---- Activations of float32 values ------------------------------------------------------------

static void silu_gradient(const float *source, const float *gradient, float *destination, long count) {
  for (long i = 0; i < count; i += i + CK_WIDTH <= count ? CK_WIDTH : 1) {
    bool whole = i + CK_WIDTH <= count;
    vfloat x = load_part(source + i, whole);
    store_part(destination + i, load_part(gradient + i, whole) * vsilu_derivative(x), whole);
  }
}

static void tanh_gradient(const float *result, const float *gradient, float *destination, float scale,
                          long count) {
  for (long i = 0; i < count; i += i + CK_WIDTH <= count ? CK_WIDTH : 1) {
    bool whole = i + CK_WIDTH <= count;
    vfloat y = load_part(result + i, whole);
    store_part(destination + i, load_part(gradient + i, whole) * splat(scale) * (splat(1.0f) - y * y), whole);
  }
}

// ---- Perceptual distance ----------------------------------------------------------------------

typedef struct {
  const float *a, *b, *weight;
  float *values, *gradient;
  float factor;
  long rows, channels;
} feature_work;

static void feature_rows(void *context, long item, int thread) {
  (void)thread;
  feature_work *work = context;
  long channels = work->channels, last = (item + 1) * 16 < work->rows ? (item + 1) * 16 : work->rows;
  for (long row = item * 16; row < last; row++) {
    const float *a = work->a + row * channels, *b = work->b + row * channels;
    vfloat aa = {0}, bb = {0};
    // Features have 64 channels or more; the vectors' widths divide them.
    for (long c = 0; c < channels; c += CK_WIDTH) {
      vfloat x = load_f32(a + c), y = load_f32(b + c);
      aa = vfma(x, x, aa);
      bb = vfma(y, y, bb);
    }
    float length = sqrtf(vsum(bb)), to_a = 1.0f / (sqrtf(vsum(aa)) + 1e-10f), to_b = 1.0f / (length + 1e-10f);
    vfloat sum = {0}, along = {0};
    for (long c = 0; c < channels; c += CK_WIDTH) {
      vfloat difference = load_f32(b + c) * splat(to_b) - load_f32(a + c) * splat(to_a);
      vfloat weighted = load_f32(work->weight + c) * difference;
      sum = vfma(weighted, difference, sum);
      along = vfma(weighted, load_f32(b + c), along);
    }
    work->values[row] = vsum(sum);
    if (!work->gradient) continue;
    // The part along b, which the division by its length takes away.
    float factor = 2 * work->factor * to_b;
    float back = length > 0 ? vsum(along) * to_b / length : 0;
    for (long c = 0; c < channels; c += CK_WIDTH) {
      vfloat y = load_f32(b + c), difference = y * splat(to_b) - load_f32(a + c) * splat(to_a);
      vfloat out = load_f32(work->weight + c) * difference - splat(back) * y;
      store_f32(work->gradient + row * channels + c, splat(factor) * out);
    }
  }
}
static void feature_distance(const float *a, const float *b, const float *weight, float *values,
                             float *gradient, float factor, long rows, long channels, int threads) {
  feature_work work = {a, b, weight, values, gradient, factor, rows, channels};
  ck_parallel_for((rows + 15) / 16, threads, feature_rows, &work);
}
