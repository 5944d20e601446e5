import Foundation
import MediaIO
import RunKit
import StudioApp
import StudioKit
import TerminalUI

/// Trees, galleries and comparisons as screens are told of them.
extension Fixtures {
  static func id(_ number: Int64) -> ClipID { ClipID(rawValue: number) }

  private static func node(
    _ number: Int64, parent: Int64?, fork: Int = 0, index: Int, seed: UInt64 = 48_213
  ) -> Clip {
    var settings = settings
    settings.seed = seed
    return Clip(
      id: id(number), video: video, parent: parent.map(id), fork: fork, settings: settings,
      model: skies.reference, seed: seed, index: index, steps: index == 0 ? 100 : 20,
      created: start.addingTimeInterval(Double(number) * 60), seconds: index == 0 ? 31 : 6.2)
  }

  /// The tree that the documents draw: A1 - A2 - A3 with three rolls, and B3 - B4 from A2.
  static let grownTree = ClipTree(
    video: video,
    clips: [
      node(1, parent: nil, index: 0), node(2, parent: 1, index: 1), node(3, parent: 2, index: 2),
      node(4, parent: 2, index: 2, seed: 5), node(5, parent: 2, index: 2, seed: 6),
      node(6, parent: 2, fork: 1, index: 2, seed: 17),
      node(7, parent: 6, index: 3, seed: 17),
    ], position: id(7))

  /// A clip at the end of a branch.
  static func tip(_ number: Int64, after parent: Int64, index: Int, seed: UInt64) -> Clip {
    node(number, parent: parent, index: index, seed: seed)
  }

  /// A clip that leads somewhere, or a copy of one that is led to.
  static func led(
    _ number: Int64, after parent: Int64, index: Int, _ source: Clip.Source
  ) -> Clip {
    Clip(
      id: id(number), video: video, parent: id(parent), source: source, settings: settings,
      model: skies.reference, seed: 48_213, index: index, steps: 20,
      created: start.addingTimeInterval(Double(number) * 60), seconds: 6.2)
  }

  /// A state that shows a tree, with all frames in memory.
  static func app(showing tree: ClipTree, at position: Int64? = nil) -> AppState {
    var tree = tree
    if let position { tree.select(id(position)) }
    var app = app
    app.videos = [summary(clips: 4)]
    app.trees = [video: tree]
    app.openVideo = video
    for clip in tree.visible { app.frames.put(frames(clip.id.rawValue)) }
    return app
  }

  /// The same while a job makes clips of that video.
  static func growing(
    _ tree: ClipTree, after origin: Int64?, fork: Int, state: JobState = .running,
    finishedClips: Int = 0, withPreview: Bool = true
  ) -> AppState {
    var app = app(showing: tree)
    let task = GenerateTask(
      video: video, origin: origin.map { .clip(id($0)) } ?? .nothing, fork: fork,
      model: skies.reference, settings: settings)
    app.jobs = [
      Job(
        id: JobID(rawValue: 7), task: .generate(task), state: state, finishedClips: finishedClips,
        created: start)
    ]
    guard state == .running else { return app }
    var progress = progress(7)
    progress.finishedClips = finishedClips
    progress.clipCount = 1
    app.progress = progress
    if withPreview {
      app.preview = AppState.PreviewView(
        JobPreview(
          job: JobID(rawValue: 7), clip: finishedClips, step: 7, stepCount: 20, mode: .linear,
          images: images(3)))
    }
    return app
  }

  /// A user's video of some frames.
  static func footage(_ frameCount: Int, path: String = "/home/ada/clouds.mp4")
    -> AppState.FootageView
  {
    let pictures = (0..<frameCount).map { frame in
      var image = RGBImage(width: 8, height: 8, fill: (UInt8(min(2 * frame, 255)), 60, 120))
      image[frame % 8, 4] = (255, 255, 255)
      return image
    }
    return AppState.FootageView(
      Footage(path: path, frameCount: frameCount, framesPerSecond: 24, images: pictures))
  }

  // MARK: The gallery

  /// A video of the gallery whose poster is the clip of the same number.
  static func galleryVideo(
    _ number: Int64, _ title: String, clips: Int = 1, isMarked: Bool = false,
    isTrashed: Bool = false, exports: [String] = []
  ) -> VideoSummary {
    VideoSummary(
      id: VideoID(rawValue: number), title: title, modelName: "skies-64", clipCount: clips,
      totalClipCount: clips + 1, poster: id(number), framesPerSecond: 8, seed: 100 + UInt64(number),
      isMarked: isMarked, isTrashed: isTrashed, exports: exports,
      created: start.addingTimeInterval(Double(number) * 3600),
      modified: start.addingTimeInterval(Double(100 - number) * 3600))
  }

