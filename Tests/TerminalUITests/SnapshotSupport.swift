import Foundation
import TerminalUI
import Testing

/// Compares a grid with the snapshot of that name beside the tests. A missing snapshot is
/// recorded, which fails the test; run again after looking at it. With RECORD_SNAPSHOTS=1 in the
/// environment all are written anew.
func expectSnapshot(
  _ buffer: CellBuffer, named name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")
  let store = SnapshotStore(
    directory: directory.path,
    recordsAgain: ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1")
  switch try store.compare(buffer, name: name) {
  case .matches: break
  case .recorded(let path):
    Issue.record("recorded \(path); look at it and run again", sourceLocation: sourceLocation)
  case .differs(let path, let expected, let actual):
    Issue.record(
      "differs from \(path)\nexpected:\n\(expected)\ndrawn:\n\(actual)",
      sourceLocation: sourceLocation)
  }
}

/// A grid drawn by a closure.
func drawn(
  _ columns: Int, _ rows: Int, _ draw: (inout CellBuffer, Rectangle) -> Void
) -> CellBuffer {
  var buffer = CellBuffer(columns: columns, rows: rows)
  draw(&buffer, buffer.bounds)
  return buffer
}

/// The characters of one row.
func row(_ row: Int, of buffer: CellBuffer) -> String {
  (0..<buffer.columns).map { buffer[$0, row].text }.joined()
}

/// A small generator of random numbers (SplitMix64), so that random tests repeat exactly.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
