// Message passing by whichever MPI the machine has: Open MPI or an MPICH (Intel MPI and MVAPICH among them). The
// library is opened when a world is joined, and neither its headers nor itself are needed before.
//
// All functions but cmpi_open belong to the thread that called cmpi_join. Numbers that they return are 0, or a code
// that cmpi_error_text explains.
#ifndef CMPI_H
#define CMPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A transfer that was started; to begin with, 0.
typedef uintptr_t cmpi_request;

// Opens a library.
//
// Returns: the standard that it keeps, "Open MPI" or "MPICH"; NULL if it cannot be used, and `problem` then holds
// what the system says. A second call gives what the first one did.
const char *cmpi_open(const char *path, char *problem, size_t capacity);

// Joins the world of processes that were started together.
int cmpi_join(int *rank, int *size);
// Leaves it; waits until the others do.
int cmpi_leave(void);
// Ends the processes of the world at once, this one with them.
void cmpi_abort(int status);

// The library and its version, one line or more.
int cmpi_version(char *text, size_t capacity);
// What a code means.
void cmpi_error_text(int code, char *text, size_t capacity);

// Part i of what is sent, `bytes` long, goes to process i, which has it at the place of the sender.
int cmpi_start_exchange(const void *sent, void *received, int bytes, cmpi_request *request);
// Every process gets what all have sent, `bytes` each, in the order of their ranks.
int cmpi_start_gather(const void *sent, void *received, int bytes, cmpi_request *request);
// Lets transfers go on, and tells whether this one is done.
int cmpi_test(cmpi_request *request, bool *done);

#endif
