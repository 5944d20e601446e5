import EvaluationKit
import RunKit
import TerminalUI

extension EvaluateScreen {
  /// Commands of the palette: what takes a path is easier to paste there.
  enum Command: String, CaseIterable {
    case metric, data, videos, i3d, c3d, lpips, vgg, preset

    var entry: CommandPalette.Entry {
      let help =
        switch self {
        case .metric: Metric.names
        case .data: "the folder of real videos"
        case .videos: "judge the videos in a folder"
        case .i3d: "the file with the weights of I3D, i3d_pretrained_400.pt"
        case .c3d: "the file with the weights of C3D"
        case .lpips: "the file with the weights of LPIPS, vgg.pth"
        case .vgg: "the file with VGG16's weights, vgg16-397923af.pth"
        case .preset: "take the sampler's settings of a preset"
        }
      return CommandPalette.Entry(name: rawValue, help: help, argument: .path)
    }
  }

  package func commands(_ app: AppState) -> [CommandPalette.Entry] {
    Command.allCases.map { command in
      var entry = command.entry
      switch command {
      case .metric: entry.argument = .words(Metric.allCases.map(\.rawValue))
      case .preset: entry.argument = .words(app.presets.map(\.name))
      default: break
      }
      return entry
    }
  }

  package mutating func run(
    _ command: String, argument: String, _ app: AppState
  ) -> [StudioEffect] {
    guard let command = Command(rawValue: command) else { return [] }
    var task = form.task
    switch command {
    case .metric:
      guard let metric = Metric(rawValue: argument) else {
        let names = Metric.allCases.map(\.rawValue).joined(separator: ", ")
        return [
          .notify(Notice(.warning, "there is no metric \(argument)", remedy: "There are \(names)"))
        ]
      }
      var source = EvaluateField.Source(
        task: task, models: app.models, presets: app.presets, weights: app.weights)
      source.choose(metric)
      task = source.task
    case .preset:
      guard let preset = app.preset(named: argument) else {
        return [.notify(app.noPreset(argument))]
      }
      task.settings = preset.settings.keepingSeed(of: task.settings)
    case .videos:
      guard task.metric.canJudgeFolder else {
        return [
          .notify(
            Notice(.warning, "\(task.metric.title.lowercased()) is measured of a model alone"))
        ]
      }
      task.videos = argument
      task.model = nil
    case .data: task.data = argument
    case .i3d: task.i3d = argument
    case .c3d: task.c3d = argument
    case .lpips: task.perceptualWeights = argument
    case .vgg: task.perceptualFeatures = argument
    }
    form.replace(with: task)
    page = .main
    return setupChanged(app)
  }
}
