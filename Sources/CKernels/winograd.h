// 3x3 convolutions with padding 1 after Winograd (Lavin and Gray 2016, "Fast Algorithms for
// Convolutional Neural Networks"): a tile of m x m outputs takes (m + 2)^2 products of each pair of
// channels where the direct sum takes 9 m^2. Each of the (m + 2)^2 points of the transformed tiles is
// one matrix product of all tiles, [tiles][inputs] by [inputs][outputs].
//
// The interpolation points are 0, 1, -1 (m = 2) and 0, and plus and minus sqrt 2 and its reciprocal
// (m = 4), and infinity. With these four the largest error is a quarter of that with the usual 1, -1,
// 2, -2. Included once for each element type.

#define CK_ROOT 1.41421356237309505f
#define CK_TILE_ROUND 256              // tiles at a time: memory does not grow with the batch
#define CK_TILE_PRODUCTS (640 * 1024)  // floats of products of a work item

typedef struct {
  const ck_convolution_problem *problem;
  long tiles_across, sample_tiles;
  long first_tile, tile_count;      // of this round
  long transformed_stride;          // numbers from one tile to the next
  void *transformed;                // [points][tile_count][transformed_stride] of the type `operand`
  ck_type operand;
  long column_groups, tile_blocks;  // work items of a round
  float *products;  // [threads][product_floats]
  size_t product_floats;
} NAME(winograd_work);

// Where a tile lies: its sample, the rows of its image, and its first row and column in that image.
typedef struct {
  long sample, first_row, height, row, column;
} NAME(winograd_tile);

CK_INLINE NAME(winograd_tile) NAME(winograd_find)(const NAME(winograd_work) *work, long tile, int m) {
  const ck_convolution_problem *p = work->problem;
  NAME(winograd_tile) found = {.sample = tile / work->sample_tiles};
  long rest = tile % work->sample_tiles;
  int image = 0;
  for (;; image++) {
    long tiles = (p->images[image].height + m - 1) / m * work->tiles_across;
    if (rest < tiles) break;
    rest -= tiles;
  }
  found.first_row = p->images[image].first_row;
  found.height = p->images[image].height;
  found.row = rest / work->tiles_across * m;
  found.column = rest % work->tiles_across * m;
  return found;
}

// One dimension of the input transform B' d: every s-th vector of d to every t-th of out.
CK_INLINE void NAME(winograd_input)(const vfloat *d, int s, vfloat *out, int t, const int m) {
  if (m == 2) {
    out[0] = d[0] - d[2 * s];
    out[t] = d[s] + d[2 * s];
    out[2 * t] = d[2 * s] - d[s];
    out[3 * t] = d[s] - d[3 * s];
    return;
  }
  vfloat even = vfma(splat(-0.5f), d[2 * s], d[4 * s]), odd = vfma(splat(-0.5f), d[s], d[3 * s]);
  vfloat even2 = vfma(splat(-2.0f), d[2 * s], d[4 * s]), odd2 = vfma(splat(-2.0f), d[s], d[3 * s]);
  out[0] = vfma(splat(-2.5f), d[2 * s], d[0] + d[4 * s]);
  out[t] = vfma(splat(CK_ROOT), odd, even);
  out[2 * t] = vfma(splat(-CK_ROOT), odd, even);
  out[3 * t] = vfma(splat(CK_ROOT / 2), odd2, even2);
  out[4 * t] = vfma(splat(-CK_ROOT / 2), odd2, even2);
  out[5 * t] = vfma(splat(-2.5f), d[3 * s], d[s] + d[5 * s]);
}

// One dimension of the output transform A' x: every s-th vector of x to every t-th of out.
CK_INLINE void NAME(winograd_output)(const vfloat *x, int s, vfloat *out, int t, const int m) {
  if (m == 2) {
    out[0] = x[0] + x[s] + x[2 * s];
    out[t] = x[s] - x[2 * s] - x[3 * s];
    return;
  }
  vfloat sum = x[s] + x[2 * s], difference = x[s] - x[2 * s];
  vfloat sum2 = x[3 * s] + x[4 * s], difference2 = x[3 * s] - x[4 * s];
  out[0] = x[0] + sum + sum2;
  out[t] = vfma(splat(CK_ROOT), difference, splat(CK_ROOT / 2) * difference2);
  out[2 * t] = vfma(splat(2.0f), sum, splat(0.5f) * sum2);
  out[3 * t] = vfma(splat(2 * CK_ROOT), difference, vfma(splat(CK_ROOT / 4), difference2, x[5 * s]));
}

