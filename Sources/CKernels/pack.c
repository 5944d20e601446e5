// Weights in the layouts that the kernels of linear layers and convolutions read.
#include <string.h>

#include "table.h"

typedef struct {
  const float *weight;  // [outputs, inputs, taps]
  long inputs, panels;
  ck_convolution_method method;
  ck_type type;
  void *packed;
} pack_work;

// Inputs that are transposed together: their rows of a panel are stored in one run, because 36 runs of
// one row each, megabytes apart, would evict each other from the caches.
#define GROUP 8

// Stores GROUP rows of a panel; in bfloat16 as pairs of rows.
static void store_rows(const pack_work *work, long row, float values[][CK_PANEL]) {
  if (work->type == CK_FLOAT32) {
    memcpy((float *)work->packed + row * CK_PANEL, values, sizeof(float) * GROUP * CK_PANEL);
    return;
  }
  float pairs[GROUP / 2][CK_PANEL][2];
  for (int k = 0; k < GROUP; k++)
    for (int j = 0; j < CK_PANEL; j++) pairs[k / 2][j][k % 2] = values[k][j];
  ck_float32_to_bfloat16(pairs[0][0], (uint16_t *)work->packed + row * CK_PANEL, GROUP * CK_PANEL);
}

static void pack_linear_panel(void *context, long panel, int thread) {
  (void)thread;
  const pack_work *work = context;
  const float *weight = work->weight + panel * CK_PANEL * work->inputs;
  float values[GROUP][CK_PANEL];
  for (long first = 0; first < work->inputs; first += GROUP) {
    for (long j = 0; j < CK_PANEL; j++)
      for (long k = 0; k < GROUP; k++) values[k][j] = weight[j * work->inputs + first + k];
    store_rows(work, panel * work->inputs + first, values);
  }
}

void ck_pack_linear(const float *weight, long inputs, long outputs, ck_type type, void *packed,
                    int threads) {
  pack_work work = {
      .weight = weight, .inputs = inputs, .panels = outputs / CK_PANEL, .type = type, .packed = packed};
  ck_parallel_for(work.panels, threads, pack_linear_panel, &work);
}

// The weight transform G of Winograd's method, one row for each place; winograd.h has the others.
static const float transform_2[4][3] = {{1, 0, 0}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0, 0, 1}};
#define ROOT 1.41421356237309505f
static const float transform_4[6][3] = {
    {1, 0, 0},
    {1 / 6.0f, ROOT / 6, 1 / 3.0f},
    {1 / 6.0f, -ROOT / 6, 1 / 3.0f},
    {-2 / 3.0f, -ROOT / 3, -1 / 3.0f},
    {-2 / 3.0f, ROOT / 3, -1 / 3.0f},
    {0, 0, 1},
};

// One input channel of a panel: taps[9][CK_PANEL] to `side * side` places, `stride` floats apart.
static void transform_taps(float taps[9][CK_PANEL], const float transform[][3], int side, float *places,
                           long stride) {
  for (int y = 0; y < side; y++) {
    float half[3][CK_PANEL];
    for (int x = 0; x < 3; x++)
      for (int j = 0; j < CK_PANEL; j++)
        half[x][j] = transform[y][0] * taps[x][j] + transform[y][1] * taps[3 + x][j] +
                     transform[y][2] * taps[6 + x][j];
    for (int x = 0; x < side; x++)
      for (int j = 0; j < CK_PANEL; j++)
        places[(y * side + x) * stride + j] =
            transform[x][0] * half[0][j] + transform[x][1] * half[1][j] + transform[x][2] * half[2][j];
  }
}

static void pack_convolution_panel(void *context, long panel, int thread) {
  (void)thread;
  const pack_work *work = context;
  const int side = work->method == CK_TAPS ? 3 : (int)work->method + 2;
  const float(*transform)[3] = work->method == CK_WINOGRAD_2 ? transform_2 : transform_4;
  const float *weight = work->weight + panel * CK_PANEL * work->inputs * 9;
  float values[36][GROUP][CK_PANEL];
  for (long first = 0; first < work->inputs; first += GROUP) {
    for (long k = 0; k < GROUP; k++) {
      float taps[9][CK_PANEL];
      for (long j = 0; j < CK_PANEL; j++)
        for (int tap = 0; tap < 9; tap++)
          taps[tap][j] = weight[(j * work->inputs + first + k) * 9 + tap];
      if (work->method == CK_TAPS)
        for (int tap = 0; tap < 9; tap++) memcpy(values[tap][k], taps[tap], sizeof taps[tap]);
      else
        transform_taps(taps, transform, side, values[0][k], GROUP * CK_PANEL);
    }
    for (int place = 0; place < side * side; place++) {
      long matrix = work->method == CK_TAPS ? panel * 9 + place : place * work->panels + panel;
      store_rows(work, matrix * work->inputs + first, values[place]);
    }
  }
}

long ck_convolution_places(ck_convolution_method method) {
  return method == CK_TAPS ? 9 : (long)(method + 2) * (long)(method + 2);
}

void ck_pack_convolution(const float *weight, long inputs, long outputs, ck_convolution_method method,
                         ck_type type, void *packed, int threads) {
  pack_work work = {weight, inputs, outputs / CK_PANEL, method, type, packed};
  ck_parallel_for(work.panels, threads, pack_convolution_panel, &work);
}
