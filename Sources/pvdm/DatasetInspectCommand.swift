import ArgumentParser
import Foundation
import HandwrittenText
import InspectionKit
import TrainingData

/// `pvdm dataset inspect`: what a folder of videos holds.
struct DatasetInspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows what a folder of videos holds for training: layout, parts, frames, faults.",
    usage: "pvdm dataset inspect <dir> [<options>]",
    discussion: """
      Understands UCF-101 (videos of any kind or folders of frames, with trainlist01.txt and \
      testlist01.txt in DIR, in its ucfTrainTestlist or beside it), SkyTimelapse (train|test or \
      sky_train|sky_test, in these VIDEO/CLIP folders of frames), folders named train and test of \
      anything, and any folder of videos or of folders of frames, of which a share is held out for \
      testing by seed. All of it may lie in one folder within DIR.

      Every file is decoded once to count its frames, long ones of MP4 and Matroska excepted; what was \
      found is kept in a hidden file in DIR, or in --cache, and used again while names, sizes and \
      times of all files and frames stay the same.
      """)

  @Argument(help: ArgumentHelp("The folder.", valueName: "dir"), completion: .directory)
  var folder: String

  @Option(
    help: ArgumentHelp(
      "The folder in which the index is kept. (default: DIR itself)", valueName: "dir"),
    completion: .directory)
  var cache: String?

  @Option(help: "Frames of a clip, 1 or more; the denoiser trains on twice as many.")
  var clipFrames = 16

  @Option(help: "The share of videos held out where no parts are named, 0 to below 1.")
  var testShare = 0.1

  @Option(help: "Chooses the videos held out.")
  var splitSeed: UInt64 = 0

  @Flag(help: "Prints one JSON object.")
  var json = false

  func validate() throws {
    guard (1...100_000).contains(clipFrames) else {
      throw ValidationError("--clip-frames is 1 to 100000.")
    }
  }

  func run() async throws {
    try await explaining {
      let showsCount = isatty(2) != 0
      let dataset = try VideoDataset(
        root: folder, cacheFolder: cache, testShare: testShare, splitSeed: splitSeed
      ) { done, total in
        guard showsCount else { return }
        writeToStandardError("\(ConsoleText.emptyLine)looking into video \(done)/\(total)")
      }
      if showsCount { writeToStandardError(.emptyLine) }
      let inspection = DatasetInspection(dataset, clipFrames: clipFrames)
      if json {
        try writeToStandardOutput(json: inspection)
      } else {
        try writeToStandardOutput(Self.text(inspection))
      }
    }
  }

  private static let shortListLength = 5

  /// The findings as lines for people.
  private static func text(_ inspection: DatasetInspection) -> ConsoleText {
    var rows = [["layout", inspection.layout]]
    let plain = inspection.found.filter { !inspection.warnings.contains($0) }
    rows += plain.map { ["", $0] }
    rows += inspection.warnings.map { ["attention", $0] }
    rows.append(["videos", "\(inspection.videos), \(counted(inspection.frames, "frame"))"])
    rows.append([
      "lengths", "\(inspection.shortestVideo) to \(inspection.longestVideo) frames",
    ])
    for part in inspection.parts {
      rows.append([part.name, "\(counted(part.videos, "video")), \(counted(part.frames, "frame"))"])
    }
    for (place, resolution) in inspection.resolutions.prefix(shortListLength).enumerated() {
      rows.append([
        place == 0 ? "resolution" : "",
        "\(resolution.width) x \(resolution.height) (\(counted(resolution.videos, "video")))",
      ])
    }
    let more = inspection.resolutions.count - shortListLength
    if more > 0 { rows.append(["", "\(more) more"]) }
    for (place, rate) in inspection.rates.prefix(shortListLength).enumerated() {
      let name = rate.framesPerSecond.map { String(format: "%g frames a second", $0) }
      rows.append([
        place == 0 ? "rate" : "", "\(name ?? "none") (\(counted(rate.videos, "video")))",
      ])
    }
    for clips in inspection.clips {
      rows.append([
        "clips of \(clips.frames)",
        "\(counted(clips.windows, "window")), \(clips.separateClips) side by side, from "
          + counted(clips.videos, "video"),
      ])
      if clips.paddedVideos > 0 {
        rows.append(["", "\(counted(clips.paddedVideos, "video")) padded in front"])
      }
      if clips.tooShortVideos > 0 {
        rows.append(["", "\(counted(clips.tooShortVideos, "video")) too short"])
      }
    }
    rows.append([
      "broken", inspection.broken.isEmpty ? "none" : counted(inspection.broken.count, "file"),
    ])
    rows += inspection.broken.map { ["", "\($0.path): \($0.reason)"] }
    if !inspection.damaged.isEmpty {
      let files = counted(inspection.damaged.count, "file")
      rows.append(["damaged", "\(files), used as far as they can be read"])
    }
    rows += inspection.damaged.map { ["", "\($0.path): \($0.reason)"] }
    return TextTable(rows: rows, rightAligned: []).text
  }
}
