import EvaluationKit
import Foundation
import MediaIO
import RunKit
import TestSupport
import VideoDiffusion

/// Small inputs for evaluations: folders of moving pictures, the model of the samples, weights of
/// I3D that a formula gives.
package struct EvaluationFixtures {
  package let folder: TemporaryFolder

  package init() throws { folder = try TemporaryFolder() }

  /// Weights that stand for I3D's, written once for all tests.
  package static let featureWeights: String = {
    let folder = FileManager.default.temporaryDirectory
    let path = folder.appending(path: "pvdm-tests-i3d-\(getpid()).safetensors").path
    try? FormulaWeights.i3d.write(to: path)
    atexit {
      unlink(
        FileManager.default.temporaryDirectory.path + "/pvdm-tests-i3d-\(getpid()).safetensors")
    }
    return path
  }()

  /// Writes folders of PNG frames below `name`, one for each number of frames.
  ///
  /// - Parameters:
  ///   - speed: Pixels that the picture moves by in each frame.
  ///   - sizes: Sides of each video's frames.
  package func videos(
    _ name: String, frames: [Int], speed: Int = 3, sizes: [Int]? = nil
  ) throws -> String {
    try FileManager.default.createDirectory(
      atPath: folder.path(name), withIntermediateDirectories: true)
    for (number, count) in frames.enumerated() {
      let side = sizes?[number] ?? 64
      let images = (0..<count).map { frame in
        var image = RGBImage(width: side, height: side)
        for y in 0..<side {
          for x in 0..<side {
            let wave = (x + frame * speed + number * 11) * 5 % 256
            image[x, y] = (UInt8(wave), UInt8((y * 3 + number * 40) % 256), UInt8((x + y) % 256))
          }
        }
        return image
      }
      try Video(frames: images, frameRate: FrameRate(16))
        .write(to: "\(folder.path(name))/video\(number)/", options: OutputOptions())
    }
    return folder.path(name)
  }

  /// The model of the samples with few steps.
  package static func model(steps: Int = 2, batch: Int = 1) throws -> EvaluationJob.Source {
    let request = GenerationRequest(
      firstSampler: SamplerConfiguration(steps: steps),
      laterSampler: SamplerConfiguration(steps: steps), seed: 5, sampleCount: batch)
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return .model(
      try ModelFiles(model: root.appending(path: "samples/skies-64").path), request)
  }

  /// A job that keeps and writes everything in the fixture's folder.
  package func job(
    _ metric: Metric, of source: EvaluationJob.Source, output: String = "report"
  ) -> EvaluationJob {
    EvaluationJob(
      metric, of: source, cacheFolder: folder.path("cache"), outputFolder: folder.path(output))
  }

  /// A distance of few clips, with weights.
  package func distance(
    of source: EvaluationJob.Source, to data: String, clips: Int, output: String = "report"
  ) -> EvaluationJob {
    var job = job(.frechetVideoDistance, of: source, output: output)
    job.dataPath = data
    job.clips = clips
    job.featureWeights = Self.featureWeights
    return job
  }
}

/// Collects events from any thread.
package final class EvaluationEvents: @unchecked Sendable {
  package init() {}

  private let lock = NSLock()
  private var events: [EvaluationEvent] = []

  package func append(_ event: EvaluationEvent) { lock.withLock { events.append(event) } }

  /// Progress of a stage, in order.
  package func progress(_ stage: String) -> [ItemProgress] {
    lock.withLock {
      events.compactMap {
        guard case .progress(let progress) = $0, progress.stage == stage else { return nil }
        return progress
      }
    }
  }

  /// All notes.
  package var notes: [String] {
    lock.withLock {
      events.flatMap { event -> [String] in
        if case .notes(let notes) = event { notes } else { [] }
      }
    }
  }
}
