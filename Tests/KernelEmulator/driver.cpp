// The driver's functions for an emulated device. Everything happens at once, and a fault is told of from then on,
// as a real driver tells of it at some later call.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "CDriver.h"
#include "CGraphicsKernels.h"
#include "include/KernelEmulator.h"
#include "run.h"

// What was given back and waits for whoever takes it next, as the driver's pools have it: nobody else gets it before
// the pool is trimmed.
struct Pool {
  size_t idle = 0;
};

// Work that was captured, to be done as often as it is launched.
typedef std::vector<std::function<cd_result()>> Graph;

struct ke_machine {
  emulated::Memory memory;
  size_t idle = 0;                   // of all pools
  std::map<uint64_t, Pool *> owners;  // of what is taken
  size_t block_memory;  // bytes of shared memory that a block may have
  std::map<const void *, int> dynamic_limits;  // of kernels that may have more dynamic memory than usual
  Graph *captured = nullptr;  // what a capture in progress has so far
  uint64_t order, launches = 0;
  int users = 1;
  std::string fault;
};

namespace {

thread_local ke_machine *machine;

// What every call answers after a fault.
cd_result state() { return machine->fault.empty() ? CD_SUCCESS : CD_ERROR_LAUNCH_FAILED; }

// Whether so many bytes are taken there; if not, that is a fault.
bool holds(const char *call, cd_address address, size_t bytes) {
  std::lock_guard<std::mutex> guard(machine->memory.lock);
  auto &pieces = machine->memory.pieces;
  auto after = pieces.upper_bound(address);
  if (after != pieces.begin()) {
    auto piece = std::prev(after);
    if (address + bytes <= piece->first + piece->second) return true;
  }
  machine->fault = std::string(call) + ": " + std::to_string(bytes) + " bytes that are not taken";
  return false;
}

// Does work now, or keeps it where a capture is in progress.
cd_result now_or_captured(std::function<cd_result()> work) {
  if (!machine->captured) return work();
  machine->captured->push_back(work);
  return CD_SUCCESS;
}

// What cannot be part of a capture.
cd_result not_captured() {
  if (machine->captured) machine->fault = "a call that waits or takes memory during a capture";
  return state();
}

cd_result start(uint32_t) { return machine ? CD_SUCCESS : CD_ERROR_NO_DEVICE; }
cd_result get_version(int32_t *version) {
  *version = 12040;
  return CD_SUCCESS;
}
cd_result get_error_name(cd_result error, const char **name) {
  switch (error) {
    case CD_SUCCESS: *name = "CUDA_SUCCESS"; break;
    case CD_ERROR_OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
    case CD_ERROR_NO_DEVICE: *name = "CUDA_ERROR_NO_DEVICE"; break;
    case CD_ERROR_INVALID_DEVICE: *name = "CUDA_ERROR_INVALID_DEVICE"; break;
    case CD_ERROR_NOT_FOUND: *name = "CUDA_ERROR_NOT_FOUND"; break;
    case CD_ERROR_ILLEGAL_ADDRESS: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
    case CD_ERROR_LAUNCH_FAILED: *name = "CUDA_ERROR_LAUNCH_FAILED"; break;
    default: *name = "CUDA_ERROR_INVALID_VALUE";
  }
  return CD_SUCCESS;
}
cd_result get_error_text(cd_result, const char **text) {
  *text = machine && !machine->fault.empty() ? machine->fault.c_str() : "an error of the emulated driver";
  return CD_SUCCESS;
}
cd_result get_device_count(int32_t *count) {
  *count = 1;
  return CD_SUCCESS;
}
cd_result get_device(cd_device *device, int32_t ordinal) {
  *device = 0;
  return ordinal == 0 ? CD_SUCCESS : CD_ERROR_INVALID_DEVICE;
}
cd_result get_device_name(char *name, int32_t length, cd_device) {
  snprintf(name, (size_t)length, "emulated card");
  return CD_SUCCESS;
}
cd_result get_attribute(int32_t *value, int32_t attribute, cd_device) {
  switch (attribute) {
    case CD_COMPUTE_CAPABILITY_MAJOR: *value = 8; break;
    case CD_COMPUTE_CAPABILITY_MINOR: *value = 0; break;
    case CD_MEMORY_POOLS_SUPPORTED: *value = 1; break;
    case CD_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: *value = (int32_t)machine->block_memory; break;
    default: return CD_ERROR_INVALID_VALUE;
  }
  return CD_SUCCESS;
}
cd_result get_total_memory(size_t *bytes, cd_device) {
  *bytes = machine->memory.total;
  return CD_SUCCESS;
}
// A context is the machine's address.
cd_result retain_context(cd_context *context, cd_device) {
  if (!machine) return CD_ERROR_NO_DEVICE;
  machine->users++;
  *context = (cd_context)machine;
  return CD_SUCCESS;
}
cd_result release_context(cd_device) {
  ke_destroy(machine);
  return CD_SUCCESS;
}
cd_result set_context(cd_context context) {
  machine = (ke_machine *)context;
  return CD_SUCCESS;
}
cd_result get_memory(size_t *free, size_t *total) {
  std::lock_guard<std::mutex> guard(machine->memory.lock);
  *total = machine->memory.total;
  size_t kept = machine->memory.taken + machine->idle;
  *free = kept < *total ? *total - kept : 0;
  return CD_SUCCESS;
}
cd_result load_module(cd_module *module, const void *) {
  *module = (cd_module)machine;
  return state();
}
cd_result unload_module(cd_module) { return CD_SUCCESS; }
cd_result get_function(cd_function *function, cd_module, const char *name) {
  for (auto kernel = emulated::kernels; kernel->name; kernel++) {
    if (strcmp(kernel->name, name) != 0) continue;
    *function = (cd_function)kernel;
    return state();
  }
  return CD_ERROR_NOT_FOUND;
}
cd_result set_function_attribute(cd_function function, int32_t attribute, int32_t value) {
  bool fits = attribute == CD_MAX_DYNAMIC_SHARED_SIZE_BYTES && (size_t)value <= machine->block_memory;
  if (!fits) return CD_ERROR_INVALID_VALUE;
  machine->dynamic_limits[function] = value;
  return state();
}
cd_result launch(cd_function function, uint32_t x, uint32_t y, uint32_t z, uint32_t threads, uint32_t rows,
                 uint32_t layers, uint32_t dynamic, cd_stream, void **parameters, void **) {
  if (state() != CD_SUCCESS) return state();
  auto kernel = (const emulated::Kernel *)function;
  // The limits of every card.
  bool fits = x > 0 && y > 0 && z > 0 && x <= 0x7FFFFFFF && y <= 65535 && z <= 65535;
  // Without being asked a kernel has 48 KiB.
  auto limit = machine->dynamic_limits.find(kernel);
  fits = fits && dynamic == kernel->dynamic_size &&
         dynamic <= (uint32_t)(limit == machine->dynamic_limits.end() ? 48 << 10 : limit->second);
  if (!fits || (int)threads != kernel->threads || rows != 1 || layers != 1) return CD_ERROR_INVALID_VALUE;
  // The driver takes its copy of the arguments when it is called.
  auto bytes = (const char *)parameters[0];
  std::vector<char> arguments(bytes, bytes + kernel->argument_size);
  return now_or_captured([=]() mutable {
    const uint32_t blocks[3] = {x, y, z};
    machine->launches++;
    machine->fault = emulated::run(*kernel, arguments.data(), blocks, machine->memory, machine->order);
    return state();
  });
}
cd_result create_stream(cd_stream *stream, uint32_t) {
  *stream = (cd_stream)machine;
  return state();
}
cd_result destroy_stream(cd_stream) { return CD_SUCCESS; }
cd_result wait_for_stream(cd_stream) { return not_captured(); }
cd_result create_pool(cd_pool *pool, const void *) {
  *pool = (cd_pool) new Pool;
  return state();
}
cd_result trim_pool(cd_pool pool, size_t) {
  std::lock_guard<std::mutex> guard(machine->memory.lock);
  machine->idle -= ((Pool *)pool)->idle;
  ((Pool *)pool)->idle = 0;
  return CD_SUCCESS;
}
cd_result destroy_pool(cd_pool pool) {
  trim_pool(pool, 0);
  delete (Pool *)pool;
  return CD_SUCCESS;
}
cd_result set_pool_attribute(cd_pool, int32_t attribute, void *) {
  std::lock_guard<std::mutex> guard(machine->memory.lock);
  if (attribute == CD_POOL_USED_HIGH) machine->memory.most = machine->memory.taken;
  return CD_SUCCESS;
}
cd_result get_pool_attribute(cd_pool pool, int32_t attribute, void *value) {
  std::lock_guard<std::mutex> guard(machine->memory.lock);
  size_t idle = attribute == CD_POOL_RESERVED_CURRENT ? ((Pool *)pool)->idle : 0;
  *(uint64_t *)value = attribute == CD_POOL_USED_HIGH ? machine->memory.most : machine->memory.taken + idle;
  return CD_SUCCESS;
}
cd_result take(cd_address *address, size_t bytes, cd_pool of, cd_stream) {
  if (not_captured() != CD_SUCCESS) return state();
  std::lock_guard<std::mutex> guard(machine->memory.lock);
  auto &memory = machine->memory;
  if (bytes == 0) return CD_ERROR_INVALID_VALUE;
  auto pool = (Pool *)of;
  size_t reused = pool->idle < bytes ? pool->idle : bytes;
  if (memory.taken + machine->idle - reused + bytes > memory.total) return CD_ERROR_OUT_OF_MEMORY;
  // Exactly as large as asked for, and NaN.
  void *place = aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (!place) return CD_ERROR_OUT_OF_MEMORY;
  memset(place, 0xFF, bytes);
  memory.pieces[(uint64_t)place] = bytes;
  memory.taken += bytes;
  pool->idle -= reused;
  machine->idle -= reused;
  machine->owners[(uint64_t)place] = pool;
  if (memory.taken > memory.most) memory.most = memory.taken;
  *address = (cd_address)place;
  return CD_SUCCESS;
}
cd_result give_back(cd_address address, cd_stream) {
  std::lock_guard<std::mutex> guard(machine->memory.lock);
  auto piece = machine->memory.pieces.find(address);
  if (piece == machine->memory.pieces.end()) {
    machine->fault = "cuMemFreeAsync: memory that is not taken";
    return CD_ERROR_INVALID_VALUE;
  }
  machine->memory.taken -= piece->second;
  machine->owners[address]->idle += piece->second;
  machine->idle += piece->second;
  machine->owners.erase(address);
  machine->memory.pieces.erase(piece);
  free((void *)address);
  return CD_SUCCESS;
}
cd_result upload(cd_address target, const void *source, size_t bytes, cd_stream) {
  if (not_captured() == CD_SUCCESS && holds("cuMemcpyHtoDAsync", target, bytes)) {
    memcpy((void *)target, source, bytes);
  }
  return state();
}
cd_result download(void *target, cd_address source, size_t bytes, cd_stream) {
  if (not_captured() == CD_SUCCESS && holds("cuMemcpyDtoHAsync", source, bytes)) {
    memcpy(target, (const void *)source, bytes);
  }
  return state();
}
cd_result copy(cd_address target, cd_address source, size_t bytes, cd_stream) {
  return now_or_captured([=] {
    if (state() == CD_SUCCESS && holds("cuMemcpyDtoDAsync", source, bytes) &&
        holds("cuMemcpyDtoDAsync", target, bytes)) {
      memcpy((void *)target, (const void *)source, bytes);
    }
    return state();
  });
}
cd_result copy_rows(const cd_rows *rows, cd_stream) {
  bool straight = rows->source_type == CD_MEMORY_DEVICE && rows->target_type == CD_MEMORY_DEVICE &&
                  rows->width <= rows->source_pitch && rows->width <= rows->target_pitch;
  if (!straight) return CD_ERROR_INVALID_VALUE;
  for (size_t row = 0; row < rows->height; row++) {
    cd_result result = copy(rows->target_device + row * rows->target_pitch,
                            rows->source_device + row * rows->source_pitch, rows->width, nullptr);
    if (result != CD_SUCCESS) return result;
  }
  return state();
}
cd_result fill(cd_address target, uint8_t value, size_t bytes, cd_stream) {
  return now_or_captured([=] {
    if (state() == CD_SUCCESS && holds("cuMemsetD8Async", target, bytes)) {
      memset((void *)target, value, bytes);
    }
    return state();
  });
}

// An event is the moment at which it was recorded.
typedef std::chrono::steady_clock::time_point Moment;
cd_result create_event(cd_event *event, uint32_t) {
  *event = (cd_event) new Moment;
  return state();
}
cd_result destroy_event(cd_event event) {
  delete (Moment *)event;
  return CD_SUCCESS;
}
cd_result record_event(cd_event event, cd_stream) {
  *(Moment *)event = std::chrono::steady_clock::now();
  return not_captured();
}
cd_result wait_for_event(cd_event) { return not_captured(); }
cd_result get_elapsed(float *milliseconds, cd_event start, cd_event end) {
  *milliseconds = std::chrono::duration<float, std::milli>(*(Moment *)end - *(Moment *)start).count();
  return state();
}

cd_result begin_capture(cd_stream, int32_t) {
  if (machine->captured) return CD_ERROR_INVALID_VALUE;
  machine->captured = new Graph;
  return state();
}
cd_result end_capture(cd_stream, cd_graph *graph) {
  if (!machine->captured) return CD_ERROR_INVALID_VALUE;
  *graph = (cd_graph)machine->captured;
  machine->captured = nullptr;
  return state();
}
cd_result instantiate_graph(cd_graph_exec *instance, cd_graph graph, uint64_t) {
  *instance = (cd_graph_exec) new Graph(*(Graph *)graph);
  return state();
}
cd_result launch_graph(cd_graph_exec instance, cd_stream) {
  for (auto &work : *(Graph *)instance) {
    if (state() != CD_SUCCESS) return state();
    work();
  }
  return state();
}
cd_result destroy_graph(cd_graph graph) {
  delete (Graph *)graph;
  return CD_SUCCESS;
}
cd_result destroy_graph_instance(cd_graph_exec instance) {
  delete (Graph *)instance;
  return CD_SUCCESS;
}

#define TABLE_ENTRY(symbol, name, arguments) name,
const cd_driver table = {CD_FUNCTIONS(TABLE_ENTRY)};

}  // namespace

