import CheckpointIO
import Foundation
import MediaIO
import TensorCore
import VideoDiffusion

/// Latents of a set's videos on disk, so that the denoiser's training need not encode them again.
///
/// A folder with one file of latents (``LatentFile``) a video, its clips beginning at multiples of a
/// stride and at the last frame that leaves a whole clip. Files are written whole or not at all, so
/// that filling a cache may stop at any time and go on later; each names the autoencoder and the
/// video's stamp, and one that does not fit any more counts as missing. Of a video that ends sooner
/// than its packets promised, the clips that could be read are kept.
public struct LatentCache: Sendable {
  /// What the latents were made with.
  public struct Identity: Sendable, Hashable {
    /// Tells the autoencoder's weights from others, such as a checksum of its file.
    public let autoencoder: String
    /// Height and width of prepared frames in pixels.
    public let side: Int
    /// Frames of a clip S.
    public let frames: Int
    /// Frames from one clip's start to the next.
    public let stride: Int
    /// Whether left and right are exchanged.
    public let isMirrored: Bool

    /// Describes latents; the stride divides S, so that a clip and the one before it are both there.
    public init(autoencoder: String, side: Int, frames: Int, stride: Int, isMirrored: Bool = false)
    {
      precondition(
        stride >= 1 && frames >= 1 && frames.isMultiple(of: stride), "the stride divides the clip")
      self.autoencoder = autoencoder
      self.side = side
      self.frames = frames
      self.stride = stride
      self.isMirrored = isMirrored
    }
  }

  /// The latents of one video.
  public struct VideoLatents: Sendable {
    private let byStart: [Int: Latent]

    init(_ latents: [Latent], starts: [Int]) {
      byStart = Dictionary(uniqueKeysWithValues: zip(starts, latents))
    }

    /// Memory that they take, in bytes.
    public var byteCount: Int { byStart.values.reduce(0) { $0 + 4 * $1.values.count } }

    /// The latent of the S frames from `start` on; nil where none was cached.
    public func latent(from start: Int) -> Latent? { byStart[start] }
  }

  /// The folder.
  public let folder: String
  /// What its latents were made with.
  public let identity: Identity

  /// A cache in a folder, made when the first latents are written.
  public init(folder: String, identity: Identity) {
    self.folder = folder
    self.identity = identity
  }

  /// First frames of a video's cached clips, ascending; none if it is shorter than a clip.
  public func starts(in video: DatasetVideo) -> [Int] {
    let last = video.frameCount - identity.frames
    guard last >= 0 else { return [] }
    let regular = Array(Swift.stride(from: 0, through: last, by: identity.stride))
    return regular.last == last ? regular : regular + [last]
  }

  /// The cached latents of a video; nil if there are none that fit it.
  ///
  /// - Throws: `CheckpointError` or `ModelError` for a damaged file.
  public func latents(of video: DatasetVideo) throws -> VideoLatents? {
    let path = path(of: video)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try LatentFile(contentsOf: path)
    let starts = starts(in: video)
    guard file.metadata == metadata(of: video), !file.latents.isEmpty,
      file.latents.count <= starts.count
    else { return nil }
    return VideoLatents(file.latents, starts: Array(starts.prefix(file.latents.count)))
  }

  /// The first frames of the clips whose latents are cached, without reading those; nil if there are none
  /// that fit the video.
  ///
  /// - Throws: `CheckpointError` or `ModelError` for a damaged file.
  public func cachedStarts(of video: DatasetVideo) throws -> [Int]? {
    let path = path(of: video)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try LatentFile.description(contentsOf: path)
    let starts = starts(in: video)
    guard file.metadata == metadata(of: video), file.count <= starts.count else { return nil }
    return Array(starts.prefix(file.count))
  }

