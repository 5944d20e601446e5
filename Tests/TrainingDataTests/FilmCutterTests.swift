import Foundation
import MediaIO
import TestSupport
import Testing
import TrainingData
import VideoDiffusion

/// Films that become clips.
@Suite struct FilmCutterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Three shots of 20, 25 and 12 frames: a square that moves over a ground of its own, in the last one that stands
  /// still.
  private func film(_ name: String = "film.mkv") throws -> String {
    if FileManager.default.fileExists(atPath: folder.path(name)) { return folder.path(name) }
    var images: [RGBImage] = []
    for (shot, length) in [20, 25, 12].enumerated() {
      for frame in 0..<length {
        var image = RGBImage(
          width: 48, height: 32, fill: [(200, 40, 30), (20, 60, 210), (240, 240, 230)][shot])
        let place = shot == 2 ? 20 : 10 + frame
        for y in 10..<22 { for x in place..<(place + 6) { image[x, y] = (10, 200, 60) } }
        images.append(image)
      }
    }
    try Video(frames: images, frameRate: FrameRate(10)).write(to: folder.path(name))
    return folder.path(name)
  }

  private func cut(
    _ films: [String], _ settings: FilmCut, stop: StopSignal = StopSignal(),
    onProgress: (Int, Int, Int) -> Void = { _, _, _ in }
  ) throws -> [FilmCutter.Ending] {
    try FilmCutter(settings, to: folder.path("clips")).cut(
      films, stop: stop, onProgress: onProgress)
  }

  private var clips: [String] {
    ["train", "test"].flatMap { part in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder.path("clips/\(part)"))) ?? [])
        .map { "\(part)/\($0)" }
    }.sorted()
  }

  @Test("no clip goes over a cut; names tell the film and the time; training reads the folder")
  func shots() throws {
    let endings = try cut(
      [film()], FilmCut(frames: 10, stride: 5, size: 16, leastMotion: 0.5, testShare: 0.5))
    guard case .cut(let done) = endings.first else {
      Issue.record("\(endings)")
      return
    }
    #expect(done.frames == 57 && done.shots == [0, 20, 45])
    #expect(done.clips == 7 && done.still == 1)
    #expect(
      clips == [
        "test/film-00m02.000s.mkv", "test/film-00m02.500s.mkv", "test/film-00m03.000s.mkv",
        "test/film-00m03.500s.mkv", "train/film-00m00.000s.mkv", "train/film-00m00.500s.mkv",
        "train/film-00m01.000s.mkv",
      ])
    for name in clips {
      let reader = try VideoReader(path: folder.path("clips/\(name)"))
      #expect(try reader.frameCount() == 10 && reader.width == 16 && reader.height == 16)
      #expect(reader.frameRate == FrameRate(10))
      let grounds = try reader.frames(from: 0, count: 10).map { $0[0, 0].red }
      #expect(grounds.allSatisfy { abs(Int($0) - Int(grounds[0])) < 8 }, "\(name)")
    }
    let set = try VideoDataset(root: folder.path("clips"), cacheFolder: folder.path("cache"))
    #expect(try set.videos(in: .train).count == 3)
  }

  @Test("one of so many frames is kept, at the rate that fits")
  func everyOther() throws {
    _ = try cut([film()], FilmCut(frames: 10, every: 2, size: 16, format: .mkv, testShare: 0))
    #expect(clips == ["train/film-00m00.000s.mkv", "train/film-00m02.000s.mkv"])
    let reader = try VideoReader(path: folder.path("clips/\(clips[0])"))
    #expect(reader.frameRate == FrameRate(5))
  }

  @Test("a film that was stopped goes on, what is there stays, and films can be added")
  func resume() throws {
    let settings = FilmCut(frames: 10, size: 16)
    let stop = StopSignal()
    let stopped = try cut([film()], settings, stop: stop) { _, frames, _ in
      if frames == 15 { stop.requestStop(.afterStep) }
    }
    #expect(stopped == [.stopped] && clips.count == 1)
    let first = folder.path("clips/\(clips[0])")
    let mine = Data("mine".utf8)
    try mine.write(to: URL(filePath: first))
    let whole = try cut([film()], settings)
    #expect(try Data(contentsOf: URL(filePath: first)) == mine)
    #expect(clips.count == 5)
    // A film that is done is not read again.
    var read = 0
    let again = try cut([film(), film("other.mkv")], settings) { film, _, _ in
      if film == 0 { read += 1 }
    }
    #expect(again.count == 2 && again[0] == whole[0] && read == 0)
    #expect(clips.count == 10)
  }

  @Test(
    "another film of a name whose clips are there is refused, and so are other settings after a stop"
  )
  func keptApart() throws {
    let settings = FilmCut(frames: 10, size: 16)
    let stop = StopSignal()
    _ = try cut([film()], settings, stop: stop) { _, frames, _ in
      if frames == 15 { stop.requestStop(.afterStep) }
    }
    let (made, place) = (clips, folder.path("clips"))
    func problem(_ film: String, _ settings: FilmCut) -> DatasetError.Problem? {
      do { _ = try cut([film], settings) } catch { return (error as? DatasetError)?.problem }
      return nil
    }
    #expect(problem(try film(), FilmCut(frames: 10, size: 24)) == .otherCut)
    try FileManager.default.createDirectory(
      atPath: folder.path("other"), withIntermediateDirectories: true)
    let other = folder.path("other/film.mkv")
    try Video(
      frames: Array(repeating: RGBImage(width: 48, height: 32, fill: (1, 2, 3)), count: 30),
      frameRate: FrameRate(10)
    ).write(to: other)
    #expect(problem(other, settings) == .otherFilm(name: "film", folder: place))
    _ = try cut([film()], settings)
    #expect(problem(other, settings) == .otherFilm(name: "film", folder: place))
    #expect(made.count == 1 && clips.count == 5)
  }

  @Test("bad films are told of and cost no other; bad settings and foreign folders are refused")
  func refused() throws {
    try Data("no film".utf8).write(to: URL(filePath: folder.path("bad.mp4")))
    let settings = FilmCut(frames: 10, size: 16)
    let endings = try cut([folder.path("bad.mp4"), film(), folder.path("none.mp4")], settings)
    guard endings.count == 3, case .failed(let text) = endings[0], case .cut = endings[1],
      case .failed(let missing) = endings[2]
    else {
      Issue.record("\(endings)")
      return
    }
    #expect(text.hasPrefix("bad.mp4 ") && missing.hasPrefix("none.mp4 "))
    func problem(_ body: () throws -> Void) -> DatasetError.Problem? {
      do { try body() } catch { return (error as? DatasetError)?.problem }
      return nil
    }
    #expect(problem { _ = try cut([film()], FilmCut(frames: 12, size: 16)) } == .otherCut)
    for wrong in [
      FilmCut(frames: 1), FilmCut(stride: 0), FilmCut(every: 0), FilmCut(size: 4),
      FilmCut(leastMotion: -1), FilmCut(threshold: 0), FilmCut(testShare: 1),
    ] {
      guard case .setting = problem({ _ = try FilmCutter(wrong, to: folder.path("new")) }) else {
        Issue.record("\(wrong)")
        continue
      }
    }
    try Data().write(to: URL(filePath: folder.path("file")))
    #expect(problem { _ = try FilmCutter(settings, to: folder.path("file")) } == .exists)
    try FileManager.default.createDirectory(
      atPath: folder.path("full/other"), withIntermediateDirectories: true)
    #expect(
      problem { _ = try FilmCutter(settings, to: folder.path("full")) } == .foreign("other"))
    try FileManager.default.createDirectory(
      atPath: folder.path("own/train"), withIntermediateDirectories: true)
    #expect(problem { _ = try FilmCutter(settings, to: folder.path("own")) } == .foreign("train"))
    guard case .setting = problem({ _ = try cut([film(), folder.path("film.mp4")], settings) })
    else {
      Issue.record("two films of one name")
      return
    }
  }
}
