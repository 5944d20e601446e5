// Weights in the layouts that the kernels of linear layers and convolutions read.

typedef struct {
  const float *weight;  // [outputs, inputs, taps]
  long inputs, panels;
  ck_convolution_method method;
  ck_type type;
  void *packed;
} pack_work;

// Inputs that are packed together: their rows of a panel are stored in one run, because 36 runs of one
// row each, megabytes apart, would evict each other from the caches.
#define CK_PACK_GROUP 16

// The transposed [columns][CK_PANEL] of `columns`, a multiple of 16, of CK_PANEL rows.
CK_INLINE void pack_transpose(const float *rows, long row_stride, float *transposed, int columns) {
  for (int column = 0; column < columns; column += CK_WIDTH)
    for (int row = 0; row < CK_PANEL; row += CK_WIDTH) {
      vfloat square[CK_WIDTH];
      CK_UNROLLED for (int i = 0; i < CK_WIDTH; i++) square[i] = load_f32(rows + (row + i) * row_stride + column);
      vtranspose(square);
      CK_UNROLLED for (int i = 0; i < CK_WIDTH; i++)
        store_f32(transposed + (column + i) * CK_PANEL + row, square[i]);
    }
}

// Rounds to bfloat16, to nearest, in the low halves.
CK_INLINE vuint pack_rounded(vfloat x) {
  vuint u = (vuint)x;
  return (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
}

// Stores CK_PACK_GROUP rows of a panel; in bfloat16 as pairs of rows.
CK_INLINE void pack_store(const pack_work *work, long row, const float *values) {
  if (work->type == CK_FLOAT32) {
    memcpy((float *)work->packed + row * CK_PANEL, values, sizeof(float) * CK_PACK_GROUP * CK_PANEL);
    return;
  }
  float *pairs = (float *)((uint16_t *)work->packed + row * CK_PANEL);
  for (int k = 0; k < CK_PACK_GROUP; k += 2)
    for (int j = 0; j < CK_PANEL; j += CK_WIDTH) {
      vuint first = pack_rounded(load_f32(values + k * CK_PANEL + j));
      vuint second = pack_rounded(load_f32(values + (k + 1) * CK_PANEL + j));
      store_f32(pairs + k / 2 * CK_PANEL + j, (vfloat)(first | second << 16));
    }
}

static void pack_linear_panel(void *context, long panel, int thread) {
  (void)thread;
  const pack_work *work = context;
  const float *weight = work->weight + panel * CK_PANEL * work->inputs;
  float values[CK_PACK_GROUP * CK_PANEL] __attribute__((aligned(64)));
  for (long first = 0; first < work->inputs; first += CK_PACK_GROUP) {
    pack_transpose(weight + first, work->inputs, values, CK_PACK_GROUP);
    pack_store(work, panel * work->inputs + first, values);
  }
}

static void pack_linear(const float *weight, long inputs, long outputs, ck_type type, void *packed,
                        int threads) {
  pack_work work = {
      .weight = weight, .inputs = inputs, .panels = outputs / CK_PANEL, .type = type, .packed = packed};
  ck_parallel_for(work.panels, threads, pack_linear_panel, &work);
}

// One dimension of the weight transform G of Winograd's method: three vectors, `step` apart, to m + 2;
// winograd.h has the other transforms.
CK_INLINE void pack_transform(const vfloat *w, int step, vfloat *out, const int m) {
  vfloat first = w[0], middle = w[step], last = w[2 * step];
  out[0] = first;
  out[m + 1] = last;
  if (m == 2) {
    vfloat even = splat(0.5f) * (first + last), odd = splat(0.5f) * middle;
    out[1] = even + odd;
    out[2] = even - odd;
    return;
  }
  const float root = 1.41421356237309505f;
  vfloat near = vfma(splat(1 / 3.0f), last, splat(1 / 6.0f) * first), near_odd = splat(root / 6) * middle;
  vfloat far = -vfma(splat(1 / 3.0f), last, splat(2 / 3.0f) * first), far_odd = splat(root / 3) * middle;
  out[1] = near + near_odd;
  out[2] = near - near_odd;
  out[3] = far - far_odd;
  out[4] = far + far_odd;
}

// The points of one input channel: taps[9][CK_PANEL] to rows of CK_PANEL, `stride` floats apart.
CK_INLINE void pack_points(const float *taps, float *points, long stride, const int m) {
  const int side = m + 2;
  for (int j = 0; j < CK_PANEL; j += CK_WIDTH) {
    vfloat w[9], half[3][6], row[3], out[6];
    CK_UNROLLED for (int tap = 0; tap < 9; tap++) w[tap] = load_f32(taps + tap * CK_PANEL + j);
    CK_UNROLLED for (int x = 0; x < 3; x++) pack_transform(w + x, 3, half[x], m);
    CK_UNROLLED for (int y = 0; y < side; y++) {
      CK_UNROLLED for (int x = 0; x < 3; x++) row[x] = half[x][y];
      pack_transform(row, 1, out, m);
      CK_UNROLLED for (int x = 0; x < side; x++) store_f32(points + (y * side + x) * stride + j, out[x]);
    }
  }
}

static void pack_convolution_panel(void *context, long panel, int thread) {
  (void)thread;
  const pack_work *work = context;
  const bool is_implicit_gemm = work->method == CK_IMPLICIT_GEMM;
  const int points = (int)ck_convolution_points(work->method);
  const long stride = CK_PACK_GROUP * CK_PANEL;
  const float *weight = work->weight + panel * CK_PANEL * work->inputs * 9;
  float taps[CK_PACK_GROUP * 9 * CK_PANEL] __attribute__((aligned(64)));
  float values[36 * CK_PACK_GROUP * CK_PANEL] __attribute__((aligned(64)));
  for (long first = 0; first < work->inputs; first += CK_PACK_GROUP) {
    pack_transpose(weight + first * 9, work->inputs * 9, taps, CK_PACK_GROUP * 9);
    for (long k = 0; k < CK_PACK_GROUP; k++) {
      const float *from = taps + k * 9 * CK_PANEL;
      float *to = values + k * CK_PANEL;
      if (work->method == CK_WINOGRAD_2)
        pack_points(from, to, stride, 2);
      else if (work->method == CK_WINOGRAD_4)
        pack_points(from, to, stride, 4);
      else
        for (int tap = 0; tap < 9; tap++)
          memcpy(to + tap * stride, from + tap * CK_PANEL, sizeof(float) * CK_PANEL);
    }
    for (int point = 0; point < points; point++) {
      long matrix = is_implicit_gemm ? panel * 9 + point : point * work->panels + panel;
      pack_store(work, matrix * work->inputs + first, values + point * stride);
    }
  }
}

static void pack_convolution(const float *weight, long inputs, long outputs, ck_convolution_method method,
                             ck_type type, void *packed, int threads) {
  pack_work work = {weight, inputs, outputs / CK_PANEL, method, type, packed};
  ck_parallel_for(work.panels, threads, pack_convolution_panel, &work);
}
