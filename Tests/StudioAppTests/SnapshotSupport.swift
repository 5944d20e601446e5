import Foundation
import StudioApp
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

/// A screen as a window of some size shows it: the rows of the studio's header, tabs and notices blank,
/// the screen's hints in the last row.
func window(
  _ screen: some StudioScreen, _ app: AppState, columns: Int = 80, rows: Int = 24
) -> CellBuffer {
  var buffer = CellBuffer(columns: columns, rows: rows)
  let context = ViewContext(
    capabilities: TerminalCapabilities(
      colorMode: .trueColor, isUTF8: true, isTerminal: true,
      size: TerminalSize(columns: columns, rows: rows)))
  let area = buffer.bounds
  screen.draw(in: &buffer, area: area.inset(top: 2, bottom: 2), app, context)
  HintLine.draw(screen.hints(app), in: &buffer, area: area.inset(top: rows - 1))
  return buffer
}

/// Compares a screen with its snapshots at 80x24 and 160x48.
func expectSnapshots(
  _ screen: some StudioScreen, _ app: AppState, named name: String,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  for (columns, rows) in [(80, 24), (160, 48)] {
    try expectSnapshot(
      window(screen, app, columns: columns, rows: rows), named: "\(name)-\(columns)x\(rows)",
      sourceLocation: sourceLocation)
  }
}

/// The characters of a grid, row after row.
func text(_ buffer: CellBuffer) -> String {
  (0..<buffer.rows).map { row in
    (0..<buffer.columns).map { buffer[$0, row].text }.joined()
  }.joined(separator: "\n")
}
