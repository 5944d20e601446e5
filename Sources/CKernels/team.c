// A team: the helpers of one calling thread.
//
// The caller opens a region by publishing its number and its next claim, which is for some of its pieces, in
// one word, `claims`. Whoever raises that from n by a compare-and-swap has claim n of the region with that
// number. So a helper that comes late, with what it read of a region that is over, gets nothing: the word has
// moved on. The caller claims too, and once no claim is left waits for those that helpers have, and for nothing
// else: a helper that was never scheduled, or that sleeps, holds nobody up. What late helpers read lasts as long
// as the team, which lasts as long as its helpers.
//
// Helpers look for a while for the next region, then sleep. Of two stores and two loads, `claims` and the
// sleeper's state, one side sees the other's (all four are sequentially consistent), so that no helper falls
// asleep beside an open region that its caller believes it to be awake for.
#define _GNU_SOURCE
#include "team.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CLAIM_BITS 24
#define CLAIM_MASK ((1UL << CLAIM_BITS) - 1)  // more than any region has: none is left
#define WAITING (1U << 31)                    // in `finished`: the caller sleeps
#define LINE 64

#define SHORTEST_PATIENCE 5000

// How long after a failure threads are asked for again, and a helper stays where it is.
#define RETRY_NANOSECONDS 1000000000L
#define MOVE_NANOSECONDS 10000000L

enum { AWAKE, ASLEEP };

typedef struct {
  alignas(LINE) _Atomic uint32_t state;
  ck_team *team;
  int index;
  long next_move;  // before which it does not leave a processor again
  pthread_t thread;
} helper;

struct ck_team {
  // What helpers look at: the region's number in the high bits, its next claim in the low ones.
  alignas(LINE) _Atomic uint64_t claims;
  _Atomic(ck_task) task;
  _Atomic(void *) context;
  _Atomic long items, step;
  _Atomic int helpers, processor;  // that may join; on which the caller was
  _Atomic bool is_ending;
  // Claims that helpers have done, and how many of them the caller sleeps for.
  alignas(LINE) _Atomic uint32_t finished;
  _Atomic uint32_t awaited;
  // What the caller alone uses.
  alignas(LINE) uint64_t number;
  unsigned forks;
  int size, wanted_size;  // how many helpers there are, and places for
  long retry;             // when missing ones are tried again
  helper members[];
};

// Whether this thread is within a piece, or a helper.
static _Thread_local bool is_in_piece;
static _Thread_local ck_team *own_team;
// How often this process was forked: a child has none of its parent's threads.
static unsigned forks;

static _Atomic(const ck_team_watcher *) watcher;

void ck_watch_teams(const ck_team_watcher *new) { atomic_store_explicit(&watcher, new, memory_order_release); }

static inline void tell(ck_team_moment moment, int thread) {
  const ck_team_watcher *told = atomic_load_explicit(&watcher, memory_order_acquire);
  if (__builtin_expect(told != NULL, 0)) told->call(told->context, moment, thread);
}

bool ck_is_watched(void) { return atomic_load_explicit(&watcher, memory_order_relaxed) != NULL; }

bool ck_is_in_piece(void) { return is_in_piece; }
void ck_set_in_piece(bool is) { is_in_piece = is; }

int ck_team_threads(int threads) {
  if (ck_is_simulated()) return threads;
  ck_team *team = threads > 1 ? ck_team_of_thread(threads - 1) : NULL;
  int most = team ? team->size + 1 : 1;
  return threads < most ? threads : most;
}

static long nanoseconds_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}
long ck_now(void) { return nanoseconds_of(CLOCK_MONOTONIC); }
long ck_thread_time(void) { return nanoseconds_of(CLOCK_THREAD_CPUTIME_ID); }

void ck_pause(void) {
  for (int i = 0; i < 8; i++) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
  }
}

void ck_sleep_while(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}
void ck_wake_threads(_Atomic uint32_t *word, int most) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
}

// ---- Pieces -----------------------------------------------------------------------------------

// A region as a helper or the caller reads it. What a helper reads while the next region is being described
// may be of both; its claim then fails.
typedef struct {
  uint64_t number;
  ck_task task;
  void *context;
  long items, step;
} view;

static inline long next_claim(uint64_t claims) { return (long)(claims & CLAIM_MASK); }
static inline bool has_claim(const view *region, long claim) {
  return claim < CK_MOST_CLAIMS && claim * region->step < region->items;
}

// Does pieces of a region for as long as there are any; those of `claim` are this thread's already. Returns the
// number of claims.
static uint32_t do_pieces(ck_team *team, const view *region, long claim, int thread) {
  for (uint32_t count = 1;; count++) {
    tell(CK_TEAM_CLAIMED, thread);
    long piece = claim * region->step;
    long end = piece + region->step < region->items ? piece + region->step : region->items;
    for (; piece < end; piece++) region->task(region->context, piece, thread);
    tell(CK_TEAM_DID, thread);
    uint64_t claims = atomic_load_explicit(&team->claims, memory_order_relaxed);
    do {
      claim = next_claim(claims);
      if (claims >> CLAIM_BITS != region->number || !has_claim(region, claim)) return count;
    } while (!atomic_compare_exchange_weak_explicit(&team->claims, &claims, claims + 1, memory_order_acq_rel,
                                                    memory_order_relaxed));
  }
}

