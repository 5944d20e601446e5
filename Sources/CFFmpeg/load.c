// FFmpeg's libraries, loaded when the first of their functions is called. With them come a hundred others, which
// take four fifths of the time that the program needs to start, and most commands touch no video.
//
// Each function that functions.h lists is defined here, as a jump through a slot that leads to the first call's
// code at first, and to the library's function ever after. The jump changes no register, so that any function
// can be called, with variable arguments too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libavcodec/version_major.h>
#include <libavfilter/version_major.h>
#include <libavformat/version_major.h>
#include <libavutil/version.h>
#include <libswscale/version_major.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "These jumps are written for x86-64 and 64-bit Arm: add this processor's, or link FFmpeg's libraries"
#endif

typedef enum { avfilter, avformat, avcodec, swscale, avutil } library;

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
#define FILE_NAME(name, major) [name] = "lib" #name ".so." TEXT(major)
static const char *const files[] = {
    FILE_NAME(avfilter, LIBAVFILTER_VERSION_MAJOR), FILE_NAME(avformat, LIBAVFORMAT_VERSION_MAJOR),
    FILE_NAME(avcodec, LIBAVCODEC_VERSION_MAJOR),   FILE_NAME(swscale, LIBSWSCALE_VERSION_MAJOR),
    FILE_NAME(avutil, LIBAVUTIL_VERSION_MAJOR),
};
static void *handles[sizeof files / sizeof *files];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    handles[i] = dlopen(files[i], RTLD_LAZY | RTLD_LOCAL);
    if (handles[i]) continue;
    fprintf(stderr, "FFmpeg cannot be loaded: %s; install the package that has %s\n", dlerror(), files[i]);
    _Exit(70);
  }
}

// A function before its first call.
typedef struct {
  void **slot;
  const char *name;
  library library;
} entry;

// The library's function, which takes its slot from now on. Several threads may do this at once; they find
// the same.
__attribute__((used, visibility("hidden"))) void *cffmpeg_find(const entry *function) {
  pthread_once(&once, load);
  void *found = dlsym(handles[function->library], function->name);
  if (!found) {
    fprintf(stderr, "FFmpeg is not the one that the program was built for: %s\n", dlerror());
    _Exit(70);
  }
  __atomic_store_n(function->slot, found, __ATOMIC_RELEASE);
  return found;
}

// The first call of a function: keeps its arguments, looks for it, and goes on there.
#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".type cffmpeg_first_call, @function\n"
    "cffmpeg_first_call:\n"
    "  .cfi_startproc\n"
    "  pushq %rbp\n  .cfi_def_cfa_offset 16\n  .cfi_offset %rbp, -16\n"
    "  movq %rsp, %rbp\n  .cfi_def_cfa_register %rbp\n"
    "  pushq %rdi\n  pushq %rsi\n  pushq %rdx\n  pushq %rcx\n  pushq %r8\n  pushq %r9\n  pushq %rax\n"
    "  subq $136, %rsp\n"
    "  movaps %xmm0, (%rsp)\n  movaps %xmm1, 16(%rsp)\n  movaps %xmm2, 32(%rsp)\n  movaps %xmm3, 48(%rsp)\n"
    "  movaps %xmm4, 64(%rsp)\n  movaps %xmm5, 80(%rsp)\n  movaps %xmm6, 96(%rsp)\n  movaps %xmm7, 112(%rsp)\n"
    "  movq %r11, %rdi\n"
    "  call cffmpeg_find\n"
    "  movq %rax, %r11\n"
    "  movaps (%rsp), %xmm0\n  movaps 16(%rsp), %xmm1\n  movaps 32(%rsp), %xmm2\n  movaps 48(%rsp), %xmm3\n"
    "  movaps 64(%rsp), %xmm4\n  movaps 80(%rsp), %xmm5\n  movaps 96(%rsp), %xmm6\n  movaps 112(%rsp), %xmm7\n"
    "  addq $136, %rsp\n"
    "  popq %rax\n  popq %r9\n  popq %r8\n  popq %rcx\n  popq %rdx\n  popq %rsi\n  popq %rdi\n"
    "  popq %rbp\n  .cfi_def_cfa %rsp, 8\n"
    "  jmp *%r11\n"
    "  .cfi_endproc\n"
    ".size cffmpeg_first_call, . - cffmpeg_first_call\n");
#define JUMP(name)                                   \
  "  jmp *cffmpeg_slot_" #name "(%rip)\n"            \
  "cffmpeg_first_" #name ":\n"                       \
  "  leaq cffmpeg_entry_" #name "(%rip), %r11\n"     \
  "  jmp cffmpeg_first_call\n"
#elif defined(__aarch64__)
__asm__(
    ".text\n"
    ".type cffmpeg_first_call, %function\n"
    "cffmpeg_first_call:\n"
    "  .cfi_startproc\n"
    "  stp x29, x30, [sp, #-224]!\n  .cfi_def_cfa_offset 224\n  .cfi_offset x29, -224\n  .cfi_offset x30, -216\n"
    "  mov x29, sp\n"
    "  stp x0, x1, [sp, #16]\n  stp x2, x3, [sp, #32]\n  stp x4, x5, [sp, #48]\n  stp x6, x7, [sp, #64]\n"
    "  str x8, [sp, #80]\n"
    "  stp q0, q1, [sp, #96]\n  stp q2, q3, [sp, #128]\n  stp q4, q5, [sp, #160]\n  stp q6, q7, [sp, #192]\n"
    "  mov x0, x16\n"
    "  bl cffmpeg_find\n"
    "  mov x16, x0\n"
    "  ldp q0, q1, [sp, #96]\n  ldp q2, q3, [sp, #128]\n  ldp q4, q5, [sp, #160]\n  ldp q6, q7, [sp, #192]\n"
    "  ldr x8, [sp, #80]\n"
    "  ldp x0, x1, [sp, #16]\n  ldp x2, x3, [sp, #32]\n  ldp x4, x5, [sp, #48]\n  ldp x6, x7, [sp, #64]\n"
    "  ldp x29, x30, [sp], #224\n  .cfi_def_cfa_offset 0\n  .cfi_restore x29\n  .cfi_restore x30\n"
    "  br x16\n"
    "  .cfi_endproc\n"
    ".size cffmpeg_first_call, . - cffmpeg_first_call\n");
#define JUMP(name)                                                  \
  "  adrp x16, cffmpeg_slot_" #name "\n"                            \
  "  ldr x16, [x16, :lo12:cffmpeg_slot_" #name "]\n"                \
  "  br x16\n"                                                      \
  "cffmpeg_first_" #name ":\n"                                      \
  "  adrp x16, cffmpeg_entry_" #name "\n"                           \
  "  add x16, x16, :lo12:cffmpeg_entry_" #name "\n"                 \
  "  b cffmpeg_first_call\n"
#endif

#define FUNCTION(from, name)                                                                             \
  __attribute__((visibility("hidden"))) extern const char cffmpeg_first_##name[];                        \
  __attribute__((used, visibility("hidden"))) void *cffmpeg_slot_##name = (void *)cffmpeg_first_##name;  \
  __attribute__((used, visibility("hidden"))) const entry cffmpeg_entry_##name = {&cffmpeg_slot_##name,  \
                                                                                  #name, from};          \
  __asm__(".text\n.p2align 4\n.globl " #name "\n.hidden " #name "\n.type " #name ", STT_FUNC\n"          \
          ".hidden cffmpeg_first_" #name "\n.globl cffmpeg_first_" #name "\n" #name ":\n" JUMP(name)     \
          ".size " #name ", . - " #name "\n");
#include "functions.h"
