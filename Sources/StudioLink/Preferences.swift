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
  /// The colours that were chosen; `nil` for what the terminal can show.
  package var color: ColorMode?
  /// How pictures are shown, where it was chosen; `nil` for the best that the terminal can.
  package var graphics: PictureGrade?
  /// Whether the mouse is the studio's.
  package var usesMouse: Bool?
  /// Whether the end of a long run is told.
  package var announces: Bool?
  /// The settings on the Make screen.
  package var settings: GenerationSettings?
  /// The recipe in Make.
  package var recipe: Recipe?
  /// The settings and the model of the next clips that were chosen on Extend, and for which video.
  package var next: NextClips?
  /// The model that was used.
  package var model: ModelEntry.ID?
  /// The video that was open.
  package var video: VideoID?
  /// The evaluation on the Evaluate screen.
  package var evaluation: EvaluateTask?
  /// The training that was last set up on the Train screen.
  package var training: TrainingRequest?

  /// The name under which a workspace keeps them.
  static let stateName = "studio"

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
    case .recipe(let recipe): self.recipe = recipe
    case .next(let next): self.next = next
    case .color(let mode): color = mode
    case .graphics(let grade): graphics = grade
    case .usesMouse(let isOn): usesMouse = isOn
    case .announces(let isOn): announces = isOn
    case .model(let model): self.model = model
    case .video(let video): self.video = video
    case .evaluation(let task): evaluation = task
    case .training(let request): training = request
    }
  }
}

/// Something to remember.
package enum Preference: Sendable, Hashable, Codable {
  case screen(ScreenID)
  case theme(String)
  case bytesPerSecond(Int?)
  case symbols(SymbolSet?)
  case cellRatio(Double)
  case settings(GenerationSettings)
  case recipe(Recipe?)
  case next(NextClips?)
  case color(ColorMode?)
  case graphics(PictureGrade?)
  case usesMouse(Bool)
  case announces(Bool)
  case model(ModelEntry.ID)
  case video(VideoID)
  case evaluation(EvaluateTask)
  case training(TrainingRequest)
}

/// How the next clips of a video are made, where that is not as the clip before.
package struct NextClips: Sendable, Hashable, Codable {
  /// The video.
  package var video: VideoID
  /// Settings that were edited.
  package var settings: GenerationSettings?
  /// A model other than the video's own.
  package var model: ModelReference?

  package init(video: VideoID, settings: GenerationSettings?, model: ModelReference?) {
    self.video = video
    self.settings = settings
    self.model = model
  }
}
