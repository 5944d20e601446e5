import FuzzTargets
import TensorCore
import TestSupport
import Testing

/// The doors that libFuzzer tries for hours (`make fuzz`), tried here for a moment: what goes wrong ends
/// the test process.
@Suite("Doors for foreign bytes") struct FuzzTargetTests {
  @Test("what broke a door once no longer does", arguments: FuzzTarget.all.map(\.name))
  func corpus(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    for bytes in try target.corpus() { target.run(bytes) }
  }

  @Test("damaged inputs are refused or read, by every door", arguments: FuzzTarget.all.map(\.name))
  func mutations(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    var numbers = SeededNumbers(1, name: name)
    for seed in try target.seeds() {
      target.run(seed)
      for _ in 0..<60 { target.run(seed.damaged(times: 1...8, using: &numbers)) }
    }
  }
}
