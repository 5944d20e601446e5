// What is used of OpenBLAS. Its headers leave LAPACK out, whose symbols are Fortran's: every argument
// is an address, and each text's length follows at the end.
#ifndef COPENBLAS_SHIM_H
#define COPENBLAS_SHIM_H

#include <stddef.h>

void openblas_set_num_threads(int count);
int openblas_get_num_threads(void);
// Name, version and options of the library, separated by spaces; and the kernels that it chose.
char *openblas_get_config(void);
char *openblas_get_corename(void);

// Solves A X = B for a symmetric positive definite A by Cholesky's factors.
void dposv_(const char *triangle, const int *order, const int *columns, double *matrix,
            const int *matrix_stride, double *right_sides, const int *right_stride, int *status,
            size_t triangle_length);

#endif
