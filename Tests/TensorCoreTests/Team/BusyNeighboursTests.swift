import Foundation
import TensorCore
import Testing

/// Processes that keep a processor busy never outlive the program that measures beside them.
@Suite(.timeLimit(.minutes(5)))
struct BusyNeighboursTests {
  @Test("they run until they are stopped, and are gone then")
  func stop() throws {
    let neighbours = try BusyNeighbours(count: 2)
    let processes = neighbours.processIdentifiers
    #expect(processes.count == 2 && processes.allSatisfy { kill($0, 0) == 0 })
    neighbours.stop()
    #expect(processes.allSatisfy { kill($0, 0) != 0 && errno == ESRCH })
  }

  @Test("they end with a program that is killed")
  func killed() async throws {
    let result = await #expect(
      processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]
    ) {
      let neighbours = try BusyNeighbours(count: 2)
      print(neighbours.processIdentifiers.map(String.init).joined(separator: " "), terminator: ".")
      fflush(nil)
      kill(getpid(), SIGKILL)
    }
    let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
    let processes = output.prefix { $0 != "." }.split(separator: " ").compactMap { Int32($0) }
    #expect(processes.count == 2)
    // Nobody here is told when another's child ends.
    while processes.contains(where: isRunning) { sched_yield() }
  }

  /// Whether a process has not ended; one that nobody has asked about yet has.
  private func isRunning(_ process: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let state = text.split(separator: ")").last?.split(separator: " ").first
    else { return false }
    return state != "Z" && state != "X"
  }
}
