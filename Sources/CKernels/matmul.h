// Matrix products with a weight that was packed once: its columns in panels of CK_PANEL, each panel
// [depth][CK_PANEL] in one piece. The inner loop keeps a block of rows times one panel in registers.
//
// Both sides are read in words of 32 bits. A word is a float32 number or, where the processor has dot
// products of bfloat16, two bfloat16 numbers that follow each other along the depth: the loops are the
// same, and a step of them takes twice as much of the depth.

#define CK_DEPTH 256  // words of a panel at a time: with its rows it stays in the first-level cache
#if CK_WIDTH == 16
#define CK_ROWS 14
#else
#define CK_ROWS 6
#endif
#define CK_COLUMNS (2 * CK_WIDTH)

// How the left side of a product with weights of a type is stored.
CK_INLINE ck_type matmul_operand(ck_type weight_type) {
  return CK_HAS_DOT ? weight_type : CK_FLOAT32;
}

// Stores a vector of the left side, `at` numbers into it, or a single number.
CK_INLINE void matmul_store_operand(ck_type operand, void *a, long at, vfloat value) {
  if (operand == CK_FLOAT32)
    store_f32((float *)a + at, value);
  else
    store_rounded((uint16_t *)a + at, value);
}

CK_INLINE void matmul_store_number(ck_type operand, void *a, long at, float value) {
  if (operand == CK_FLOAT32)
    ((float *)a)[at] = value;
  else
    scalar_store_bf16((uint16_t *)a + at, value);
}

// c[rows][CK_COLUMNS] = a[rows][depth] b[depth][CK_PANEL], on top of c where `add`, for words that are
// pairs or not. Meanwhile `ahead_step` bytes from `ahead` on are fetched for every step of depth, so
// that what is needed next comes from memory while this is computed.
CK_INLINE void matmul_block(const float *a, long a_stride, const float *b, long depth, float *c,
                             long c_stride, bool add, const char *ahead, long ahead_step,
                             const bool paired, const int rows) {
  vfloat sum[CK_ROWS][2];
  CK_UNROLLED for (int r = 0; r < rows; r++)
    CK_UNROLLED for (int v = 0; v < 2; v++)
      sum[r][v] = add ? load_f32(c + r * c_stride + v * CK_WIDTH) : (vfloat){0};
  for (long k = 0; k < depth; k++) {
    vfloat first = load_f32(b + k * CK_PANEL), second = load_f32(b + k * CK_PANEL + CK_WIDTH);
    __builtin_prefetch(ahead, 0, 2);
    ahead += ahead_step;
    CK_UNROLLED for (int r = 0; r < rows; r++) {
      vfloat x = splat_word(a + r * a_stride + k);
      sum[r][0] = paired ? vdot(x, first, sum[r][0]) : vfma(x, first, sum[r][0]);
      sum[r][1] = paired ? vdot(x, second, sum[r][1]) : vfma(x, second, sum[r][1]);
    }
  }
  CK_UNROLLED for (int r = 0; r < rows; r++)
    CK_UNROLLED for (int v = 0; v < 2; v++) store_f32(c + r * c_stride + v * CK_WIDTH, sum[r][v]);
}

#define CK_CASE(n)                                                                              \
  case n:                                                                                       \
    matmul_block(a, a_stride, b, depth, c, c_stride, add, ahead, ahead_step, paired, n);       \
    break;

CK_INLINE void matmul_rows(const float *a, long a_stride, const float *b, long depth, float *c,
                            long c_stride, bool add, const char *ahead, long ahead_step,
                            const bool paired, long rows) {
  switch (rows) {
    CK_CASE(1)
    CK_CASE(2)
    CK_CASE(3)
    CK_CASE(4)
    CK_CASE(5)
    CK_CASE(6)
#if CK_ROWS > 6
    CK_CASE(7)
    CK_CASE(8)
    CK_CASE(9)
    CK_CASE(10)
    CK_CASE(11)
    CK_CASE(12)
    CK_CASE(13)
    CK_CASE(14)
#endif
  }
}
#undef CK_CASE

