import Foundation
import TensorCore
import TestSupport
import Testing

/// What the checking device finds, without which its silence would say nothing.
struct CheckingDeviceTests {
  @Test("nothing happens before numbers are read, and then everything in order")
  func order() throws {
    let device = try CheckingDevice(threadCount: 1)
    let context = ComputeContext(Device(device))
    let x = try context.tensor([1, 2], shape: [2])
    var sum = try context.add(x, x)
    for _ in 0..<3 { sum = try context.add(sum, x) }
    #expect(device.waitCount == 0)
    #expect(try context.read([x, sum]) == [[1, 2], [5, 10]])
    #expect(device.waitCount == 1)
  }

  @Test("numbers that change after they were handed over are uploaded as they were")
  func upload() throws {
    let context = ComputeContext(Device(try CheckingDevice(threadCount: 1)))
    var values: [Float] = [1, 2]
    let x = try context.tensor(values, shape: [2])
    values.withUnsafeMutableBufferPointer { $0[0] = 9 }
    #expect(try context.read(x) == [1, 2])
  }

  @Test("whoever looks behind a tensor's address ends the program")
  func address() async {
    await #expect(processExitsWith: .signal(SIGSEGV)) {
      let context = ComputeContext(Device(try CheckingDevice(threadCount: 1)))
      let x = try context.tensor([1], shape: [1])
      _ = try context.read(x)
      let number = try #require(UnsafePointer<Float>(bitPattern: x.address.bytes))
      print(number.pointee)
    }
  }

  @Test(
    "every operation gives the bits of the processor", arguments: ElementType.trainingPrecisions)
  func bits(_ type: ElementType) throws {
    let results = try TestDevice.complete.map { device in
      try TestDevice.$current.withValue(device) {
        try OperationSequence(ComputeContext(threadCount: 2), type).run()
      }
    }
    for (a, b) in zip(results[0], results[1]) {
      #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(a.name)")
    }
  }

  @Test("only a device's own code calls kernels and libraries")
  func imports() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/TensorCore").standardized
    let files = try #require(FileManager.default.subpaths(atPath: sources.path))
      .filter { $0.hasSuffix(".swift") }
    // LAPACK works on arrays of the program, whatever the networks run on.
    let ownRooms = ["Processor/", "Graphics/", "LinearAlgebra/"]
    #expect(files.contains { $0.hasPrefix(ownRooms[0]) } && files.contains("ComputeContext.swift"))
    for file in files where !ownRooms.contains(where: file.hasPrefix) {
      let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
      let imported = text.split(separator: "\n").filter { $0.contains("import C") }
      #expect(imported.isEmpty, "\(file)")
    }
  }
}