CK_INLINE void NAME(winograd_transform_tile)(NAME(winograd_work) *work, long item, const int m) {
  const ck_convolution_problem *p = work->problem;
  const int side = m + 2;
  NAME(winograd_tile) tile = NAME(winograd_find)(work, work->first_tile + item, m);
  const TYPE *rows[6];  // NULL above and below the image
  for (int y = 0; y < side; y++) {
    long row = tile.row + y - 1;
    rows[y] = row < 0 || row >= tile.height
                  ? NULL
                  : (const TYPE *)p->source + (tile.sample * p->tokens +
                                               (tile.first_row + row) * p->width + tile.column - 1) *
                                                  p->inputs;
  }
  // Columns of the tile that lie in the image.
  int from = tile.column == 0 ? 1 : 0;
  int to = p->width + 1 - tile.column < side ? (int)(p->width + 1 - tile.column) : side;
  long out = item * work->transformed_stride;
  long point_stride = work->tile_count * work->transformed_stride;
  for (long c = 0; c < p->inputs; c += CK_WIDTH) {
    vfloat half[36], whole[36];
    CK_UNROLLED for (int y = 0; y < side; y++) {
      vfloat d[6];
      CK_UNROLLED for (int x = 0; x < side; x++)
        d[x] = rows[y] && x >= from && x < to ? LOAD(rows[y] + x * p->inputs + c) : (vfloat){0};
      NAME(winograd_input)(d, 1, half + y * side, 1, m);
    }
    CK_UNROLLED for (int x = 0; x < side; x++) NAME(winograd_input)(half + x, side, whole + x, side, m);
    CK_UNROLLED for (int i = 0; i < side * side; i++)
      matmul_store_operand(work->operand, work->transformed, out + i * point_stride + c, whole[i]);
  }
}

CK_INLINE void NAME(winograd_multiply)(NAME(winograd_work) *work, long item, int thread, const int m) {
  const ck_convolution_problem *p = work->problem;
  const int side = m + 2, points = side * side;
  long group = item / work->tile_blocks, block = item % work->tile_blocks;
  long first_tile = work->tile_count * block / work->tile_blocks;
  long tiles = work->tile_count * (block + 1) / work->tile_blocks - first_tile;
  long panels = p->outputs / CK_PANEL;
  long first_panel = panels * group / work->column_groups;
  long last_panel = panels * (group + 1) / work->column_groups;
  long columns = (last_panel - first_panel) * CK_PANEL, panel_numbers = p->inputs * CK_PANEL;
  // A line more from point to point, so that they do not compete for one set of the cache.
  long point_stride = tiles * columns + 16;
  float *products = work->products + thread * work->product_floats;
  long number_bytes = work->operand == CK_FLOAT32 ? 4 : 2;

  for (int i = 0; i < points; i++) {
    const char *a = (const char *)work->transformed +
                    (i * work->tile_count + first_tile) * work->transformed_stride * number_bytes;
    for (long panel = first_panel; panel < last_panel; panel++) {
      long next = panel + 1 < last_panel ? i * panels + panel + 1 : (i + 1) * panels + first_panel;
      matmul_packed(a, work->transformed_stride, tiles, p->weight_type, p->weights,
                     (i * panels + panel) * panel_numbers, p->inputs,
                     products + i * point_stride + (panel - first_panel) * CK_PANEL, columns,
                     next * panel_numbers);
    }
  }

  for (long t = 0; t < tiles; t++) {
    NAME(winograd_tile) tile = NAME(winograd_find)(work, work->first_tile + first_tile + t, m);
    long rows = tile.height - tile.row < m ? tile.height - tile.row : m;
    long across = p->width - tile.column < m ? p->width - tile.column : m;
    long token = tile.sample * p->tokens + (tile.first_row + tile.row) * p->width + tile.column;
    for (long c = 0; c < columns; c += CK_WIDTH) {
      vfloat x[36], half[24], out[16];
      CK_UNROLLED for (int i = 0; i < points; i++)
        x[i] = load_f32(products + i * point_stride + t * columns + c);
      CK_UNROLLED for (int y = 0; y < side; y++) NAME(winograd_output)(x + y * side, 1, half + y * m, 1, m);
      CK_UNROLLED for (int i = 0; i < m; i++) NAME(winograd_output)(half + i, m, out + i, m, m);
      long channel = first_panel * CK_PANEL + c;
      vfloat bias = load_f32(p->bias + channel);
      CK_UNROLLED for (int row = 0; row < m; row++)
        CK_UNROLLED for (int column = 0; column < m; column++) {
          if (row >= rows || column >= across) continue;
          long at = (token + row * p->width + column) * p->outputs + channel;
          matmul_store(p->output_type, p->residual, p->destination, at, out[row * m + column] + bias);
        }
    }
  }
}

