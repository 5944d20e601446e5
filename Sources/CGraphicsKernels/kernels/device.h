// The language that kernels are written in: C++ without its library, and the words below. `ptx.h` gives them for
// graphics processors, and the emulator's `emulated.h` for tests on any machine.
//
//   KERNEL(name, arguments, threads, dynamic, body)
//                                            a kernel: `body` runs on each thread, with `a` the arguments; the block
//                                            has so many bytes of dynamic memory
//   thread_index(), block_x(), block_y(), block_z()
//   Global<T>, global<T>(address)            memory of the device
//   Shared<T>, SHARED(T, name, count)        memory of the block; 16-byte aligned, content not set
//   DYNAMIC(T, name, count)                  the dynamic memory's beginning, which may be more than 48 KiB
//   get(x, i), put(x, i, value)              an element of either
//   get4(x, i)                               four float32 of shared memory, from a multiple of 4 on
//   get_pair(x, i), put_pair(x, i, word)     two bfloat16 of the device as a word, from an even one on
//   get8(x, i), put8(x, i, words)            8 bytes of the device, from a multiple of 8 bytes on
//   get16(x, i), put16(x, i, words)          16 bytes of either, from a multiple of 16 bytes on
//   barrier()                                all threads of the block come here before any goes on
//   copy16(to, i, from, j, wanted)           begins to copy 16 bytes to shared memory, zeros where not wanted
//   commit(), wait<n>()                      ends a group of such copies; waits for all but the last n groups
//   shuffle_xor(value, mask)                 the value of the lane whose number differs by the mask
//   load_matrices(r, x, i), load_transposed(r, x, i)
//                                            four 8x8 matrices of bfloat16; lane l names row l % 8 of matrix l / 8
//                                            (of float32, 8x4 of them)
//   multiply_add(d, a, b0, b1)               d += a b on tensor cores: 16x16 by 16x8 bfloat16, sums in float32
//   to_tf32(x)                               the nearest number of 10 bits behind the point, ties away from zero
//   multiply_add_tf32(d, a, b0, b1)          d += a b on tensor cores: 16x8 by 8x8 of such numbers, sums in float32
//   exp2_of(x), log2_of(x), reciprocal_of(x), root_of(x), to_bits(x), from_bits(u)
//
// Numbers are float, bf16, int, long and, where sums of many are to keep their digits, double.
//
// Loops over arrays that are to stay in registers are marked with UNROLL; those whose body would need too many of
// them if it were laid out as often as it runs, with UNROLL_SOME.
#pragma once

#include "../include/CGraphicsKernels.h"

typedef unsigned short u16;
typedef unsigned u32;

#define UNROLL _Pragma("unroll")
#define UNROLL_SOME _Pragma("unroll 4")

struct Four {
  float x, y, z, w;
};

// 8 bytes.
struct HalfWords {
  u32 w[2];
};

// 16 bytes.
struct Words {
  u32 w[4];
};

struct bf16 {
  u16 bits;
};

#ifdef GK_EMULATED
#include "emulated.h"
#else
#include "ptx.h"
#endif
#include "numbers.h"

DEVICE int least(int a, int b) { return a < b ? a : b; }
DEVICE float largest(float a, float b) { return a > b ? a : b; }

// One of the runs, without the array being kept in memory for its index.
DEVICE gk_run run_at(const gk_run (&runs)[GK_MAX_PARTS], int index) {
  gk_run run = runs[0];
  UNROLL for (int i = 1; i < GK_MAX_PARTS; i++) {
    if (i == index) run = runs[i];
  }
  return run;
}
