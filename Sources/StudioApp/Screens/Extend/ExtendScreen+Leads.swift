import HandwrittenText
import RunKit
import StudioKit
import StudioLink
import TerminalUI

/// Clips that lead somewhere: from one marked clip to another, and back to where the branch begins.
extension ExtendScreen {
  /// Marks the clip where the user stands, or takes the mark away. Two are marked at most, the one to lead from
  /// first; a third takes the place of the first of them.
  mutating func mark(_ app: AppState) -> [StudioEffect] {
    guard let tree, let clip = tree.current else { return [.notify(.noClip(app))] }
    guard !isWatching else {
      return [.notify(Notice(.information, "this clip is being made"))]
    }
    if marked.contains(clip.id) {
      marked.removeAll { $0 == clip.id }
    } else {
      marked = marked.suffix(1) + [clip.id]
    }
    return [
      .notify(
        marked.count == 2
          ? Notice(
            .information, "\(marksText) are marked",
            remedy: "\(app.keys[.bridge]) makes the way between them")
          : Notice(
            .information, marked.isEmpty ? "no clip is marked" : "\(marksText) is marked",
            remedy: "\(app.keys[.mark]) marks the clip to lead \(marked.isEmpty ? "from" : "to")"))
    ]
  }

  /// The marked clips by their names: `A3 and B2`.
  var marksText: String { marked.map(label).joined(separator: " and ") }

  private func label(_ clip: ClipID) -> String { outline?.labels[clip] ?? "the clip" }

  /// Takes marks away of clips that are not in sight.
  mutating func checkMarks() {
    marked.removeAll { tree?.clips[$0] == nil || tree?.dropped.contains($0) == true }
  }

  /// Asks for the way from the first marked clip to the second.
  ///
  /// - Parameter count: Frames of it.
  mutating func bridge(count: Int?, _ app: AppState) -> [StudioEffect] {
    guard let tree, tree.current != nil else { return [.notify(.noClip(app))] }
    guard marked.count == 2, let first = tree.clips[marked[0]] else {
      return [
        .notify(
          Notice(
            .warning,
            marked.isEmpty ? "no clip is marked" : "only \(marksText) is marked",
            remedy: marked.isEmpty
              ? "\(app.keys[.mark]) marks the clip to lead from, then the one to lead to"
              : "\(app.keys[.mark]) on another clip marks the one to lead to"))
      ]
    }
    if let problem = modelProblem(app) { return [.notify(problem)] }
    let clipFrames = usableModel(app)?.autoencoder?.clipLength ?? clipLength
    let frames = count ?? min(ClipLead.usualFrames, clipFrames - 1)
    guard (1..<clipFrames).contains(frames) else {
      return [
        .notify(
          Notice(
            .warning, "a way of \(counted(frames, "frame")) does not fit into a clip",
            remedy:
              "1 to \(clipFrames - 1) do, as in \(app.keys.text(of: .bridge, times: 12)): one frame at least is known"
          ))
      ]
    }
    var next = settings(after: first, app)
    if !next.isSeedLocked { next.seed = seeds.next() }
    let (from, to) = (label(marked[0]), label(marked[1]))
    let fork = nextFork(of: first.id, tree, app)
    return lead(
      next, after: first.id, fork: fork, .clip(marked[1], frames: frames),
      asking: [
        "Make \(counted(frames, "frame")) from \(from) to \(to)?",
        "They continue \(from), and a copy of \(to) follows them.",
      ], app)
  }

  /// Asks for the clip that leads from the end of the branch back to its beginning.
  mutating func closeLoop(_ app: AppState) -> [StudioEffect] {
    guard let tree, let tip = tree.tip.flatMap({ tree.clips[$0] }) else {
      return [.notify(.noClip(app))]
    }
    if isTipGrowing(app) {
      return [
        .notify(
          Notice(
            .information, "this branch is still growing",
            remedy: "wait for its end, or stop it with \(app.keys[.stop])"))
      ]
    }
    if case .loop = tip.source {
      return [
        .notify(
          Notice(
            .information, "this branch is a loop already",
            remedy: "\(app.keys[.reroll]) makes its end again"))
      ]
    }
    if let problem = modelProblem(app) { return [.notify(problem)] }
    if let model = usableModel(app), model.denoiser?.conditional == false {
      return [
        .notify(
          Notice(
            .warning,
            "\(model.reference.name) continues no clip, and the last clip of a loop continues one",
            remedy: "\(app.keys[.model]) continues with the chosen model"))
      ]
    }
    var next = settings(after: tip, app)
    let wasTried = tree.clips.values.contains { $0.parent == tip.id && $0.seed == tip.seed }
    if !next.isSeedLocked { next.seed = wasTried ? seeds.next() : tip.seed }
    let start = tree.branch.first.map { label($0.id) } ?? "the start"
    return lead(
      next, after: tip.id, fork: nextFork(of: tip.id, tree, app), .start,
      asking: [
        "Close the loop from \(label(tip.id)) to \(start)?",
        "One clip more leads back to the first frame.",
      ], app)
  }

  /// How a clip is made that continues another than the one where the user stands.
  private func settings(after clip: Clip, _ app: AppState) -> GenerationSettings {
    if let nextSettings { return nextSettings }
    var settings = clip.settings
    settings.isSeedLocked = false
    return settings
  }

  /// - Parameter question: A title and lines to ask before; `nil` for no question.
  mutating func lead(
    _ settings: GenerationSettings, after clip: ClipID, fork: Int, _ lead: ClipLead,
    asking question: [String]?, _ app: AppState
  ) -> [StudioEffect] {
    guard let tree else { return [.notify(.noVideo(app))] }
    if let problem = modelProblem(app) { return [.notify(problem)] }
    guard let model = usableModel(app) else { return [] }
    var settings = settings.fitting(model)
    settings.clipCount = lead.clipCount
    settings.isSeedLocked = true
    wantsToWatch = true
    return [
      .order(
        .lead(
          LeadOrder(
            video: tree.video, clip: clip, fork: fork, lead: lead, model: model.reference,
            settings: settings, question: question)))
    ]
  }
}
