import Foundation
import VideoDiffusion

/// A setting that cannot be used, in words.
public struct SettingProblem: Sendable, Hashable {
  /// The setting.
  public let setting: GenerationSetting
  /// What it is and what was expected: a sentence without a full stop.
  public let sentence: String
}

extension GenerationSettings {
  /// Every setting that is out of its range, in the order of ``GenerationSetting/all``.
  public var problems: [SettingProblem] {
    GenerationSetting.all.compactMap { setting in
      let value = self[setting]
      guard !setting.domain.contains(value) else { return nil }
      return SettingProblem(
        setting: setting,
        sentence: "\(setting.title) is \(value.plainText); expected \(setting.range)")
    }
  }

  /// Checks every setting's range.
  ///
  /// - Throws: ``StudioError`` naming the first setting that is out of it.
  public func validate() throws {
    guard let setting = problems.first?.setting else { return }
    throw StudioError(
      nil, .option(name: setting.title, found: self[setting].plainText, expected: setting.range))
  }

  /// What the engine is asked for.
  ///
  /// - Parameter sampleCount: Videos to make side by side, at least 1.
  public func request(sampleCount: Int = 1) -> GenerationRequest {
    GenerationRequest(
      clipCount: clipCount, firstSampler: firstSampler, laterSampler: laterSampler,
      guidanceScale: guidanceScale, seed: seed, sampleCount: sampleCount,
      reencodesCondition: reencodesCondition, variation: variation, ordersPlanes: ordersPlanes,
      seamFade: seamFade,
      guidanceInterval: GuidanceInterval(from: guidanceStart, to: guidanceEnd))
  }

  /// The settings of a request, such as one that is embedded in an output. What a request does not
  /// say stays as it is in a new value.
  ///
  /// Both samplers of a request that the studio makes differ in their steps alone; of another, the
  /// first one's solver, spacing, eta and noise are taken.
  public init(_ request: GenerationRequest) {
    self.init()
    let first = request.firstSampler
    method = first.method
    spacing = first.spacing == first.method.defaultSpacing ? nil : first.spacing
    steps = first.steps
    laterSteps = request.laterSampler.steps
    eta = first.eta
    recomputesNoise = first.recomputesNoise
    guidanceScale = request.guidanceScale
    guidanceStart = request.guidanceInterval.start
    guidanceEnd = request.guidanceInterval.end
    clipCount = request.clipCount
    seed = request.seed
    reencodesCondition = request.reencodesCondition
    variation = request.variation
    ordersPlanes = request.ordersPlanes
    seamFade = request.seamFade
  }

  /// The settings that made an output; `nil` if nothing was generated for it, or they are out of their
  /// ranges, as only a file says that this program did not write.
  public init?(_ run: RunSettings) {
    guard let request = run.request else { return nil }
    self.init(request)
    guard problems.isEmpty else { return nil }
    // Of a batch, this video's own.
    seed = run.seed ?? request.seed
    precision = Precision(rawValue: run.precision) ?? precision
  }
}

extension Preset {
  /// What a preset takes from an output.
  private static let embeddedKeys = Set(
    GenerationSetting.all.filter { $0.group == .sampler } + [
      .reencode, .orderPlanes, .seamFade, .precision,
    ])

  /// The settings of the sampler and the precision that made an output, under its file's name, and what
  /// of the output they do not stand for: clips of other runs, and frames that were there before.
  ///
  /// - Returns: `note` is a sentence without a full stop, or `nil` where the preset says it all.
  /// - Throws: ``StudioError`` if the output carries no settings or nothing was generated for it, and
  ///   what reading throws.
  public static func embedded(in path: String) throws -> (preset: Preset, note: String?) {
    let run = try RunSettings(embeddedIn: path)
    guard let settings = GenerationSettings(run) else { throw StudioError(path, .noSettings) }
    let preset = Preset(
      name: URL(filePath: path).deletingPathExtension().lastPathComponent, summary: "",
      settings: settings, isBuiltIn: false, keys: embeddedKeys)
    return (preset, Self.note(on: run, of: path))
  }

  private static func note(on run: RunSettings, of path: String) -> String? {
    let name = URL(filePath: path).lastPathComponent
    if let runs = run.recipe?.runs, let last = runs.last {
      let clips = last.clipText
      let differing = GenerationSetting.all.filter { setting in
        embeddedKeys.contains(setting) && Set(runs.map { $0.settings[setting] }).count > 1
      }
      if !differing.isEmpty {
        return "\(name) was made by \(runs.count) runs, which differ in "
          + differing.map(\.title).joined(separator: ", ")
          + "; these are the settings of the last, which made \(clips)"
      }
      if runs.contains(where: { $0.source != nil }) {
        return "\(name) holds footage beside what was made; these are the settings of \(clips)"
      }
      return nil
    }
    guard run.command == "extend", run.onlyNew != true, run.precedingFrames ?? 0 > 0,
      let frames = run.precedingFrames
    else { return nil }
    return "the first \(frames) frames of \(name) are of "
      + "\(run.source ?? "what was continued"), whose settings it does not carry; these are the "
      + "settings of the frames after them"
  }
}
