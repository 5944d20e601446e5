import CheckpointIO
import Foundation
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Saved runs that others wrote: every number is judged before it is used.
struct SavedRunTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file in the format of a saved run with some parts replaced.
  private func file(
    finished: String = "1", clips: Int? = 3, samples: Int = 1,
    latents: [Int] = [1, 4, 2], condition: [Int] = [1, 4, 2], sampler: (ElementType, [Int])? = nil
  ) throws -> String {
    let request = GenerationRequest(clipCount: clips, sampleCount: samples)
    var tensors = [
      TensorDescription(name: "latents", elementType: .float32, shape: latents),
      TensorDescription(name: "condition", elementType: .float32, shape: condition),
    ]
    if let sampler {
      tensors.append(
        TensorDescription(name: "sampler", elementType: sampler.0, shape: sampler.1))
    }
    let path = folder.path("run.safetensors")
    let metadata = [
      "pvdm.request": String(decoding: try JSONEncoder().encode(request), as: UTF8.self),
      "pvdm.finished_clips": finished,
    ]
    try SafetensorsWriter(tensors: tensors, metadata: metadata).write(to: path) { tensor, sink in
      let count = tensor.shape.reduce(1, *) * tensor.elementType.byteCount
      try [UInt8](repeating: 0, count: count).withUnsafeBytes { try sink.append($0) }
    }
    return path
  }

  @Test("the format that is varied here is read")
  func whole() throws {
    let saved = try SavedRun(contentsOf: file())
    #expect(saved.finishedClips.count == 1 && saved.state.condition?.count == 1)
  }

  @Test(
    "a number of clips that cannot be is refused",
    arguments: [
      "9223372036854775807", "4611686018427387904", "100000001", "-1", "2", "0", "many", "",
      "99999999999999999999",
    ])
  func finishedClips(text: String) throws {
    #expect(throws: ModelError.self) { try SavedRun(contentsOf: file(finished: text)) }
  }

  @Test("a request for clips beyond all bounds is refused", arguments: [Int.max, 1 << 62, 0, -4])
  func requestedClips(count: Int) throws {
    #expect(throws: ModelError.self) { try SavedRun(contentsOf: file(clips: count)) }
    #expect(throws: ModelError.self) { try GenerationRequest(clipCount: count).validate() }
  }

  @Test("more finished clips than were asked for are refused")
  func tooMany() throws {
    #expect(throws: ModelError.self) {
      try SavedRun(contentsOf: file(finished: "3", clips: 2, latents: [3, 4, 2]))
    }
  }

  @Test(
    "latents of sizes that do not fit one another or anything are refused",
    arguments: [
      ([1, 4, 2], [1, 4, 3]), ([0, 4, 1 << 40], [1, 4, 2]), ([1, 3, 2], [1, 3, 2]),
      ([2, 4, 2], [1, 4, 2]), ([1, 4, 2], [2, 4, 2]), ([1, 4, 0], [1, 4, 0]), ([8], [1, 4, 2]),
    ])
  func sizes(latents: [Int], condition: [Int]) throws {
    #expect(throws: ModelError.self) {
      try SavedRun(contentsOf: file(latents: latents, condition: condition))
    }
  }

  @Test("a sampler's state that is no run of bytes, or of nothing, is refused")
  func sampler() throws {
    for (type, shape) in [
      (ElementType.int64, [4]), (.uint8, [2, 2]), (.float32, [4]), (.uint8, [0]), (.uint8, [64]),
    ] {
      #expect(throws: (any Error).self) {
        try SavedRun(contentsOf: file(sampler: (type, shape)))
      }
    }
  }
}
