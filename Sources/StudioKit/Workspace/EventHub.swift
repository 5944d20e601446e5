import RunKit
import Synchronization

/// Tells any number of listeners what changes. Sending never waits: what a slow listener has not
/// heard yet is replaced by what is newer, so that its backlog stays small.
package final class EventHub: Sendable {
  /// What an event is about. A newer event about the same thing makes the older one worthless.
  private enum Topic: Hashable {
    case models, modelSearch, presets, videos, jobs, comparisons, evaluations, trainingRuns
    case clusterJobs
    case tree(VideoID)
    case progress(JobID)
    case preview(JobID)
    case training(JobID)
  }

  private struct State {
    /// The last event about each topic, in the order of the topics' first events.
    var present: [(topic: Topic, event: WorkspaceEvent)] = []
    /// Notices that nobody has heard.
    var unheard: [WorkspaceEvent] = []
    var listeners: [Int: Listener] = [:]
    /// Those of them that show nobody what they hear.
    var companions: Set<Int> = []
    var nextListener = 0
    var isClosed = false
  }
  private let state = Mutex(State())

  /// Notices and finished clips that wait for a slow listener at most; the oldest are dropped.
  private static let backlogLimit = 32

  package init() {}

  /// The events from now on, after the whole present state.
  ///
  /// - Parameter isShown: Whether a person hears of them; notices wait until one does.
  package func events(isShown: Bool = true) -> AsyncStream<WorkspaceEvent> {
    let listener = Listener()
    let number = state.withLock { state in
      for (_, event) in state.present { listener.add(event, Self.topic(of: event)) }
      for notice in state.unheard { listener.add(notice, nil) }
      if isShown { state.unheard = [] }
      if state.isClosed { listener.close() }
      let number = state.nextListener
      state.nextListener += 1
      state.listeners[number] = listener
      if !isShown { state.companions.insert(number) }
      return number
    }
    let registration = Registration { [weak self] in
      listener.close()
      self?.state.withLock { state in
        state.listeners[number] = nil
        state.companions.remove(number)
      }
    }
    return AsyncStream {
      await registration.next(of: listener)
    } onCancel: {
      registration.end()
    }
  }

  /// Lives as long as somebody may ask for events.
  private final class Registration: Sendable {
    let end: @Sendable () -> Void

    init(end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }

    func next(of listener: Listener) async -> WorkspaceEvent? { await listener.next() }
  }

  /// Tells every listener.
  package func send(_ event: WorkspaceEvent) {
    state.withLock { state in
      let topic = Self.topic(of: event)
      if let topic {
        if let index = state.present.firstIndex(where: { $0.topic == topic }) {
          state.present[index].event = event
        } else {
          state.present.append((topic, event))
        }
      } else if case .notice = event, state.listeners.count == state.companions.count {
        state.unheard = state.unheard.suffix(Self.backlogLimit - 1) + [event]
      }
      for listener in state.listeners.values { listener.add(event, topic) }
    }
  }

  /// Forgets how far a job was: it does not run any more.
  func forget(_ job: JobID) {
    state.withLock { state in
      state.present.removeAll {
        [.progress(job), .preview(job), .training(job)].contains($0.topic)
      }
    }
  }

  /// Forgets a video's tree.
  func forget(_ video: VideoID) {
    state.withLock { state in state.present.removeAll { $0.topic == .tree(video) } }
  }

  /// Ends every listener's events after what was sent.
  package func close() {
    state.withLock { state in
      state.isClosed = true
      for listener in state.listeners.values { listener.close() }
    }
  }

  private static func topic(of event: WorkspaceEvent) -> Topic? {
    switch event {
    case .models: .models
    case .modelSearch: .modelSearch
    case .presets: .presets
    case .videos: .videos
    case .tree(let tree): .tree(tree.video)
    case .jobs: .jobs
    case .progress(let progress): .progress(progress.job)
    case .preview(let preview): .preview(preview.job)
    case .comparisons: .comparisons
    case .evaluations: .evaluations
    case .trainingRuns: .trainingRuns
    case .clusterJobs: .clusterJobs
    case .training(let watch): .training(watch.job)
    case .clipFinished, .notice: nil
    }
  }

  /// One listener's backlog.
  private final class Listener: Sendable {
    private struct State {
      var waiting: [(topic: Topic?, event: WorkspaceEvent)] = []
      var reader: CheckedContinuation<WorkspaceEvent?, Never>?
      var isClosed = false
    }
    private let state = Mutex(State())

    func add(_ event: WorkspaceEvent, _ topic: Topic?) {
      let reader = state.withLock { state -> CheckedContinuation<WorkspaceEvent?, Never>? in
        guard !state.isClosed else { return nil }
        if let reader = state.reader {
          state.reader = nil
          return reader
        }
        if let topic {
          state.waiting.removeAll { $0.topic == topic }
        } else if state.waiting.count(where: { $0.topic == nil }) >= EventHub.backlogLimit,
          let oldest = state.waiting.firstIndex(where: { $0.topic == nil })
        {
          state.waiting.remove(at: oldest)
        }
        state.waiting.append((topic, event))
        return nil
      }
      reader?.resume(returning: event)
    }

    func close() {
      let reader = state.withLock { state in
        state.isClosed = true
        defer { state.reader = nil }
        return state.reader
      }
      reader?.resume(returning: nil)
    }

    func next() async -> WorkspaceEvent? {
      await withCheckedContinuation { continuation in
        let (isReady, event) = state.withLock { state -> (Bool, WorkspaceEvent?) in
          if !state.waiting.isEmpty { return (true, state.waiting.removeFirst().event) }
          if state.isClosed { return (true, nil) }
          state.reader = continuation
          return (false, nil)
        }
        if isReady { continuation.resume(returning: event) }
      }
    }
  }
}
