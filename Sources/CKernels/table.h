// The tables of the instruction sets, and what the files of this folder share.
#include "include/CKernels.h"

// Aligned memory that lasts until this thread's next call; NULL where there is none, which
// ck_take_missing_bytes then tells.
void *ck_scratch(size_t bytes);

// What one instruction set has: a pointer for each row of kernel_list.h, two where the code depends on the
// type.
typedef struct {
  const char *name;
#define CK_TYPED(result, name, arguments, ...) result (*name[2])(__VA_ARGS__);
#define CK_PROBLEM(name, type) void (*name[2])(const ck_##name##_problem *, int);
#define CK_PLAIN(result, name, arguments, ...) result (*name)(__VA_ARGS__);
#include "include/kernel_list.h"
} ck_kernels;

// The name of the environment's variable that limits the instruction set.
extern const char *const ck_kernels_variable;
// The place of a set's name in their order, the least 0; -1 for a name that is none.
int ck_set_rank(const char *name);

extern const ck_kernels ck_kernels_baseline;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2, ck_kernels_avx512, ck_kernels_avx512_bf16;
#endif
