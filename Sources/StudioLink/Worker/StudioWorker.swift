import Foundation
import RunKit
import StudioKit
import Synchronization
import TensorCore

/// A workspace in a process without a screen, for as long as somebody watches or something is to be done.
package final class StudioWorker: Sendable {
  private let workspace: Workspace
  private let life: WorkerLife
  private let server: StudioServer
  private let leavingTime: Duration
  private let onNotice: @Sendable (Notice) -> Void

  /// How long a worker stays when nobody watches and nothing is to be done.
  package static let usualIdleTime = Duration.seconds(10)
  /// How long screens have to take the last word.
  package static let usualLeavingTime = Duration.seconds(2)
  /// How long a worker waits for the folder of one that is about to end.
  private static let openingPatience = Duration.seconds(3)

  /// Opens the workspace of a data folder, and no other in its place.
  ///
  /// - Parameters:
  ///   - idleTime: How long it stays when nobody watches and nothing is to be done.
  ///   - leavingTime: How long screens have to take the last word; one that does not read never does.
  ///   - onNotice: Called with what a person should read, whether a screen shows it or not.
  /// - Returns: `nil` if another worker has the folder, and listens.
  /// - Throws: ``StudioError`` if a studio without a worker has the folder open, what a workspace throws.
  package static func open(
    _ folders: StudioFolders, resources: ResourceLocator = ResourceLocator(),
    idleTime: Duration = usualIdleTime, leavingTime: Duration = usualLeavingTime,
    onNotice: @escaping @Sendable (Notice) -> Void = { _ in }
  ) async throws -> StudioWorker? {
    let limit = ContinuousClock.now + openingPatience
    while true {
      do {
        let workspace = try await Workspace(
          folders: folders, resources: resources, needsFolder: true)
        return StudioWorker(
          workspace, idleTime: idleTime, leavingTime: leavingTime, onNotice: onNotice)
      } catch let error as StudioError where error.isInUse {
        if try StudioSocket.connect(to: folders.socket) != nil { return nil }
        guard ContinuousClock.now < limit else { throw error }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// A worker of an open workspace.
  private init(
    _ workspace: Workspace, idleTime: Duration, leavingTime: Duration,
    onNotice: @escaping @Sendable (Notice) -> Void
  ) {
    self.workspace = workspace
    self.leavingTime = leavingTime
    self.onNotice = onNotice
    let life = WorkerLife(idleTime: idleTime)
    self.life = life
    server = StudioServer(workspace) { census in
      life.note(census)
    } onControl: { wish in
      switch wish {
      case .status: break
      case .stop: life.end(finishesClip: false)
      case .finish: life.end(finishesClip: true)
      }
      return life.status
    }
  }

  /// Lets screens in until the worker ends: nobody watches it and nothing is to be done, or somebody asked for
  /// its end. Everything is saved by then.
  ///
  /// - Parameter onReady: Called once screens can connect.
  /// - Throws: ``LinkError`` if it cannot listen.
  package func run(onReady: () -> Void = {}) async throws {
    let path = workspace.folders.socket
    let listener: CInt
    do { listener = try StudioSocket.listen(at: path) } catch {
      await workspace.close()
      throw error
    }
    await workspace.atRelease {
      // As long as this process has the folder, the socket of that name is its own.
      unlink(path)
      shutdown(listener, Int32(SHUT_RDWR))
    }
    let accepting = Task(executorPreference: WorkerPool.blocking) {
      await self.server.acceptAll(from: listener)
    }
    let following = Task { await self.follow() }
    life.begin()
    onReady()
    let finishesClip = await life.untilEnd()
    server.refuseMore()
    await workspace.close(finishesClip: finishesClip)
    await following.value
    await accepting.value
    close(listener)
    server.noteSaved()
    await server.untilLeft(within: leavingTime)
  }

  /// Asks it to end after the step in progress.
  package func stop() { life.end(finishesClip: false) }

  /// Serves a screen on a connection that is there.
  @discardableResult
  package func serve(_ channel: FrameChannel) -> Task<Void, Never> { server.serve(channel) }

  private func follow() async {
    for await event in workspace.unshownEvents() {
      switch event {
      case .jobs(let jobs): life.note(jobs)
      case .progress(let progress): life.note(progress)
      case .notice(let notice): onNotice(notice)
      default: break
      }
    }
  }
}
