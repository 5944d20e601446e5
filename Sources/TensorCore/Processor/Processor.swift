internal import CDNNL
internal import CKernels
internal import COpenBLAS
import Glibc

/// What this machine's processor is and can do.
public enum Processor {
  /// Processors that this process may run on (its affinity mask, not the machine's total).
  public static var availableCount: Int { max(1, Int(ck_available_processors())) }

  /// The code that the package's own kernels chose: `avx512_bf16` (with dot products of bfloat16, where
  /// they are fast), `avx512`, `avx2` or `baseline`. The environment's `PVDM_KERNELS` names the best that
  /// may be chosen; oneDNN and OpenBLAS are then held to the same instructions.
  public static var kernelInstructionSet: String { String(cString: ck_instruction_set()) }

  /// The set that the environment holds the process to; `nil` where it leaves the choice.
  public static var heldKernels: String? {
    guard let name = getenv("PVDM_KERNELS"), name.pointee != 0 else { return nil }
    return String(cString: name)
  }

  /// Uses kernels of a lesser instruction set for what this thread computes, to compare them; `nil` restores
  /// the best.
  ///
  /// - Returns: `false`, changing nothing, if the processor lacks the set or `PVDM_KERNELS` forbids it.
  @discardableResult
  public static func selectKernels(_ name: String?) -> Bool { ck_select_instruction_set(name) }

  /// The highest instruction set that oneDNN uses here, in its own words.
  public static var libraryInstructionSet: String {
    switch dnnl_get_effective_cpu_isa() {
    case dnnl_cpu_isa_sse41: "SSE4.1"
    case dnnl_cpu_isa_avx: "AVX"
    case dnnl_cpu_isa_avx2: "AVX2"
    case dnnl_cpu_isa_avx2_vnni: "AVX2-VNNI"
    case dnnl_cpu_isa_avx512_core: "AVX-512"
    case dnnl_cpu_isa_avx512_core_vnni: "AVX-512 VNNI"
    case dnnl_cpu_isa_avx512_core_bf16: "AVX-512 BF16"
    case dnnl_cpu_isa_avx512_core_amx: "AMX"
    default: "generic"
    }
  }

  /// Version of the oneDNN library that is loaded, for example `2.6.3`.
  public static var libraryVersion: String {
    guard let version = dnnl_version()?.pointee else { return "unknown" }
    return "\(version.major).\(version.minor).\(version.patch)"
  }

  /// Version of the OpenBLAS library that is loaded and the kernels that it chose, for example
  /// `0.3.21 SkylakeX`.
  public static var linearAlgebraVersion: String {
    guard let configuration = openblas_get_config(), let core = openblas_get_corename() else {
      return "unknown"
    }
    let words = String(cString: configuration).split(separator: " ")
    return "\(words.dropFirst().first ?? "unknown") \(String(cString: core))"
  }

  /// Whether bfloat16 products run in hardware (AVX512_BF16 or AMX); elsewhere they are emulated and
  /// slower than float32.
  public static var hasNativeBFloat16: Bool {
    dnnl_get_effective_cpu_isa().rawValue & dnnl_cpu_isa_avx512_core_bf16.rawValue
      == dnnl_cpu_isa_avx512_core_bf16.rawValue
  }

  /// Whether oneDNN computes in bfloat16 here at all at a useful speed (AVX-512 and later).
  public static var canComputeBFloat16: Bool {
    dnnl_get_effective_cpu_isa().rawValue & dnnl_cpu_isa_avx512_core.rawValue
      == dnnl_cpu_isa_avx512_core.rawValue
  }

  /// Whether the processor has AMX, whose bfloat16 products have a multiple of any other rate. Only
  /// oneDNN uses it.
  static var hasMatrixUnit: Bool { dnnl_get_effective_cpu_isa() == dnnl_cpu_isa_avx512_core_amx }

  /// Multiply-adds of float32 that all threads together reach, in GFLOP/s.
  public static func measureFloat32Peak(threads: Int, seconds: Double = 0.5) -> Double {
    ck_measure_peak_float32(Int32(threads), seconds)
  }

  /// The same with bfloat16 dot products; `nil` where the processor has none.
  public static func measureBFloat16Peak(threads: Int, seconds: Double = 0.5) -> Double? {
    let peak = ck_measure_peak_bfloat16(Int32(threads), seconds)
    return peak > 0 ? peak : nil
  }

  /// Bandwidth of reading `bytes` bytes from memory with all threads, in GB/s.
  public static func measureReadBandwidth(threads: Int, bytes: Int = 512 << 20) -> Double {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
    defer { memory.deallocate() }
    memset(memory, 1, bytes)
    return ck_measure_read_bandwidth(memory, bytes, Int32(threads))
  }
}
