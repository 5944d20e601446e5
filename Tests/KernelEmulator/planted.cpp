// Kernels with one fault each, and one without, so that tests can see what the emulator finds. Each takes a
// gk_convert and reverses `count` = 64 float32 numbers by way of shared memory.
#define GK_EMULATED
#include "../../Sources/CGraphicsKernels/kernels/device.h"
#include "run.h"

enum Fault {
  none,
  no_barrier,
  half_a_barrier,
  early_end,
  past_the_end,
  past_shared,
  unwritten,
  no_wait,
  torn_warp,
  crooked_copy,
};

template <int fault> DEVICE void reverse(const gk_convert &a) {
  SHARED(float, memory, 64);
  SHARED(float, arrivals, 64);
  int thread = thread_index(), count = (int)a.count;
  Global<float> source = global<float>(a.source), target = global<float>(a.target);
  if (fault == early_end && thread == 5) return;
  if (fault == torn_warp && thread % 32 < 5) {
    barrier();
  }
  if (fault == torn_warp) shuffle_xor(1, 1);
  if (thread < 16) copy16(memory, thread * 4, source, thread * 4 + (fault == crooked_copy), true);
  commit();
  if (fault != no_wait) wait<0>();
  if (fault == past_shared) put(memory, 64 + thread, 1.0f);
  if (fault == half_a_barrier && thread < 32) barrier();
  if (fault != no_barrier && fault != half_a_barrier) barrier();
  float value = fault == unwritten ? get(arrivals, thread) : get(memory, count - 1 - thread);
  put(target, thread + (fault == past_the_end), value);
}

namespace emulated {

#define PLANTED(fault) \
  {"planted_" #fault, 64, sizeof(gk_convert), 0, [](const void *a) { reverse<fault>(*(const gk_convert *)a); }},
const Kernel planted_kernels[] = {PLANTED(none) PLANTED(no_barrier) PLANTED(half_a_barrier) PLANTED(early_end)
                                      PLANTED(past_the_end) PLANTED(past_shared) PLANTED(unwritten)
                                          PLANTED(no_wait) PLANTED(torn_warp) PLANTED(crooked_copy)
                                              {nullptr, 0, 0, 0, nullptr}};

}  // namespace emulated
