import Foundation
import RunKit
import VideoDiffusion

/// Something without which an evaluation cannot begin.
public struct EvaluationRequirement: Sendable, Hashable, Codable {
  /// What it is about.
  public var subject: EvaluationInput
  /// What is missing or wrong, without a full stop.
  public var sentence: String
  /// What to do about it, with the file that is expected and where users usually get it.
  public var remedy: String

  /// Something that is missing.
  public init(_ subject: EvaluationInput, _ sentence: String, remedy: String = "") {
    self.subject = subject
    self.sentence = sentence
    self.remedy = remedy
  }
}

extension EvaluateTask {
  /// Everything that is missing or wrong, as far as the files' names and headers tell.
  ///
  /// - Parameter library: The weights that the user fetched.
  public func unmetRequirements(_ library: WeightLibrary) -> [EvaluationRequirement] {
    checks(library).compactMap { subject, check in
      do {
        try check()
        return nil
      } catch {
        let explanation = Explanation(error)
        return EvaluationRequirement(
          subject, explanation.sentence, remedy: explanation.remedyWithoutOptions)
      }
    }
  }

  /// Checks that the evaluation can begin.
  ///
  /// - Parameter library: The weights that the user fetched.
  /// - Throws: ``StudioError``, `EvaluationError` or `CheckpointError` for what is missing first.
  public func check(_ library: WeightLibrary) throws {
    for (_, check) in checks(library) { try check() }
  }

  private typealias Check = (EvaluationInput, () throws -> Void)

  private func checks(_ library: WeightLibrary) -> [Check] {
    var checks: [Check] = [(.settings, { try settings.validate() })]
    if let model {
      checks.append((.model, { try checkModel(model) }))
    } else if metric.canJudgeFolder {
      checks.append((.videos, { try checkFolder(videos, or: .noVideos) }))
    } else {
      checks.append((.model, { throw StudioError(nil, .noModelGiven) }))
    }
    for input in metric.required {
      checks += self.checks(of: input, library)
    }
    for input in metric.optional {
      guard let path = input.path, !self[keyPath: path].isEmpty else { continue }
      checks += self.checks(of: input, library).prefix(1)
    }
    return checks
  }

  /// The checks of something that is given or has to be, of itself first and then of the sizes that it
  /// calls for.
  private func checks(of input: EvaluationInput, _ library: WeightLibrary) -> [Check] {
    switch input {
    case .data: [(.data, { try checkFolder(data, or: .noData) })]
    case .i3d:
      [
        (.i3d, { try checkWeights(i3d.isEmpty ? fetched(.i3d, in: library) ?? "" : i3d, .i3d) }),
        (.frames, { try checkFrames(of: .i3d) }),
      ]
    case .c3d: [(.c3d, { try checkWeights(c3d, .c3d) }), (.frames, { try checkFrames(of: .c3d) })]
    case .perceptualWeights: [(input, { try checkPerceptualWeights(perceptualWeights) })]
    case .perceptualFeatures: [(input, { try checkPerceptualWeights(perceptualFeatures) })]
    case .clips: [(.clips, { try checkClips() })]
    case .frames: metric == .drift ? [(.frames, { try checkDriftFrames() })] : []
    case .model, .videos, .splits, .settings: []
    }
  }

  /// The seams of a video of one clip cannot be judged.
  private func checkDriftFrames() throws {
    let autoencoder = model?.autoencoder.flatMap {
      try? NetworkFile(path: $0, preferring: .autoencoder)
    }
    let least = 2 * (autoencoder?.geometry.frames ?? EvaluationJob.usualClipFrames)
    guard frames >= least else { throw EvaluationJob.tooShort(frames: frames, least: least) }
  }

  private func checkModel(_ model: ModelReference) throws {
    guard model.autoencoder != nil, metric.judged == .autoencoder || model.denoiser != nil else {
      throw StudioError(nil, .incompleteModel(name: model.name))
    }
    for path in [model.autoencoder, model.denoiser].compactMap({ $0 })
    where !FileManager.default.fileExists(atPath: path) {
      throw StudioError(path, .noSuchFile)
    }
  }

  private func checkFolder(_ path: String, or missing: StudioError.Problem) throws {
    guard !path.isEmpty else { throw StudioError(nil, missing) }
    guard FileManager.default.fileExists(atPath: path) else { throw StudioError(path, .noSuchFile) }
  }

  private func checkWeights(_ path: String, _ kind: FeatureNetworkKind) throws {
    guard !path.isEmpty else { throw EvaluationError.noWeights(kind, path: nil) }
    _ = try FeatureNetworkFile(path: path, kind: kind)
  }

  private func checkPerceptualWeights(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw EvaluationError.noPerceptualWeights(path: path)
    }
  }

  private func checkFrames(of kind: FeatureNetworkKind) throws {
    guard frames >= kind.leastFrameCount else {
      throw EvaluationError.clipTooShort(frames: frames, needed: kind.leastFrameCount)
    }
  }

  private func checkClips() throws {
    if metric.needsCovariance, clips < 2 {
      throw EvaluationError.tooFewForCovariance(clips: clips, of: "the clips")
    }
    if metric.takes(.splits), clips < splits {
      throw EvaluationError.tooFewForSplits(clips: clips, splits: splits)
    }
  }
}
