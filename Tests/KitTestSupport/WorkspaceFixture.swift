import Foundation
import MediaIO
import RunKit
import StudioKit
import Synchronization
import TestSupport
import Testing
import VideoDiffusion

/// A data folder and a tiny model with random weights, whose clips take milliseconds.
package struct WorkspaceFixture {
  package let folder: TemporaryFolder
  package let model: ModelReference

  package init() throws {
    folder = try TemporaryFolder()
    model = try Self.makeModel(in: folder.path("samples/tiny"))
  }

  package var folders: StudioFolders { Self.folders(in: folder.url.path) }

  package static func folders(in folder: String) -> StudioFolders {
    StudioFolders(data: folder + "/data/studio", configuration: folder + "/configuration")
  }

  /// Writes both checkpoints with a description.
  package static func makeModel(in folder: String) throws -> ModelReference {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let model = model(in: folder)
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.autoencoder, seed: 1), to: folder + "/autoencoder.pth")
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser, seed: 2), prefix: "diffusion_model.",
      to: folder + "/denoiser.pth")
    try Data(#"{"model_channels": 32, "num_heads": 4}"#.utf8)
      .write(to: URL(filePath: folder + "/config.json"))
    return model
  }

  /// Writes a model whose denoiser says that it was distilled for four steps.
  ///
  /// - Returns: Its folder.
  package func makeDistilledModel() throws -> String {
    let path = folder.path("elsewhere/few")
    _ = try Self.makeModel(in: path)
    try Data(#"{"model_channels": 32, "num_heads": 4, "distilled_steps": 4}"#.utf8)
      .write(to: URL(filePath: path + "/denoiser.config.json"))
    return path
  }

  package static func model(in folder: String) -> ModelReference {
    ModelReference(
      name: "tiny", autoencoder: folder + "/autoencoder.pth", denoiser: folder + "/denoiser.pth",
      framesPerSecond: 8)
  }

  /// Writes `brought.gif`: 24 frames of 48 x 32, each of a colour of its own.
  ///
  /// - Returns: Its path.
  package func makeMovie() throws -> String {
    let path = folder.path("brought.gif")
    let writer = try VideoWriter(
      path: path, options: OutputOptions(frameRate: #require(FrameRate(framesPerSecond: 8))))
    for frame in 0..<24 {
      try writer.append(
        RGBImage(width: 48, height: 32, fill: (UInt8(frame * 9), 90, UInt8(255 - frame * 9))))
    }
    try writer.finish()
    return path
  }

  /// Few steps, no previews, one thread.
  package static func settings(
    clips: Int? = 1, seed: UInt64 = 0, steps: Int = 3, laterSteps: Int = 2
  ) -> GenerationSettings {
    var settings = GenerationSettings()
    settings.steps = steps
    settings.laterSteps = laterSteps
    settings.clipCount = clips
    settings.preview = .off
    settings.threadCount = 1
    settings.seed = seed
    return settings
  }

  /// Opens the workspace with a clock that counts seconds.
  package func open(startsQueue: Bool = true) async throws -> Workspace {
    try await Self.open(folders, startsQueue: startsQueue)
  }

  package static func open(
    _ folders: StudioFolders, startsQueue: Bool = true, slurm: Slurm? = nil,
    now: (@Sendable () -> Date)? = nil
  ) async throws -> Workspace {
    let clock = Counter(0)
    let resources = ResourceLocator(
      executable: "/nowhere/pvdm",
      environment: ["PVDM_DATA": URL(filePath: folders.data + "/../..").standardizedFileURL.path])
    return try await Workspace(
      folders: folders, resources: resources, startsQueue: startsQueue, slurm: slurm,
      now: now ?? { Date(timeIntervalSinceReferenceDate: Double(clock.next())) })
  }

  /// The latents of clips, as their files hold them.
  package static func latents(_ clips: [Clip], _ folders: StudioFolders) throws -> [Latent] {
    try clips.flatMap {
      try LatentFile(contentsOf: "\(folders.data)/clips/\($0.id.rawValue).safetensors").latents
    }
  }

  package func latents(_ clips: [Clip]) throws -> [Latent] { try Self.latents(clips, folders) }

  /// The clips of a fresh run of as many clips, in a data folder of its own.
  package func longRun(_ settings: GenerationSettings) async throws -> [Latent] {
    let folder = folder.path("long-\(UUID().uuidString)")
    let folders = Self.folders(in: folder)
    let workspace = try await Self.open(folders)
    let (video, _) = try await workspace.make(model, settings)
    await workspace.settle()
    let latents = try Self.latents(try await workspace.tree(of: video).branch, folders)
    await workspace.close()
    return latents
  }
}

/// Numbers, one after the other.
package final class Counter: Sendable {
  private let value: Mutex<Int>

  package init(_ first: Int) { value = Mutex(first) }

  package func next() -> Int {
    value.withLock { value in
      defer { value += 1 }
      return value
    }
  }
}

extension Workspace {
  /// Waits until no job waits or runs.
  @discardableResult
  package func settle() async -> [Job] {
    for await event in events() {
      if case .jobs(let jobs) = event,
        !jobs.contains(where: { $0.state == .waiting || $0.state == .running })
      {
        return jobs
      }
    }
    return []
  }

  /// What was said since the workspace was opened, if nobody has listened yet.
  package var openingNotices: [Notice] {
    get async {
      let events = events()
      // The event that comes after everything that was said.
      await findModels()
      var notices: [Notice] = []
      for await event in events {
        if case .notice(let notice) = event { notices.append(notice) }
        if case .models = event { break }
      }
      return notices
    }
  }

  /// Waits for an event.
  package func first<Value>(_ find: (WorkspaceEvent) -> Value?) async -> Value? {
    for await event in events() {
      if let value = find(event) { return value }
    }
    return nil
  }

  /// The present state of a job.
  package func state(of id: JobID) async -> JobState? {
    await first { event in
      if case .jobs(let jobs) = event { jobs.first { $0.id == id }?.state } else { nil }
    }
  }

  /// All jobs as listeners hear of them.
  package var toldJobs: [Job] {
    get async {
      await first { event in
        if case .jobs(let jobs) = event { jobs } else { nil }
      } ?? []
    }
  }

  /// All videos as listeners hear of them.
  package var toldVideos: [VideoSummary] {
    get async {
      await first { event in
        if case .videos(let videos) = event { videos } else { nil }
      } ?? []
    }
  }

  /// Waits until the run is in the middle of a clip, after at least `clips` others.
  package func middleOfClip(after clips: Int = 0) async {
    for await event in events() {
      switch event {
      case .progress(let progress) where progress.phase == .sampling:
        let isInClip = progress.step > 0 && progress.step < progress.stepCount
        if progress.finishedClips >= clips && isInClip { return }
      case .jobs(let jobs) where jobs.allSatisfy({ $0.state != .waiting && $0.state != .running }):
        Issue.record("nothing runs: \(jobs.map(\.state))")
        return
      default: break
      }
    }
  }
}
