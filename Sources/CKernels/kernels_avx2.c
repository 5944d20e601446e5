#if defined(__x86_64__)
#include <immintrin.h>

#include "table.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CK_WIDTH 8
#define CK_HAS_FMA 1
#define CK_HAS_DOT 0
#define CK_TABLE ck_kernels_avx2
#define CK_TABLE_NAME "avx2"
#include "kernels.h"
#pragma clang attribute pop
#endif
