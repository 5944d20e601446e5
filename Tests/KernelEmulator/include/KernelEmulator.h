// A graphics processor that is none: it runs the kernels' source on this machine's processor, a block's threads as
// fibers, and looks for the faults that a real one would hide.
//
// - Threads take turns in an order that the seed decides, and so do blocks.
// - Memory that was taken and shared memory hold NaN until they are written.
// - Every access is checked for its bounds; memory that was given back is not there.
// - What one thread wrote to shared memory, or has read of it, is another's only after a barrier.
// - A barrier, or what a warp does together, that not all threads reach is a fault.
// - A copy to shared memory happens when it is waited for, and its target is NaN until then.
//
// A fault fails the launch and everything after it, as a real driver does; `ke_fault` says what it was.
#ifndef KERNELEMULATOR_H
#define KERNELEMULATOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A driver with one emulated device.
typedef struct ke_machine ke_machine;

// Makes one that decides orders by `seed` and has so many bytes of memory, and of shared memory for a block at most. The driver's functions are for the machine
// whose context the thread has made current; a thread that opens the device says first, by `ke_use`, which it means.
ke_machine *ke_create(uint64_t seed, size_t memory_bytes, size_t block_memory);
// Lets go of it; it is gone once no context of it is retained either.
void ke_destroy(ke_machine *machine);
// The machine that the calling thread's driver finds.
void ke_use(ke_machine *machine);
// The table of functions, a `cd_driver`; the same for all machines.
const void *ke_driver(void);

// What was wrong first, in a sentence; NULL where nothing was.
const char *ke_fault(const ke_machine *machine);
// Kernels that were launched, and bytes that are taken.
uint64_t ke_launches(const ke_machine *machine);
uint64_t ke_taken_bytes(const ke_machine *machine);
// The most bytes that were taken at once.
uint64_t ke_most_bytes(const ke_machine *machine);
// Gives it more or less memory from now on, as if others took it; what is taken stays.
void ke_limit(ke_machine *machine, size_t memory_bytes);

// Reverses 64 numbers in place by a kernel into which a fault was put, `planted_` and its name in planted.cpp, and
// returns what is wrong, as ke_fault does.
const char *ke_reverse(ke_machine *machine, const char *kernel, float numbers[64]);

#ifdef __cplusplus
}
#endif

#endif
