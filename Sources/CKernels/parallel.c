// How a kernel's pieces are shared: with how many helpers, and how many pieces at a time.
//
// What a task takes is remembered by the task and its number of pieces, for each calling thread by itself, so
// that pieces of a few nanoseconds are claimed many at a time, and work that is over before a sleeper wakes
// wakes none. None of this decides what is computed: pieces are the caller's, and each is done once.
#include "team.h"

#define SHORTEST_CLAIM 2000.0f       // nanoseconds of work that a claim should bring
#define SHORTEST_SHARED 3000.0f      // of work that is worth sharing with a helper that is awake
#define SHORTEST_AWAKENING 15000.0f  // of work without a longer gap that is worth waking one for
#define SHORTEST_TIMED 100000.0f     // of work whose own pieces tell what it should take

// ---- What tasks take --------------------------------------------------------------------------

typedef struct {
  ck_task task;
  long items;
  float nanoseconds;  // of one piece
} cost;

#define COSTS 256
static _Thread_local cost costs[COSTS];

static cost *cost_of(ck_task task, long items) {
  uintptr_t mixed = ((uintptr_t)task >> 4) * 31 + (uintptr_t)items * 7;
  cost *found = &costs[mixed % COSTS];
  if (found->task != task || found->items != items) *found = (cost){task, items, 0};
  return found;
}

// The mean of the last ones, since a task's regions of the same number of pieces may be of several sizes. A piece that
// took much longer may have lost its processor, and counts as one of twice the mean; the first may have been one.
static void note_cost(cost *known, long nanoseconds, long pieces) {
  float measured = (float)nanoseconds / (float)pieces;
  if (known->nanoseconds == 0) known->nanoseconds = measured;
  if (measured > 2 * known->nanoseconds) measured = 2 * known->nanoseconds;
  known->nanoseconds += (measured - known->nanoseconds) / 8;
}

// ---- How many helpers -------------------------------------------------------------------------

// Where other work takes the processors, a helper may come late, keep its caller waiting for a piece, or take
// from it the processor that it would have had for itself; and where work is short, many helpers only get in
// each other's way. So the speed of what is shared is watched: what it should have taken one thread by what it
// took. Where that is little for so many threads, half as many are tried, the better number is kept, and twice as
// many are tried after a while.
//
// Of short work, what its task usually takes is what it should have: a window has hundreds of such regions. It may
// have but two long ones, and a task's regions of the same number of pieces may be of many sizes. There the pieces
// that the caller did tell what all should have taken, in time of its processor, whoever else wanted that.
#define WINDOW 30000000L          // nanoseconds of shared work whose speed is taken
#define LITTLE 0.6                // speed for each thread below which fewer are tried
#define CLEAR 1.15                // times as fast that more must be than fewer
#define SHORTEST_HOLD 400000000L  // before another number is tried; doubled where the last was no better
#define LONGEST_HOLD 3200000000L

static _Thread_local struct {
  bool is_less;         // whether fewer than all are asked, `helpers`
  int helpers;
  bool is_trying;       // another number than `former`, whose speed is known
  int former;
  double former_speed;
  double work, time;    // of this window, in nanoseconds
  long hold, until;
} asked;

static int helpers_to_ask(int most) {
  return asked.is_less && asked.helpers < most ? asked.helpers : most;
}

static void ask(int helpers, int most) {
  asked.helpers = helpers < most ? helpers : most;
  asked.is_less = helpers < most;
}

static void decide_helpers(int most) {
  int helpers = helpers_to_ask(most);
  double speed = asked.work / asked.time;
  long now = ck_now();
  if (asked.is_trying) {
    // More must be clearly faster than fewer, whichever was tried.
    bool is_better = helpers > asked.former ? speed > CLEAR * asked.former_speed
                                            : CLEAR * speed > asked.former_speed;
    if (!is_better) ask(asked.former, most);
    asked.hold = is_better || !asked.hold ? SHORTEST_HOLD : 2 * asked.hold;
    if (asked.hold > LONGEST_HOLD) asked.hold = LONGEST_HOLD;
    asked.until = now + asked.hold;
    asked.is_trying = false;
  } else if (now >= asked.until && (helpers < most || speed < LITTLE * (helpers + 1))) {
    asked.is_trying = true;
    asked.former = helpers;
    asked.former_speed = speed;
    bool is_too_many = helpers > 0 && speed < LITTLE * (helpers + 1);
    ask(is_too_many ? helpers / 2 : 2 * helpers + 1, most);
  }
  asked.work = asked.time = 0;
}

