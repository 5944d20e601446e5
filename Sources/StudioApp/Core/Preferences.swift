import EvaluationKit
import RunKit
import TerminalUI
import TrainingKit

/// What the studio remembers from one time to the next.
package struct Preferences: Sendable, Hashable, Codable {
  /// The screen that was shown.
  package var screen: ScreenID?
  /// The theme that was chosen.
  package var theme: String?
  /// Bytes a second to send at most; 0 for no limit.
  package var bytesPerSecond: Int?
  /// Symbols of stills.
  package var symbols: SymbolSet?
  /// Width of a cell by its height.
  package var cellRatio: Double?
  /// The settings on the Make screen.
  package var settings: GenerationSettings?
  /// The model that was used.
  package var model: ModelEntry.ID?
  /// The video that was open.
  package var video: VideoID?
  /// The evaluation on the Evaluate screen.
  package var evaluation: EvaluateTask?
  /// The training that was last set up on the Train screen.
  package var training: TrainingRequest?

  package init() {}

  /// Replaces one of the preferences.
  package mutating func set(_ preference: Preference) {
    switch preference {
    case .screen(let screen): self.screen = screen
    case .theme(let theme): self.theme = theme
    case .bytesPerSecond(let bytes): bytesPerSecond = bytes ?? 0
    case .symbols(let symbols): self.symbols = symbols
    case .cellRatio(let ratio): cellRatio = ratio
    case .settings(let settings): self.settings = settings
    case .model(let model): self.model = model
    case .video(let video): self.video = video
    case .evaluation(let task): evaluation = task
    case .training(let request): training = request
    }
  }
}

/// Something to remember.
package enum Preference: Sendable, Hashable {
  case screen(ScreenID)
  case theme(String)
  case bytesPerSecond(Int?)
  case symbols(SymbolSet?)
  case cellRatio(Double)
  case settings(GenerationSettings)
  case model(ModelEntry.ID)
  case video(VideoID)
  case evaluation(EvaluateTask)
  case training(TrainingRequest)
}
