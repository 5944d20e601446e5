import CheckpointIO
import Foundation
import RunKit
import VideoDiffusion

// The networks that a run needs beside its own, and what it begins with.
extension TrainingRun {
  /// A network that the run needs beside its own, and SHA-256 of its file.
  typealias HashedNetwork = (file: NetworkFile, hash: String)

  /// The second stage's autoencoder and the hash of its file; its settings become the run's.
  mutating func openAutoencoder() async throws -> HashedNetwork? {
    guard job.stage == .diffusion else { return nil }
    guard let named = job.autoencoderPath else {
      throw TrainingError(job.runFolder, .noAutoencoder)
    }
    let path = try ModelFiles.file(named, .autoencoder)
    job.autoencoderPath = path
    let file = try NetworkFile(path: path, preferring: .autoencoder)
    try job.configuration.take(file)
    let hash = try hash(of: path)
    if job.resumes, writes, let known = try folder.readRecord().autoencoderHash, known != hash {
      throw TrainingError(job.runFolder, .autoencoderChanged(path: path))
    }
    return (file, hash)
  }

  /// The denoiser that one of few steps learns from and the hash of its file; `nil` where noise is learnt.
  func openTeacher() async throws -> HashedNetwork? {
    guard job.stage == .diffusion else { return nil }
    let steps = job.configuration.diffusionTraining.distilledSteps
    if job.resumes, writes {
      let known = try TrainingConfiguration(ofRun: folder.configuration)
        .diffusionTraining.distilledSteps
      guard known == steps else { throw TrainingError(job.runFolder, .otherSteps(known: known)) }
    }
    guard steps > 0 else { return nil }
    guard let path = job.initialPath else { throw TrainingError(job.runFolder, .noTeacher) }
    if try stateToContinue(path) != nil {
      throw TrainingError(job.runFolder, .teacherIsState(path: path))
    }
    let file = try NetworkFile(path: path, preferring: .denoiser)
    guard file.network == .denoiser(job.configuration.denoiser) else {
      throw TrainingError(job.runFolder, .otherNetwork(path: path))
    }
    guard file.distilledSteps == nil else {
      throw TrainingError(job.runFolder, .teacherIsDistilled(path: path))
    }
    let hash = try hash(of: path)
    if job.resumes, writes, let known = try folder.readRecord().initialHash, known != hash {
      throw TrainingError(job.runFolder, .teacherChanged(path: path))
    }
    return (file, hash)
  }

  /// SHA-256 of each file of the perceptual loss; `nil` where it is left out.
  func perceptualHashes() throws -> [String]? {
    guard let (weights, features) = job.perceptual else { return nil }
    let paths = [weights] + [features].compactMap { $0 }
    for path in paths where !FileManager.default.fileExists(atPath: path) {
      throw EvaluationError.noPerceptualWeights(path: path)
    }
    let hashes = try paths.map(hash(of:))
    if job.resumes, writes, let known = try folder.readRecord().perceptualHashes, known != hashes {
      throw TrainingError(job.runFolder, .perceptualWeightsChanged(path: weights))
    }
    return hashes
  }

  private func hash(of path: String) throws -> String {
    try CheckpointHash.sha256(of: path) { [stop] _, _ in
      if stop.moment > .never { throw CancellationError() }
    }
  }

  /// What the weights are at first: a checkpoint's, those of a network or a run that is named, or random.
  func beginning(_ state: Checkpoint?) throws -> TrainingBeginning {
    if let state { return .state(state) }
    guard let path = job.initialPath else {
      return .random(seed: job.configuration[job.stage].seed)
    }
    if let state = try stateToContinue(path) { return .continuing(state) }
    let file = try NetworkFile(path: path, preferring: job.stage.network)
    let fits =
      switch file.network {
      case .autoencoder(let found):
        job.stage == .diffusion || found == job.configuration.autoencoder
      case .denoiser(let found):
        job.stage == .autoencoder || found == job.configuration.denoiser
      }
    guard fits else { throw TrainingError(job.runFolder, .otherNetwork(path: path)) }
    return .network(file)
  }

  /// The state that a path names: a checkpoint of a run, or a run's folder, whose newest it then is. `nil`
  /// for a network.
  private func stateToContinue(_ path: String) throws -> Checkpoint? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
    guard isFolder.boolValue else {
      guard OwnFile(try Checkpoint(contentsOf: path)) == .trainingState else { return nil }
      return try TrainingCheckpoint(contentsOf: path, job.stage, run: job.runFolder).state
    }
    let folder = TrainingRunFolder(path: path)
    guard folder.holdsRun, let step = folder.checkpointSteps.last else {
      throw TrainingError(path, .nothingToContinue)
    }
    return try TrainingCheckpoint(
      contentsOf: folder.checkpoint(step), job.stage, run: path
    ).state
  }
}