static void matmul_words(const float *a, long a_stride, const float *b, long depth, float *c,
                          long c_stride, bool add, const char *ahead, long ahead_step, long rows) {
  matmul_rows(a, a_stride, b, depth, c, c_stride, add, ahead, ahead_step, false, rows);
}
static void matmul_pairs(const float *a, long a_stride, const float *b, long depth, float *c,
                          long c_stride, bool add, const char *ahead, long ahead_step, long rows) {
  matmul_rows(a, a_stride, b, depth, c, c_stride, add, ahead, ahead_step, true, rows);
}

// c[rows][CK_PANEL] = a[rows][depth] b[depth][CK_PANEL] of words, on top of c where `add`; meanwhile
// `ahead_bytes` bytes from `ahead` on are fetched.
static void matmul_panel(const float *a, long a_stride, long rows, const float *b, long depth,
                          float *c, long c_stride, bool add, const void *ahead, long ahead_bytes,
                          bool paired) {
  long groups = (rows + CK_ROWS - 1) / CK_ROWS;
  long ahead_step = (ahead_bytes + groups * depth - 1) / (groups * depth);
  const char *next = ahead;
  for (long group = 0; group < groups; group++) {
    long first = rows * group / groups, count = rows * (group + 1) / groups - first;
    for (long column = 0; column < CK_PANEL; column += CK_COLUMNS)
      (paired ? matmul_pairs : matmul_words)(a + first * a_stride, a_stride, b + column, depth,
                                               c + first * c_stride + column, c_stride, add, next,
                                               ahead_step, count);
    next += depth * ahead_step;
  }
}

// A piece of a panel of pairs, [depth / 2][CK_PANEL][2], as float32 [depth][CK_PANEL].
CK_INLINE void widen_pairs(const uint16_t *pairs, float *numbers, long depth) {
  for (long k = 0; k < depth; k += 2)
    for (long j = 0; j < CK_PANEL; j += CK_WIDTH) {
      vuint both = (vuint)load_f32((const float *)(pairs + k * CK_PANEL + 2 * j));
      store_f32(numbers + k * CK_PANEL + j, (vfloat)(both << 16));
      store_f32(numbers + (k + 1) * CK_PANEL + j, (vfloat)(both & 0xffff0000u));
    }
}

// c[rows][CK_PANEL] = a[rows][depth] times `depth` rows of a packed panel in either type, which starts
// `offset` numbers into `weights`, in pieces of the depth that stay in the first-level cache together
// with their rows of a. `a` has the type matmul_operand(type) and a stride in numbers. What is
// multiplied next, `ahead` numbers into the weights, is fetched meanwhile.
static void matmul_packed(const void *a, long a_stride, long rows, ck_type type, const void *weights,
                           long offset, long depth, float *c, long c_stride, long ahead) {
  const bool paired = matmul_operand(type) == CK_BFLOAT16;
  const long numbers_per_word = paired ? 2 : 1;
  const char *panel = weights;
  const long size = type == CK_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
  float expanded[CK_DEPTH * CK_PANEL] __attribute__((aligned(64)));
  for (long k = 0; k < depth; k += CK_DEPTH * numbers_per_word) {
    long count = depth - k < CK_DEPTH * numbers_per_word ? depth - k : CK_DEPTH * numbers_per_word;
    long at = offset + k * CK_PANEL, numbers = count * CK_PANEL;
    const float *b = (const float *)(panel + at * size);
    if (type == CK_BFLOAT16 && !paired) {
      widen_pairs((const uint16_t *)b, expanded, count);
      b = expanded;
    }
    matmul_panel((const float *)a + k / numbers_per_word, a_stride / numbers_per_word, rows, b,
                  count / numbers_per_word, c, c_stride, k > 0,
                  panel + (k + count < depth ? at + numbers : ahead) * size, numbers * size, paired);
  }
}

// Stores a vector of results in either type, at a place of the residual and the destination.
CK_INLINE void matmul_store(ck_type type, const void *residual, void *destination, long at,
                             vfloat value) {
  if (type == CK_FLOAT32) {
    if (residual) value += load_f32((const float *)residual + at);
    store_f32((float *)destination + at, value);
  } else {
    if (residual) value += load_bf16((const uint16_t *)residual + at);
    store_bf16((uint16_t *)destination + at, value);
  }
}
