// The words of device.h for graphics processors from compute capability 8.0 on, as clang compiles them to PTX
// without any header of the vendor.
#pragma once

#define DEVICE static __attribute__((device)) inline __attribute__((always_inline))
#define DEVICE_MEMBER __attribute__((device)) inline __attribute__((always_inline))
#define IN_DEVICE(Type) __attribute__((address_space(1))) Type
#define SHARED(Type, name, count) \
  static __attribute__((device, shared, aligned(16))) Kept<Type> name##_kept[count]; \
  Shared<Type> name { name##_kept }

extern __attribute__((device, shared, aligned(16))) char dynamic_memory[];
#define DYNAMIC(Type, name, count) \
  Shared<Type> name { (Kept<Type> *)dynamic_memory }

// A block alone on its processor is enough: an assembler that aims at more spills registers for it.
#define KERNEL(name, arguments, threads, dynamic, ...) \
  extern "C" __attribute__((global, launch_bounds(threads, 1))) void name(const arguments a) { \
    __VA_ARGS__;                                                                              \
  }

DEVICE int thread_index() { return (int)__nvvm_read_ptx_sreg_tid_x(); }
DEVICE int block_x() { return (int)__nvvm_read_ptx_sreg_ctaid_x(); }
DEVICE int block_y() { return (int)__nvvm_read_ptx_sreg_ctaid_y(); }
DEVICE int block_z() { return (int)__nvvm_read_ptx_sreg_ctaid_z(); }

// How a number lies in memory: as something that needs no function to be copied.
template <class Type> struct KeptAs {
  typedef Type type;
};
template <> struct KeptAs<bf16> {
  typedef u16 type;
};
template <class Type> using Kept = typename KeptAs<Type>::type;
DEVICE float kept(float value) { return value; }
DEVICE u16 kept(u16 value) { return value; }
DEVICE u32 kept(u32 value) { return value; }
DEVICE int kept(int value) { return value; }
DEVICE long kept(long value) { return value; }
DEVICE double kept(double value) { return value; }
DEVICE u16 kept(bf16 value) { return value.bits; }
template <class Type> DEVICE Type taken(Kept<Type> value) { return Type{value}; }

template <class Type> struct Global {
  IN_DEVICE(Kept<Type>) * place;
};
template <class Type> struct Shared {
  Kept<Type> *place;
};

template <class Type> DEVICE Global<Type> global(gk_address address) {
  return Global<Type>{(IN_DEVICE(Kept<Type>) *)address};
}
template <class Type> DEVICE Type get(Global<Type> x, long i) { return taken<Type>(x.place[i]); }
template <class Type> DEVICE void put(Global<Type> x, long i, Type value) { x.place[i] = kept(value); }
template <class Type> DEVICE Type get(Shared<Type> x, int i) { return taken<Type>(x.place[i]); }
template <class Type> DEVICE void put(Shared<Type> x, int i, Type value) { x.place[i] = kept(value); }

typedef float Vector4 __attribute__((ext_vector_type(4)));
DEVICE Four get4(Shared<float> x, int i) {
  Vector4 v = *(const Vector4 *)(x.place + i);
  return Four{v.x, v.y, v.z, v.w};
}

typedef u32 Vector2u __attribute__((ext_vector_type(2)));
typedef u32 Vector4u __attribute__((ext_vector_type(4)));
template <class Type> DEVICE HalfWords get8(Global<Type> x, long i) {
  Vector2u v = *(const IN_DEVICE(Vector2u) *)(x.place + i);
  return HalfWords{{v.x, v.y}};
}
template <class Type> DEVICE void put8(Global<Type> x, long i, HalfWords v) {
  *(IN_DEVICE(Vector2u) *)(x.place + i) = Vector2u{v.w[0], v.w[1]};
}
DEVICE u32 get_pair(Global<bf16> x, long i) { return *(const IN_DEVICE(u32) *)(x.place + i); }
DEVICE void put_pair(Global<bf16> x, long i, u32 value) { *(IN_DEVICE(u32) *)(x.place + i) = value; }
template <class Type> DEVICE Words get16(Global<Type> x, long i) {
  Vector4u v = *(const IN_DEVICE(Vector4u) *)(x.place + i);
  return Words{{v.x, v.y, v.z, v.w}};
}
template <class Type> DEVICE void put16(Global<Type> x, long i, Words v) {
  *(IN_DEVICE(Vector4u) *)(x.place + i) = Vector4u{v.w[0], v.w[1], v.w[2], v.w[3]};
}
template <class Type> DEVICE void put16(Shared<Type> x, int i, Words v) {
  *(Vector4u *)(x.place + i) = Vector4u{v.w[0], v.w[1], v.w[2], v.w[3]};
}

DEVICE void barrier() { __nvvm_bar_sync(0); }

DEVICE u32 shared_address(const void *place) {
  return (u32)(unsigned long)(const __attribute__((address_space(3))) void *)place;
}
template <class Type>
DEVICE void copy16(Shared<Type> to, int i, Global<Type> from, long j, bool wanted) {
  int bytes = wanted ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to.place + i)),
               "l"(from.place + j), "r"(bytes)
               : "memory");
}
DEVICE void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int groups> DEVICE void wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory");
}

DEVICE u32 to_bits(float value) { return __builtin_bit_cast(u32, value); }
DEVICE float from_bits(u32 bits) { return __builtin_bit_cast(float, bits); }
DEVICE float shuffle_xor(float value, int mask) {
  return from_bits(__nvvm_shfl_sync_bfly_i32(0xffffffff, to_bits(value), mask, 31));
}

DEVICE void load_matrices(u32 r[4], Shared<bf16> x, int i) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(x.place + i))
               : "memory");
}
// A number of float32 is two of those that the instruction speaks of.
DEVICE void load_matrices(u32 r[4], Shared<float> x, int i) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(x.place + i))
               : "memory");
}
DEVICE void load_transposed(u32 r[4], Shared<bf16> x, int i) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(x.place + i))
               : "memory");
}
DEVICE void multiply_add(float d[4], const u32 a[4], u32 b0, u32 b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
DEVICE u32 to_tf32(float x) {
  u32 bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
}
DEVICE void multiply_add_tf32(float d[4], const u32 a[4], u32 b0, u32 b1) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
               "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

DEVICE float exp2_of(float x) { return __nvvm_ex2_approx_f(x); }
DEVICE float log2_of(float x) { return __nvvm_lg2_approx_f(x); }
DEVICE float reciprocal_of(float x) { return __nvvm_rcp_approx_ftz_f(x); }
DEVICE float root_of(float x) { return __nvvm_sqrt_rn_f(x); }
DEVICE double root_of(double x) { return __nvvm_sqrt_rn_d(x); }
