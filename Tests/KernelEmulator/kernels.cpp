// The kernels of the program, compiled for the emulator.
#define GK_EMULATED
#include "../../Sources/CGraphicsKernels/kernels/kernels.h"
#include "run.h"

namespace emulated {

#undef KERNEL
#define KERNEL(name, arguments, threads, dynamic, ...) \
  {#name, threads, sizeof(arguments), dynamic, [](const void *a) { name(*(const arguments *)a); }},
const Kernel kernels[] = {
#include "../../Sources/CGraphicsKernels/kernels/kernel_list.h"
    {nullptr, 0, 0, 0, nullptr}};

}  // namespace emulated
