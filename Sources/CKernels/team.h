// The threads that share a calling thread's work, as the files of this folder use them.
#include <stdatomic.h>

#include "table.h"

typedef struct ck_team ck_team;

// One run of a team: task(context, i, thread) for each piece i, `step` of which are claimed at a time.
typedef struct {
  ck_task task;
  void *context;
  long items;     // at most CK_MOST_CLAIMS times `step`
  long step;      // at least 1
  int helpers;    // that may join, at most those that the team has
  bool is_short;  // whether sleepers are left asleep: waking one would take longer than it saves
  bool is_long;   // whether the calling thread's processor time is taken, which is a system call
} ck_region;

// What a run took, as the calling thread saw it.
typedef struct {
  long own_claims, other_claims;   // of `step` pieces each
  long own_nanoseconds;            // in which it did its own pieces
  long processor_nanoseconds;      // of these, those in which it had a processor; in a long region
  long wait_nanoseconds;           // in which it waited for those of others
} ck_region_use;

#define CK_MOST_CLAIMS (1L << 23)

// This thread's team, made for at least so many helpers; it has fewer where the system gives no more threads.
// NULL within a piece, whose regions run on its own thread, and where there is no memory. It lasts as long as
// the thread.
ck_team *ck_team_of_thread(int helpers);

// Says that this thread is within a piece, or no longer, where it does a region alone that others might have shared.
void ck_set_in_piece(bool is);
int ck_team_helpers(const ck_team *team);
// Whether this thread is within a piece.
bool ck_is_in_piece(void);
// Whether there is a watcher.
bool ck_is_watched(void);

// Whether this thread simulates teams, and one region of such a one.
bool ck_is_simulated(void);
void ck_simulate_region(long items, long step, int threads, ck_task task, void *context);

// Runs a region to its end. The calling thread claims pieces like its helpers and waits for none that has
// not claimed one.
ck_region_use ck_team_run(ck_team *team, const ck_region *region);

// How long a helper looks for the next region before it sleeps, in nanoseconds. The usual gap between two
// operations of a network is shorter, and a wake takes as long. Looking for milliseconds would take the
// processor from the thread that is waited for as soon as anything else runs.
#define CK_LOOKING 50000
// How long a thread that waits for another looks before it sleeps, at most, in nanoseconds.
#define CK_LONGEST_PATIENCE 100000
void ck_pause(void);
// Sleeps if and while `word` has this value; may return too early.
void ck_sleep_while(_Atomic uint32_t *word, uint32_t value);
void ck_wake_threads(_Atomic uint32_t *word, int most);

// Nanoseconds of a clock that goes on while the thread does not.
long ck_now(void);
// Nanoseconds in which this thread had a processor.
long ck_thread_time(void);
