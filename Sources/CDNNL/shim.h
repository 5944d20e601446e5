// oneDNN's C interface. It ships no pkg-config file, so it is linked by name.
#ifndef CDNNL_SHIM_H
#define CDNNL_SHIM_H
#include <oneapi/dnnl/dnnl.h>
#endif
