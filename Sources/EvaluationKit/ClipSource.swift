import Foundation
import MediaIO
import RunKit
import TrainingData
import VideoDiffusion

/// Clips for an evaluation, by number: always the same ones, however many are asked for.
protocol ClipSource: Sendable {
  /// What they are, for people: `generated clips`.
  var name: String { get }
  /// All that they depend on, as lines of text.
  var identity: [String] { get throws }
  /// Clips that there are; `nil` for as many as one wants.
  var count: Int? { get }

  /// Reads or makes clips.
  ///
  /// - Returns: `nil` if it was stopped before they were complete.
  /// - Throws: ``UnreadableClip`` for one that ``leaveOut(_:)`` can do without.
  func clips(_ range: Range<Int>, stop: StopSignal) async throws -> [FrameBytes]?

  /// Takes the next clip in place of one that cannot be read, so that those before it stay as they are
  /// and each later one moves up.
  mutating func leaveOut(_ clip: UnreadableClip)
}

/// A clip that cannot be read.
struct UnreadableClip: Error {
  /// Its number.
  let number: Int
  /// Why, in a sentence.
  let reason: String
}

/// Names of the layouts that the paper's data has.
enum DatasetLayoutName {
  static let ucf101 = DatasetLayout.ucf101.name
  static let skyTimelapse = DatasetLayout.skyTimelapse.name
}

/// Whole clips of the videos in a folder, chosen by a seed (`EvaluationWindows`).
struct FolderClips: ClipSource {
  let name: String
  /// The folder, as it was given.
  let path: String
  /// How it is laid out, and what was noticed.
  let layout: DatasetLayout
  let notes: [String]
  /// Side that frames are cropped and resized to; `nil` takes them as they are.
  let side: Int?
  /// Width and height of the clips' frames.
  let frameSize: String
  /// Side of the clips' frames in pixels; `nil` if they are not square.
  let squareSide: Int?
  /// Clips that there are.
  var count: Int? { others.count - leftOut.count }
  /// The first of them, as many as are wanted.
  private var windows: [ClipWindow] = []
  /// Those that come after them.
  private var others: EvaluationWindows
  /// Clips that cannot be read.
  private var leftOut: [ClipWindow] = []
  private let videos: [DatasetVideo]
  private let frames: Int
  private let placement: EvaluationWindows.Placement

  /// Looks through a folder.
  ///
  /// - Parameters:
  ///   - split: The part to take; `nil` for all.
  ///   - clips: Clips that are wanted at most.
  ///   - seed: Chooses which.
  ///   - placement: Where in the videos they lie.
  ///   - indexFolder: Where what is found out about the videos is kept.
  /// - Throws: `DatasetError` if there are no videos or none is long enough, ``StudioError`` if
  ///   their sizes differ and no side is given.
  init(
    _ path: String, name: String, split: DatasetSplit?, clips: Int, frames: Int, seed: UInt64,
    placement: EvaluationWindows.Placement, side: Int?, indexFolder: String
  ) throws {
    try? FileManager.default.createDirectory(
      atPath: indexFolder, withIntermediateDirectories: true)
    let dataset = try VideoDataset(root: path, cacheFolder: indexFolder, testShare: 0)
    let videos = try split.map { try dataset.videos(in: $0) } ?? dataset.videos
    if side == nil, let first = videos.first,
      let other = videos.first(where: { ($0.width, $0.height) != (first.width, first.height) })
    {
      throw StudioError(
        path,
        .mixedSizes(
          "\(first.path) is \(Self.size(first))", "\(other.path) is \(Self.size(other))"))
    }
    self.name = name
    self.path = dataset.root
    self.side = side
    self.frames = frames
    self.placement = placement
    layout = dataset.layout
    notes = dataset.notes(of: path)
    self.videos = videos
    others = try EvaluationWindows(
      videos, of: path, frames: frames, seed: seed, placement: placement)
    while windows.count < clips, let window = others.next() { windows.append(window) }
    let video = windows.first?.video
    frameSize = side.map { "\($0) x \($0)" } ?? video.map(Self.size) ?? ""
    squareSide = side ?? video.flatMap { $0.width == $0.height ? $0.width : nil }
  }

  private static func size(_ video: DatasetVideo) -> String {
    "\(video.width) x \(video.height)"
  }

