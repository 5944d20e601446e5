import Foundation

/// What the operating system tells of the machine.
public enum MachineFacts {
  /// The processor's name, for example `AMD EPYC 9R14`; the architecture where none is told.
  public static var processorName: String {
    let names = ["model name", "Model", "Hardware"]
    return names.lazy.compactMap { value(of: $0, in: "/proc/cpuinfo") }.first ?? architecture
  }

  /// Instruction sets that matter here, of those the processor has, in Linux's spelling.
  public static var processorFeatures: [String] {
    let flags = Set(
      (value(of: "flags", in: "/proc/cpuinfo") ?? value(of: "Features", in: "/proc/cpuinfo") ?? "")
        .split(separator: " ").map(String.init))
    return [
      "sse4_2", "avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni",
      "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "asimd", "bf16", "sve",
    ].filter(flags.contains)
  }

  /// The machine's memory in bytes.
  public static var memoryByteCount: Int { kibibytes(of: "MemTotal", in: "/proc/meminfo") }

  /// Memory that programs can still get, in bytes.
  public static var availableMemoryByteCount: Int {
    kibibytes(of: "MemAvailable", in: "/proc/meminfo")
  }

  /// The machine and those of its processors that this process may use, to tell apart who shares them.
  public static var processorShare: String {
    let name = ProcessInfo.processInfo.hostName
    return "\(name) \(value(of: "Cpus_allowed_list", in: "/proc/self/status") ?? "")"
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }

  static func kibibytes(of key: String, in file: String) -> Int {
    let words = value(of: key, in: file)?.split(separator: " ") ?? []
    return (words.first.flatMap { Int($0) } ?? 0) * 1024
  }

  /// The text after `key :` in one of the kernel's tables.
  private static func value(of key: String, in file: String) -> String? {
    // These files have no size to map or read ahead, so they are read as streams.
    guard let handle = FileHandle(forReadingAtPath: file), let data = try? handle.readToEnd() else {
      return nil
    }
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == key {
        return parts[1].trimmingCharacters(in: .whitespaces)
      }
    }
    return nil
  }
}

/// How much memory this process uses.
package enum MemoryUse {
  /// What is resident now, in bytes.
  package static var residentByteCount: Int {
    MachineFacts.kibibytes(of: "VmRSS", in: "/proc/self/status")
  }

  /// The most that was resident at once, in bytes.
  package static var peakResidentByteCount: Int {
    MachineFacts.kibibytes(of: "VmHWM", in: "/proc/self/status")
  }

  /// Begins anew to look for the most; where the system does not allow it, the old most stays.
  package static func resetPeak() {
    try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
  }
}
