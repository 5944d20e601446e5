import Foundation
import HandwrittenText

/// What made a video, from its start: noise or frames of a file, and the run of each of its clips.
///
/// It is one value for clips, for the outputs that carry it, for what reads them and for Make, which makes
/// the same video of it again, bit for bit. It is stored as the list of its runs, footage being the first
/// of them.
public struct Recipe: Sendable, Hashable {
  /// The runs in the order of their clips; footage counts as one.
  public var runs: [Run]

  /// Describes a video by its runs.
  public init(runs: [Run]) { self.runs = runs }

  /// The frames that the video begins with; `nil` if it begins with noise.
  public var footage: Run? { runs.first.flatMap { $0.source == nil ? nil : $0 } }

  /// The runs that made clips.
  public var generated: [Run] { runs.filter { $0.source == nil } }

  /// Clips of the video, footage included.
  public var clipCount: Int { runs.reduce(0) { $0 + $1.clipCount } }

  /// Whether it tells of every clip from the start, so that the video can be made again: a single
  /// clip's own file tells of that clip alone.
  public var isWhole: Bool { !generated.isEmpty && tellsAll }

  /// Whether its runs follow each other from the start, those of the clips that they lead to included.
  private var tellsAll: Bool {
    var next = 0
    for (place, run) in runs.enumerated() {
      guard run.firstClip == next, run.source == nil || place == 0 else { return false }
      next += run.clipCount
      switch run.lead {
      case .clip(let other, _):
        // The clip between the two, and the copy of the other where it was kept.
        guard place > 0, run.clipCount <= 2, !other.runs.isEmpty, other.tellsAll else {
          return false
        }
      case .start: guard place > 0, run.clipCount == 1 else { return false }
      case nil: break
      }
    }
    return true
  }

  /// The settings that make the whole video; `nil` if more than settings are needed.
  public var settings: GenerationSettings? {
    isWhole && runs.count == 1 ? runs[0].lockedSettings : nil
  }

  /// What there is to it: `4 runs, 7 clips, from noise`.
  public var summary: String {
    "\(counted(generated.count, "run")), \(counted(clipCount, "clip")), from \(start)"
  }

  /// What the video begins with: `noise`, or `frame 33 of bunny.mp4 on`.
  public var start: String {
    guard let footage, let source = footage.source else { return "noise" }
    return "frame \((footage.firstFrame ?? 0) + 1) of \(Run.fileName(source) ?? source) on"
  }

  /// The same runs with other seeds; runs that shared one share the new one, since their clips continue
  /// one row of noise.
  package func reseeded(_ next: () -> UInt64) -> Recipe {
    var seeds: [UInt64: UInt64] = [:]
    return changingRuns { run in
      let seed = seeds[run.seed] ?? next()
      seeds[run.seed] = seed
      run.seed = seed
      run.settings.seed = seed
    }
  }

  /// The same as outputs carry it: files by their names, since folders are nobody else's business.
  package var embedded: Recipe {
    changingRuns { run in
      run.autoencoder = Run.fileName(run.autoencoder)
      run.denoiser = Run.fileName(run.denoiser)
      run.source = Run.fileName(run.source)
    }
  }

  /// The same with each run changed, those of the clips that it leads to included.
  package func changingRuns(_ change: (inout Run) -> Void) -> Recipe {
    Recipe(
      runs: runs.map { run in
        var run = run
        change(&run)
        if case .clip(let other, let frames) = run.lead {
          run.lead = .clip(other.changingRuns(change), frames: frames)
        }
        return run
      })
  }

  /// The same with the models that its names mean here.
  ///
  /// - Parameter models: The models there are.
  /// - Returns: The recipe, and the names of models that it needs and are not among them.
  package func resolved(among models: [ModelEntry]) -> (recipe: Recipe, missing: [String]) {
    var missing: [String] = []
    let recipe = changingRuns { run in
      if let model = models.first(where: { run.isMade(by: $0) }) {
        run.autoencoder = model.reference.autoencoder
        run.denoiser = model.reference.denoiser
        run.framesPerSecond = model.reference.framesPerSecond
      } else if !missing.contains(run.model) {
        missing.append(run.model)
      }
    }
    return (recipe, missing)
  }

  /// The same with footage that is known by its name alone looked for in a folder, such as the output's.
  ///
  /// - Returns: The recipe, and the name of the footage if it is not there.
  package func located(beside folder: String) -> (recipe: Recipe, missing: String?) {
    var missing: String?
    let recipe = changingRuns { run in
      guard let source = run.source else { return }
      let path = source.hasPrefix("/") ? source : "\(folder)/\(source)"
      run.source = path
      guard missing == nil, !FileManager.default.fileExists(atPath: path) else { return }
      missing = Run.fileName(source) ?? source
    }
    return (recipe, missing)
  }
}

extension Recipe: Codable {
  /// Reads the runs as they were stored.
  ///
  /// - Throws: `DecodingError` if a number is none that a video can have, so that all can be counted
  ///   with.
  public init(from decoder: any Decoder) throws {
    runs = try [Run](from: decoder)
    guard isBounded else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "numbers of clips out of range"))
    }
  }

  public func encode(to encoder: any Encoder) throws { try runs.encode(to: encoder) }

  /// Whether all its numbers can be counted with.
  package var isBounded: Bool { runs.count <= 1 << 20 && runs.allSatisfy(\.isBounded) }
}

