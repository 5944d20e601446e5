// Threads of a block that take turns on one thread of the system: a fiber is a stack and where it stopped.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

// What a fiber left on its stack when it was given up means nothing to whoever gets the stack next.
#if __has_feature(address_sanitizer)
extern "C" void __asan_unpoison_memory_region(void const volatile *memory, size_t bytes);
#define FORGET(memory, bytes) __asan_unpoison_memory_region(memory, bytes)
#else
#define FORGET(memory, bytes)
#endif

namespace emulated {

// What each fiber runs; it never returns.
void fiber_main();

#if defined(__x86_64__)

struct Stack {
  void *top = nullptr;
};

// Saves the registers that a call keeps, goes to another stack, and takes its registers up there.
extern "C" void ke_change(void **from, void *to);
__asm__(
    ".text\n.local ke_change\n.type ke_change, @function\nke_change:\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  movq %rsp, (%rdi)\n  movq %rsi, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n  ret\n");

inline void change(Stack &from, Stack &to) { ke_change(&from.top, to.top); }

inline void begin(Stack &stack, char *memory, size_t bytes) {
  FORGET(memory, bytes);
  void **top = (void **)(((size_t)(memory + bytes)) & ~(size_t)15);
  *--top = nullptr;  // where the fiber would return to
  *--top = (void *)fiber_main;
  for (int i = 0; i < 6; i++) *--top = nullptr;
  stack.top = top;
}

#else

struct Stack {
  ucontext_t context;
};

inline void change(Stack &from, Stack &to) { swapcontext(&from.context, &to.context); }

inline void begin(Stack &stack, char *memory, size_t bytes) {
  FORGET(memory, bytes);
  getcontext(&stack.context);
  stack.context.uc_stack.ss_sp = memory;
  stack.context.uc_stack.ss_size = bytes;
  stack.context.uc_link = nullptr;
  makecontext(&stack.context, fiber_main, 0);
}

#endif

}  // namespace emulated