// Takes in that work which should have taken one thread `work` nanoseconds took `time`.
static void note_speed(double work, long time, int most) {
  asked.work += work;
  asked.time += (double)time;
  if (asked.time >= WINDOW) decide_helpers(most);
}

// ---- Whether sleepers are woken ---------------------------------------------------------------

// Work that this thread did or shared since its last gap or awakening.
static _Thread_local struct {
  float expected;
  long end;
} stretch;

// Whether the next region, of so much work, begins or continues a stretch of it that is worth a wake.
static bool is_worth_waking(float expected) {
  if (ck_now() - stretch.end > CK_LOOKING) stretch.expected = 0;
  stretch.expected += expected;
  if (stretch.expected < SHORTEST_AWAKENING) return false;
  stretch.expected = 0;
  return true;
}

// ---- Sharing ----------------------------------------------------------------------------------

static void run_alone(long items, ck_task task, void *context) {
  for (long i = 0; i < items; i++) task(context, i, 0);
}

// How many pieces a claim is for: many short ones, yet several claims for each thread.
static long claim_size(float nanoseconds, long items, int threads) {
  if (nanoseconds <= 0 || nanoseconds >= SHORTEST_CLAIM) return 1;
  long step = (long)(SHORTEST_CLAIM / nanoseconds), even = items / (8 * threads);
  return step < even ? step : even > 1 ? even : 1;
}

// The first time, when nothing is known of a task, counts like the others: work is simulated after it ran once.
static void simulate(long items, int threads, ck_task task, void *context) {
  cost *known = cost_of(task, items);
  float nanoseconds = known->nanoseconds;
  bool is_shared = nanoseconds * (float)items >= SHORTEST_SHARED || nanoseconds == 0;
  long start = ck_now();
  ck_simulate_region(items, claim_size(nanoseconds, items, threads), is_shared ? threads : 1, task, context);
  note_cost(known, ck_now() - start, items);
}

void ck_parallel_for(long items, int threads, ck_task task, void *context) {
  if (items <= 0) return;
  if (ck_is_simulated()) return simulate(items, threads, task, context);
  ck_team *team = threads > 1 && items > 1 ? ck_team_of_thread(threads - 1) : NULL;
  int most = team ? ck_team_helpers(team) : 0;
  if (most > threads - 1) most = threads - 1;
  if (most == 0) return run_alone(items, task, context);

  cost *known = cost_of(task, items);
  float expected = known->nanoseconds * (float)items;
  bool is_known = known->nanoseconds > 0 && !ck_is_watched();
  int helpers = helpers_to_ask(most);
  if (helpers > items - 1) helpers = (int)(items - 1);
  bool is_long = expected >= SHORTEST_TIMED;
  if (helpers == 0 || (is_known && expected < SHORTEST_SHARED)) {
    long before = is_long ? ck_thread_time() : 0, start = ck_now();
    // What an item calls for stays on its thread, as in a region that is shared.
    ck_set_in_piece(true);
    run_alone(items, task, context);
    ck_set_in_piece(false);
    long taken = ck_now() - start;
    note_cost(known, taken, items);
    double work = is_long ? (double)(ck_thread_time() - before) : (double)known->nanoseconds * (double)items;
    if (helpers == 0) note_speed(work, taken, most);
    return;
  }
  long step = is_known ? claim_size(known->nanoseconds, items, helpers + 1) : 1;
  ck_region region = {task, context, items, step, helpers,
                      is_known && !is_worth_waking(expected), is_long};
  long fewest = (items + CK_MOST_CLAIMS - 1) / CK_MOST_CLAIMS;
  if (region.step < fewest) region.step = fewest;
  ck_region_use use = ck_team_run(team, &region);
  long own = use.own_claims * region.step < items ? use.own_claims * region.step : items;
  note_cost(known, use.own_nanoseconds, own);
  long taken = use.own_nanoseconds + use.wait_nanoseconds;
  double piece = is_long ? (double)use.processor_nanoseconds / (double)own : (double)known->nanoseconds;
  note_speed(piece * (double)items, taken, most);
  stretch.end = ck_now();
}