static void wake(ck_team *team, int index) {
  helper *sleeper = &team->members[index];
  uint32_t state = ASLEEP;
  if (atomic_load(&sleeper->state) == ASLEEP && atomic_compare_exchange_strong(&sleeper->state, &state, AWAKE))
    ck_wake_threads(&sleeper->state, 1);
}

// Helpers wake each other like a tree, so that nobody pays for many: each two, the caller the first two. One that
// is awake looks for itself, and wakes its two once it has a claim; where it gets none, nobody is needed.
static void wake_next(ck_team *team, int after, int helpers) {
  for (int index = 2 * after; index < 2 * after + 2; index++)
    if (index < helpers) wake(team, index);
}

// ---- Helpers ----------------------------------------------------------------------------------

// A helper on its caller's processor helps nobody. Where no processor is idle, the kernel likes to wake it there,
// and moves it late, because neither of them ever waits.
static void leave_callers_processor(helper *self) {
  int processor = atomic_load_explicit(&self->team->processor, memory_order_relaxed);
  if (sched_getcpu() != processor) return;
  long now = ck_now();
  if (now < self->next_move) return;
  self->next_move = now + MOVE_NANOSECONDS;
  cpu_set_t allowed, others;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  others = allowed;
  CPU_CLR(processor, &others);
  if (CPU_COUNT(&others) == 0) return;
  sched_setaffinity(0, sizeof others, &others);
  sched_setaffinity(0, sizeof allowed, &allowed);
}

// Joins the open region, if there is one for this helper. Returns whether there was.
static bool join_region(helper *self) {
  ck_team *team = self->team;
  uint64_t claims = atomic_load(&team->claims);
  for (;;) {
    // These are read with acquire: whoever sees one of the next region also sees that this one is closed.
    view region = {
        .number = claims >> CLAIM_BITS,
        .task = atomic_load_explicit(&team->task, memory_order_acquire),
        .context = atomic_load_explicit(&team->context, memory_order_acquire),
        .items = atomic_load_explicit(&team->items, memory_order_acquire),
        .step = atomic_load_explicit(&team->step, memory_order_acquire),
    };
    int helpers = atomic_load_explicit(&team->helpers, memory_order_acquire);
    long claim = next_claim(claims);
    if (!has_claim(&region, claim) || self->index >= helpers) return false;
    tell(CK_TEAM_CLAIMS, self->index + 1);
    leave_callers_processor(self);
    if (!atomic_compare_exchange_weak(&team->claims, &claims, claims + 1)) continue;
    if (has_claim(&region, claim + 1)) wake_next(team, self->index + 1, helpers);
    uint32_t count = do_pieces(team, &region, claim, self->index + 1);
    uint32_t before = atomic_fetch_add_explicit(&team->finished, count, memory_order_acq_rel);
    bool is_last = (before & ~WAITING) + count == atomic_load(&team->awaited);
    if ((before & WAITING) && is_last) ck_wake_threads(&team->finished, 1);
    return true;
  }
}

// Whether a region is open that this helper may join.
static bool has_region(helper *self) {
  ck_team *team = self->team;
  long claim = next_claim(atomic_load(&team->claims));
  view region = {.items = atomic_load(&team->items), .step = atomic_load(&team->step)};
  return has_claim(&region, claim) && self->index < atomic_load(&team->helpers);
}

static void *help(void *argument) {
  helper *self = argument;
  ck_team *team = self->team;
  is_in_piece = true;
  while (!atomic_load_explicit(&team->is_ending, memory_order_acquire)) {
    long start = ck_now();
    bool has_joined = false;
    do {
      has_joined = join_region(self);
      if (!has_joined) ck_pause();
    } while (!has_joined && ck_now() - start < CK_LOOKING);
    if (has_joined) continue;
    tell(CK_TEAM_SLEEPS, self->index + 1);
    atomic_store(&self->state, ASLEEP);
    if (has_region(self) || atomic_load(&team->is_ending)) {
      atomic_store(&self->state, AWAKE);
      continue;
    }
    while (atomic_load(&self->state) == ASLEEP) ck_sleep_while(&self->state, ASLEEP);
  }
  return NULL;
}

// ---- The caller -------------------------------------------------------------------------------

