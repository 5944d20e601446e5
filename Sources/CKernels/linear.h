// Linear layers with packed weights. Included once for each element type.

// Most rows of one work item, 18 blocks of registers, and most bytes of their copy, which stays in the
// second-level cache: a weight that is read serves all of them.
#define CK_ROW_BLOCK 252
#define CK_ROW_BYTES (512 * 1024)

typedef struct {
  const ck_linear_problem *problem;
  long panels, row_blocks, column_groups, a_stride;
  ck_type operand;  // of the copied rows
  float *scratch;   // [threads, scratch_floats]
  size_t scratch_floats;
} NAME(linear_work);

static void NAME(linear_item)(void *context, long item, int thread) {
  const NAME(linear_work) *work = context;
  const ck_linear_problem *p = work->problem;
  long block = item / work->column_groups, group = item % work->column_groups;
  long first_row = p->rows * block / work->row_blocks;
  long rows = p->rows * (block + 1) / work->row_blocks - first_row;
  // With a gate, each panel of values has a panel of gates in the other half of the outputs.
  long panels = work->panels, width = panels * CK_PANEL, panel_numbers = p->inputs * CK_PANEL;
  long last_panel = panels * (group + 1) / work->column_groups;
  long size = p->output_type == CK_FLOAT32 ? 4 : 2;
  float *c = work->scratch + thread * work->scratch_floats, *gates = c + rows * CK_PANEL;
  void *a = gates + rows * CK_PANEL;

  for (long r = 0; r < rows; r++) {
    const TYPE *source = (const TYPE *)p->source + (first_row + r) * p->inputs;
    for (long k = 0; k < p->inputs; k += CK_WIDTH)
      matmul_store_operand(work->operand, a, r * work->a_stride + k, LOAD(source + k));
  }
  for (long panel = panels * group / work->column_groups; panel < last_panel; panel++) {
    long value_panel = panel * panel_numbers, gate_panel = value_panel + panels * panel_numbers;
    matmul_packed(a, work->a_stride, rows, p->weight_type, p->weights, value_panel, p->inputs, c,
                   CK_PANEL, p->gated ? gate_panel : value_panel + panel_numbers);
    if (p->gated)
      matmul_packed(a, work->a_stride, rows, p->weight_type, p->weights, gate_panel, p->inputs, gates,
                     CK_PANEL, value_panel + panel_numbers);
    for (long r = 0; r < rows; r++) {
      long at = (first_row + r) * width + panel * CK_PANEL;
      // The lines that the next panel is stored to are fetched while it is computed.
      const char *next = (const char *)p->destination + (at + CK_PANEL) * size;
      __builtin_prefetch(next, 1, 2);
      __builtin_prefetch(next + 64, 1, 2);
      for (long j = 0; j < CK_PANEL; j += CK_WIDTH) {
        const float *bias = p->bias ? p->bias + panel * CK_PANEL + j : NULL;
        vfloat value = load_f32(c + r * CK_PANEL + j);
        if (bias) value += load_f32(bias);
        if (p->gated) {
          vfloat gate = load_f32(gates + r * CK_PANEL + j);
          value *= vgelu(bias ? gate + load_f32(bias + width) : gate);
        }
        matmul_store(p->output_type, p->residual, p->destination, at + j, value);
      }
    }
  }
}

static void NAME(linear)(const ck_linear_problem *p, int threads) {
  long panels = p->outputs / CK_PANEL / (p->gated ? 2 : 1);
  NAME(linear_work) work = {.problem = p, .panels = panels, .a_stride = p->inputs + 32};
  work.operand = matmul_operand(p->weight_type);
  long fit = CK_ROW_BYTES / (p->inputs * (work.operand == CK_FLOAT32 ? 4 : 2)) / CK_ROWS * CK_ROWS;
  fit = fit < CK_ROWS ? CK_ROWS : fit > CK_ROW_BLOCK ? CK_ROW_BLOCK : fit;
  work.row_blocks = (p->rows + fit - 1) / fit;
  // Weights are read once for each block of rows. Where there are fewer blocks than threads, these
  // share the columns; where there are not many, as many go to each thread.
  work.column_groups = 1;
  if (work.row_blocks < threads)
    work.column_groups = threads < panels ? threads : panels;
  else if (work.row_blocks < 16 * threads)
    work.row_blocks = (work.row_blocks + threads - 1) / threads * threads;
  long most = (p->rows + work.row_blocks - 1) / work.row_blocks;
  work.scratch_floats = (size_t)most * (work.a_stride + 2 * CK_PANEL);
  work.scratch = ck_scratch(sizeof(float) * work.scratch_floats * threads);
  if (!work.scratch) return;
  ck_parallel_for(work.row_blocks * work.column_groups, threads, NAME(linear_item), &work);
}
