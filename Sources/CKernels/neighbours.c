// Busy processes, to see what other work on the machine costs.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "include/CKernels.h"

// Computes until its parent is gone. The kernel ends it with the thread that started it; it looks for itself
// as well, because that thread may have gone before it was asked.
static void keep_busy(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "neighbour");
  for (int i = 1; i < NSIG; i++) signal(i, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  volatile unsigned number = 1;
  while (getppid() == parent)
    for (long i = 0; i < 1000000; i++) number = number * 1664525u + 1013904223u;
  _exit(0);
}

int ck_start_neighbour(void) {
  pid_t parent = getpid(), child = fork();
  if (child == 0) keep_busy(parent);
  return child;
}

void ck_stop_neighbour(int process) {
  kill(process, SIGKILL);
  while (waitpid(process, NULL, 0) < 0 && getpgid(process) >= 0) {
  }
}
