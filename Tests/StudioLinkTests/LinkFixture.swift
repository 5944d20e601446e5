import Foundation
import KitTestSupport
import RunKit
import StudioKit
import StudioLink
import Synchronization
import TensorCore
import TestSupport

/// A workspace with a tiny model behind a server, as a worker has it, and screens on both ends of sockets within
/// this process.
final class LinkFixture: Sendable {
  let workspace: Workspace
  let model: ModelReference
  let server: StudioServer
  let folders: StudioFolders
  /// The worker's ends of all connections, in their order.
  let ends = Mutex<[FrameChannel]>([])
  private let fixture: Holder

  /// Keeps the folder for as long as the fixture lives.
  private final class Holder: @unchecked Sendable {
    let fixture: WorkspaceFixture
    init(_ fixture: WorkspaceFixture) { self.fixture = fixture }
  }

  init() async throws {
    let fixture = try WorkspaceFixture()
    self.fixture = Holder(fixture)
    folders = fixture.folders
    model = fixture.model
    let workspace = try await fixture.open()
    self.workspace = workspace
    server = StudioServer(workspace, onControl: { _ in WorkerStatus(since: Date()) })
  }

  func path(_ name: String) -> String { fixture.fixture.folder.path(name) }

  /// A new connection.
  func connect() throws -> FrameChannel {
    let (screen, worker) = try StudioSocket.pair()
    ends.withLock { $0.append(worker) }
    server.serve(worker)
    return screen
  }

  /// A screen's way to the workspace.
  func service(patience: Duration = .zero) -> SocketService {
    SocketService(patience: patience, greetingTime: 3_600) { try self.connect() }
  }

  /// A connection of which every byte is the test's own, after the greetings.
  func greeted() async throws -> FrameChannel {
    let channel = try connect()
    try channel.write(Frame(.greeting, Self.hello()))
    guard let welcome = try await channel.next(), welcome.kind == .greeting else {
      throw LinkError(.lost)
    }
    return channel
  }

  static func hello(version: Int = 1, program: String = RunSettings.programVersion) -> [UInt8] {
    Array(#"{"version":\#(version),"program":"\#(program)","folder":"/"}"#.utf8)
  }

  func end() async { await workspace.close() }
}

extension FrameChannel {
  /// Waits for the next frame, and keeps no other test waiting.
  func next() async throws -> Frame? { try await WorkerPool.blocking.run { try self.read() } }
}

extension StudioService {
  /// Asks and waits for the answer.
  func ask(_ request: WorkspaceRequest) async -> WorkspaceAnswer {
    await withCheckedContinuation { continuation in
      perform(request) { continuation.resume(returning: $0) }
    }
  }

  /// Waits for an event; `nil` if they end before.
  func first<Value>(_ find: (WorkspaceEvent) -> Value?) async -> Value? {
    for await event in await events() {
      if let value = find(event) { return value }
    }
    return nil
  }

  /// Waits until all jobs are over, and there are as many: over a socket an answer comes before what it changed is
  /// told.
  func settle(_ count: Int = 1) async -> [Job] {
    await first { event in
      guard case .jobs(let jobs) = event, jobs.count >= count, jobs.allSatisfy(\.state.isOver)
      else {
        return nil
      }
      return jobs
    } ?? []
  }
}

extension WorkspaceAnswer {
  var tree: ClipTree? { if case .opened(let tree) = self { tree } else { nil } }
  var notice: Notice? { if case .told(let notice) = self { notice } else { nil } }
}
