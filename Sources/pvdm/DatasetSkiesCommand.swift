import ArgumentParser
import Foundation
import RunKit
import TrainingData
import VideoDiffusion

/// `pvdm dataset skies`: a synthetic time-lapse set.
struct DatasetSkies: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skies",
    abstract: "Makes a set of synthetic time-lapse skies, for training and tests.",
    usage: "pvdm dataset skies --clips <clips> --output <dir> [<options>]",
    discussion: """
      Each video shows a scene of its own: clouds that drift and change over hills, woods or a lake \
      that mirrors them, sun and moon on their ways, stars, and the light of a day, a night, or of \
      a dusk or dawn that passes. The same command makes the same pixels on every machine, and a \
      set of more clips begins with those of a smaller one.

      DIR gets train/, test/ and skies.json, which says how it was made. It appears when it is \
      whole; a command that was stopped goes on where it was when it is given again.

      Examples:
        pvdm dataset skies --clips 1000 --seed 1 --output skies
        pvdm dataset skies --clips 20 --seed 7 --size 256 --frames 128 \\
          --format mp4 --output large
      """)

  @Option(help: "Videos to make, training and test together.")
  var clips: Int

  @Option(help: "Seed of the set; the same seed makes the same videos.")
  var seed: UInt64 = 0

  @Option(
    name: [.short, .long], help: ArgumentHelp("The folder to make.", valueName: "dir"),
    completion: .directory)
  var output: String

  @Option(help: "Height and width in pixels, 8 to 4096.")
  var size = 64

  @Option(help: "Frames of each video.")
  var frames = 64

  @Option(help: "Frames a second at which the videos are shown.")
  var fps = 8.0

  @Option(
    help: """
      How videos are stored: mkv (FFV1, lossless), mp4 (H.264, small and nearly lossless) or frames \
      (folders of PNGs).
      """)
  var format = SkyRecipe.Format.mkv

  @Option(help: "The share of videos held out for testing, 0 to below 1, rounded down.")
  var testShare = 0.1

  @Option(help: "Videos made at once, 1 or more. (default: one for each processor)")
  var threads: Int?

  @Flag(help: "Writes one JSON object (done, total) to standard output for each video.")
  var json = false

  @Flag(help: "Replaces an earlier set of skies.")
  var overwrite = false

  func validate() throws {
    guard threads ?? 1 >= 1 else { throw ValidationError("--threads is 1 or more.") }
  }

  func run() async throws {
    try await explaining {
      let recipe = SkyRecipe(
        clips: clips, seed: seed, size: size, frames: frames, framesPerSecond: fps, format: format,
        testShare: testShare)
      let writer = try SkyDatasetWriter(recipe, to: output, overwrites: overwrite)
      let stop = StopSignalSource()
      // Nothing else would keep the signals caught until the end.
      defer { withExtendedLifetime(stop) {} }
      let showsCount = isatty(2) != 0
      let events = EventOutput(stop: stop.signal)
      let ending = try await writer.write(
        threadCount: threads, stop: stop.signal
      ) { [json] done, total in
        if json {
          events.write(json: "{\"done\":\(done),\"total\":\(total)}")
        } else if showsCount {
          writeToStandardError("\(ConsoleText.emptyLine)video \(done)/\(total)")
        }
      }
      if showsCount { writeToStandardError(.emptyLine) }
      switch ending {
      case .finished:
        let training = clips - recipe.testClips
        writeToStandardError(
          "wrote \(output) (\(training) training and \(recipe.testClips) test videos)\n")
        try events.check()
      case .stopped(let clips):
        writeToStandardError(
          "stopped; \(clips) of \(recipe.clips) videos are kept, and the same command goes on\n")
        try events.check()
        throw ExitCode(Explanation.Category.interrupted.rawValue)
      }
    }
  }
}

extension SkyRecipe.Format: ExpressibleByArgument {}
