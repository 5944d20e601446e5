// The words of device.h for the emulator; see KernelEmulator.h for what it looks for.
#pragma once

#include <math.h>
#include <string.h>

#include "watch.h"

#define DEVICE static inline
#define DEVICE_MEMBER inline
#define KERNEL(name, arguments, threads, dynamic, ...) \
  static void name(const arguments &a) { __VA_ARGS__; }
#define SHARED(Type, name, count) \
  Shared<Type> name { emulated::shared(sizeof(Type) * (count)) }
#define DYNAMIC(Type, name, count) \
  Shared<Type> name { emulated::dynamic(sizeof(Type) * (count)) }
// Code that is laid out once would be larger here, and not faster.
#undef UNROLL
#undef UNROLL_SOME
#define UNROLL
#define UNROLL_SOME

DEVICE int thread_index() { return emulated::place.thread; }
DEVICE int block_x() { return emulated::place.block[0]; }
DEVICE int block_y() { return emulated::place.block[1]; }
DEVICE int block_z() { return emulated::place.block[2]; }

template <class Type> struct Global {
  char *first;
  emulated::Extent extent;

  char *at(long i, unsigned bytes, const char *what) const {
    char *place = first + i * (long)sizeof(Type);
    if (place < extent.first || place + bytes > extent.end) emulated::outside(what, place, extent);
    return place;
  }
};
template <class Type> DEVICE Global<Type> global(gk_address address) {
  return Global<Type>{(char *)address, emulated::extent(address)};
}
template <class Type> DEVICE Type get(const Global<Type> &x, long i) {
  Type value;
  memcpy(&value, x.at(i, sizeof(Type), "a read"), sizeof(Type));
  return value;
}
template <class Type> DEVICE void put(const Global<Type> &x, long i, Type value) {
  memcpy(x.at(i, sizeof(Type), "a write"), &value, sizeof(Type));
}

template <class Type> struct Shared {
  emulated::Piece piece;
};
template <class Type> DEVICE Type get(const Shared<Type> &x, int i) {
  Type value;
  memcpy(&value, emulated::shared_read(x.piece, (long)i * sizeof(Type), sizeof(Type)), sizeof(Type));
  return value;
}
template <class Type> DEVICE void put(const Shared<Type> &x, int i, Type value) {
  memcpy(emulated::shared_write(x.piece, (long)i * sizeof(Type), sizeof(Type)), &value, sizeof(Type));
}
DEVICE Four get4(const Shared<float> &x, int i) {
  Four four;
  memcpy(&four, emulated::shared_read(x.piece, (long)i * 4, 16), 16);
  return four;
}

// A place whose number of bytes must be a multiple of the access's.
template <class Type> DEVICE char *straight(const Global<Type> &x, long i, unsigned bytes, const char *what) {
  char *place = x.at(i, bytes, what);
  if ((gk_address)place % bytes != 0) emulated::outside("a crooked access", place, x.extent);
  return place;
}
template <class Type> DEVICE HalfWords get8(const Global<Type> &x, long i) {
  HalfWords words;
  memcpy(&words, straight(x, i, 8, "a read"), 8);
  return words;
}
template <class Type> DEVICE void put8(const Global<Type> &x, long i, HalfWords words) {
  memcpy(straight(x, i, 8, "a write"), &words, 8);
}
DEVICE u32 get_pair(const Global<bf16> &x, long i) {
  u32 pair;
  memcpy(&pair, straight(x, i, 4, "a read"), 4);
  return pair;
}
DEVICE void put_pair(const Global<bf16> &x, long i, u32 pair) {
  memcpy(straight(x, i, 4, "a write"), &pair, 4);
}
template <class Type> DEVICE Words get16(const Global<Type> &x, long i) {
  Words words;
  memcpy(&words, straight(x, i, 16, "a read"), 16);
  return words;
}
template <class Type> DEVICE void put16(const Global<Type> &x, long i, Words words) {
  memcpy(straight(x, i, 16, "a write"), &words, 16);
}
template <class Type> DEVICE void put16(const Shared<Type> &x, int i, Words words) {
  char *place = emulated::shared_write(x.piece, (long)i * sizeof(Type), 16);
  if ((gk_address)place % 16 != 0) emulated::outside("a crooked write", place, {place, place});
  memcpy(place, &words, 16);
}

DEVICE void barrier() { emulated::barrier(); }
template <class Type>
DEVICE void copy16(const Shared<Type> &to, int i, const Global<Type> &from, long j, bool wanted) {
  const char *source = wanted ? from.at(j, 16, "a copy") : nullptr;
  if (wanted && (gk_address)source % 16 != 0) emulated::outside("a crooked copy", source, from.extent);
  emulated::copy(to.piece, (long)i * sizeof(Type), source, wanted);
}
DEVICE void commit() { emulated::commit(); }
template <int groups> DEVICE void wait() { emulated::wait(groups); }

