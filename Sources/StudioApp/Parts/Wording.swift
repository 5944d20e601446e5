import Foundation
import RunKit
import StudioKit
import TerminalUI

/// Amounts in the words of the screens.
package enum Wording {
  /// Memory, such as `1.9 GB` or `310 MB`, in powers of ten.
  package static func bytes(_ count: Int) -> String {
    count >= 1_000_000_000
      ? "\(FormValue.text(of: Double(count) / 1e9, decimals: 1)) GB"
      : "\((max(count, 0) + 500_000) / 1_000_000) MB"
  }

  /// Numbers in a network's weights, such as `42.1 M`.
  package static func parameters(_ count: Int) -> String {
    count >= 1_000_000_000
      ? "\(FormValue.text(of: Double(count) / 1e9, decimals: 2)) G"
      : "\(FormValue.text(of: Double(count) / 1e6, decimals: 1)) M"
  }
}

extension GenerationSettings {
  /// What matters most of the settings, such as `DDIM 100/20 w 1.5 bf16`.
  package var shortText: String {
    var words = [method.title, clipCount == 1 ? "\(steps)" : "\(steps)/\(laterSteps)"]
    if method.usesEta, eta != 1 { words.append("eta \(FormValue.text(of: eta, decimals: 2))") }
    if method.usesEta, recomputesNoise { words.append("recomputed noise") }
    if guidanceScale > 0 {
      words.append("w \(FormValue.text(of: guidanceScale, decimals: 1))")
    }
    if precision != .float32 { words.append(precision.rawValue) }
    return words.joined(separator: " ")
  }
}

extension TrainTask {
  /// The run's name.
  package var name: String { runFolder.fileName }
}

extension Job {
  /// What is to be done, such as `extend sunset`.
  package func title(_ app: AppState) -> String {
    let name = app.name(of:)
    switch task {
    case .export(let task): return "export \(name(task.video))"
    case .evaluate(let task): return "\(task.metric.shortTitle) of \(task.sourceName)"
    case .train(let task): return "train \(task.name)"
    case .generate(let task):
      switch task.origin {
      case .nothing:
        // The name may tell the seed of the first roll, and this may be another.
        let (video, seed) = (name(task.video), task.settings.seed)
        let isFirst = app.video(task.video).map { $0.seed == seed } ?? true
        return isFirst || video.hasSuffix("seed \(seed)")
          ? "make \(video)" : "reroll \(video), with seed \(seed)"
      case .clip: return "extend \(name(task.video))"
      case .footage(let path, _): return "continue \(path.fileName)"
      }
    }
  }

  /// Clips that it is to make; `nil` if it goes on until it is stopped or makes none.
  package var clipCount: Int? { generation?.clipCount }

  /// Complete clips of those wanted, such as `1/4`, or `3` of a run without end.
  package var clipText: String {
    guard generation != nil else { return "-" }
    return clipCount.map { "\(finishedClips)/\($0)" } ?? "\(finishedClips)"
  }

  /// Seconds that it was at work, once it is over; of jobs of earlier versions, which did not count
  /// them, those from its start to its end.
  package var secondsTaken: Double? {
    guard let started, let ended else { return nil }
    return worked ?? ended.timeIntervalSince(started)
  }

  /// When something last happened to it.
  var lastActive: Double { (ended ?? started ?? created).timeIntervalSinceReferenceDate }
}

extension AppState {
  /// The job to show: the running one, else the one that was last worked on, else the next.
  package var shownJob: Job? {
    runningJob ?? jobs.filter { $0.started != nil }.max { $0.lastActive < $1.lastActive }
      ?? jobs.first { !$0.state.isOver }
  }

  /// The jobs that make clips, or began to.
  var begunGenerations: [Job] { jobs.filter { $0.generation != nil && $0.started != nil } }

  /// The job that makes clips now, else the one that last did.
  package var shownGeneration: Job? {
    let made = begunGenerations
    return made.first { $0.state == .running } ?? made.max { $0.lastActive < $1.lastActive }
  }
}

extension String {
  /// The last part of a path.
  var fileName: String { split(separator: "/").last.map(String.init) ?? self }

  /// Without blanks around it.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
