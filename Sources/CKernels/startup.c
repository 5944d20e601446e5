// Settings of libgomp that it reads from the environment when it is loaded, before main.
#include <stdlib.h>

// Threads that wait for the next piece of work spin this often before they sleep: about 10
// microseconds, the usual gap between two operations of a network. libgomp's own default spins for
// milliseconds; with anything else running on the machine, spinners then take the processor from the
// thread that they wait for (measured on 2 cores beside one busy process: 50 steps of a small model
// took 4.8 s with the default, 2.9 s with 1000, and without spinning an idle machine is twice as
// slow).
static void set_defaults(int argc, char **argv, char **environment) {
  (void)argc;
  (void)argv;
  (void)environment;
  if (!getenv("GOMP_SPINCOUNT") && !getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "2000", 0);
}

#if defined(__linux__)
// The loader calls these of the program itself before it initialises any library.
__attribute__((section(".preinit_array"), used)) static void (*const preinitialize)(int, char **,
                                                                                      char **) =
    set_defaults;
#endif
