// 3x3 convolutions: the method was chosen when the weights were packed. Included once for each
// element type.
#include "implicit_gemm.h"
#include "winograd.h"

static void NAME(convolution)(const ck_convolution_problem *problem, int threads) {
  if (problem->method == CK_IMPLICIT_GEMM)
    NAME(convolve_implicit_gemm)(problem, threads);
  else
    NAME(winograd)(problem, threads);
}
