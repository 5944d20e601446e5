// Threads of a block as fibers on the thread that launches, and everything that they are watched for.
#include "run.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <sys/mman.h>

#include "fiber.h"
#include "watch.h"

namespace emulated {

thread_local Place place;

namespace {

constexpr size_t stack_bytes = 64 << 10;
// What a block has on every card without asking for more.
constexpr unsigned shared_limit = 48 << 10;
// Dynamic memory lies behind it: as much as any card gives.
constexpr unsigned dynamic_limit = 227 << 10;
constexpr int most_threads = 1024;

struct Copy {
  unsigned target;
  const char *source;
  bool wanted;
};

struct Fiber {
  Stack stack;
  unsigned shared = 0;
  std::vector<std::vector<Copy>> groups;  // ended ones, the oldest first
  std::vector<Copy> open;
  bool at_barrier = false;
};

// Who has touched a piece of shared memory since the last barrier; threads count from 1.
struct Touch {
  uint16_t writer, reader;
};
constexpr uint16_t several = 0xFFFF;
// Most accesses are of 16 bytes at once, which are one piece until somebody touches less of them: then they are
// pieces of 2 bytes each.
struct Line {
  uint32_t epoch;  // of the last access; what was touched before its barrier is nobody's
  bool divided;
  Touch whole, parts[8];
};

struct Warp {
  void *lanes[32];
  int arrived = 0;
  void (*work)(void *lanes[32]) = nullptr;
};

struct Run {
  const Kernel *kernel = nullptr;
  const void *arguments = nullptr;
  Memory *memory = nullptr;
  uint64_t order = 0;
  std::string fault;

  char *stacks = nullptr;
  std::vector<Fiber> fibers{most_threads};
  Stack home;
  std::vector<int> ready;
  int waiting = 0, living = 0;
  Warp warps[most_threads / 32];

  alignas(16) char shared[shared_limit + dynamic_limit];
  Line lines[(shared_limit + dynamic_limit) / 16];
  uint32_t epoch = 1;

  struct Found {
    gk_address address = 0;
    Extent extent{};
  } found[16];

  Run() {
    stacks = (char *)mmap(nullptr, stack_bytes * most_threads, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stacks == MAP_FAILED) abort();
    memset((void *)lines, 0, sizeof lines);
  }
  ~Run() { munmap(stacks, stack_bytes * most_threads); }

  uint64_t random() {  // Marsaglia's xorshift
    order ^= order << 13;
    order ^= order >> 7;
    order ^= order << 17;
    return order;
  }

  Fiber &current() { return fibers[place.thread]; }

  // Goes on with a thread that can: whoever calls has said what it waits for.
  void yield() {
    int from = place.thread;
    if (ready.empty()) fail("%d threads wait for others that will never come: a barrier, or what a warp "
                            "does together, is not reached by all", living);
    size_t chosen = random() % ready.size();
    int next = ready[chosen];
    ready[chosen] = ready.back();
    ready.pop_back();
    if (next == from) return;
    place.thread = next;
    change(fibers[from].stack, fibers[next].stack);
  }

  [[noreturn]] void fail(const char *format, ...) __attribute__((format(printf, 2, 3))) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char where[256];
    snprintf(where, sizeof where, "%s, block (%d, %d, %d), thread %d: ", kernel->name, place.block[0],
             place.block[1], place.block[2], place.thread);
    fault = std::string(where) + text;
    change(current().stack, home);
    abort();  // No fiber goes on after a fault.
  }

  void finished() {
    living--;
    if (waiting > 0 && living == waiting) {
      fail("it ends while %d threads wait at a barrier", waiting);
    }
    if (living == 0) {
      change(current().stack, home);
    } else {
      yield();
    }
    abort();
  }

