// The part of NVIDIA's driver that the program calls, found when it runs: nothing of the vendor's is needed to build
// it. Names, types and numbers are those of the CUDA driver API's reference.
#ifndef CDRIVER_H
#define CDRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Only what is sure to be there says so: the functions of a table.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"

typedef int32_t cd_result;  // CUresult
enum {
  CD_SUCCESS = 0,
  CD_ERROR_INVALID_VALUE = 1,
  CD_ERROR_OUT_OF_MEMORY = 2,
  CD_ERROR_NO_DEVICE = 100,
  CD_ERROR_INVALID_DEVICE = 101,
  CD_ERROR_INVALID_IMAGE = 200,
  CD_ERROR_UNSUPPORTED_PTX_VERSION = 222,
  CD_ERROR_NO_BINARY_FOR_GPU = 209,
  CD_ERROR_NOT_FOUND = 500,
  CD_ERROR_ILLEGAL_ADDRESS = 700,
  CD_ERROR_LAUNCH_FAILED = 719,
  CD_ERROR_SYSTEM_DRIVER_MISMATCH = 803,
};

typedef int32_t cd_device;               // CUdevice
typedef uint64_t cd_address;             // CUdeviceptr
typedef void *cd_context;               // CUcontext
typedef void *cd_module;                // CUmodule
typedef void *cd_function;              // CUfunction
typedef void *cd_stream;                // CUstream
typedef void *cd_pool;                  // CUmemoryPool
typedef void *cd_event;                 // CUevent
typedef void *cd_graph;                 // CUgraph
typedef void *cd_graph_exec;            // CUgraphExec

// CUdevice_attribute
enum {
  CD_COMPUTE_CAPABILITY_MAJOR = 75,
  CD_COMPUTE_CAPABILITY_MINOR = 76,
  CD_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
  CD_MEMORY_POOLS_SUPPORTED = 115,
};
// CUmemPool_attribute
enum {
  CD_POOL_RELEASE_THRESHOLD = 4,
  CD_POOL_RESERVED_CURRENT = 5,
  CD_POOL_USED_CURRENT = 7,
  CD_POOL_USED_HIGH = 8,  // can be set to 0, and then begins anew
};
// CUfunction_attribute
enum { CD_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8 };
// CUstreamCaptureMode
enum { CD_CAPTURE_RELAXED = 2 };
// CUmemorytype
enum { CD_MEMORY_DEVICE = 2 };

// CUDA_MEMCPY2D
typedef struct {
  size_t source_x, source_y;
  int32_t source_type;
  const void *source_host;
  cd_address source_device;
  void *source_array;
  size_t source_pitch;
  size_t target_x, target_y;
  int32_t target_type;
  void *target_host;
  cd_address target_device;
  void *target_array;
  size_t target_pitch;
  size_t width, height;
} cd_rows;

