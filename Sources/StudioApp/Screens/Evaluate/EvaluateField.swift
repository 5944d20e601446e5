import EvaluationKit
import RunKit
import TerminalUI

/// A line of the form of an evaluation.
enum EvaluateLine: Sendable, Hashable {
  /// One of the evaluation itself.
  case own(EvaluateField)
  /// A setting of the videos that are made for it.
  case setting(GenerationSetting)
}

/// A line of the evaluation itself: its name, its range, what it means, and where it is kept.
enum EvaluateField: String, CaseIterable {
  case metric, model, videos, data, part, clips, frames, resolution, splits
  case i3d, c3d, perceptualWeights, perceptualFeatures, batch, preset

  /// What the lines are made from.
  struct Source {
    var task: EvaluateTask
    var models: [ModelEntry]
    var presets: [Preset]
    /// The weights that the user fetched.
    var weights: WeightLibrary
  }

  /// The sampler's settings that matter for an evaluation.
  private static let samplerSettings =
    GenerationSetting.ofForms.filter { $0.group == .sampler } + [.reencode, .seed]
  private static let computeSettings = GenerationSetting.ofForms.filter { $0.group == .compute }

  /// The lines that matter for an evaluation.
  static func fields(_ source: Source) -> [FormField<EvaluateLine>] {
    let task = source.task
    let own = allCases.filter { $0.matters(for: task) }.map { field in
      FormField(
        id: EvaluateLine.own(field), label: field.label, value: field.value(source),
        help: field.help(task), note: field.note(source))
    }
    var settings = task.generates ? samplerSettings : []
    if task.model != nil { settings += computeSettings }
    return own + settings.map { FormField(id: .setting($0), $0, in: task.settings) }
  }

  /// What it sets, where metrics differ in whether they take it.
  private var input: EvaluationInput? { EvaluationInput(rawValue: rawValue) }

  private func matters(for task: EvaluateTask) -> Bool {
    switch self {
    case .metric, .model: true
    case .videos, .resolution: task.model == nil
    case .part: task.metric.takes(.data)
    case .perceptualFeatures:
      task.metric.takes(.perceptualFeatures) && !task.perceptualWeights.isEmpty
    case .data, .clips, .frames, .splits, .i3d, .c3d, .perceptualWeights:
      input.map(task.metric.takes) ?? false
    case .batch, .preset: task.generates
    }
  }

  private var label: String {
    switch self {
    case .metric: "metric"
    case .model: "model"
    case .videos: "videos"
    case .data: "real data"
    case .part: "part"
    case .clips: "clips"
    case .frames: "frames"
    case .resolution: "resize to"
    case .splits: "splits"
    case .i3d: "I3D"
    case .c3d: "C3D"
    case .perceptualWeights: "LPIPS"
    case .perceptualFeatures: "VGG16"
    case .batch: "at once"
    case .preset: "preset"
    }
  }

  private func help(_ task: EvaluateTask) -> String {
    func path(_ text: String, _ path: String) -> String {
      path.isEmpty ? text : "\(path) (\(text))"
    }
    return switch self {
    case .metric: task.metric.meaning
    case .model: "what is judged"
    case .videos: path("the folder of videos that are judged", task.videos)
    case .data:
      path("real videos: UCF-101, SkyTimelapse or any folder of videos or frames", task.data)
    case .part: "the part of the real videos"
    case .clips:
      task.metric.publishedClips.map { "the paper takes \($0)" }
        ?? "\(task.metric.noun)s to look at"
    case .frames:
      task.metric.publishedFrames.isEmpty
        ? "frames of each \(task.metric.noun), two clips or more"
        : "frames of each \(task.metric.noun); the paper takes \(task.metric.publishedFramesText)"
    case .resolution: "side that frames are cropped and resized to; 0 takes them as they are"
    case .splits: "parts, over which mean and deviation are taken"
    case .i3d: path("file of weights: i3d_pretrained_400.pt", task.i3d)
    case .c3d: path("file of weights of C3D trained on UCF-101", task.c3d)
    case .perceptualWeights:
      path("vgg.pth of LPIPS, for the perceptual distance", task.perceptualWeights)
    case .perceptualFeatures:
      path("torchvision's vgg16-397923af.pth, if LPIPS does not hold it", task.perceptualFeatures)
    case .batch: "videos that are made side by side; more take more memory"
    case .preset: "takes the sampler's settings of a preset"
    }
  }

  private func note(_ source: Source) -> String {
    let task = source.task
    switch self {
    case .videos: return task.videos.isEmpty ? "needed" : ""
    case .clips: return task.clips == task.metric.publishedClips ? "as the paper" : ""
    case .resolution: return task.resolution == nil ? "as they are" : ""
    default:
      guard let input, let path = input.path, task[keyPath: path].isEmpty else { return "" }
      if task.fetched(input, in: source.weights) != nil { return "fetched" }
      return task.metric.required.contains(input) ? "needed" : "not given"
    }
  }
}

