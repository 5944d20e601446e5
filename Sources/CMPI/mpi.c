// MPI's two common binary interfaces behind one. A handle fits a register in both: Open MPI's are addresses of what
// the library exports, MPICH's whole numbers that its interface fixes (mpich.org/abi). The arguments' places are the
// same, since the low half of a register is where an int lies.
#define _GNU_SOURCE
#include "CMPI.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "MPICH's handles are read from the low half of a register, which comes first on these processors alone"
#endif

typedef uintptr_t handle;

// The level of MPI_Init_thread at which one thread does all the calls: the one that joined.
enum { funneled = 1 };
// Bytes that MPI_Get_library_version and MPI_Error_string may write: the larger of both libraries' limits.
enum { version_limit = 8192, error_limit = 1024 };

static struct {
  const char *standard;
  handle world, byte, errors_return;
  void *ignored_status;
  int (*init)(int *, char ***, int, int *);
  int (*finalize)(void);
  int (*abort)(handle, int);
  int (*rank)(handle, int *);
  int (*size)(handle, int *);
  int (*set_errhandler)(handle, handle);
  int (*version)(char *, int *);
  int (*error_string)(int, char *, int *);
  int (*ialltoall)(const void *, int, handle, void *, int, handle, handle, handle *);
  int (*iallgather)(const void *, int, handle, void *, int, handle, handle, handle *);
  int (*test)(handle *, int *, void *);
} mpi;

static const char *opened(void *library) {
  const struct {
    void **slot;
    const char *name;
  } functions[] = {
      {(void **)&mpi.init, "MPI_Init_thread"},
      {(void **)&mpi.finalize, "MPI_Finalize"},
      {(void **)&mpi.abort, "MPI_Abort"},
      {(void **)&mpi.rank, "MPI_Comm_rank"},
      {(void **)&mpi.size, "MPI_Comm_size"},
      {(void **)&mpi.set_errhandler, "MPI_Comm_set_errhandler"},
      {(void **)&mpi.version, "MPI_Get_library_version"},
      {(void **)&mpi.error_string, "MPI_Error_string"},
      {(void **)&mpi.ialltoall, "MPI_Ialltoall"},
      {(void **)&mpi.iallgather, "MPI_Iallgather"},
      {(void **)&mpi.test, "MPI_Test"},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (!(*functions[i].slot = dlsym(library, functions[i].name))) return NULL;
  }
  mpi.world = (handle)dlsym(library, "ompi_mpi_comm_world");
  if (mpi.world) {
    mpi.byte = (handle)dlsym(library, "ompi_mpi_byte");
    mpi.errors_return = (handle)dlsym(library, "ompi_mpi_errors_return");
    mpi.ignored_status = NULL;
    return mpi.byte && mpi.errors_return ? "Open MPI" : NULL;
  }
  mpi.world = 0x44000000;
  mpi.byte = 0x4c00010d;
  mpi.errors_return = 0x54000001;
  mpi.ignored_status = (void *)1;
  return "MPICH";
}

const char *cmpi_open(const char *path, char *problem, size_t capacity) {
  if (mpi.standard) return mpi.standard;
  // Open MPI's parts, which it opens itself, look for its symbols among those that all see.
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (library) mpi.standard = opened(library);
  if (!mpi.standard) {
    const char *reason = library ? NULL : dlerror();
    snprintf(problem, capacity, "%s", reason ? reason : "it lacks functions of MPI 3");
  }
  return mpi.standard;
}

int cmpi_join(int *rank, int *size) {
  int level = 0;
  int status = mpi.init(NULL, NULL, funneled, &level);
  // Errors are to come back as codes, in place of ending the process.
  if (!status) status = mpi.set_errhandler(mpi.world, mpi.errors_return);
  if (!status) status = mpi.rank(mpi.world, rank);
  return status ? status : mpi.size(mpi.world, size);
}

int cmpi_leave(void) { return mpi.finalize(); }

void cmpi_abort(int status) {
  mpi.abort(mpi.world, status);
  _Exit(status);
}

int cmpi_version(char *text, size_t capacity) {
  char version[version_limit] = "";
  int length = 0;
  int status = mpi.version(version, &length);
  if (!status) snprintf(text, capacity, "%s", version);
  return status;
}

void cmpi_error_text(int code, char *text, size_t capacity) {
  char words[error_limit] = "";
  int length = 0;
  if (mpi.error_string(code, words, &length)) snprintf(words, sizeof words, "code %d", code);
  snprintf(text, capacity, "%s", words);
}

int cmpi_start_exchange(const void *sent, void *received, int bytes, cmpi_request *request) {
  return mpi.ialltoall(sent, bytes, mpi.byte, received, bytes, mpi.byte, mpi.world, request);
}

int cmpi_start_gather(const void *sent, void *received, int bytes, cmpi_request *request) {
  return mpi.iallgather(sent, bytes, mpi.byte, received, bytes, mpi.byte, mpi.world, request);
}

int cmpi_test(cmpi_request *request, bool *done) {
  int flag = 0;
  int status = mpi.test(request, &flag, mpi.ignored_status);
  *done = flag != 0;
  return status;
}
