// What the words of kernels ask of the emulator, where every access is watched.
#pragma once

#include <stdint.h>

typedef uint64_t gk_address;

namespace emulated {

// Where a fiber is: what the words read.
struct Place {
  int thread, block[3];
};
extern thread_local Place place;

// Memory of the device that was taken at once.
struct Extent {
  char *first, *end;
};
Extent extent(gk_address address);

// Shared memory of the block: the next so many bytes of it, the same for each thread.
struct Piece {
  unsigned first, bytes;
};
Piece shared(unsigned bytes);
// The first so many bytes of the block's dynamic memory; whoever asks again has the same.
Piece dynamic(unsigned bytes);
// Checks an access of the running thread, and gives its place.
char *shared_read(Piece piece, long offset, unsigned bytes);
char *shared_write(Piece piece, long offset, unsigned bytes);
[[noreturn]] void outside(const char *what, const char *place, const Extent &extent);

void barrier();
void copy(Piece piece, long offset, const char *from, bool wanted);
void commit();
void wait(int groups);
// Calls `work` once with what each lane of the warp brings, when all have come.
void together(void (*work)(void *lanes[32]), void *mine);

}  // namespace emulated