// The functions: their name in the driver, how the table calls them, and what they take.
#define CD_FUNCTIONS(F)                                                                              \
  F(cuInit, start, (uint32_t flags))                                                                 \
  F(cuDriverGetVersion, get_version, (int32_t *version))                                             \
  F(cuGetErrorName, get_error_name, (cd_result error, const char **name))                            \
  F(cuGetErrorString, get_error_text, (cd_result error, const char **text))                          \
  F(cuDeviceGetCount, get_device_count, (int32_t *count))                                            \
  F(cuDeviceGet, get_device, (cd_device *device, int32_t ordinal))                                   \
  F(cuDeviceGetName, get_device_name, (char *name, int32_t length, cd_device device))                \
  F(cuDeviceGetAttribute, get_attribute, (int32_t *value, int32_t attribute, cd_device device))      \
  F(cuDeviceTotalMem_v2, get_total_memory, (size_t *bytes, cd_device device))                        \
  F(cuDevicePrimaryCtxRetain, retain_context, (cd_context *context, cd_device device))               \
  F(cuDevicePrimaryCtxRelease_v2, release_context, (cd_device device))                               \
  F(cuCtxSetCurrent, set_context, (cd_context context))                                              \
  F(cuMemGetInfo_v2, get_memory, (size_t *free, size_t *total))                                      \
  F(cuModuleLoadData, load_module, (cd_module *module, const void *image))                           \
  F(cuModuleUnload, unload_module, (cd_module module))                                               \
  F(cuModuleGetFunction, get_function, (cd_function *function, cd_module module, const char *name))  \
  F(cuFuncSetAttribute, set_function_attribute,                                                      \
    (cd_function function, int32_t attribute, int32_t value))                                        \
  F(cuLaunchKernel, launch,                                                                          \
    (cd_function function, uint32_t blocks_x, uint32_t blocks_y, uint32_t blocks_z,                  \
     uint32_t threads_x, uint32_t threads_y, uint32_t threads_z, uint32_t shared_bytes,              \
     cd_stream stream, void **parameters, void **extra))                                             \
  F(cuStreamCreate, create_stream, (cd_stream *stream, uint32_t flags))                              \
  F(cuStreamDestroy_v2, destroy_stream, (cd_stream stream))                                          \
  F(cuStreamSynchronize, wait_for_stream, (cd_stream stream))                                        \
  F(cuMemPoolCreate, create_pool, (cd_pool *pool, const void *properties))                           \
  F(cuMemPoolDestroy, destroy_pool, (cd_pool pool))                                                  \
  F(cuMemPoolSetAttribute, set_pool_attribute, (cd_pool pool, int32_t attribute, void *value))       \
  F(cuMemPoolGetAttribute, get_pool_attribute, (cd_pool pool, int32_t attribute, void *value))       \
  F(cuMemPoolTrimTo, trim_pool, (cd_pool pool, size_t bytes_to_keep))                                \
  F(cuMemAllocFromPoolAsync, take,                                                                   \
    (cd_address *address, size_t bytes, cd_pool pool, cd_stream stream))                             \
  F(cuMemFreeAsync, give_back, (cd_address address, cd_stream stream))                               \
  F(cuMemcpyHtoDAsync_v2, upload,                                                                    \
    (cd_address target, const void *source, size_t bytes, cd_stream stream))                         \
  F(cuMemcpyDtoHAsync_v2, download,                                                                  \
    (void *target, cd_address source, size_t bytes, cd_stream stream))                               \
  F(cuMemcpyDtoDAsync_v2, copy,                                                                      \
    (cd_address target, cd_address source, size_t bytes, cd_stream stream))                          \
  F(cuMemcpy2DAsync_v2, copy_rows, (const cd_rows *rows, cd_stream stream))                          \
  F(cuMemsetD8Async, fill, (cd_address target, uint8_t value, size_t bytes, cd_stream stream))        \
  F(cuEventCreate, create_event, (cd_event *event, uint32_t flags))                                  \
  F(cuEventDestroy_v2, destroy_event, (cd_event event))                                              \
  F(cuEventRecord, record_event, (cd_event event, cd_stream stream))                                 \
  F(cuEventSynchronize, wait_for_event, (cd_event event))                                            \
  F(cuEventElapsedTime, get_elapsed, (float *milliseconds, cd_event start, cd_event end))            \
  F(cuStreamBeginCapture_v2, begin_capture, (cd_stream stream, int32_t mode))                        \
  F(cuStreamEndCapture, end_capture, (cd_stream stream, cd_graph *graph))                            \
  F(cuGraphInstantiateWithFlags, instantiate_graph,                                                  \
    (cd_graph_exec *instance, cd_graph graph, uint64_t flags))                                       \
  F(cuGraphLaunch, launch_graph, (cd_graph_exec instance, cd_stream stream))                         \
  F(cuGraphDestroy, destroy_graph, (cd_graph graph))                                                 \
  F(cuGraphExecDestroy, destroy_graph_instance, (cd_graph_exec instance))

// A driver: the machine's, or one that tests emulate.
typedef struct {
#define CD_FIELD(symbol, name, arguments) cd_result(*_Nonnull name) arguments;
  CD_FUNCTIONS(CD_FIELD)
#undef CD_FIELD
} cd_driver;

// CUmemPoolProps for pinned memory of a device, as cuMemPoolCreate takes it.
typedef struct {
  int32_t allocation_type, handle_types, location_type, location;
  void *security;
  size_t maximum_size;
  uint16_t usage;
  uint8_t reserved[54];
} cd_pool_properties;
cd_pool_properties cd_properties_of_device(cd_device device);

// Opens the machine's driver, once for the process. Returns NULL where there is none, or where it lacks a function,
// whose name is then in `missing`, which lasts.
const cd_driver *cd_open(const char **missing);

#pragma clang diagnostic pop

#ifdef __cplusplus
}
#endif

#endif
