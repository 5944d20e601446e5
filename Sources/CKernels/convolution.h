// 3x3 convolutions: the method was chosen when the weights were packed. Included once for each
// element type.
#include "taps.h"
#include "winograd.h"

static void NAME(convolution)(const ck_convolution_problem *problem, int threads) {
  if (problem->method == CK_TAPS)
    NAME(convolve_taps)(problem, threads);
  else
    NAME(winograd)(problem, threads);
}
