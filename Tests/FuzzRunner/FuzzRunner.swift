import Foundation
import FuzzTargets

// pvdm-fuzz: gives a door of the program whatever libFuzzer thinks of; these are the two functions that
// libFuzzer's own `main` calls. The door is chosen by the environment, because libFuzzer takes all
// arguments for its own:
//
//     PVDM_FUZZ_TARGET=keys PVDM_FUZZ_SEEDS=seeds/keys pvdm-fuzz -max_total_time=60 CORPUS seeds/keys
//
// The door's seeds, and what broke it before, are written to the folder PVDM_FUZZ_SEEDS first.

private let environment = ProcessInfo.processInfo.environment

private let target: FuzzTarget = {
  let name = environment["PVDM_FUZZ_TARGET"]
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    print("PVDM_FUZZ_SEEDS is a folder, PVDM_FUZZ_TARGET one of:")
    print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
    exit(64)
  }
  return target
}()

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer
) -> CInt {
  let chosen = target
  guard let folder = environment["PVDM_FUZZ_SEEDS"] else { return 0 }
  do {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (index, bytes) in (try chosen.seeds() + chosen.corpus()).enumerated() {
      try Data(bytes).write(to: URL(filePath: "\(folder)/seed-\(index)"))
    }
  } catch {
    print("The seeds of \(chosen.name) cannot be written to \(folder): \(error)")
    exit(70)
  }
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func tryInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}
