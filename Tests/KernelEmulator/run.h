// A launch as the emulator carries it out.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace emulated {

// A kernel that can be launched.
struct Kernel {
  const char *name;
  int threads;
  unsigned argument_size, dynamic_size;
  void (*body)(const void *arguments);
};
// All kernels, ended by one without a name.
extern const Kernel kernels[];
// Kernels with a fault each, for the emulator's own tests.
extern const Kernel planted_kernels[];

// Memory of a device that is taken.
struct Memory {
  std::mutex lock;
  std::map<uint64_t, size_t> pieces;  // address to bytes
  size_t taken = 0, total = 0, most = 0;
};

// Runs all blocks of a launch in an order that `order` decides and changes.
//
// Returns what was wrong, or nothing.
std::string run(const Kernel &kernel, const void *arguments, const uint32_t blocks[3], Memory &memory,
                uint64_t &order);

}  // namespace emulated
