import SessionStore
import StudioKit

extension FuzzTarget {
  /// Rows of the studio's database, whatever a damaged disk or another program left in them: each
  /// input is cut into texts and numbers that fill a video's rows.
  static let records = FuzzTarget(name: "records") {
    let texts = [
      #"{"noise":{}}"#, #"{"steps":3}"#, #"{"name":"a","framesPerSecond":8}"#, "[1,2]",
      #"[{"drop":{"_0":1}}]"#, "[]", "\u{1}", "\u{2}",
    ]
    return [Array(texts.joined(separator: "\0").utf8)]
  } run: {
    readRecords($0)
  }

  private static func readRecords(_ bytes: [UInt8]) {
    var fields = bytes.split(separator: 0, omittingEmptySubsequences: false)[...]
    func text() -> String { String(decoding: fields.popFirst() ?? [], as: UTF8.self) }
    func number() -> Int64 {
      (fields.popFirst() ?? []).prefix(8).reduce(Int64(0)) { ($0 << 8) | Int64($1) }
    }
    let (source, settings, model) = (text(), text(), text())
    let (dropped, edits, undone) = (text(), text(), text())
    var clips: [Clip] = []
    for id in Int64(1)...4 {
      let (parent, fork, job, index, steps) = (number(), number(), number(), number(), number())
      let (seed, created, seconds) = (number(), number(), number())
      let record = ClipRecord(
        id: id, video: 1, parent: parent, fork: Int(fork), job: job, source: source,
        settings: settings, model: model, seed: UInt64(bitPattern: seed), index: Int(index),
        steps: Int(steps), created: Double(bitPattern: UInt64(bitPattern: created)),
        seconds: Double(seconds))
      if let clip = record.clip { clips.append(clip) }
    }
    var video = VideoRecord(
      title: source, modelName: model, framesPerSecond: Double(number()), created: 0)
    video.position = number()
    video.dropped = dropped
    video.edits = edits
    video.undoneEdits = undone
    var tree = video.tree(clips)
    _ = tree.visible
    _ = tree.branch
    _ = tree.current
    for clip in clips {
      _ = tree.rolls(of: clip.id)
      _ = tree.path(to: clip.id)
      _ = tree.nextFork(of: clip.parent)
      tree.select(clip.id)
      tree.drop(clip.id)
    }
    for _ in 0..<4 { tree.undo() }
    for _ in 0..<4 { tree.redo() }
    _ = tree.branch
  }
}
