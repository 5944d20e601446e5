import MediaIO
import RunKit
import StudioKit
import TensorCore

/// What the socket between a screen and a worker costs.
package struct LinkBenchmark: Sendable {
  /// Median time from a request until its answer is there, in seconds, where nothing is to be done for it.
  package let requestSeconds: Double
  /// Median time until the pictures of a clip, 16 of 64 x 64 pixels, are on the other side, in seconds.
  package let pictureSeconds: Double

  /// Sends requests and pictures through a socket within this process.
  ///
  /// - Parameter rounds: How often each is sent, at least 1.
  /// - Throws: ``LinkError`` if the system has no sockets.
  package init(rounds: Int = 200) throws {
    precondition(rounds >= 1, "a median needs a value")
    let (screen, worker) = try StudioSocket.pair()
    Task(executorPreference: WorkerPool.blocking) {
      while let frame = try screen.read() {
        if frame.kind == .event {
          _ = try WireValue.decode(WorkspaceEvent.self, frame.payload)
        } else {
          _ = try WireValue.decode(WorkspaceRequest.self, frame.payload, isNumbered: true)
        }
        try screen.write(
          Frame(.answer, try WireValue.encode(WorkspaceAnswer.done, number: 1)))
      }
    }
    defer { worker.hangUp() }
    func median(_ kind: Frame.Kind, _ payload: () throws -> [UInt8]) throws -> Double {
      let times = try (0..<rounds).map { _ in
        let start = ContinuousClock.now
        try worker.write(Frame(kind, try payload()))
        guard let reply = try worker.read() else { throw LinkError(.lost) }
        _ = try WireValue.decode(WorkspaceAnswer.self, reply.payload, isNumbered: true)
        return (ContinuousClock.now - start) / .seconds(1)
      }
      return times.sorted()[rounds / 2]
    }
    let request = WorkspaceRequest.job(.pause(JobID(rawValue: 1)))
    requestSeconds = try median(.request) { try WireValue.encode(request, number: 1) }
    let preview = WorkspaceEvent.preview(
      JobPreview(
        job: JobID(rawValue: 1), clip: 0, step: 1, stepCount: 2, mode: .decoded,
        images: (0..<16).map { RGBImage(width: 64, height: 64, fill: (UInt8($0), 80, 160)) }))
    pictureSeconds = try median(.event) { try WireValue.encode(preview) }
  }
}
