import Foundation
import MediaIO
import Synchronization
import TestSupport
import Testing
import TrainingData
import VideoDiffusion

@Suite("Sets of skies")
struct SkyDatasetWriterTests {
  private let recipe = SkyRecipe(clips: 5, seed: 3, size: 8, frames: 4, testShare: 0.4)

  @Test("A set has both parts, is understood, and holds exactly the scenes' pixels")
  func whole() async throws {
    let folder = try TemporaryFolder()
    let ending = try await SkyDatasetWriter(recipe, to: folder.path("skies")).write()
    #expect(ending == .finished)
    #expect(folder.contents == ["skies"])
    let dataset = try VideoDataset(root: folder.path("skies"))
    #expect(dataset.layout == .splitFolders)
    #expect(
      try dataset.videos(in: .train).map(\.path) == [
        "train/sky00000.mkv", "train/sky00001.mkv", "train/sky00002.mkv",
      ])
    #expect(try dataset.videos(in: .test).count == 2)
    #expect(dataset.videos.allSatisfy { $0.frameCount == 4 && $0.framesPerSecond == 8 })
    let video = try Video.read(folder.path("skies/test/sky00003.mkv"))
    #expect(video.frames == (0..<4).map { recipe.scene(3).frame($0, size: 8) })
    #expect(video.settings?.contains("\"clip\":3") == true)
    let description = try String(
      contentsOfFile: folder.path("skies/skies.json"), encoding: .utf8)
    #expect(description.contains(recipe.command))
  }

  @Test("Larger sets begin with the videos of smaller ones")
  func prefixes() {
    var larger = recipe
    larger.clips = 50
    #expect(larger.scene(4).frame(2, size: 8) == recipe.scene(4).frame(2, size: 8))
    #expect(larger.scene(4).frame(2, size: 8) != larger.scene(5).frame(2, size: 8))
  }

  @Test("A stopped set has no name yet, and the same recipe goes on with its videos")
  func resumed() async throws {
    let folder = try TemporaryFolder()
    let stop = StopSignal()
    let writer = try SkyDatasetWriter(recipe, to: folder.path("skies"))
    let ending = try await writer.write(threadCount: 1, stop: stop) { done, _ in
      if done == 2 { stop.requestStop(.afterStep) }
    }
    #expect(ending == .stopped(clips: 2))
    #expect(folder.contents == [".skies.partial"])
    let kept = folder.path(".skies.partial/train/sky00001.mkv")
    let before = try FileManager.default.attributesOfItem(atPath: kept)[.modificationDate] as? Date
    try Data().write(to: folder.url.appending(path: ".skies.partial/train/.sky00002.mkv.1.partial"))

    let counts = Counts()
    #expect(try await writer.write { done, _ in counts.append(done) } == .finished)
    #expect(counts.all.sorted() == [2, 3, 4, 5])
    let after =
      try FileManager.default.attributesOfItem(
        atPath: folder.path("skies/train/sky00001.mkv"))[.modificationDate] as? Date
    #expect(before == after)
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path("skies")).sorted()
    #expect(
      names == [
        "skies.json", "test", "test/sky00003.mkv", "test/sky00004.mkv", "train",
        "train/sky00000.mkv", "train/sky00001.mkv", "train/sky00002.mkv",
      ])
  }

  @Test("Another recipe does not go on with what is left")
  func otherRecipe() async throws {
    let folder = try TemporaryFolder()
    let stop = StopSignal()
    _ = try await SkyDatasetWriter(recipe, to: folder.path("skies")).write(
      threadCount: 1, stop: stop
    ) { done, _ in if done == 1 { stop.requestStop(.afterStep) } }
    var other = recipe
    other.seed = 4
    #expect(try await SkyDatasetWriter(other, to: folder.path("skies")).write() == .finished)
    let frame = try Video.read(folder.path("skies/train/sky00000.mkv")).frames[0]
    #expect(frame == other.scene(0).frame(0, size: 8))
  }

  @Test("The number of threads changes nothing", arguments: SkyRecipe.Format.allCases)
  func threads(format: SkyRecipe.Format) async throws {
    let folder = try TemporaryFolder()
    var recipe = recipe
    recipe.format = format
    for count in [1, 3] {
      _ = try await SkyDatasetWriter(recipe, to: folder.path("set\(count)"))
        .write(threadCount: count)
    }
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path("set1")).sorted()
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: folder.path("set3")).sorted() == names)
    for name in names {
      let contents = ["set1/", "set3/"].map {
        FileManager.default.contents(atPath: folder.path($0 + name))
      }
      #expect(contents[0] == contents[1], "\(name)")
    }
  }

  @Test("A set that is there is kept unless it may be replaced, and nothing else ever is")
  func existing() async throws {
    let folder = try TemporaryFolder()
    _ = try await SkyDatasetWriter(recipe, to: folder.path("skies")).write()
    var other = recipe
    other.clips = 2
    #expect(
      datasetProblem { _ = try SkyDatasetWriter(other, to: folder.path("skies")) } == .exists)
    let ending = try await SkyDatasetWriter(other, to: folder.path("skies/"), overwrites: true)
      .write()
    #expect(ending == .finished)
    #expect(folder.contents == ["skies"])
    #expect(try VideoDataset(root: folder.path("skies")).videos.count == 2)

    try Data().write(to: folder.url.appending(path: "skies/notes.txt"))
    #expect(
      datasetProblem {
        _ = try SkyDatasetWriter(other, to: folder.path("skies"), overwrites: true)
      } == .foreign("notes.txt"))
    try Data().write(to: folder.url.appending(path: "file"))
    #expect(
      datasetProblem {
        _ = try SkyDatasetWriter(other, to: folder.path("file"), overwrites: true)
      } == .exists)
  }

  @Test("Settings out of range are refused by name")
  func settings() throws {
    let folder = try TemporaryFolder()
    func name(_ change: (inout SkyRecipe) -> Void) -> String? {
      var recipe = recipe
      change(&recipe)
      let problem = datasetProblem { _ = try SkyDatasetWriter(recipe, to: folder.path("s")) }
      guard case .setting(let name, _, _) = problem else { return nil }
      return name
    }
    #expect(name { $0.clips = 0 } == "clips")
    #expect(name { $0.size = 7 } == "size")
    #expect(name { $0.frames = 0 } == "frames")
    #expect(name { $0.testShare = 1 } == "test-share")
    #expect(name { $0.framesPerSecond = 0 } == "fps")
    #expect(folder.contents.isEmpty)
  }
}

/// Numbers noted from any thread.
private final class Counts: Sendable {
  private let numbers = Mutex<[Int]>([])

  var all: [Int] { numbers.withLock { $0 } }

  func append(_ number: Int) { numbers.withLock { $0.append(number) } }
}
