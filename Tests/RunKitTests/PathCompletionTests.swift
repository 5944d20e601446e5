import Foundation
import RunKit
import TestSupport
import Testing

/// What follows a path that is typed.
@Suite struct PathCompletionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func put(_ name: String) throws {
    try Data().write(to: URL(filePath: folder.path(name)))
  }

  @Test("a path is completed as far as all names agree, also beyond those that are listed")
  func many() throws {
    for number in 100..<350 { try put("frame-0\(number).png") }
    try put("frame-9.png")
    let completion = PathCompletion(of: folder.path("fr"))
    #expect(completion.completed == folder.path("frame-"))
    #expect(completion.candidates.count == 200)
    #expect(completion.candidates.first == "frame-0100.png")
    #expect(PathCompletion(of: folder.path("frame-0")).completed == folder.path("frame-0"))
    #expect(PathCompletion(of: folder.path("frame-9")).completed == folder.path("frame-9.png"))
  }

  @Test("one folder that fits is completed with its slash, and what fits nothing stays")
  func folders() throws {
    try FileManager.default.createDirectory(
      atPath: folder.path("clips"), withIntermediateDirectories: false)
    #expect(PathCompletion(of: folder.path("cl")).completed == folder.path("clips/"))
    try put("clips.txt")
    #expect(PathCompletion(of: folder.path("cl")).completed == folder.path("clips"))
    #expect(PathCompletion(of: folder.path("x")).completed == folder.path("x"))
    #expect(PathCompletion(of: folder.path("x")).candidates.isEmpty)
  }
}
