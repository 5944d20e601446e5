#if defined(__x86_64__)
#include <immintrin.h>

#include "table.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))), apply_to = function)
#define CK_WIDTH 16
#define CK_HAS_FMA 1
#define CK_HAS_DOT 1
#define CK_TABLE ck_kernels_avx512_bf16
#define CK_TABLE_NAME "avx512_bf16"
#include "kernels.h"
#pragma clang attribute pop
#endif
