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

// Eigenvalues, ascending, and with job 'V' eigenvectors of a symmetric matrix, by divide and conquer.
void dsyevd_(const char *job, const char *triangle, const int *order, double *matrix,
             const int *matrix_stride, double *eigenvalues, double *work, const int *work_size,
             int *integer_work, const int *integer_work_size, int *status, size_t job_length,
             size_t triangle_length);

// C = alpha op(A) op(B) + beta C.
void dgemm_(const char *transpose_a, const char *transpose_b, const int *rows, const int *columns,
            const int *inner, const double *alpha, const double *a, const int *a_stride,
            const double *b, const int *b_stride, const double *beta, double *c,
            const int *c_stride, size_t transpose_a_length, size_t transpose_b_length);

#endif
