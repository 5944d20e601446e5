import Foundation
import MediaIO
import TrainingData
import VideoDiffusion

/// Clips for an evaluation, by number: always the same ones, however many are asked for.
protocol ClipSupply: Sendable {
  /// What they are, for people: `generated clips`.
  var name: String { get }
  /// All that they depend on, as lines of text.
  var identity: [String] { get throws }
  /// Clips that there are; `nil` for as many as one wants.
  var count: Int? { get }

  /// Reads or makes clips.
  ///
  /// - Returns: `nil` if it was stopped before they were complete.
  func clips(_ range: Range<Int>, stop: StopSignal) async throws -> [FrameBytes]?
}

/// Names of the layouts that the paper's data has.
enum DatasetLayoutName {
  static let ucf101 = DatasetLayout.ucf101.name
  static let skyTimelapse = DatasetLayout.skyTimelapse.name
}

/// Whole clips of the videos in a folder, side by side; no frame twice.
struct FolderClips: ClipSupply {
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
  private let windows: [ClipWindow]
  private let frames: Int

  /// Looks through a folder.
  ///
  /// - Parameters:
  ///   - split: The part to take; `nil` for all.
  ///   - indexFolder: Where what is found out about the videos is kept.
  /// - Throws: `DatasetError` if there are no videos or none is long enough, ``StudioError`` if
  ///   their sizes differ and no side is given.
  init(
    _ path: String, name: String, split: DatasetSplit?, frames: Int, side: Int?,
    indexFolder: String
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
    layout = dataset.layout
    notes =
      dataset.explanation.map { "\(path): \($0)" }
      + dataset.broken.map { "left out \($0.path): \($0.reason)" }
    windows = try EvaluationWindows(videos, of: path, frames: frames).windows
    let video = windows.first?.video
    frameSize = side.map { "\($0) x \($0)" } ?? video.map(Self.size) ?? ""
    squareSide = side ?? video.flatMap { $0.width == $0.height ? $0.width : nil }
  }

  private static func size(_ video: DatasetVideo) -> String {
    "\(video.width) x \(video.height)"
  }

  var count: Int? { windows.count }

  var identity: [String] {
    ["folder of videos", "side \(side.map(String.init) ?? "as it is")", "frames \(frames)"]
      + windows.map {
        "\($0.video.path) \($0.video.stamp.size) \($0.video.stamp.modified) \($0.start)"
      }
  }

  /// One of the clips.
  ///
  /// - Throws: `MediaError` if the video cannot be read or ends too early.
  func clip(_ number: Int) throws -> FrameBytes {
    let window = windows[number]
    let file = window.video.path == "." ? path : path + "/" + window.video.path
    let images = try VideoReader(path: file).frames(from: window.start, count: window.frames)
    guard images.count == window.frames, let first = images.first else {
      throw MediaError(
        .notMedia, file: file, found: "ends before frame \(window.start + window.frames)",
        expected: "it should have \(window.video.frameCount) frames")
    }
    guard let side else {
      return FrameBytes(
        count: images.count, height: first.height, width: first.width,
        bytes: images.flatMap(\.pixels))
    }
    // Cut off, not rounded, as the original does with the frames that it loads.
    let preparation = FramePreparation(resolution: side)
    return FrameBytes(
      count: images.count, height: side, width: side,
      bytes: images.flatMap { preparation.preparedValues($0).map { UInt8($0) } })
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
struct GeneratedClips: ClipSupply {
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

  var identity: [String] {
    get throws {
      var request = request
      request.clipCount = nil
      request.sampleCount = 1
      if frames <= clipFrames {
        // How clips go on is of no matter to a single one.
        request.laterSampler = request.firstSampler
        request.guidanceScale = 0
        request.reencodesCondition = false
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
    for try await event in engine.generate(request, stop: stop) {
      guard case .clipFinished(let clip) = event else { continue }
      for (sample, latent) in clip.latents.enumerated() {
        decoded[sample].append(try await engine.decode(latent))
      }
    }
    guard decoded.allSatisfy({ $0.count == request.clipCount }) else { return nil }
    return decoded.map { FrameBytes($0)[0..<frames] }
  }
}