DEVICE u32 to_bits(float value) {
  u32 bits;
  memcpy(&bits, &value, 4);
  return bits;
}
DEVICE float from_bits(u32 bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

namespace emulated {

struct Shuffle {
  float value, result;
  int mask;
};
inline void shuffle(void *lanes[32]) {
  for (int lane = 0; lane < 32; lane++) {
    auto mine = (Shuffle *)lanes[lane];
    mine->result = ((Shuffle *)lanes[lane ^ mine->mask])->value;
  }
}

// The low 13 bits are what tensor cores do not look at of a number in TF32.
const u32 tf32_rest = 0x1fff;

struct Matrices {
  const char *row;
  u32 *registers;
};
inline void spread(void *lanes[32], bool transposed) {
  for (int lane = 0; lane < 32; lane++) {
    for (int matrix = 0; matrix < 4; matrix++) {
      u16 parts[2];
      for (int part = 0; part < 2; part++) {
        int row = transposed ? lane % 4 * 2 + part : lane / 4;
        int column = transposed ? lane / 4 : lane % 4 * 2 + part;
        memcpy(&parts[part], ((Matrices *)lanes[matrix * 8 + row])->row + column * 2, 2);
      }
      ((Matrices *)lanes[lane])->registers[matrix] = (u32)parts[0] | (u32)parts[1] << 16;
    }
  }
}
inline void spread_rows(void *lanes[32]) { spread(lanes, false); }
inline void spread_columns(void *lanes[32]) { spread(lanes, true); }

struct Product {
  float *d;
  const u32 *a;
  u32 b[2];
};
inline float half_of(u32 bits, int upper) { return from_bits(upper ? bits & 0xffff0000u : bits << 16); }
inline void multiply(void *lanes[32]) {
  // Who holds which element is said in the PTX reference under mma.m16n8k16.
  float a[16][16], b[8][16];
  for (int lane = 0; lane < 32; lane++) {
    auto mine = (Product *)lanes[lane];
    int group = lane / 4, place = lane % 4 * 2;
    for (int upper = 0; upper < 2; upper++) {
      for (int i = 0; i < 4; i++) {
        a[group + i % 2 * 8][place + upper + i / 2 * 8] = half_of(mine->a[i], upper);
      }
      for (int i = 0; i < 2; i++) b[group][place + upper + i * 8] = half_of(mine->b[i], upper);
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    auto mine = (Product *)lanes[lane];
    for (int i = 0; i < 4; i++) {
      const float *row = a[lane / 4 + i / 2 * 8], *column = b[lane % 4 * 2 + i % 2];
      float sum = 0;
      for (int k = 0; k < 16; k++) sum += row[k] * column[k];
      mine->d[i] += sum;
    }
  }
}

inline float tf32_of(u32 bits) { return from_bits(bits & ~tf32_rest); }
inline void multiply_tf32(void *lanes[32]) {
  // Who holds which element is said in the PTX reference under mma.m16n8k8 with .tf32.
  float a[16][8], b[8][8];
  for (int lane = 0; lane < 32; lane++) {
    auto mine = (Product *)lanes[lane];
    int group = lane / 4, place = lane % 4;
    for (int i = 0; i < 4; i++) a[group + i % 2 * 8][place + i / 2 * 4] = tf32_of(mine->a[i]);
    for (int i = 0; i < 2; i++) b[group][place + i * 4] = tf32_of(mine->b[i]);
  }
  for (int lane = 0; lane < 32; lane++) {
    auto mine = (Product *)lanes[lane];
    for (int i = 0; i < 4; i++) {
      const float *row = a[lane / 4 + i / 2 * 8], *column = b[lane % 4 * 2 + i % 2];
      float sum = 0;
      for (int k = 0; k < 8; k++) sum += row[k] * column[k];
      mine->d[i] += sum;
    }
  }
}

}  // namespace emulated

DEVICE float shuffle_xor(float value, int mask) {
  emulated::Shuffle mine{value, 0, mask};
  emulated::together(emulated::shuffle, &mine);
  return mine.result;
}
DEVICE void load_matrices(u32 r[4], const Shared<bf16> &x, int i) {
  emulated::Matrices mine{emulated::shared_read(x.piece, (long)i * 2, 16), r};
  emulated::together(emulated::spread_rows, &mine);
}
// Two halves of a float32 come together: a lane has the number of its row that its number says.
DEVICE void load_matrices(u32 r[4], const Shared<float> &x, int i) {
  emulated::Matrices mine{emulated::shared_read(x.piece, (long)i * 4, 16), r};
  emulated::together(emulated::spread_rows, &mine);
}
DEVICE void load_transposed(u32 r[4], const Shared<bf16> &x, int i) {
  emulated::Matrices mine{emulated::shared_read(x.piece, (long)i * 2, 16), r};
  emulated::together(emulated::spread_columns, &mine);
}
DEVICE void multiply_add(float d[4], const u32 a[4], u32 b0, u32 b1) {
  emulated::Product mine{d, a, {b0, b1}};
  emulated::together(emulated::multiply, &mine);
}

DEVICE u32 to_tf32(float x) {
  u32 bits = to_bits(x);
  // Adding half of what is left out rounds the size; infinities and what is no number stay.
  bool finite = (bits & 0x7f800000u) != 0x7f800000u;
  return finite ? (bits + (emulated::tf32_rest + 1) / 2) & ~emulated::tf32_rest : bits;
}
DEVICE void multiply_add_tf32(float d[4], const u32 a[4], u32 b0, u32 b1) {
  emulated::Product mine{d, a, {b0, b1}};
  emulated::together(emulated::multiply_tf32, &mine);
}

DEVICE float exp2_of(float x) { return exp2f(x); }
DEVICE float log2_of(float x) { return log2f(x); }
DEVICE float reciprocal_of(float x) { return 1 / x; }
DEVICE float root_of(float x) { return sqrtf(x); }
DEVICE double root_of(double x) { return sqrt(x); }
