// Matrix products with a weight that was packed once: its columns in panels of CK_PANEL, each panel
// [depth][CK_PANEL] in one piece. The inner loop keeps a block of rows times one panel in registers.

#define CK_DEPTH 256  // of a panel at a time: with its rows it stays in the first-level cache
#if CK_WIDTH == 16
#define CK_ROWS 14
#else
#define CK_ROWS 6
#endif
#define CK_COLUMNS (2 * CK_WIDTH)

// c[rows][CK_COLUMNS] = a[rows][depth] b[depth][CK_PANEL], on top of c where `add`. Meanwhile
// `ahead_step` bytes from `ahead` on are fetched for every step of depth, so that what is needed next
// comes from memory while this is computed.
CK_INLINE void product_block(const float *a, long a_stride, const float *b, long depth, float *c,
                             long c_stride, bool add, const char *ahead, long ahead_step,
                             const int rows) {
  vfloat sum[CK_ROWS][2];
  CK_UNROLLED for (int r = 0; r < rows; r++)
    CK_UNROLLED for (int v = 0; v < 2; v++)
      sum[r][v] = add ? load_f32(c + r * c_stride + v * CK_WIDTH) : (vfloat){0};
  for (long k = 0; k < depth; k++) {
    vfloat first = load_f32(b + k * CK_PANEL), second = load_f32(b + k * CK_PANEL + CK_WIDTH);
    __builtin_prefetch(ahead, 0, 2);
    ahead += ahead_step;
    CK_UNROLLED for (int r = 0; r < rows; r++) {
      vfloat x = splat(a[r * a_stride + k]);
      sum[r][0] = vfma(x, first, sum[r][0]);
      sum[r][1] = vfma(x, second, sum[r][1]);
    }
  }
  CK_UNROLLED for (int r = 0; r < rows; r++)
    CK_UNROLLED for (int v = 0; v < 2; v++) store_f32(c + r * c_stride + v * CK_WIDTH, sum[r][v]);
}

#define CK_CASE(n)                                                                              \
  case n:                                                                                       \
    product_block(a, a_stride, b, depth, c, c_stride, add, ahead, ahead_step, n);               \
    break;

static void product_rows(const float *a, long a_stride, const float *b, long depth, float *c,
                         long c_stride, bool add, const char *ahead, long ahead_step, long rows) {
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

// c[rows][CK_PANEL] = a[rows][depth] b[depth][CK_PANEL] of float32, on top of c where `add`; meanwhile
// `ahead_bytes` bytes from `ahead` on are fetched.
static void product_panel(const float *a, long a_stride, long rows, const float *b, long depth,
                          float *c, long c_stride, bool add, const void *ahead, long ahead_bytes) {
  long groups = (rows + CK_ROWS - 1) / CK_ROWS;
  long ahead_step = (ahead_bytes + groups * depth - 1) / (groups * depth);
  const char *next = ahead;
  for (long group = 0; group < groups; group++) {
    long first = rows * group / groups, count = rows * (group + 1) / groups - first;
    for (long column = 0; column < CK_PANEL; column += CK_COLUMNS)
      product_rows(a + first * a_stride, a_stride, b + column, depth, c + first * c_stride + column,
                   c_stride, add, next, ahead_step, count);
    next += depth * ahead_step;
  }
}

// c[rows][CK_PANEL] = a[rows][depth] times `depth` rows of a packed panel in either type, which starts
// `offset` numbers into `weights`, in pieces of the depth that stay in the first-level cache together
// with their rows of a. What is multiplied next, `ahead` numbers into the weights, is fetched meanwhile.
static void product_packed(const float *a, long a_stride, long rows, ck_type type, const void *weights,
                           long offset, long depth, float *c, long c_stride, long ahead) {
  float expanded[CK_DEPTH * CK_PANEL] __attribute__((aligned(64)));
  for (long k = 0; k < depth; k += CK_DEPTH) {
    long count = depth - k < CK_DEPTH ? depth - k : CK_DEPTH;
    long at = offset + k * CK_PANEL, numbers = count * CK_PANEL;
    long next = k + count < depth ? at + numbers : ahead;
    if (type == CK_FLOAT32) {
      const float *b = (const float *)weights;
      product_panel(a + k, a_stride, rows, b + at, count, c, c_stride, k > 0, b + next,
                    numbers * (long)sizeof *b);
    } else {
      const uint16_t *b = (const uint16_t *)weights;
      for (long i = 0; i < numbers; i += CK_WIDTH) store_f32(expanded + i, load_bf16(b + at + i));
      product_panel(a + k, a_stride, rows, expanded, count, c, c_stride, k > 0, b + next,
                    numbers * (long)sizeof *b);
    }
  }
}

// Stores a vector of results in either type, at a place of the residual and the destination.
CK_INLINE void product_store(ck_type type, const void *residual, void *destination, long at,
                             vfloat value) {
  if (type == CK_FLOAT32) {
    if (residual) value += load_f32((const float *)residual + at);
    store_f32((float *)destination + at, value);
  } else {
    if (residual) value += load_bf16((const uint16_t *)residual + at);
    store_bf16((uint16_t *)destination + at, value);
  }
}
