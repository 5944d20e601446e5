import Foundation
import RunKit
import StudioKit
import TestSupport
import Testing

/// What the studio keeps when a call fails, the disk is full or the power fails; see ``FaultTrial``.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct StudioFaultTests {
  private let trial: FaultTrial
  private var root: String { trial.root }
  private var work: String { trial.work }
  private var data: String { work + "/data/studio" }
  private static let probe = CommandRun.program.deletingLastPathComponent()
    .appending(path: "WorkspaceProbe").path

  init() throws { trial = try FaultTrial() }

  private func clear() throws {
    try trial.clear()
    try FileManager.default.createSymbolicLink(
      atPath: work + "/samples", withDestinationPath: root + "/samples")
  }

  /// The next start, which nothing gets in the way of.
  ///
  /// - Returns: The clips that it shows, whose frames are all there.
  private func nextStart(_ place: String) async throws -> [ClipID] {
    let workspace = try await Workspace(
      folders: StudioFolders(data: data, configuration: work + "/configuration"),
      resources: ResourceLocator(
        executable: "/nowhere/pvdm", environment: ["PVDM_DATA": work]), startsQueue: false)
    #expect(!workspace.isTemporary, "\(place)")
    var clips: [ClipID] = []
    for await event in workspace.events() {
      if case .videos(let videos) = event {
        for video in videos {
          clips += try await workspace.tree(of: video.id).visible.map(\.id)
        }
        break
      }
    }
    let frames = await workspace.frames(of: clips)
    let areWhole = frames.allSatisfy { $0.images.count == 16 }
    #expect(frames.count == clips.count && areWhole, "\(place)")
    await workspace.close()
    let left = trial.contents(data + "/clips").filter { $0.hasSuffix(".partial") }
    #expect(left == [], "\(place)")
    return clips
  }

  @Test("what was said to be kept is, and the next start works", arguments: Fault.allCases)
  func session(fault: Fault) async throws {
    try await trial.tryAll("studio", Self.probe, [work], fault) {
      try clear()
    } check: { run, place in
      let lines = run.output.split(separator: "\n").map(String.init)
      let hasEnded = lines.contains { $0 == "ended" || $0.hasPrefix("error: ") }
      #expect(run.wasKilled || hasEnded, "\(place)")
      let isTemporary = lines.contains { $0.contains("Nothing is kept") }
      let told = lines.filter { $0.hasPrefix("clip ") }.compactMap { Int64($0.dropFirst(5)) }
      let clips = try await nextStart(place)
      if !isTemporary {
        #expect(Set(told).isSubset(of: clips.map(\.rawValue)), "\(place): \(told) of \(clips)")
      }
      let export = work + "/data/out.gif"
      if FileManager.default.fileExists(atPath: export) {
        #expect(throws: Never.self, "\(place)") { _ = try RunSettings(embeddedIn: export) }
      }
    }
  }

  @Test(
    "a damaged database is made again from the clips' files, and nothing is deleted",
    arguments: Fault.allCases)
  func recovery(fault: Fault) async throws {
    try clear()
    let made = try trial.run(Self.probe, [work])
    try #require(made.status == 0, "\(made.output)")
    let session = root + "/session"
    try FileManager.default.moveItem(atPath: work + "/data", toPath: session)
    try FileManager.default.removeItem(atPath: session + "/studio/backups")
    for suffix in ["-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: session + "/studio/studio.sqlite" + suffix)
    }
    try Data("damage".utf8).write(to: URL(filePath: session + "/studio/studio.sqlite"))
    // Files that no row and no clip tells of.
    let unknown = ["clips/77.safetensors", "runs/55.safetensors"]
    for name in unknown {
      try Data(name.utf8).write(to: URL(filePath: session + "/studio/" + name))
    }
    try await trial.tryAll("recovery", Self.probe, [work, "open"], fault) {
      try clear()
      try FileManager.default.copyItem(atPath: session, toPath: work + "/data")
    } check: { _, place in
      try await expectEverything(of: unknown, place)
    }
  }

  /// Both clips of a session whose database was damaged, that database, and files that hold their own names.
  private func expectEverything(of files: [String], _ place: String) async throws {
    let clips = try await nextStart(place)
    #expect(clips.count == 2, "\(place): \(clips)")
    let names = trial.contents(data)
    let damaged = names.filter { $0.hasPrefix("studio.sqlite.damaged-") }
    let contents = damaged.map { self.contents(data + "/" + $0) }
    #expect(contents.contains("damage"), "\(place): \(damaged)")
    for file in files {
      let parts = file.split(separator: "/")
      let folders = names.filter { $0.hasPrefix(parts[0]) }
      let found = folders.map { self.contents("\(data)/\($0)/\(parts[1])") }
      #expect(found.contains(file), "\(place): \(file) is in none of \(folders)")
    }
  }

  private func contents(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
