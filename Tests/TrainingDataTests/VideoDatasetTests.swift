import Foundation
import MediaIO
import Synchronization
import TestSupport
import Testing
import TrainingData

@Suite("Sets of videos are recognised")
struct VideoDatasetTests {
  @Test("UCF-101: the lists name the parts, wherever they lie", arguments: ["", "UCF-101/"])
  func ucf(inner: String) throws {
    let folder = try TemporaryFolder()
    for (number, name) in ["Archery/v_a", "Archery/v_b", "Bowling/v_c"].enumerated() {
      try Fixture.write(folder, inner + name + ".mkv", frames: 3, video: number)
    }
    try Fixture.write(
      folder, "ucfTrainTestlist/trainlist01.txt",
      text: "Archery/v_a.mkv 1\r\nBowling/v_c.mkv 2\r\n")
    let dataset = try VideoDataset(root: folder.url.path)
    #expect(dataset.layout == .ucf101)
    #expect(
      try dataset.videos(in: .train).map(\.path) == [
        inner + "Archery/v_a.mkv", inner + "Bowling/v_c.mkv",
      ])
    #expect(try dataset.videos(in: .test).map(\.path) == [inner + "Archery/v_b.mkv"])
    #expect(dataset.explanation[0].contains("2 class folders"))

    try Fixture.write(folder, "ucfTrainTestlist/testlist01.txt", text: "Bowling/v_x.mkv\n")
    let listed = try VideoDataset(root: folder.url.path)
    #expect(listed.videos.count == 2)
    #expect(datasetProblem { _ = try listed.videos(in: .test) } == .emptySplit(.test))
    #expect(listed.explanation.contains("1 video in no list and left out"))
    #expect(listed.explanation.contains("1 listed video missing in the folder"))
  }

  @Test("SkyTimelapse: train and test, videos, folders of frames")
  func skyTimelapse() throws {
    let folder = try TemporaryFolder()
    for name in ["train/one/one_1", "train/one/one_2", "train/two/two_10", "test/x/x_1"] {
      try Fixture.write(folder, name + "/", frames: 3)
    }
    let dataset = try VideoDataset(root: folder.url.path)
    #expect(dataset.layout == .skyTimelapse)
    #expect(
      try dataset.videos(in: .train).map(\.path) == [
        "train/one/one_1", "train/one/one_2", "train/two/two_10",
      ])
    let test = try dataset.videos(in: .test)
    #expect(test.map(\.path) == ["test/x/x_1"])
    #expect(test[0].frameCount == 3)
    #expect(test[0].framesPerSecond == nil)
  }

  @Test("Folders named for parts may hold anything; what lies outside is left out and said")
  func splitFolders() throws {
    let folder = try TemporaryFolder()
    try Fixture.write(folder, "Train/a.mkv", frames: 2)
    try Fixture.write(folder, "val/deep/b/", frames: 2)
    try Fixture.write(folder, "c.mkv", frames: 2)
    let dataset = try VideoDataset(root: folder.url.path + "/")
    #expect(dataset.layout == .splitFolders)
    #expect(try dataset.videos(in: .train).map(\.path) == ["Train/a.mkv"])
    #expect(try dataset.videos(in: .test).map(\.path) == ["val/deep/b"])
    #expect(dataset.explanation.contains("1 video outside of these folders and left out"))
  }

  @Test("Any other folder: a share is held out by seed, the rest of the files ignored")
  func plain() throws {
    let folder = try TemporaryFolder()
    for number in 0..<6 { try Fixture.write(folder, "clip\(number).mkv", frames: 2) }
    try Fixture.write(folder, "more/frames/", frames: 4)
    try Fixture.write(folder, "cover.png", frames: 1)
    try Fixture.write(folder, "notes.txt", text: "nothing")
    try Fixture.write(folder, ".hidden.mkv", frames: 1)
    let dataset = try VideoDataset(root: folder.url.path, testShare: 0.3, splitSeed: 1)
    #expect(dataset.layout == .plain)
    #expect(dataset.videos.count == 7)
    #expect(dataset.broken.isEmpty)
    let test = try dataset.videos(in: .test)
    #expect(test.count == 2)
    let again = try VideoDataset(root: folder.url.path, testShare: 0.3, splitSeed: 1)
    #expect(try again.videos(in: .test) == test)
    let choices = try (0..<8).map {
      try VideoDataset(root: folder.url.path, testShare: 0.3, splitSeed: $0).videos(in: .test)
    }
    #expect(Set(choices).count > 1)
  }

  @Test("A folder of frames is one video")
  func oneVideo() throws {
    let folder = try TemporaryFolder()
    try Fixture.write(folder, "frames/", frames: 5)
    let dataset = try VideoDataset(root: folder.path("frames"))
    #expect(dataset.videos.map(\.path) == ["."])
    #expect(dataset.videos[0].frameCount == 5)
    let window = ClipWindow(video: dataset.videos[0], start: 2, frames: 3)
    let clip = try ClipReader(root: dataset.root, side: 8).clip(window)
    #expect(Fixture.frameNumbers(clip.pixels) == [2, 3, 4])
  }

  @Test("Broken files are named and left out")
  func broken() throws {
    let folder = try TemporaryFolder()
    try Fixture.write(folder, "good.mkv", frames: 2)
    try Fixture.write(folder, "bad.avi", text: "this is no video")
    try Fixture.write(folder, "empty.mp4", text: "")
    let dataset = try VideoDataset(root: folder.url.path)
    #expect(dataset.videos.map(\.path) == ["good.mkv"])
    #expect(dataset.broken.map(\.path) == ["bad.avi", "empty.mp4"])
    #expect(dataset.broken[1].reason == "empty.mp4 is empty (0 bytes)")
    try FileManager.default.removeItem(atPath: folder.path("good.mkv"))
    guard
      case .noneReadable(2, let reason) = datasetProblem({
        _ = try VideoDataset(root: folder.url.path)
      })
    else {
      Issue.record("a set of broken files was taken")
      return
    }
    #expect(reason.hasPrefix("bad.avi"))
  }

  @Test("What there is to know of a video is said, and is no damage")
  func remarks() throws {
    let folder = try TemporaryFolder()
    try Fixture.write(folder, "set/a/", frames: 3)
    try Fixture.write(folder, "set/a/cover.jpg", text: "a cover")
    try Fixture.write(folder, "set/b/", frames: 3)
    let dataset = try VideoDataset(root: folder.path("set"))
    #expect(dataset.damaged.isEmpty && dataset.broken.isEmpty)
    #expect(
      dataset.explanation.contains {
        $0 == "a holds 3 PNG and 1 JPEG pictures; the PNG ones are read as its frames"
      }, "\(dataset.explanation)")
    try Fixture.write(folder, "set/b/cover.jpg", text: "a cover")
    #expect(
      try VideoDataset(root: folder.path("set")).explanation.contains {
        $0.hasPrefix("2 videos with something to know, such as: a holds")
      })
  }

  @Test("Places that are no sets are refused")
  func refused() throws {
    let folder = try TemporaryFolder()
    #expect(datasetProblem { _ = try VideoDataset(root: folder.path("none")) } == .notFound)
    #expect(datasetProblem { _ = try VideoDataset(root: folder.url.path) } == .noVideos)
    try Fixture.write(folder, "file", text: "")
    #expect(datasetProblem { _ = try VideoDataset(root: folder.path("file")) } == .notAFolder)
  }

  @Test("Files are looked into once, and again when they change")
  func cached() throws {
    let folder = try TemporaryFolder()
    for number in 0..<3 { try Fixture.write(folder, "set/\(number).mkv", frames: 2) }
    try Fixture.write(folder, "set/f/", frames: 3)
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "cache"), withIntermediateDirectories: false)
    func open(_ cache: String?) throws -> VideoDataset {
      try VideoDataset(root: folder.path("set"), cacheFolder: cache)
    }
    let steps = Mutex<[Int]>([])
    let first = try VideoDataset(root: folder.path("set")) { done, total in
      steps.withLock { $0.append(done * 10 + total) }
    }
    #expect(first.examinedCount == 4)
    #expect(steps.withLock { $0 }.sorted() == [14, 24, 34, 44])
    let second = try open(nil)
    #expect(second.examinedCount == 0)
    #expect(second.videos == first.videos)

    #expect(try open(folder.path("cache")).examinedCount == 4)
    #expect(try open(folder.path("cache")).examinedCount == 0)

    try FileManager.default.removeItem(atPath: folder.path("set/1.mkv"))
    try Fixture.write(folder, "set/1.mkv", frames: 7)
    let changed = try open(nil)
    #expect(changed.examinedCount == 1)
    #expect(changed.videos.map(\.frameCount) == [2, 7, 2, 3])
    try PNGFile.write(Fixture.frame(9), to: folder.path("set/f/frame00003.png"))
    let grown = try open(nil)
    #expect(grown.examinedCount == 1)
    #expect(grown.videos.map(\.frameCount) == [2, 7, 2, 4])

    try Data("damaged".utf8).write(to: folder.url.appending(path: "set/.pvdm-index.json"))
    #expect(try open(nil).examinedCount == 4)
  }
}
