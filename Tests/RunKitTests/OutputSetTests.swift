import Foundation
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Several outputs of one video.
@Suite struct OutputSetTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func make(_ names: [String], replaceable: Set<String> = []) throws -> OutputSet {
    try OutputSet(
      paths: names.map(folder.path), framesPerSecond: 8, settings: "{}", overwrites: false,
      replaceable: Set(replaceable.map(folder.path)))
  }

  private func fill(_ outputs: OutputSet) throws {
    outputs.append(latent: Latent(zerosFor: PlaneGeometry(side: 8)))
    try outputs.append(images: [RGBImage(width: 16, height: 16)])
  }

  @Test("an empty folder gives way to frames, and one that holds something does not")
  func emptyFolder() throws {
    try FileManager.default.createDirectory(
      atPath: folder.path("frames"), withIntermediateDirectories: false)
    let frames = try make(["frames/"])
    try fill(frames)
    try frames.finish(metadata: [:])
    #expect(frames.written == [folder.path("frames/")])
    #expect(throws: StudioError(folder.path("frames/"), .exists)) { _ = try make(["frames/"]) }
  }

  @Test("each output is completed whatever becomes of the others")
  func oneFails() throws {
    let gone = folder.path("gone")
    try FileManager.default.createDirectory(atPath: gone, withIntermediateDirectories: false)
    let outputs = try make(["gone/z.safetensors", "gone/a.mkv", "b.mkv", "frames/"])
    try fill(outputs)
    try FileManager.default.removeItem(atPath: gone)
    #expect(throws: (any Error).self) { try outputs.finish(metadata: [:]) }
    #expect(outputs.written == ["b.mkv", "frames/"].map(folder.path))
    #expect(folder.contents == ["b.mkv", "frames"])
  }

  @Test("what may be replaced is, and nothing else")
  func replaceable() throws {
    for name in ["a.mkv", "b.mkv"] {
      try Data("mine".utf8).write(to: URL(filePath: folder.path(name)))
    }
    #expect(throws: StudioError(folder.path("b.mkv"), .exists)) {
      _ = try make(["a.mkv", "b.mkv"], replaceable: ["a.mkv"])
    }
    let outputs = try make(["a.mkv"], replaceable: ["a.mkv"])
    try fill(outputs)
    try outputs.finish(metadata: [:])
    #expect(try VideoReader(path: folder.path("a.mkv")).frameCount() == 1)
    #expect(try String(contentsOfFile: folder.path("b.mkv"), encoding: .utf8) == "mine")
  }
}