  var identity: [String] {
    [
      "folder of videos", "side \(side.map(String.init) ?? "as it is")", "frames \(frames)",
      "clips in the order of seed \(others.seed)"
        + (placement == .beginning ? ", one at the beginning of each video" : ""),
    ]
      + videos.map { "\($0.path) \($0.frameCount) \($0.stamp.digest)" }
      + leftOut.map { "without \($0.video.path) \($0.start)" }
  }

  mutating func leaveOut(_ clip: UnreadableClip) {
    leftOut.append(windows.remove(at: clip.number))
    if let next = others.next() { windows.append(next) }
  }

  /// One of the clips.
  ///
  /// - Throws: ``UnreadableClip`` if the video cannot be read or ends too early.
  func clip(_ number: Int) throws -> FrameBytes {
    do {
      return try frames(of: windows[number])
    } catch let error as MediaError {
      let place = "\(windows[number].video.path) from frame \(windows[number].start)"
      throw UnreadableClip(number: number, reason: "\(place): \(error)")
    }
  }

  private func frames(of window: ClipWindow) throws -> FrameBytes {
    let file = window.video.place(in: path)
    let preparation = side.map { FramePreparation(resolution: $0) }
    let reader = try VideoReader(path: file)
    // Cut off, not rounded, as the original does with the frames that it loads.
    let images = try reader.frames(from: window.start, count: window.frames) { image in
      preparation?.preparedValues(image).map { UInt8($0) } ?? image.pixels
    }
    guard images.count == window.frames else {
      throw MediaError(
        .notMedia, file: file, found: "ends before frame \(window.start + window.frames)",
        expected: "it should have \(window.video.frameCount) frames")
    }
    return FrameBytes(
      count: images.count, height: side ?? reader.height, width: side ?? reader.width,
      bytes: images.flatMap { $0 })
  }

  func clips(_ range: Range<Int>, stop: StopSignal) async throws -> [FrameBytes]? {
    var clips: [FrameBytes] = []
    for number in range {
      if stop.moment > .never { return nil }
      clips.append(try clip(number))
    }
    return clips
  }
}

/// Videos that a model makes: number i with the first seed plus i.
struct GeneratedClips: ClipSource {
  let name = "generated clips"
  /// What to make; `clipCount` is taken from the frames.
  let request: GenerationRequest
  /// Both networks are loaded.
  let engine: VideoEngine
  /// Frames of each video, of which the last are left out where they end within a clip.
  let frames: Int
  let clipFrames: Int
  let hashes: ModelHashes

  var count: Int? { nil }

  func leaveOut(_ clip: UnreadableClip) {}

  var identity: [String] {
    get throws {
      var request = request
      request.clipCount = nil
      request.sampleCount = 1
      if frames <= clipFrames {
        // How clips go on is of no matter to a single one.
        request.laterSampler = request.firstSampler
        request.guidanceScale = 0
        request.guidanceInterval = .all
        request.reencodesCondition = false
        request.seamFade = 0
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return [
        "generated", "frames \(frames)", "denoiser \(hashes.denoiser?.hash ?? "")",
        "autoencoder \(hashes.autoencoder?.hash ?? "")", "precision \(engine.precision)",
        "request \(String(decoding: try encoder.encode(request), as: UTF8.self))",
      ]
    }
  }

  func clips(_ range: Range<Int>, stop: StopSignal) async throws -> [FrameBytes]? {
    var request = request
    request.seed = ClipSeed.seed(request.seed, sample: range.lowerBound)
    request.sampleCount = range.count
    request.clipCount = (frames + clipFrames - 1) / clipFrames
    var decoded = [[PixelClip]](repeating: [], count: range.count)
    var displays = Array(repeating: ClipDisplay(seamFade: request.seamFade), count: range.count)
    for try await event in engine.generate(request, stop: stop) {
      guard case .clipFinished(let clip) = event else { continue }
      for (sample, latent) in clip.latents.enumerated() {
        decoded[sample].append(displays[sample].show(try await engine.decode(latent)))
      }
    }
    guard decoded.allSatisfy({ $0.count == request.clipCount }) else { return nil }
    return decoded.map { FrameBytes($0)[0..<frames] }
  }
}
