// 3x3 convolutions with padding 1 of images that are so small that reading the weights takes as long
// as the products: each of the nine taps is a matrix product of the tokens that it reads inside the
// image, and each weight is read once. Included once for each element type.

typedef struct {
  const ck_convolution_problem *problem;
  long token_count;             // of all images of all samples
  long tap_tokens[10];          // where each tap's rows start in `rows`
  const long *sources, *sums;   // of each row of `rows`: token it is read from, sum it is added to
  const long *destinations;     // token of each sum
  void *rows;                   // [tap_tokens[9]][row_stride] of the type `operand`
  ck_type operand;
  long row_stride;
  float *scratch;  // [threads, 2, token_count, CK_PANEL]
} NAME(implicit_gemm_work);

static void NAME(implicit_gemm_gather)(void *context, long item, int thread) {
  (void)thread;
  const NAME(implicit_gemm_work) *work = context;
  long inputs = work->problem->inputs;
  const TYPE *source = (const TYPE *)work->problem->source + work->sources[item] * inputs;
  for (long c = 0; c < inputs; c += CK_WIDTH)
    matmul_store_operand(work->operand, work->rows, item * work->row_stride + c, LOAD(source + c));
}

static void NAME(implicit_gemm_panel)(void *context, long panel, int thread) {
  const NAME(implicit_gemm_work) *work = context;
  const ck_convolution_problem *p = work->problem;
  float *sums = work->scratch + thread * 2 * work->token_count * CK_PANEL;
  float *products = sums + work->token_count * CK_PANEL;
  long row_bytes = work->row_stride * (work->operand == CK_FLOAT32 ? 4 : 2);
  memset(sums, 0, sizeof(float) * work->token_count * CK_PANEL);
  for (int tap = 0; tap < 9; tap++) {
    long first = work->tap_tokens[tap], count = work->tap_tokens[tap + 1] - first;
    if (count == 0) continue;
    long offset = (panel * 9 + tap) * p->inputs * CK_PANEL;
    matmul_packed((const char *)work->rows + first * row_bytes, work->row_stride, count,
                   p->weight_type, p->weights, offset, p->inputs, products, CK_PANEL, offset + p->inputs * CK_PANEL);
    for (long r = 0; r < count; r++) {
      float *sum = sums + work->sums[first + r] * CK_PANEL;
      for (int j = 0; j < CK_PANEL; j += CK_WIDTH)
        store_f32(sum + j, load_f32(sum + j) + load_f32(products + r * CK_PANEL + j));
    }
  }
  for (long t = 0; t < work->token_count; t++)
    for (long j = 0; j < CK_PANEL; j += CK_WIDTH) {
      long channel = panel * CK_PANEL + j;
      matmul_store(p->output_type, p->residual, p->destination,
                    work->destinations[t] * p->outputs + channel,
                    load_f32(sums + t * CK_PANEL + j) + load_f32(p->bias + channel));
    }
}

static void NAME(convolve_implicit_gemm)(const ck_convolution_problem *p, int threads) {
  NAME(implicit_gemm_work) work = {.problem = p, .row_stride = p->inputs + 32};
  work.operand = matmul_operand(p->weight_type);
  for (int i = 0; i < p->image_count; i++)
    work.token_count += p->batch * p->images[i].height * p->width;
  size_t lists = sizeof(long) * 19 * work.token_count + 64;
  size_t floats = 9 * (size_t)work.token_count * work.row_stride +
                  2 * (size_t)work.token_count * CK_PANEL * threads;
  char *scratch = ck_scratch(sizeof(float) * floats + lists);
  if (!scratch) return;
  work.rows = scratch;
  work.scratch = (float *)scratch + 9 * work.token_count * work.row_stride;
  long *sources = (long *)(scratch + sizeof(float) * floats), *sums = sources + 9 * work.token_count;
  long *destinations = sums + 9 * work.token_count;
  work.sources = sources;
  work.sums = sums;
  work.destinations = destinations;
  long listed = 0;
  for (int tap = 0; tap < 9; tap++) {
    work.tap_tokens[tap] = listed;
    long sum = 0;
    for (long sample = 0; sample < p->batch; sample++)
      for (int i = 0; i < p->image_count; i++)
        for (long row = 0; row < p->images[i].height; row++)
          for (long column = 0; column < p->width; column++, sum++) {
            long token = sample * p->tokens + (p->images[i].first_row + row) * p->width + column;
            destinations[sum] = token;
            long y = row + tap / 3 - 1, x = column + tap % 3 - 1;
            if (y < 0 || y >= p->images[i].height || x < 0 || x >= p->width) continue;
            sources[listed] = token + (tap / 3 - 1) * p->width + tap % 3 - 1;
            sums[listed++] = sum;
          }
  }
  work.tap_tokens[9] = listed;
  ck_parallel_for(listed, threads, NAME(implicit_gemm_gather), &work);
  ck_parallel_for(p->outputs / CK_PANEL, threads, NAME(implicit_gemm_panel), &work);
}