// Waits until helpers have done `count` claims. Looks for about as long as these should take; a helper that
// takes much longer has lost its processor, and gets it back the sooner for this one's being free.
static void wait_for_others(ck_team *team, uint32_t count, long patience) {
  long start = ck_now();
  do {
    if (atomic_load_explicit(&team->finished, memory_order_acquire) == count) return;
    ck_pause();
  } while (ck_now() - start < patience);
  atomic_store(&team->awaited, count);
  uint32_t found = atomic_fetch_or(&team->finished, WAITING);
  while ((found & ~WAITING) != count) {
    ck_sleep_while(&team->finished, found | WAITING);
    found = atomic_load(&team->finished);
  }
}

ck_region_use ck_team_run(ck_team *team, const ck_region *region) {
  ck_region_use use = {0};
  long start = ck_now();
  uint64_t number = ++team->number;
  atomic_store_explicit(&team->finished, 0, memory_order_relaxed);
  atomic_store_explicit(&team->task, region->task, memory_order_release);
  atomic_store_explicit(&team->context, region->context, memory_order_release);
  atomic_store_explicit(&team->items, region->items, memory_order_release);
  atomic_store_explicit(&team->step, region->step, memory_order_release);
  atomic_store_explicit(&team->helpers, region->helpers, memory_order_release);
  atomic_store_explicit(&team->processor, sched_getcpu(), memory_order_relaxed);
  // The caller has the first piece already, so that nobody races it for the only one.
  view own = {number, region->task, region->context, region->items, region->step};
  atomic_store(&team->claims, number << CLAIM_BITS | 1);
  if (!region->is_short && region->step < region->items) wake_next(team, 0, region->helpers);
  is_in_piece = true;
  long before = region->is_long ? ck_thread_time() : 0;
  use.own_claims = do_pieces(team, &own, 0, 0);
  if (region->is_long) use.processor_nanoseconds = ck_thread_time() - before;
  is_in_piece = false;
  use.other_claims = (region->items + region->step - 1) / region->step - use.own_claims;
  long end = ck_now();
  use.own_nanoseconds = end - start;
  if (use.other_claims > 0) {
    long patience = 2 * use.own_nanoseconds / use.own_claims;
    if (patience > CK_LONGEST_PATIENCE) patience = CK_LONGEST_PATIENCE;
    if (patience < SHORTEST_PATIENCE) patience = SHORTEST_PATIENCE;
    wait_for_others(team, (uint32_t)use.other_claims, patience);
    use.wait_nanoseconds = ck_now() - end;
  }
  // Closed before anything of it is written over.
  atomic_store(&team->claims, number << CLAIM_BITS | CLAIM_MASK);
  return use;
}

// ---- Its life ---------------------------------------------------------------------------------

static pthread_key_t team_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void end_team(ck_team *team) {
  if (team->forks != forks) return;
  atomic_store(&team->is_ending, true);
  for (int i = 0; i < team->size; i++) wake(team, i);
  for (int i = 0; i < team->size; i++) pthread_join(team->members[i].thread, NULL);
  free(team);
}
static void end_thread(void *team) {
  own_team = NULL;
  end_team(team);
}
static void note_fork(void) { forks++; }
static void prepare(void) {
  pthread_key_create(&team_key, end_thread);
  pthread_atfork(NULL, NULL, note_fork);
}

// Signals of the process go to other threads; those of a fault are the thread's own.
static void block_signals(sigset_t *former) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
  sigset_t blocked;
  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&blocked, faults[i]);
  pthread_sigmask(SIG_SETMASK, &blocked, former);
}

static ck_team *make_team(int helpers) {
  size_t bytes = sizeof(ck_team) + sizeof(helper) * (size_t)helpers;
  ck_team *team = aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
  if (!team) return NULL;
  memset(team, 0, bytes);
  team->forks = forks;
  team->wanted_size = helpers;
  atomic_store_explicit(&team->claims, CLAIM_MASK, memory_order_relaxed);
  return team;
}

// Starts the helpers that are missing. Where the system gives no more threads, it is asked again later.
static void complete_team(ck_team *team) {
  if (ck_now() < team->retry) return;
  sigset_t former;
  block_signals(&former);
  for (; team->size < team->wanted_size; team->size++) {
    helper *new = &team->members[team->size];
    new->team = team;
    new->index = team->size;
    if (pthread_create(&new->thread, NULL, help, new) != 0) break;
    pthread_setname_np(new->thread, "helper");
  }
  pthread_sigmask(SIG_SETMASK, &former, NULL);
  team->retry = ck_now() + RETRY_NANOSECONDS;
}

ck_team *ck_team_of_thread(int helpers) {
  if (is_in_piece) return NULL;
  if (!own_team || own_team->wanted_size < helpers || own_team->forks != forks) {
    pthread_once(&once, prepare);
    // A larger one replaces it.
    if (own_team) end_team(own_team);
    own_team = make_team(helpers);
    pthread_setspecific(team_key, own_team);
  }
  if (own_team && own_team->size < own_team->wanted_size) complete_team(own_team);
  return own_team;
}

int ck_team_helpers(const ck_team *team) { return team->size; }
