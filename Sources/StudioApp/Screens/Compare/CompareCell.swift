import RunKit
import StudioKit
import TerminalUI

/// A cell of a comparison as it stands: what it shows and what is happening to it.
package struct CompareCell: Sendable, Hashable {
  /// Whether it has been made.
  package enum State: Sendable, Hashable {
    case made
    /// It is being made; how far it is: `37%`.
    case running(String)
    case waiting
    /// Held back, or cut off; it goes on when asked.
    case held
    case failed(String)
    /// The run was stopped before it was made.
    case missing
  }

  /// What tells it from the others.
  package var label: String
  /// Its video.
  package var video: VideoID
  /// The model and settings; `nil` for a video of the gallery.
  package var variant: Comparison.Variant?
  /// Whether it has been made.
  package var state: State
  /// Its job, if there is one to do something about.
  package var job: JobID?
  /// Its clips, from the start.
  package var clips: [ClipID]

  /// A cell of a comparison.
  init(_ cell: Comparison.Cell, _ app: AppState) {
    self.init(label: cell.label, video: cell.video, app)
    variant = cell.variant
  }

  /// A video of the gallery.
  init(_ video: VideoSummary, _ app: AppState) {
    self.init(label: video.title, video: video.id, app)
  }

  private init(label: String, video: VideoID, _ app: AppState) {
    self.label = label
    self.video = video
    let summary = app.video(video)
    let branch = app.trees[video]?.branch.map(\.id) ?? []
    clips = branch.isEmpty ? [summary?.poster].compactMap { $0 } : branch
    let activity = VideoActivity(of: video, app)
    job = activity.job?.id
    state =
      switch activity {
      case .running(let job): .running(ProgressNotes.short(app.progress(of: job)))
      case .waiting: .waiting
      case .held: .held
      case .failed(_, let sentence, _): .failed(sentence)
      case .none, .cancelled: clips.isEmpty ? .missing : .made
      }
  }

  /// The state in a word or two; empty for what is made.
  package var stateText: String {
    switch state {
    case .made: ""
    case .running(let note): note
    case .waiting: "waits"
    case .held: "held"
    case .failed: "failed"
    case .missing: "not made"
    }
  }

  /// Whether it can be made, or made further, when asked.
  var canResume: Bool {
    switch state {
    case .held, .failed, .missing: true
    case .made, .running, .waiting: false
    }
  }

  /// Asks for it to be made.
  var resumeEffect: StudioEffect? {
    switch state {
    case .held, .failed: job.map { .job(.resume($0)) }
    case .missing:
      variant.map {
        .order(.extend(video, after: nil, fork: 0, model: $0.model, settings: $0.settings))
      }
    case .made, .running, .waiting: nil
    }
  }
}
