import Foundation
import MediaIO
import RunKit
import SessionStore
import TensorCore
import VideoDiffusion

extension Workspace {
  /// Queues the writing of a branch to files. It does not wait for the engine.
  ///
  /// - Throws: ``StudioError`` if the video or clip is gone or no file is named,
  ///   ``SessionStoreError`` if it cannot be kept.
  @discardableResult
  public func export(_ task: ExportTask) throws -> JobID {
    guard let tree = trees[task.video], tree.clips[task.through] != nil else {
      throw StudioError(nil, .gone("the video"))
    }
    guard !task.paths.isEmpty else {
      throw StudioError(nil, .output(reason: "no file is named"))
    }
    var task = task
    // The job may be done by another process, in another folder.
    task.paths = task.paths.map(\.absoluteOutput)
    let record = try store.write { try $0.insert(jobRecord(.export(task))) }
    let job = try add(record)
    tellJobs()
    startJobs()
    return job
  }

  /// The files and folders that an export would write and that are there already: it would fail over
  /// them unless it replaces them.
  public nonisolated func takenNames(of task: ExportTask) async -> [String] {
    guard !task.overwrites else { return [] }
    return await WorkerPool.blocking.run {
      task.paths.map(\.absolutePath).flatMap { [$0, BranchExport.sidecar(of: $0)] }
        .filter { FileManager.default.fileExists(atPath: $0) }
    }
  }

  /// Writes one frame of a clip to a PNG file, with the clip's settings in it.
  ///
  /// - Parameters:
  ///   - frame: From 0.
  ///   - path: The file.
  ///   - overwrites: Whether a file that is there is replaced.
  /// - Throws: ``StudioError`` if there is no such clip or frame, `MediaError` if the file exists or
  ///   cannot be written.
  public func saveStill(
    of clip: ClipID, frame: Int, to path: String, overwrites: Bool = false
  ) async throws {
    guard let found = trees.values.lazy.compactMap({ $0.clips[clip] }).first else {
      throw StudioError(nil, .gone("the clip"))
    }
    let tree = trees[found.video] ?? ClipTree(video: found.video, clips: [found])
    let branch = tree.path(to: clip)
    let recipe = tree.recipe(of: branch)
    try await WorkerPool.blocking.run { [files] in
      try Self.writeStill(branch, recipe, frame, path, files, overwrites: overwrites)
    }
    notify(Notice(.success, "Wrote \(path)"))
  }

  private static func writeStill(
    _ branch: [Clip], _ recipe: Recipe, _ frame: Int, _ path: String, _ files: ClipFiles,
    overwrites: Bool
  ) throws {
    let images = try files.images(branch[branch.count - 1].id)
    guard images.indices.contains(frame) else {
      throw StudioError(nil, .noSuchFrame(first: frame, last: frame, frames: images.count))
    }
    let settings = RunSettings(branch: branch, recipe: recipe)
    try PNGFile.write(
      images[frame], to: path, settings: settings.json, overwrite: overwrites)
    try BranchExport.verify(path, settings)
  }

  /// What made a video or picture, to use again.
  ///
  /// - Parameter path: An output of this program.
  /// - Returns: `nil` if it carries no settings, or none that anything was generated with.
  /// - Throws: ``StudioError``, `MediaError` or `CheckpointError` if it cannot be read.
  public nonisolated func runSettings(in path: String) async throws -> RunSettings? {
    try await WorkerPool.blocking.run {
      do {
        let settings = try RunSettings(embeddedIn: path)
        return GenerationSettings(settings) == nil ? nil : settings
      } catch let error as StudioError where error.problem == .noSettings {
        return nil
      }
    }
  }

  // MARK: The job

  func export(_ job: JobID, _ task: ExportTask, _ stop: StopSignal) async throws {
    guard let tree = trees[task.video], let record = videos[task.video] else {
      throw StudioError(nil, .gone("the video"))
    }
    let branch = BranchExport(
      task: task, clips: tree.path(to: task.through),
      recipe: tree.recipe(of: tree.path(to: task.through)), files: files,
      framesPerSecond: record.framesPerSecond)
    var progress = JobProgress(job: job, phase: .writing, clipCount: branch.clips.count)
    progress.residentBytes = MemoryUse.residentByteCount
    // The one picture of progress that screens have belongs to the engine's job.
    let tells = running[.generation] == nil
    try await branch.write(stop) { [progress, hub] clips in
      var progress = progress
      progress.finishedClips = clips
      if tells { hub.send(.progress(progress)) }
    }
    try keepExports(task.paths, of: task.video)
    endNotices[job] = Notice(.success, "Wrote \(task.paths.joined(separator: ", "))")
  }

  /// Looks at what an export left that was at work when the process was killed: files that were whole
  /// by then are its work and done, what grew beside them is removed.
  ///
  /// - Throws: ``SessionStoreError`` if what is done cannot be kept.
  func settle(_ task: ExportTask, of job: inout Job) throws {
    BranchExport.removeLeftovers(of: task.paths)
    guard !task.overwrites, let tree = trees[task.video], let record = videos[task.video],
      tree.clips[task.through] != nil
    else { return }
    let branch = BranchExport(
      task: task, clips: tree.path(to: task.through),
      recipe: tree.recipe(of: tree.path(to: task.through)), files: files,
      framesPerSecond: record.framesPerSecond)
    let done = task.paths.filter(branch.complete)
    guard !done.isEmpty else { return }
    try keepExports(done, of: task.video)
    var rest = task
    rest.paths.removeAll(where: done.contains)
    if rest.paths.isEmpty {
      job.state = .finished
      job.ended = now()
    } else {
      job.task = .export(rest)
    }
  }

  private func keepExports(_ paths: [String], of video: VideoID) throws {
    let known = exports[video] ?? []
    let new = paths.filter { !known.contains($0) }
    let created = now().timeIntervalSinceReferenceDate
    try store.write { transaction in
      for path in new {
        _ = try transaction.insert(
          ExportRecord(video: video.rawValue, path: path, created: created))
      }
    }
    exports[video] = known.filter { FileManager.default.fileExists(atPath: $0) } + new
    tell(video)
  }
}
