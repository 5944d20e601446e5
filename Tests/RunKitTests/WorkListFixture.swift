import Foundation
import RunKit
import TestSupport
import Testing

/// Lists of work in a folder of their own, whose items write their seeds.
struct WorkListFixture {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func list(_ count: Int, _ name: String = "list") throws -> WorkList {
    try WorkList(
      creating: folder.path(name), directory: folder.url.path,
      items: (0..<count).map {
        WorkItem(name: "seed-\($0)", arguments: ["sample", "\($0)"], output: "seed-\($0).txt")
      })
  }

  /// Does an item: writes its seed.
  static func write(_ item: WorkItem, _ place: WorkerRun.Place) throws -> WorkerRun.Outcome {
    try Data(item.arguments[1].utf8).write(to: URL(filePath: place.output))
    return .done
  }

  /// Does what is open with a worker of its own.
  ///
  /// - Returns: Items that it did.
  static func finish(_ list: WorkList, _ name: String) async throws -> Int {
    try await WorkerRun(list, name: name).run { try write($0, $1) }.done
  }

  /// Leaves what an item is gone on with.
  static func save(_ place: WorkerRun.Place) throws {
    try Data("half".utf8).write(to: URL(filePath: place.output + ".resume.safetensors"))
  }

  /// Lets a worker look as if it had given no sign for an hour.
  func forget(_ worker: String, of list: WorkList) throws {
    let path = list.folder + "/workers/" + worker
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: path)
  }

  /// Lets a worker that ended look as one that was killed an hour ago: nobody knows that it let go.
  func lose(_ worker: String, of list: WorkList) throws {
    let claims = list.folder + "/claims"
    for name in try FileManager.default.contentsOfDirectory(atPath: claims)
    where name.hasSuffix(".stopped") {
      try FileManager.default.removeItem(atPath: claims + "/" + name)
    }
    try forget(worker, of: list)
  }

  /// What is in the outputs, by name.
  func outputs(of list: WorkList) -> [String: String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: list.outputs)) ?? []
    return Dictionary(
      uniqueKeysWithValues: names.map {
        ($0, (try? String(contentsOfFile: list.outputs + "/" + $0, encoding: .utf8)) ?? "")
      })
  }

  func expectComplete(_ list: WorkList) throws {
    let expected = Dictionary(
      uniqueKeysWithValues: list.items.map { ($0.output, $0.arguments[1]) })
    #expect(outputs(of: list) == expected)
    let status = try WorkStatus(of: list)
    #expect(status.done == list.items.count && status.running == 0 && status.left == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: list.folder + "/parts").isEmpty)
  }
}
