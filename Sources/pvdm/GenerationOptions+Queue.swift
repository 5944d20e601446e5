import ArgumentParser
import RunKit
import StudioKit
import StudioLink

extension GenerationOptions {
  /// Puts a video into the studio's queue, and says which it is.
  ///
  /// - Parameter clips: Clips that were asked for; `nil` for the preset's number, else 1.
  /// - Throws: `ValidationError` for options that have no meaning there.
  func queue(_ model: String?, clips: Int?) async throws {
    for (name, isGiven) in [
      ("--output", !outputs.output.isEmpty), ("--resume", resume), ("--batch", batch.batch != 1),
      ("--fps", outputs.fps != nil), ("--scale", outputs.scale != 1), ("--preview", show.preview),
      ("--json", show.json), ("--submit", submission.submit), ("--config", models.config != nil),
      ("--clip-frames", models.clipFrames != nil),
    ] where isGiven {
      throw ValidationError(
        "\(name) is of no use with --queue: the video is kept in the studio, which writes it to files."
      )
    }
    let files = try models.open(model)
    let chosen = try ChosenSettings(
      sampling, compute, previews, clips: clips, distilledSteps: files.denoiser?.distilledSteps)
    if !show.quiet { for note in chosen.notes { writeToStandardError("\(note)\n") } }
    let reference = ModelReference(
      name: files.name, autoencoder: files.autoencoder?.path.absolutePath,
      denoiser: files.denoiser?.path.absolutePath, framesPerSecond: files.framesPerSecond)
    let answer = try await WorkerAccess(StudioFolders()).ask(
      .order(.make(reference, chosen.settings)))
    guard case .opened(let tree) = answer else { throw LinkError(.lost) }
    try writeToStandardOutput(
      "video \(tree.video.rawValue) is in the studio's queue: pvdm shows it, \"pvdm status\" says how far it is"
    )
  }
}
