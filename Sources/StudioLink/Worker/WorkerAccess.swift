import Foundation
import RunKit
import TensorCore

/// The way to the worker of a data folder, which is started if there is none.
package struct WorkerAccess: Sendable {
  private let folders: StudioFolders
  private let command: [String]
  private let patience: Int

  /// How often a worker is looked for, where one ends just when it is found.
  private static let attempts = 5

  /// - Parameters:
  ///   - folders: Whose worker; only the data folder's name is passed on, the others follow from the environment.
  ///   - command: Program and words that start a worker, to which the data folder is added.
  ///   - patience: Seconds in which a worker must answer.
  package init(
    _ folders: StudioFolders, command: [String] = [ResourceLocator.runningExecutable, "worker"],
    patience: Int = SocketService.usualGreetingTime
  ) {
    self.folders = folders
    self.command = command
    self.patience = patience
  }

  /// Whether a data folder can be written to, without which no worker can keep anything there.
  package static func canKeep(_ folders: StudioFolders) -> Bool {
    (try? PrivateFolder.make(folders.data)) != nil
      && FileManager.default.isWritableFile(atPath: folders.data)
  }

  /// A screen's way to the workspace.
  ///
  /// - Parameter starts: Whether a worker is started if there is none.
  package func service(starts: Bool = true) -> SocketService {
    SocketService(greetingTime: patience) { try await connect(starts: starts) }
  }

  /// Asks the worker for something, and leaves.
  ///
  /// - Throws: What it says if it cannot be done, ``LinkError`` if it does not answer.
  package func ask(_ request: WorkspaceRequest) async throws -> WorkspaceAnswer {
    let service = service()
    _ = try await service.open()
    let answer = await withCheckedContinuation { continuation in
      service.perform(request) { continuation.resume(returning: $0) }
    }
    let failure = service.failure
    await service.close()
    if let failure { throw failure }
    if case .told(let notice) = answer, notice.level == .error { throw Refusal(notice) }
    return answer
  }

  /// Connects to the worker.
  ///
  /// - Throws: ``LinkError`` if there is none and none is to be started or can be, ``StudioError`` if the data
  ///   folder cannot be written.
  package func connect(starts: Bool) async throws -> FrameChannel {
    for _ in 0..<Self.attempts {
      if let channel = try StudioSocket.connect(to: folders.socket) { return channel }
      guard starts else { throw LinkError(.noWorker) }
      guard Self.canKeep(folders) else {
        throw StudioError(folders.data, .notWritable(reason: "a worker keeps its work there"))
      }
      let worker = WorkerProcess(
        command: command + ["--data", folders.data], log: folders.workerLog)
      try await WorkerPool.blocking.run { try worker.start() }
    }
    throw LinkError(
      .cannotStart(
        "the studio's worker ended as soon as it was started", remedy: "See \(folders.workerLog)"))
  }

  /// How the worker stands.
  ///
  /// - Returns: `nil` if there is none.
  /// - Throws: ``LinkError`` if it does not answer.
  package func status() async throws -> WorkerStatus? {
    try await WorkerPool.blocking.run { try control(.status)?.status }
  }

  /// Ends the worker and waits for it; what it does stops after the step in progress, or after the clip.
  ///
  /// - Returns: How it stood; `nil` if there is none.
  /// - Throws: ``LinkError`` if it does not answer.
  package func stop(finishesClip: Bool) async throws -> WorkerStatus? {
    try await WorkerPool.blocking.run {
      guard let (channel, status) = try control(finishesClip ? .finish : .stop) else { return nil }
      // It hangs up when everything is saved.
      while let frame = try channel.read() { _ = frame }
      return status
    }
  }

  private func control(
    _ wish: Control.Wish
  ) throws -> (channel: FrameChannel, status: WorkerStatus)? {
    guard let channel = try StudioSocket.connect(to: folders.socket) else { return nil }
    channel.expectWord(within: patience)
    try channel.write(Frame(.control, try WireValue.plain(Control(wish: wish))))
    guard let reply = try channel.read(), reply.kind == .status else { throw LinkError(.lost) }
    channel.expectWord(within: nil)
    return (channel, try WireValue.plain(WorkerStatus.self, reply.payload))
  }
}