ke_machine *ke_create(uint64_t seed, size_t memory_bytes, size_t block_memory) {
  auto machine = new ke_machine;
  // splitmix64's step: seeds that are close give orders that are not.
  machine->order = (seed + 1) * 0x9E3779B97F4A7C15;
  machine->memory.total = memory_bytes;
  machine->block_memory = block_memory;
  return machine;
}
void ke_destroy(ke_machine *machine) {
  if (--machine->users > 0) return;
  for (auto &piece : machine->memory.pieces) free((void *)piece.first);
  if (::machine == machine) ::machine = nullptr;
  delete machine;
}
void ke_use(ke_machine *machine) { ::machine = machine; }
const void *ke_driver(void) { return &table; }
const char *ke_fault(const ke_machine *machine) {
  return machine->fault.empty() ? nullptr : machine->fault.c_str();
}
uint64_t ke_launches(const ke_machine *machine) { return machine->launches; }
uint64_t ke_taken_bytes(const ke_machine *machine) { return machine->memory.taken; }
uint64_t ke_most_bytes(const ke_machine *machine) { return machine->memory.most; }
void ke_limit(ke_machine *machine, size_t memory_bytes) {
  std::lock_guard<std::mutex> guard(machine->memory.lock);
  machine->memory.total = memory_bytes;
}

const char *ke_reverse(ke_machine *machine, const char *name, float numbers[64]) {
  auto kernel = emulated::planted_kernels;
  while (kernel->name && strcmp(kernel->name, name) != 0) kernel++;
  if (!kernel->name) return "there is no such kernel";
  ke_use(machine);
  const size_t bytes = 64 * sizeof(float);
  gk_convert arguments{0, 0, 64};
  Pool pool;
  take(&arguments.source, bytes, (cd_pool)&pool, nullptr);
  take(&arguments.target, bytes, (cd_pool)&pool, nullptr);
  upload(arguments.source, numbers, bytes, nullptr);
  void *parameters[] = {&arguments};
  launch((cd_function)kernel, 1, 1, 1, (uint32_t)kernel->threads, 1, 1, kernel->dynamic_size, nullptr, parameters, nullptr);
  download(numbers, arguments.target, bytes, nullptr);
  give_back(arguments.source, nullptr);
  give_back(arguments.target, nullptr);
  trim_pool((cd_pool)&pool, 0);
  return ke_fault(machine);
}