static void NAME(winograd_transform_2)(void *work, long item, int thread) {
  (void)thread;
  NAME(winograd_transform_tile)(work, item, 2);
}
static void NAME(winograd_transform_4)(void *work, long item, int thread) {
  (void)thread;
  NAME(winograd_transform_tile)(work, item, 4);
}
static void NAME(winograd_multiply_2)(void *work, long item, int thread) {
  NAME(winograd_multiply)(work, item, thread, 2);
}
static void NAME(winograd_multiply_4)(void *work, long item, int thread) {
  NAME(winograd_multiply)(work, item, thread, 4);
}

static void NAME(winograd)(const ck_convolution_problem *p, int threads) {
  const int m = (int)p->method, points = (m + 2) * (m + 2);
  NAME(winograd_work) work = {.problem = p, .tiles_across = (p->width + m - 1) / m};
  for (int i = 0; i < p->image_count; i++)
    work.sample_tiles += (p->images[i].height + m - 1) / m * work.tiles_across;
  // Not a multiple of 4 KiB, which would put all rows of a block into one set of the cache.
  work.transformed_stride = p->inputs + 32;
  work.operand = matmul_operand(p->weight_type);
  long all = p->batch * work.sample_tiles;
  long rounds = (all + CK_TILE_ROUND - 1) / CK_TILE_ROUND;
  long most = (all + rounds - 1) / rounds;
  long panels = p->outputs / CK_PANEL;

  // Work items have as many columns as their memory allows, because each reads all the transformed
  // tiles, and every thread has as many.
  work.tile_blocks = most > 2 * 64 && threads > panels ? (most + 63) / 64 : 1;
  long block = (most + work.tile_blocks - 1) / work.tile_blocks;
  long fit = CK_TILE_PRODUCTS / (points * block * CK_PANEL);
  if (fit < 1) fit = 1;
  work.column_groups = (panels + fit - 1) / fit;
  long shares = (threads + work.tile_blocks - 1) / work.tile_blocks;
  work.column_groups = (work.column_groups + shares - 1) / shares * shares;
  if (work.column_groups > panels) work.column_groups = panels;
  long widest = (panels + work.column_groups - 1) / work.column_groups * CK_PANEL;
  work.product_floats = (size_t)points * (block * widest + 16);

  size_t transformed = (size_t)points * most * work.transformed_stride;
  float *scratch = ck_scratch(sizeof(float) * (transformed + work.product_floats * threads));
  if (!scratch) return;
  work.transformed = scratch;
  work.products = scratch + transformed;
  for (long round = 0; round < rounds; round++) {
    work.first_tile = all * round / rounds;
    work.tile_count = all * (round + 1) / rounds - work.first_tile;
    ck_parallel_for(work.tile_count, threads,
                    m == 2 ? NAME(winograd_transform_2) : NAME(winograd_transform_4), &work);
    ck_parallel_for(work.column_groups * work.tile_blocks, threads,
                    m == 2 ? NAME(winograd_multiply_2) : NAME(winograd_multiply_4), &work);
  }
}
