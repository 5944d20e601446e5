// Settings of libraries that they read from the environment when they are loaded, before main.
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "table.h"

const char *const ck_kernels_variable = "PVDM_KERNELS";

// The sets of kernels, the least first, with what oneDNN and OpenBLAS call the same instructions.
static const struct {
  const char *name, *onednn, *openblas;
} sets[] = {
    {"baseline", "DNNL_MAX_CPU_ISA=SSE41", "OPENBLAS_CORETYPE=Nehalem"},
    {"avx2", "DNNL_MAX_CPU_ISA=AVX2", "OPENBLAS_CORETYPE=Haswell"},
    {"avx512", "DNNL_MAX_CPU_ISA=AVX512_CORE", "OPENBLAS_CORETYPE=SkylakeX"},
    {"avx512_bf16", "DNNL_MAX_CPU_ISA=AVX512_CORE_BF16", "OPENBLAS_CORETYPE=SkylakeX"},
};

int ck_set_rank(const char *name) {
  for (int rank = 0; rank < (int)(sizeof sets / sizeof *sets); rank++)
    if (strcmp(sets[rank].name, name) == 0) return rank;
  return -1;
}

#if defined(__linux__)
// Runs before anything of a sanitizer's, too.
#define CK_BEFORE_ALL __attribute__((no_sanitize("address", "thread", "undefined")))

// The value of a variable, named by what stands before "="; NULL where it is not set.
CK_BEFORE_ALL static const char *value_of(const char *name, char **environment) {
  for (; *environment; environment++) {
    size_t i = 0;
    while (name[i] && name[i] != '=' && name[i] == (*environment)[i]) i++;
    if ((!name[i] || name[i] == '=') && (*environment)[i] == '=') return *environment + i + 1;
  }
  return NULL;
}

// Adds settings to the environment that whoever named a set of kernels left open. The libraries read theirs
// when they are initialised, which the C library does before it looks at what we could set: the only way
// is to start the program again, once, before anything was done.
//
// PVDM_KERNELS names the best instruction set that the process may use, in its own kernels and in both
// libraries. A name that is none ends the process: going on with other kernels than were asked for would
// prove nothing.
CK_BEFORE_ALL static void complete_environment(int argc, char **argv, char **environment) {
  (void)argc;
  const char *added[2];
  int count = 0;
  const char *name = value_of(ck_kernels_variable, environment);
  if (name && *name) {
    int rank = ck_set_rank(name);
    if (rank < 0) {
      static const char sentence[] =
          "PVDM_KERNELS names no set of kernels: expected avx512_bf16, avx512, avx2 or baseline, or "
          "nothing for the best\n";
      if (write(STDERR_FILENO, sentence, sizeof sentence - 1) < 0) _exit(70);
      _exit(64);
    }
    if (!value_of(sets[rank].onednn, environment)) added[count++] = sets[rank].onednn;
    if (!value_of(sets[rank].openblas, environment)) added[count++] = sets[rank].openblas;
  }
  if (count == 0) return;
  size_t size = 0;
  while (environment[size]) size++;
  const char *complete[size + 3];
  for (size_t i = 0; i < size; i++) complete[i] = environment[i];
  for (int i = 0; i < count; i++) complete[size + (size_t)i] = added[i];
  complete[size + (size_t)count] = NULL;
  // By its own path, so that lists of processes show its name. Where it cannot be started again, it goes on
  // with the libraries' own settings.
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  execve(path, argv, (char *const *)complete);
}

// The loader calls these of the program itself before it initialises any library.
__attribute__((section(".preinit_array"), used)) static void (*const preinitialize)(int, char **,
                                                                                      char **) =
    complete_environment;
#endif
