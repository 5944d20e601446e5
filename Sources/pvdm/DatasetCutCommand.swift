import ArgumentParser
import Foundation
import HandwrittenText
import MediaIO
import RunKit
import TrainingData
import VideoDiffusion

/// `pvdm dataset cut`: films become clips to learn from.
struct DatasetCut: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cut",
    abstract: "Cuts films into shots and clips, for training.",
    usage: "pvdm dataset cut <film> ... --output <dir> [<options>]",
    discussion: """
      Where a shot ends is found by how much a frame differs from the one before (FFmpeg's scdet), so that no \
      clip goes over a cut. Frames are cropped to a centred square and resized, as training does it. DIR gets \
      train/, test/ and cut.json, which says how the clips were made; a clip is named by its film and the time \
      at which it begins. Clips of one shot are all in one part, since they look alike.

      Nothing that is there is written over: a command that was stopped goes on when it is given again, and \
      more films can be added with the same options. A film that cannot be read is told of, and the others \
      are cut.

      Examples:
        pvdm dataset cut bunny.mp4 --output bunny --every 2 --least-motion 0.5
        pvdm dataset cut films/*.mkv --frames 128 --stride 32 --size 128 \\
          --format mp4 --output clips
      """)

  @Argument(
    help: ArgumentHelp("Films: videos, animations, or folders of pictures.", valueName: "film"),
    completion: .file())
  var films: [String]

  @Option(
    name: [.short, .long], help: ArgumentHelp("The folder for the clips.", valueName: "dir"),
    completion: .directory)
  var output: String

  @Option(help: "Frames of each clip.")
  var frames = 64

  @Option(help: "Frames between the beginnings of two clips of a shot. (default: those of a clip)")
  var stride: Int?

  @Option(help: "Keep one of so many frames: 2 or 3 make clips that move more.")
  var every = 1

  @Option(help: "Height and width in pixels, 8 to 4096.")
  var size = 64

  @Option(
    help: """
      Leave clips out that move less: the mean difference of neighbouring frames, in hundredths of the full \
      range.
      """)
  var leastMotion = 0.0

  @Option(help: "How much a frame that begins a shot differs from the one before, 0 to 100.")
  var threshold = ShotDetector.usualThreshold

  @Option(
    help: """
      How clips are stored: mkv (FFV1, lossless), mp4 (H.264, small and nearly lossless) or frames (folders \
      of PNGs).
      """)
  var format = SkyRecipe.Format.mkv

  @Option(help: "The share of shots held out for testing, 0 to below 1.")
  var testShare = 0.1

  @Flag(help: "Writes one JSON object for each film to standard output.")
  var json = false

  func run() async throws {
    try await explaining {
      let cutter = try FilmCutter(
        FilmCut(
          frames: frames, stride: stride, every: every, size: size, leastMotion: leastMotion,
          threshold: threshold, format: format, testShare: testShare), to: output)
      let stop = StopSignalSource()
      defer { withExtendedLifetime(stop) {} }
      let showsCount = isatty(2) != 0
      let names = films.map { URL(filePath: $0).lastPathComponent }
      let endings = try cutter.cut(films, stop: stop.signal) { film, frames, about in
        guard showsCount, frames % 16 == 0 else { return }
        writeToStandardError(
          "\(ConsoleText.emptyLine)\(names[film]): frame \(frames) of about \(about)")
      }
      if showsCount { writeToStandardError(.emptyLine) }
      var failures: [String] = []
      for (film, ending) in zip(films, endings) {
        switch ending {
        case .cut(let done):
          let still = done.still > 0 ? "; \(done.still) moved too little" : ""
          let short =
            done.clips + done.still == 0
            ? "; no shot has the \(frames * every) frames of a clip (--frames, --every)" : ""
          writeToStandardError(
            "\(film): \(counted(done.frames, "frame")), \(counted(done.shots.count, "shot")), "
              + "\(counted(done.clips, "clip"))\(still)\(short)\n"
          )
          if json { try writeToStandardOutput(json: done) }
        case .failed(let reason): failures.append(reason)
        case .stopped: break
        }
      }
      if stop.signal.moment != .never {
        writeToStandardError("stopped; the same command goes on\n")
        throw ExitCode(Explanation.Category.interrupted.rawValue)
      }
      guard failures.isEmpty else {
        throw DatasetError(output, .unreadableFilms(failures, of: films.count))
      }
    }
  }
}
