import Foundation
import KitTestSupport
import RunKit
import TestSupport
import Testing
import TrainingKit

@Suite struct TrainingHistoryTests {
  private func point(_ step: Int, _ value: Double) -> TrainingHistory.Point {
    TrainingHistory.Point(step: step, values: ["loss": value])
  }

  @Test("a long history keeps a bounded number of points and its means")
  func bounded() {
    var history = TrainingHistory()
    for step in 1...10_000 { history.add(point(step, Double(step % 2))) }
    #expect(history.points.count <= TrainingHistory.limit)
    #expect(history.points.count > TrainingHistory.limit / 3)
    #expect(history.values("loss").dropFirst().allSatisfy { abs($0.value - 0.5) < 0.01 })
    #expect(history.last("loss") == 0)
    let steps = history.points.map(\.step)
    #expect(steps == steps.sorted() && Set(steps).count == steps.count)
  }

  @Test("a run that goes on from an earlier step replaces what came after it")
  func goingOn() {
    var history = TrainingHistory((1...6).map { point($0, Double($0)) })
    history.add(point(4, 40))
    #expect(history.values("loss").map(\.value) == [1, 2, 3, 40])
    #expect(history.values("psnr").isEmpty && history.names == ["loss"])
  }

  @Test("numbers that a line lacks are no points of their curve")
  func gaps() {
    var history = TrainingHistory([point(1, 1)])
    history.add(TrainingHistory.Point(step: 2, values: ["hinge": 3]))
    #expect(history.values("loss").map(\.step) == [1])
    #expect(history.values("hinge").map(\.step) == [2])
    #expect(history.last("loss") == 1)
  }
}

@Suite struct PathCompletionTests {
  @Test("a path is completed as far as all that fits agrees")
  func completion() throws {
    let folder = try TemporaryFolder()
    for name in ["skies-a", "skies-b", "other", ".hidden"] {
      try FileManager.default.createDirectory(
        atPath: folder.path(name), withIntermediateDirectories: true)
    }
    try Data().write(to: URL(filePath: folder.path("single.toml")))
    func complete(_ typed: String) -> PathCompletion { PathCompletion(of: folder.path("") + typed) }
    let root = folder.path("")
    #expect(complete("sk").completed == root + "skies-")
    #expect(complete("sk").candidates == ["skies-a/", "skies-b/"])
    #expect(complete("si").completed == root + "single.toml")
    #expect(complete("o").completed == root + "other/")
    #expect(complete("x").completed == root + "x" && complete("x").candidates.isEmpty)
    #expect(complete("").candidates == ["other/", "single.toml", "skies-a/", "skies-b/"])
    #expect(complete(".h").candidates == [".hidden/"])
    #expect(PathCompletion(of: "/no/such/folder/a").candidates.isEmpty)
  }
}
