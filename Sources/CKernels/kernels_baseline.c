// SSE2 on x86-64, NEON on arm64: four floats, as the compiler's baseline has them.
#include "table.h"
#define CK_WIDTH 4
#if defined(__aarch64__)
#define CK_HAS_FMA 1
#else
#define CK_HAS_FMA 0
#endif
#define CK_HAS_DOT 0
#define CK_TABLE ck_kernels_baseline
#define CK_TABLE_NAME "baseline"
#include "kernels.h"