  void run_block(const uint32_t block[3]) {
    for (int i = 0; i < 3; i++) place.block[i] = (int)block[i];
    memset(shared, 0xFF, shared_limit + kernel->dynamic_size);
    epoch++;
    living = kernel->threads;
    waiting = 0;
    ready.clear();
    for (auto &warp : warps) warp.arrived = 0;
    for (int i = 0; i < kernel->threads; i++) {
      Fiber &fiber = fibers[i];
      fiber.shared = 0;
      fiber.groups.clear();
      fiber.open.clear();
      fiber.at_barrier = false;
      begin(fiber.stack, stacks + i * stack_bytes, stack_bytes);
      ready.push_back(i);
    }
    size_t first = random() % ready.size();
    place.thread = ready[first];
    ready[first] = ready.back();
    ready.pop_back();
    change(home, current().stack);
  }

  char *touch(Piece piece, long offset, unsigned bytes, bool writes) {
    if (offset < 0 || offset + (long)bytes > (long)piece.bytes) {
      fail("%s of %u bytes at byte %ld of %u of shared memory", writes ? "a write" : "a read", bytes,
           offset, piece.bytes);
    }
    if (offset % bytes != 0) fail("an access of %u bytes at byte %ld of shared memory", bytes, offset);
    unsigned first = piece.first + (unsigned)offset;
    mark(first, bytes, writes);
    return shared + first;
  }

  void mark(unsigned first, unsigned bytes, bool writes) {
    Line &line = lines[first / 16];
    if (line.epoch != epoch) {
      line.epoch = epoch;
      line.divided = false;
      line.whole = Touch{0, 0};
    }
    if (bytes == 16 && !line.divided) {
      mark(line.whole, writes);
      return;
    }
    if (!line.divided) {
      line.divided = true;
      for (Touch &part : line.parts) part = line.whole;
    }
    for (unsigned i = first % 16 / 2; i < (first % 16 + bytes) / 2; i++) mark(line.parts[i], writes);
  }

  void mark(Touch &touch, bool writes) {
    uint16_t mine = (uint16_t)(place.thread + 1);
    if (touch.writer != 0 && touch.writer != mine) {
      fail("%s what thread %d wrote to shared memory, with no barrier between",
           writes ? "writes over" : "reads", touch.writer - 1);
    }
    if (writes) {
      if (touch.reader != 0 && touch.reader != mine) {
        fail("writes over what another thread has read of shared memory, with no barrier between");
      }
      touch.writer = mine;
    } else if (touch.reader != mine) {
      touch.reader = touch.reader == 0 ? mine : several;
    }
  }
};

thread_local Run *running;

}  // namespace

void fiber_main() {
  running->kernel->body(running->arguments);
  running->finished();
}

Extent extent(gk_address address) {
  auto &found = running->found[address / 64 % 16];
  if (found.address == address && found.extent.first) return found.extent;
  Extent result{nullptr, nullptr};
  std::lock_guard<std::mutex> guard(running->memory->lock);
  auto &pieces = running->memory->pieces;
  auto after = pieces.upper_bound(address);
  if (after != pieces.begin()) {
    auto piece = std::prev(after);
    // An empty part at the end of a piece belongs to it.
    if (address <= piece->first + piece->second) {
      result = Extent{(char *)piece->first, (char *)piece->first + piece->second};
    }
  }
  found.address = address;
  found.extent = result;
  return result;
}

void outside(const char *what, const char *place, const Extent &extent) {
  if (!extent.first) running->fail("%s at %p, where no memory is taken", what, (const void *)place);
  running->fail("%s at byte %ld of %ld of the device's memory", what, (long)(place - extent.first),
                (long)(extent.end - extent.first));
}

Piece shared(unsigned bytes) {
  Fiber &fiber = running->current();
  unsigned first = (fiber.shared + 15) / 16 * 16;
  if (first + bytes > shared_limit) running->fail("more than %u bytes of shared memory", shared_limit);
  fiber.shared = first + bytes;
  return Piece{first, bytes};
}

