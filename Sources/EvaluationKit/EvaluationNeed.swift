import Foundation
import RunKit
import VideoDiffusion

extension EvaluateTask {
  /// What a need is about.
  public enum Subject: String, Sendable, Hashable, CaseIterable {
    case model, videos, data, clips, frames, i3d, c3d, perceptualWeights, perceptualFeatures,
      settings
  }

  /// Something without which the evaluation cannot begin.
  public struct Need: Sendable, Hashable {
    /// What it is about.
    public var subject: Subject
    /// What is missing or wrong, without a full stop.
    public var sentence: String
    /// What to do about it, with the file that is expected and where users usually get it.
    public var remedy: String

    /// Something that is missing.
    public init(_ subject: Subject, _ sentence: String, remedy: String = "") {
      self.subject = subject
      self.sentence = sentence
      self.remedy = remedy
    }
  }

  /// Everything that is missing or wrong, as far as the files' names and headers tell.
  public func needs() -> [Need] {
    checks.compactMap { subject, check in
      do {
        try check()
        return nil
      } catch {
        let explanation = Explanation(error)
        return Need(
          subject, explanation.sentence, remedy: explanation.remedyWithoutOptions)
      }
    }
  }

  /// Checks that the evaluation can begin.
  ///
  /// - Throws: ``StudioError``, `EvaluationError` or `CheckpointError` for what is missing first.
  public func check() throws { for (_, check) in checks { try check() } }

  private typealias Check = (Subject, () throws -> Void)

  private var checks: [Check] {
    var checks: [Check] = [(.settings, { try settings.validate() })]
    if let model {
      checks.append((.model, { try checkModel(model) }))
    } else if canJudgeFolder {
      checks.append((.videos, { try checkFolder(videos, or: .noVideos) }))
    } else {
      checks.append((.model, { throw StudioError(nil, .noModelGiven) }))
    }
    if needsData { checks.append((.data, { try checkFolder(data, or: .noData) })) }
    switch metric {
    case .frechetVideoDistance:
      checks.append((.i3d, { try checkWeights(i3d, .i3d) }))
      checks.append((.frames, { try checkFrames(of: .i3d) }))
      checks.append((.clips, { try checkClips() }))
    case .inceptionScore:
      checks.append((.c3d, { try checkWeights(c3d, .c3d) }))
      checks.append((.frames, { try checkFrames(of: .c3d) }))
      checks.append((.clips, { try checkSplits() }))
    case .reconstruction:
      if !i3d.isEmpty { checks.append((.i3d, { try checkWeights(i3d, .i3d) })) }
      for (subject, path) in [
        (Subject.perceptualWeights, perceptualWeights), (.perceptualFeatures, perceptualFeatures),
      ] where !path.isEmpty {
        checks.append((subject, { try checkPerceptualWeights(path) }))
      }
    case .drift, .efficiency: break
    }
    return checks
  }

  private func checkModel(_ model: ModelReference) throws {
    guard model.autoencoder != nil, metric == .reconstruction || model.denoiser != nil else {
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
    guard clips >= 2 else {
      throw EvaluationError.tooFewForCovariance(clips: clips, of: "the clips")
    }
  }

  private func checkSplits() throws {
    guard clips >= splits else {
      throw EvaluationError.tooFewForSplits(clips: clips, splits: splits)
    }
  }
}
