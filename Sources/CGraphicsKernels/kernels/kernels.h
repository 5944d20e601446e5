// All kernels, to be compiled at once: for graphics processors by `.ci/graphics-kernels`, for tests by the emulator.
#include "attention_bf16.h"
#include "elementwise.h"
#include "movement.h"
#include "normalization.h"
#include "peak.h"
#include "product_bf16.h"
#include "product_float.h"
#include "product_vector.h"

#include "kernel_list.h"