Piece dynamic(unsigned bytes) {
  unsigned most = running->kernel->dynamic_size;
  if (bytes > most) running->fail("%u bytes of %u of dynamic memory", bytes, most);
  return Piece{shared_limit, bytes};
}

char *shared_read(Piece piece, long offset, unsigned bytes) {
  return running->touch(piece, offset, bytes, false);
}
char *shared_write(Piece piece, long offset, unsigned bytes) {
  return running->touch(piece, offset, bytes, true);
}

void barrier() {
  Run &run = *running;
  if (++run.waiting < run.living) {
    run.current().at_barrier = true;
    run.yield();
    return;
  }
  if (run.living < run.kernel->threads) {
    run.fail("a barrier that %d threads will never reach", run.kernel->threads - run.living);
  }
  run.waiting = 0;
  run.epoch++;
  for (int i = 0; i < run.kernel->threads; i++) {
    if (!run.fibers[i].at_barrier) continue;
    run.fibers[i].at_barrier = false;
    run.ready.push_back(i);
  }
  // Whoever came last goes on no sooner than the others.
  run.ready.push_back(place.thread);
  run.yield();
}

void copy(Piece piece, long offset, const char *from, bool wanted) {
  char *target = running->touch(piece, offset, 16, true);
  memset(target, 0xFF, 16);
  running->current().open.push_back(Copy{(unsigned)(target - running->shared), from, wanted});
}

void commit() {
  Fiber &fiber = running->current();
  fiber.groups.push_back(std::move(fiber.open));
  fiber.open.clear();
}

void wait(int groups) {
  auto &pending = running->current().groups;
  while ((int)pending.size() > groups) {
    for (const Copy &copy : pending.front()) {
      running->mark(copy.target, 16, true);
      char *target = running->shared + copy.target;
      if (copy.wanted) {
        memcpy(target, copy.source, 16);
      } else {
        memset(target, 0, 16);
      }
    }
    pending.erase(pending.begin());
  }
}

void together(void (*work)(void *lanes[32]), void *mine) {
  Run &run = *running;
  int first = place.thread / 32 * 32;
  Warp &warp = run.warps[place.thread / 32];
  if (warp.arrived == 0) {
    warp.work = work;
  } else if (warp.work != work) {
    run.fail("a warp's threads do different things together");
  }
  warp.lanes[place.thread - first] = mine;
  if (++warp.arrived < 32) {
    run.yield();
    return;
  }
  warp.arrived = 0;
  work(warp.lanes);
  for (int lane = first; lane < first + 32; lane++) {
    if (lane != place.thread) run.ready.push_back(lane);
  }
}

std::string run(const Kernel &kernel, const void *arguments, const uint32_t blocks[3], Memory &memory,
                uint64_t &order) {
  // Stacks and shared memory are large: a thread keeps them from launch to launch.
  static thread_local Run state;
  state.kernel = &kernel;
  state.arguments = arguments;
  state.memory = &memory;
  state.order = order | 1;
  state.fault.clear();
  for (auto &found : state.found) found = {};
  running = &state;
  uint64_t count = (uint64_t)blocks[0] * blocks[1] * blocks[2];
  // A step that has no factor in common with the count visits every block once.
  uint64_t step = state.random() % count + 1, place = state.random() % count;
  auto divisor = [](uint64_t a, uint64_t b) {
    while (b) {
      uint64_t rest = a % b;
      a = b;
      b = rest;
    }
    return a;
  };
  while (divisor(step, count) != 1) step++;
  for (uint64_t i = 0; i < count && state.fault.empty(); i++) {
    const uint32_t block[3] = {(uint32_t)(place % blocks[0]), (uint32_t)(place / blocks[0] % blocks[1]),
                               (uint32_t)(place / blocks[0] / blocks[1])};
    state.run_block(block);
    place = (place + step) % count;
  }
  order = state.order;
  running = nullptr;
  return state.fault;
}

}  // namespace emulated
