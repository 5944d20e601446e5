import RunKit

/// Something that can be measured: what it is called, what it needs, which sizes are usual, how it is
/// measured, and in what that can differ from the paper. Each is a row of ``allCases``.
public struct Metric: RawRepresentable, Sendable, Hashable, Codable, CaseIterable {
  /// What a score tells something of.
  public enum Judged: Sendable, Hashable {
    /// Videos, which a model makes or which lie in a folder.
    case videos
    /// How a model makes them, which needs both of its networks.
    case generation
    /// A model's autoencoder alone.
    case autoencoder
  }

  /// Its name in commands, files and reports: `fvd`.
  public let rawValue: String
  /// Its name for people: `Frechet video distance`.
  public let title: String
  /// A word for it where it is chosen: `FVD`.
  public let name: String
  /// A word for it in a table: that of its first score where there is one.
  public let shortTitle: String
  /// What it tells, in a line without a full stop.
  public let meaning: String
  /// What it judges.
  public let judged: Judged
  /// What it cannot do without beside that, in the order in which it is asked for.
  public let required: [EvaluationInput]
  /// What it also takes.
  public let optional: [EvaluationInput]
  /// Whether it needs the covariance of a set, and so two clips or more.
  let needsCovariance: Bool

  /// Clips of each set that the paper takes; `nil` if the paper does not say.
  public let publishedClips: Int?
  /// Frames of each clip that the paper takes; none if it does not say or there is no choice.
  public let publishedFrames: [Int]
  /// Frames of each clip, or of each video, that are usual.
  public let usualFrames: Int
  /// What is counted: `clip` or `video`.
  public let noun: String
  /// The beginning of the name of the score that stands for the others; `nil` for the first score.
  let leadingScore: String?

  /// In what its protocol can differ from the paper's, in the order in which that is said.
  let aspects: [EvaluationProtocol.Aspect]
  private let work: @Sendable (_ clips: String, EvaluateTask) -> String
  /// Measures it, and fills a report in.
  let measure: @Sendable (EvaluationRun, inout EvaluationReport) async throws -> Void

  /// A row.
  ///
  /// - Parameter work: Says what an evaluation does: `looks at 16 clips of skies-64`.
  init(
    _ rawValue: String, title: String, name: String, shortTitle: String? = nil, meaning: String,
    judges judged: Judged, requires required: [EvaluationInput] = [],
    takes optional: [EvaluationInput] = [], needsCovariance: Bool = false,
    publishedClips: Int? = nil, publishedFrames: [Int] = [], usualFrames: Int = 16,
    counts noun: String = "clip", leadingScore: String? = nil,
    differsIn aspects: [EvaluationProtocol.Aspect],
    work: @escaping @Sendable (_ clips: String, EvaluateTask) -> String,
    measure: @escaping @Sendable (EvaluationRun, inout EvaluationReport) async throws -> Void
  ) {
    self.rawValue = rawValue
    self.title = title
    self.name = name
    self.shortTitle = shortTitle ?? name
    self.meaning = meaning
    self.judged = judged
    self.required = required
    self.optional = optional
    self.needsCovariance = needsCovariance
    self.publishedClips = publishedClips
    self.publishedFrames = publishedFrames
    self.usualFrames = usualFrames
    self.noun = noun
    self.leadingScore = leadingScore
    self.aspects = aspects
    self.work = work
    self.measure = measure
  }

  /// The metric of a name; `nil` if there is none.
  public init?(rawValue: String) {
    guard let metric = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = metric
  }

  public static func == (a: Metric, b: Metric) -> Bool { a.rawValue == b.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

  /// The names of all: `drift, efficiency, reconstruction, fvd or is`.
  public static var names: String {
    let names = allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or \(names[names.count - 1])"
  }

  // MARK: What follows from the row

  /// Clips of each set that are usual: the paper's, or few where the paper has no such measure.
  public var usualClips: Int { publishedClips ?? 16 }

  /// The lengths that the paper takes: `16 or 128`.
  public var publishedFramesText: String {
    publishedFrames.map(String.init).joined(separator: " or ")
  }

  /// Whether it can judge the videos in a folder.
  public var canJudgeFolder: Bool { judged == .videos }

  /// Whether it takes something beside what it judges.
  public func takes(_ input: EvaluationInput) -> Bool {
    required.contains(input) || optional.contains(input)
  }

  /// Whether it takes what was fetched of something where nothing is named. I3D takes much time: where it is of use and
  /// not needed, it is to be asked for.
  func takesFetched(_ input: EvaluationInput) -> Bool {
    input == .i3d ? required.contains(input) : takes(input)
  }

  /// Whether it can do without any file but the model's.
  public var needsModelAlone: Bool { !required.contains { $0.path != nil } }

  /// Whether it needs weights of a network that looks at clips.
  public var needsWeights: Bool { required.contains { $0.isWeights } }

  /// What an evaluation does: `looks at 16 clips of skies-64`.
  ///
  /// - Parameter clips: The number of its clips with what is counted.
  public func work(_ clips: String, _ task: EvaluateTask) -> String { work(clips, task) }
}

/// Something that an evaluation is made from or chosen by.
public enum EvaluationInput: String, Sendable, Hashable, Codable, CaseIterable {
  /// What is judged.
  case model, videos
  /// The folder of real videos.
  case data
  /// Sizes.
  case clips, frames, splits
  /// Files of weights of the networks that look at clips.
  case i3d, c3d, perceptualWeights, perceptualFeatures
  /// How a model generates.
  case settings

  /// Whether it is a file of weights.
  var isWeights: Bool {
    switch self {
    case .i3d, .c3d, .perceptualWeights, .perceptualFeatures: true
    case .model, .videos, .data, .clips, .frames, .splits, .settings: false
    }
  }

  /// The weights of this kind that a user can fetch; `nil` for none.
  public var fetchedWeights: WeightSet? {
    switch self {
    case .i3d: .i3d
    case .perceptualWeights: .lpips
    case .model, .videos, .data, .clips, .frames, .splits, .c3d, .perceptualFeatures, .settings: nil
    }
  }

  /// Where a task keeps the path; `nil` if it is no file or folder.
  public var path: WritableKeyPath<EvaluateTask, String>? {
    switch self {
    case .videos: \.videos
    case .data: \.data
    case .i3d: \.i3d
    case .c3d: \.c3d
    case .perceptualWeights: \.perceptualWeights
    case .perceptualFeatures: \.perceptualFeatures
    case .model, .clips, .frames, .splits, .settings: nil
    }
  }
}
