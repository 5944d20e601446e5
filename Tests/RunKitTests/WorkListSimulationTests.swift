import Foundation
import RunKit
import TestSupport
import Testing

/// How well many workers share a list: the real workers on a real folder, in a time of their own.
@Suite struct WorkListSimulationTests {
  @Test("64 workers are at work for 95 % of the time until a list of 1250 items is done")
  func efficiency() async throws {
    let folder = try TemporaryFolder()
    let list = try WorkList(
      creating: folder.path("list"), directory: folder.url.path,
      items: (0..<1250).map {
        WorkItem(name: "seed-\($0)", arguments: ["sample", "\($0)"], output: "seed-\($0).txt")
      })
    let workers = 64
    let time = SimulatedTime(sleepers: workers)
    let done = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<workers {
        group.addTask {
          var worker = try WorkerRun(list, name: "worker-\(index)", lease: 3600)
          // What others hold at the end is theirs.
          worker.waits = false
          do {
            let summary = try await worker.run { item, place in
              await time.sleep(seconds: Self.seconds(item))
              try Data().write(to: URL(filePath: place.output))
              return .done
            }
            await time.leave()
            return summary.done
          } catch {
            await time.leave()
            throw error
          }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(done == 1250)
    let work = list.items.reduce(0) { $0 + Self.seconds($1) }
    let efficiency = work / (Double(workers) * (await time.now))
    #expect(efficiency > 0.95, "\(efficiency)")
    #expect(try WorkStatus(of: list).done == 1250)
  }

  /// What an item takes: items differ by up to a half, as videos with a batch or a machine of their own do.
  private static func seconds(_ item: WorkItem) -> Double {
    let number = UInt64(item.arguments[1]) ?? 0
    let mixed = (number &+ 1) &* 0x9E37_79B9_7F4A_7C15
    return 60 * (0.75 + 0.5 * Double(mixed >> 40) / Double(1 << 24))
  }
}

/// A time that goes on only when everybody in it sleeps, and then to the moment when the first of them wakes.
private actor SimulatedTime {
  private(set) var now = 0.0
  private var awake: Int
  private var sleeping: [(moment: Double, wake: CheckedContinuation<Void, Never>)] = []

  init(sleepers: Int) { awake = sleepers }

  func sleep(seconds: Double) async {
    await withCheckedContinuation { wake in
      sleeping.append((now + seconds, wake))
      awake -= 1
      goOn()
    }
  }

  /// One sleeps no more.
  func leave() {
    awake -= 1
    goOn()
  }

  private func goOn() {
    guard awake == 0,
      let first = sleeping.indices.min(by: { sleeping[$0].moment < sleeping[$1].moment })
    else { return }
    let next = sleeping.remove(at: first)
    now = next.moment
    awake += 1
    next.wake.resume()
  }
}
