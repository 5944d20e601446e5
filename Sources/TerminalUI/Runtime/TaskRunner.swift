internal import Synchronization

/// Runs the work of commands as tasks and cancels it by name.
package final class TaskRunner<Message: Sendable>: Sendable {
  private struct State {
    var tasks: [Int: Task<Void, Never>] = [:]
    var names: [String: Int] = [:]
    var nextNumber = 0
  }

  private let state = Mutex(State())
  private let dispatcher: Dispatcher<Message>

  package init(dispatcher: Dispatcher<Message>) { self.dispatcher = dispatcher }

  package func run(id: String?, _ body: @escaping @Sendable (Dispatcher<Message>) async -> Void) {
    if let id { cancel(id: id) }
    let dispatcher = dispatcher
    state.withLock { state in
      let number = state.nextNumber
      state.nextNumber += 1
      if let id { state.names[id] = number }
      // The lock is held until the task is stored, so `finish` cannot come before that.
      state.tasks[number] = Task {
        await body(dispatcher)
        self.finish(number)
      }
    }
  }

  package func cancel(id: String) {
    state.withLock { state in
      guard let number = state.names.removeValue(forKey: id) else { return }
      state.tasks[number]?.cancel()
    }
  }

  package func cancelAll() {
    state.withLock { state in
      for task in state.tasks.values { task.cancel() }
    }
  }

  /// Waits until none of the work that is running now is left.
  package func finishAll() async {
    let tasks = state.withLock { Array($0.tasks.values) }
    for task in tasks { await task.value }
  }

  package var isIdle: Bool { state.withLock { $0.tasks.isEmpty } }

  private func finish(_ number: Int) {
    state.withLock { state in
      state.tasks[number] = nil
      state.names = state.names.filter { $0.value != number }
    }
  }
}