extension Recipe {
  /// Clips one after the other that were made in the same way, or frames of a file.
  public struct Run: Sendable, Hashable, Codable {
    /// The first of them, from 0.
    public var firstClip: Int
    /// How many there are.
    public var clipCount: Int
    /// Seed of the run; clip k has the noise of `ClipSeed.seed(seed, clip: k)`.
    public var seed: UInt64
    /// The settings; of footage, those of the run that brought it in.
    public var settings: GenerationSettings
    /// The model's name, and its checkpoints: paths in the studio, file names in outputs.
    public var model: String
    public var autoencoder: String?
    public var denoiser: String?
    /// Frames a second of the model's videos, where that is known.
    public var framesPerSecond: Double?
    /// Of footage, its file and first frame; `nil` for the noise.
    public var source: String?
    public var firstFrame: Int?
    /// Where its clip leads, if it was made to lead somewhere.
    public var lead: Lead?

    /// Where a clip leads.
    public enum Lead: Sendable, Hashable, Codable {
      /// To the first frames of another clip, by some frames between the two: the last clip of a recipe. A
      /// second clip of the run is a copy of that other one.
      case clip(Recipe, frames: Int)
      /// To where the video begins, so that it is a loop; with this many of its first frames at the end,
      /// which are not shown again.
      case start(frames: Int)
    }

    /// Describes clips of which all is known.
    package init(
      firstClip: Int, clipCount: Int = 1, seed: UInt64, settings: GenerationSettings,
      model: ModelReference, source: String? = nil, firstFrame: Int? = nil, lead: Lead? = nil
    ) {
      self.firstClip = firstClip
      self.clipCount = clipCount
      self.seed = seed
      self.settings = settings
      self.model = model.name
      autoencoder = model.autoencoder
      denoiser = model.denoiser
      self.source = source
      self.firstFrame = firstFrame
      self.lead = lead
    }

    /// The model.
    package var reference: ModelReference {
      ModelReference(
        name: model, autoencoder: autoencoder, denoiser: denoiser, framesPerSecond: framesPerSecond)
    }

    /// The settings with which a run makes these clips again.
    package var lockedSettings: GenerationSettings {
      var settings = settings
      settings.clipCount = clipCount
      settings.seed = seed
      settings.isSeedLocked = true
      return settings
    }

    /// Clip numbers as people count them: `clip 3`, `clips 1 to 4`.
    package var clipText: String {
      clipCount == 1
        ? "clip \(firstClip + 1)" : "clips \(firstClip + 1) to \(firstClip + clipCount)"
    }

    /// The last part of a path.
    package static func fileName(_ path: String?) -> String? {
      path.map { URL(filePath: $0).lastPathComponent }
    }

    fileprivate var isBounded: Bool {
      let limit = 1 << 40
      return (0...limit).contains(firstClip) && (1...limit).contains(clipCount)
        && (firstFrame.map { (0...limit).contains($0) } ?? true)
        && (lead?.isBounded ?? true)
    }

    /// Whether a model made it: by its checkpoints' paths, or where only their names are known, by name.
    fileprivate func isMade(by entry: ModelEntry) -> Bool {
      let reference = entry.reference
      guard entry.canGenerate else { return false }
      func fits(_ own: String?, _ other: String?) -> Bool {
        guard let own, let other else { return own == nil }
        return own.hasPrefix("/") ? own == other : own == Self.fileName(other)
      }
      return fits(autoencoder, reference.autoencoder) && fits(denoiser, reference.denoiser)
        && (autoencoder?.hasPrefix("/") == true || reference.name == model)
    }

    /// Whether another run goes on in the same way, so that both count as one.
    package func isFollowed(by next: Run) -> Bool {
      source == nil && lead == nil && makesTheSame(as: next)
    }

    /// Whether both make the same clips, as far as they have the same numbers.
    func makesTheSame(as other: Run) -> Bool {
      var same = other
      same.firstClip = firstClip
      same.clipCount = clipCount
      same.settings = settings
      return same == self && settings.makesTheSame(as: other.settings)
    }
  }
}

extension Recipe.Run.Lead {
  /// Frames that are made between two clips, or that a loop's end has in common with its beginning.
  package var frames: Int {
    switch self {
    case .clip(_, let frames), .start(let frames): frames
    }
  }

  fileprivate var isBounded: Bool {
    guard (1...4096).contains(frames) else { return false }
    if case .clip(let other, _) = self { return other.isBounded }
    return true
  }

  /// What a list of runs says of it.
  package var text: String {
    switch self {
    case .clip(_, let frames): "\(frames) frames that lead to another clip"
    case .start: "leads back to the beginning"
    }
  }
}

extension GenerationSettings {
  /// Whether each clip is the same with other settings: what is shown meanwhile, the processors, and how
  /// many clips were asked for change none of them.
  fileprivate func makesTheSame(as other: GenerationSettings) -> Bool {
    var same = other
    same.clipCount = clipCount
    same.isSeedLocked = isSeedLocked
    same.threadCount = threadCount
    same.preview = preview
    same.previewInterval = previewInterval
    return same == self
  }
}
