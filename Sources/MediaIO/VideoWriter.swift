/// Where a writer's frames go, one implementation a format.
protocol FrameSink: AnyObject {
  /// Takes the next frame; all have one size.
  func append(_ frame: RGBImage) throws
  /// Completes and closes the output at the temporary path.
  func finish() throws
  /// Throws ``MediaError`` if so many frames of a size do not fit.
  func check(frameCount: Int, width: Int, height: Int) throws
}

extension FrameSink {
  /// Any number fits.
  func check(frameCount: Int, width: Int, height: Int) throws {}
}

/// Writes frames, one at a time, to a video, picture or folder.
///
/// The work grows under a temporary name beside the target and takes its final name in
/// ``finish()``, once it is on the disk. Until then, and after ``cancel()``, a failure, or when
/// the writer is dropped, nothing stands under the final name that was not there before. A writer
/// belongs to one task at a time.
public final class VideoWriter {
  /// The path as given.
  public let path: String
  /// What is written.
  public let format: OutputFormat
  /// Frames taken so far.
  public private(set) var frameCount = 0

  private var staged: StagedOutput?
  private var sink: (any FrameSink)?
  private var size: (width: Int, height: Int)?

  /// Begins an output whose format the path's ending chooses, see ``OutputFormat``.
  ///
  /// Throws ``MediaError`` at once when the folder is missing or not writable, the target exists
  /// and may not be replaced, a setting is out of range, or FFmpeg lacks the encoder.
  public init(path: String, options: OutputOptions = OutputOptions()) throws {
    self.path = path
    let format = try OutputFormat(path: path)
    self.format = format
    try options.check(for: format, file: path)
    let staged = try StagedOutput(
      target: path, isFolder: format == .pngFolder, overwrite: options.overwrite)
    self.staged = staged
    switch format {
    case .mp4, .webm:
      sink = try EncodedVideoSink(
        path: staged.path, target: path, isWebM: format == .webm, options: options)
    case .mkv:
      sink = try LosslessVideoSink(path: staged.path, target: path, options: options)
    case .gif: sink = try GIFSink(path: staged.path, target: path, options: options)
    case .png: sink = ContactSheetSink(path: staged.path, target: path, options: options)
    case .pngFolder: sink = FrameFolderSink(folder: staged.path, target: path, options: options)
    }
  }

  deinit { cancel() }

  /// Throws ``MediaError`` if a video of this length, in frames, and size in pixels cannot be written here, which
  /// is known before any of it is made.
  public func check(frameCount: Int, width: Int, height: Int) throws {
    try openSink().check(frameCount: frameCount, width: width, height: height)
  }

  /// Adds a frame. The first one fixes the size.
  ///
  /// Throws ``MediaError``: `sizeMismatch` for another size (the writer stays usable), or
  /// `cannotWrite`, for example on a full disk, after which the output is gone and the writer
  /// closed.
  public func append(_ frame: RGBImage) throws {
    let sink = try openSink()
    if let size, size != (frame.width, frame.height) {
      throw MediaError(
        .sizeMismatch, file: path, found: "was given a frame of \(frame.width)x\(frame.height)",
        expected: "its first frame is \(size.width)x\(size.height)")
    }
    size = (frame.width, frame.height)
    try closingOnFailure { try sink.append(frame) }
    frameCount += 1
  }

  /// Completes the output and gives it its final name. Throws ``MediaError``, after which nothing
  /// is left; `empty` when no frame was added; `nameTaken` when the target appeared meanwhile, where
  /// the complete output is kept under another name.
  public func finish() throws {
    let sink = try openSink()
    guard frameCount > 0 else {
      cancel()
      throw MediaError(.empty, file: path, found: "was given no frames")
    }
    try closingOnFailure {
      try sink.finish()
      try staged?.commit()
    }
    self.sink = nil
    staged = nil
  }

  /// Gives up and removes what was written; harmless at any time.
  public func cancel() {
    // The sink goes first, so that its files are closed before they are removed.
    sink = nil
    staged?.discard()
    staged = nil
  }

  private func openSink() throws -> any FrameSink {
    guard let sink else {
      throw MediaError(.closed, file: path, found: "is closed and takes no more frames")
    }
    return sink
  }

  private func closingOnFailure(_ work: () throws -> Void) throws {
    do {
      try work()
    } catch {
      cancel()
      throw error
    }
  }
}