  /// A video's tree of one clip with the same number.
  static func galleryTree(_ number: Int64) -> ClipTree {
    var own = settings
    own.seed = 100 + UInt64(number)
    let clip = Clip(
      id: id(number), video: VideoID(rawValue: number), parent: nil, settings: own,
      model: skies.reference, seed: own.seed, index: 0, steps: 100, created: start, seconds: 31)
    return ClipTree(video: VideoID(rawValue: number), clips: [clip], position: clip.id)
  }

  static let titles = [
    "sunset", "dawn over hills", "storm", "a very long title that does not fit", "calm", "noon",
    "drift", "veil",
  ]

  /// A state with eight videos, one of them in the trash and one part of a comparison.
  static var galleryState: AppState {
    var app = app
    app.videos = titles.enumerated().map { index, title in
      galleryVideo(
        Int64(index + 1), title, clips: index % 3 + 1, isMarked: index < 2,
        isTrashed: index == 6,
        exports: index == 0 ? ["/home/ada/sunset.mp4", "/home/ada/sunset.gif"] : [])
    }
    app.videos[7].comparison = ComparisonID(rawValue: 1)
    for number in Int64(1)...8 { app.frames.put(frames(number)) }
    app.trees[VideoID(rawValue: 1)] = galleryTree(1)
    return app
  }

  /// The same state with no video marked.
  static func withoutMarks(_ app: AppState) -> AppState {
    var app = app
    for index in app.videos.indices { app.videos[index].isMarked = false }
    return app
  }

  // MARK: Comparisons

  static func variant(steps: Int, eta: Double = 1) -> Comparison.Variant {
    var own = settings
    own.steps = steps
    own.eta = eta
    own.clipCount = 1
    return Comparison.Variant(model: skies.reference, settings: own)
  }

  private static func cell(_ number: Int64, _ label: String, steps: Int, eta: Double = 1)
    -> Comparison.Cell
  {
    Comparison.Cell(
      label: label, video: VideoID(rawValue: 20 + number), job: JobID(rawValue: 20 + number),
      variant: variant(steps: steps, eta: eta))
  }

  /// Three step counts side by side.
  static let stepsComparison = Comparison(
    id: ComparisonID(rawValue: 1), title: "100 steps | 20 steps | 5 steps",
    cells: [
      cell(1, "100 steps", steps: 100), cell(2, "20 steps", steps: 20),
      cell(3, "5 steps", steps: 5),
    ])

  /// Three step counts by two etas.
  static let sweepComparison = Comparison(
    id: ComparisonID(rawValue: 2), title: "steps by eta",
    cells: [0.0, 1.0].enumerated().flatMap { row, eta in
      [10, 20, 50].enumerated().map { column, steps in
        cell(
          Int64(4 + row * 3 + column), "steps \(steps), eta \(SettingsText.number(eta))",
          steps: steps, eta: eta)
      }
    }, columnAxis: SweepAxis(setting: .steps, values: ["10", "20", "50"]),
    rowAxis: SweepAxis(setting: .eta, values: ["0", "1"]))

  /// A state with both comparisons, of whose nine videos the first `made` are there.
  static func comparing(made: Int = 9) -> AppState {
    var app = app
    app.comparisons = [stepsComparison, sweepComparison]
    let cells = app.comparisons.flatMap { comparison in
      comparison.cells.map { ($0, comparison.id) }
    }
    for (index, (cell, comparison)) in cells.enumerated() {
      let number = cell.video.rawValue
      var video = galleryVideo(number, cell.label)
      video.comparison = comparison
      video.totalClipCount = index < made ? 1 : 0
      if index < made {
        app.trees[cell.video] = galleryTree(number)
        app.frames.put(frames(number))
      } else {
        video.clipCount = 0
        video.poster = nil
        app.trees[cell.video] = ClipTree(video: cell.video)
      }
      app.videos.append(video)
    }
    return app
  }

  /// The job of a cell by its number.
  static func cellJob(_ number: Int64, _ state: JobState) -> Job {
    let task = GenerateTask(
      video: VideoID(rawValue: 20 + number), origin: .nothing, model: skies.reference,
      settings: settings)
    return Job(
      id: JobID(rawValue: 20 + number), task: .generate(task), state: state, created: start)
  }
}

/// Presses keys one after the other and returns what the last one asked for.
@discardableResult
func press<Screen: StudioScreen>(
  _ keys: [Key], on screen: inout Screen, _ app: AppState
) -> [StudioEffect] {
  var effects: [StudioEffect] = []
  for key in keys { effects = screen.handle(key, app) }
  return effects
}

/// The keys that type a text.
func keys(_ text: String) -> [Key] { text.map(Key.character) }