extension EvaluateField {
  /// The name of the choice that judges videos in a folder.
  private static let folderName = "videos in a folder"

  private func value(_ source: Source) -> FormValue {
    let task = source.task
    func whole(_ number: Int, _ range: ClosedRange<Double>, step: Double) -> FormValue {
      .number(Double(number), range: range, step: step, decimals: 0)
    }
    switch self {
    case .metric:
      return .choice(
        Metric.allCases.firstIndex(of: task.metric) ?? 0, of: Metric.allCases.map(\.name))
    case .model:
      let models = Self.models(source)
      let chosen = models.firstIndex { $0 == task.model }
      return .choice(
        chosen ?? models.count,
        of: models.map(\.name) + (task.metric.canJudgeFolder ? [Self.folderName] : []))
    case .part:
      return .choice(
        EvaluateTask.Part.allCases.firstIndex(of: task.part) ?? 0,
        of: EvaluateTask.Part.allCases.map(\.rawValue))
    case .videos, .data, .i3d, .c3d, .perceptualWeights, .perceptualFeatures:
      return .text(input?.path.map { task[keyPath: $0] } ?? "")
    case .clips: return whole(task.clips, 1...100_000, step: 8)
    case .frames: return whole(task.frames, 2...4096, step: 16)
    case .resolution: return whole(task.resolution ?? 0, 0...1024, step: 16)
    case .splits: return whole(task.splits, 1...1000, step: 1)
    case .batch: return whole(task.batch, 1...64, step: 1)
    case .preset:
      let chosen = source.presets.firstIndex { $0.settings.samples(like: task.settings) }
      let names = source.presets.map(\.name)
      return .choice(chosen ?? 0, of: chosen == nil ? ["own settings"] + names : names)
    }
  }

  /// The models that can be judged by this metric, and the one that is, whether it is there or not.
  static func models(_ source: Source) -> [ModelReference] {
    let found = source.models.filter {
      $0.canGenerate
        || source.task.metric.judged == .autoencoder && $0.problem == nil && $0.autoencoder != nil
    }.map(\.reference)
    guard let model = source.task.model, !found.contains(model) else { return found }
    return [model] + found
  }

  /// Keeps an edited value.
  func store(_ value: FormValue, in source: inout Source) {
    switch (self, value) {
    case (.metric, .choice(let index, _)): source.choose(Metric.allCases[index])
    case (.model, .choice(let index, _)):
      let models = Self.models(source)
      source.task.model = models.indices.contains(index) ? models[index] : nil
      source.fitFrames()
    case (.part, .choice(let index, _)): source.task.part = EvaluateTask.Part.allCases[index]
    case (_, .text(let text)): if let path = input?.path { source.task[keyPath: path] = text }
    case (.clips, .number(let number, _, _, _)): source.task.clips = Int(number)
    case (.frames, .number(let number, _, _, _)): source.task.frames = Int(number)
    case (.resolution, .number(let number, _, _, _)):
      // Less than this is no picture; stepping goes over it in both directions.
      source.task.resolution = number < 16 ? nil : Int(number)
    case (.splits, .number(let number, _, _, _)): source.task.splits = Int(number)
    case (.batch, .number(let number, _, _, _)): source.task.batch = Int(number)
    case (.preset, .choice(let index, let names)):
      guard let preset = source.presets.first(where: { $0.name == names[index] }) else { return }
      source.task.settings = preset.settings.keepingSeed(of: source.task.settings)
    default: preconditionFailure("a field keeps its kind of value")
    }
  }
}

extension EvaluateField.Source {
  /// Changes the metric, with as many clips and frames as are usual for it.
  mutating func choose(_ metric: Metric) {
    task.metric = metric
    task.clips = metric.usualClips
    task.frames = metric.usualFrames
    if task.model == nil, !task.metric.canJudgeFolder {
      task.model = EvaluateField.models(self).first
    }
    fitFrames()
  }

  /// An autoencoder is judged by clips of the length that it encodes.
  mutating func fitFrames() {
    guard task.metric.judged == .autoencoder,
      let length = models.first(where: { $0.reference == task.model })?.autoencoder?.clipLength
    else { return }
    task.frames = length
  }
}

extension GenerationSettings {
  /// Whether videos are sampled in the same way, whatever the seed.
  func samples(like other: GenerationSettings) -> Bool {
    let (a, b) = (request(), other.request())
    return a.firstSampler == b.firstSampler && a.laterSampler == b.laterSampler
      && guidanceScale == other.guidanceScale && reencodesCondition == other.reencodesCondition
      && a.guidanceInterval == b.guidanceInterval && seamFade == other.seamFade
      && variation == other.variation && ordersPlanes == other.ordersPlanes
      && precision == other.precision
  }
}
