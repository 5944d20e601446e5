// What a team of more threads than there are processors would make of the same regions.
//
// Every piece is done by the calling thread and timed, by its processor so that nobody else's work counts, then
// dealt out as a team deals them: claim after claim goes to the thread that is free first. What a region takes the team is the time at which its last claim is
// done. Known of the team is what it costs to come (see parallel.c and team.c); not known are memory and caches
// that many threads share, so that a simulation tells at best how far the division of the work goes.
#include "team.h"

// Nanoseconds until a helper has seen a region that it looks for, and until one that sleeps has been woken.
#define COMING 300.0
#define WAKING 15000.0
// Nanoseconds between two claims: their word goes from one processor to the next.
#define BETWEEN_CLAIMS 60.0

static _Thread_local struct {
  bool is_on, is_in_region;
  ck_simulation so_far;
  long end;    // of the last region
  long clock;  // what taking the thread's time takes
} simulated;

bool ck_is_simulated(void) { return simulated.is_on; }

void ck_begin_simulation(void) {
  simulated.is_on = true;
  simulated.end = 0;
  simulated.so_far = (ck_simulation){0};
  simulated.clock = CK_LOOKING;
  for (int i = 0; i < 100; i++) {
    long before = ck_thread_time(), taken = ck_thread_time() - before;
    if (taken < simulated.clock) simulated.clock = taken;
  }
}

ck_simulation ck_take_simulation(void) {
  ck_simulation taken = simulated.so_far;
  simulated.so_far = (ck_simulation){0};
  return taken;
}

void ck_end_simulation(void) { simulated.is_on = false; }

// How many helpers have to be woken one after the other before this one, of a tree of two branches, is.
static int depth(int helper) {
  int depth = 0;
  for (int at = helper + 1; at > 0; at = (at - 1) / 2) depth++;
  return depth;
}

// The thread that is free first.
static int first_free(const double *free_at, int threads) {
  int first = 0;
  for (int thread = 1; thread < threads; thread++)
    if (free_at[thread] < free_at[first]) first = thread;
  return first;
}

void ck_simulate_region(long items, long step, int threads, ck_task task, void *context) {
  long begin = ck_now();
  if (simulated.is_in_region) {
    for (long i = 0; i < items; i++) task(context, i, 0);
    return;
  }
  simulated.is_in_region = true;
  if (threads > items) threads = (int)items;
  if (threads > CK_MOST_SIMULATED) threads = CK_MOST_SIMULATED;
  bool are_asleep = begin - simulated.end > CK_LOOKING;
  double free_at[CK_MOST_SIMULATED] = {0};
  for (int thread = 1; thread < threads; thread++)
    free_at[thread] = are_asleep ? WAKING * depth(thread - 1) : COMING;

  double work = 0, span = 0, last_claim = 0;
  long now = ck_thread_time();
  for (long item = 0; item < items; item += step) {
    long after = item + step < items ? item + step : items;
    for (long piece = item; piece < after; piece++) task(context, piece, 0);
    long done = ck_thread_time() - simulated.clock;
    double taken = done > now ? (double)(done - now) : 0;
    int thread = first_free(free_at, threads);
    double start = free_at[thread];
    if (item > 0 && threads > 1 && start < last_claim + BETWEEN_CLAIMS) start = last_claim + BETWEEN_CLAIMS;
    last_claim = start;
    free_at[thread] = start + taken;
    if (free_at[thread] > span) span = free_at[thread];
    work += taken;
    now = ck_thread_time();
  }
  simulated.so_far.regions++;
  simulated.so_far.pieces += items;
  simulated.so_far.work += work / 1e9;
  simulated.so_far.span += span / 1e9;
  simulated.so_far.taken += (double)(ck_now() - begin) / 1e9;
  simulated.is_in_region = false;
  simulated.end = ck_now();
}
