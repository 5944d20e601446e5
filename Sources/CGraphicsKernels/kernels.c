// The kernels by name, for whoever launches them, and their text where it was made.
#include "CGraphicsKernels.h"

#include <stddef.h>

#define KERNEL(name, arguments, threads, dynamic, ...) {#name, threads, sizeof(arguments), dynamic},
static const gk_kernel kernels[] = {
#include "kernels/kernel_list.h"
};
const int32_t gk_kernel_count = sizeof kernels / sizeof *kernels;
gk_kernel gk_kernel_at(int32_t index) { return kernels[index]; }

// `.ci/graphics-kernels` writes the text where it finds the compiler for it; the program can be built without.
#if __has_include(".generated/kernels.inc")
static const char text[] =
#include ".generated/kernels.inc"
    ;
const char *gk_ptx(void) { return text; }
#else
const char *gk_ptx(void) { return NULL; }
#endif