  /// Writes the latents of a video, one for each of its ``starts(in:)`` from the first on; fewer
  /// where its last clips cannot be read.
  ///
  /// - Throws: `CheckpointError` or ``DatasetError`` if they cannot be written.
  public func write(_ latents: [Latent], of video: DatasetVideo) throws {
    precondition(latents.count <= starts(in: video).count, "one latent for each start")
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw DatasetError(
        folder, .system(operation: "make the folder", reason: error.systemReason))
    }
    try LatentFile.write(
      latents, metadata: metadata(of: video), isSealed: true, to: path(of: video))
  }

  /// Encodes every video that is not cached yet.
  ///
  /// - Parameters:
  ///   - reader: Reads the set; its side is the identity's.
  ///   - stop: Ends the work after the video in progress, which is not lost.
  ///   - onProgress: Called with the videos done and their total.
  ///   - encode: Writes a prepared clip of S frames as a latent.
  /// - Returns: The videos that could not be read, or not to their end.
  /// - Throws: What `encode` and writing throw.
  public func fill(
    _ videos: [DatasetVideo], reader: ClipReader, stop: StopSignal = StopSignal(),
    onProgress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    encode: (PixelClip) async throws -> Latent
  ) async throws -> [BrokenVideo] {
    precondition(reader.side == identity.side, "frames are prepared for another model")
    var broken: [BrokenVideo] = []
    for (done, video) in videos.enumerated() {
      onProgress(done, videos.count)
      if stop.moment != .never { return broken }
      let starts = starts(in: video)
      // A damaged file is as good as none.
      if starts.isEmpty || (try? latents(of: video)) != nil { continue }
      do {
        let frames = try reader.frames(
          of: ClipWindow(
            video: video, start: 0, frames: video.frameCount, isMirrored: identity.isMirrored))
        let (latents, failure) = try await latents(from: starts, in: frames, encode)
        if !latents.isEmpty { try write(latents, of: video) }
        if let failure {
          let kept =
            latents.isEmpty ? "" : "; the \(latents.count) clips before that are used"
          broken.append(BrokenVideo(path: video.path, reason: "\(failure)\(kept)"))
        }
      } catch let error as MediaError {
        broken.append(BrokenVideo(path: video.path, reason: "\(error)"))
      }
    }
    onProgress(videos.count, videos.count)
    return broken
  }

  /// Encodes the clips of one video while it is read, up to the first that cannot be; only one clip's
  /// frames are held.
  private func latents(
    from starts: [Int], in frames: PreparedFrames, _ encode: (PixelClip) async throws -> Latent
  ) async throws -> (latents: [Latent], failure: MediaError?) {
    var latents: [Latent] = []
    var held: [[Float]] = []
    var read = 0
    for start in starts {
      do {
        while read < start + identity.frames, let frame = try frames.next() {
          held.append(frame)
          read += 1
        }
      } catch let failure as MediaError {
        return (latents, failure)
      }
      held.removeFirst(held.count - identity.frames)
      let clip = PixelClip(
        frames: identity.frames, side: identity.side, levels: held.flatMap { $0 })
      latents.append(try await encode(clip))
    }
    return (latents, nil)
  }

  /// Where the latents of a video are kept.
  func path(of video: DatasetVideo) -> String {
    let side = identity.isMirrored ? "-mirrored" : ""
    let name = video.path.split(separator: "/").last.map(String.init) ?? video.path
    let tag = String(SeededNumbers.hash(video.path, seed: 0), radix: 16)
    return "\(folder)/\(name)-\(tag)\(side).safetensors"
  }

  private func metadata(of video: DatasetVideo) -> [String: String] {
    [
      "pvdm.autoencoder": identity.autoencoder, "pvdm.side": "\(identity.side)",
      "pvdm.frames": "\(identity.frames)", "pvdm.stride": "\(identity.stride)",
      "pvdm.mirrored": "\(identity.isMirrored)", "pvdm.video": video.path,
      "pvdm.video_frames": "\(video.frameCount)", "pvdm.video_stamp": video.stamp.digest,
    ]
  }
}
