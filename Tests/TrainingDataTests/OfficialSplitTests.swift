import Foundation
import TestSupport
import Testing
import TrainingData

@Suite("Official parts are followed however a set is kept")
struct OfficialSplitTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Groups 1 and 2 are for testing, as in the official lists.
  private static let classes = ["ApplyEyeMakeup", "HandstandPushups"]
  private static let groups = [1, 2, 8, 9]

  private static func name(_ class: String, _ group: Int) -> String {
    "v_\(`class`.replacing("Handstand", with: "HandStand"))_g0\(group)_c01"
  }

  /// Writes the videos of two classes, as files of an ending or as folders of frames (`/`).
  private func writeVideos(_ inner: String, ending: String, lowercase: Bool = false) throws {
    for `class` in Self.classes {
      for group in Self.groups {
        var path = "\(`class`)/\(Self.name(`class`, group))"
        if lowercase { path = path.lowercased() }
        try Fixture.write(folder, inner + path + ending, frames: 2)
      }
    }
  }

  private func writeLists(
    _ place: String, number: String = "01", newline: String = "\n", separator: String = "/",
    prefix: String = "", testing: [Int] = [1, 2], parts: [String] = ["train", "test"]
  ) throws {
    for part in parts {
      var lines = ""
      for (index, `class`) in Self.classes.enumerated() {
        for group in Self.groups where testing.contains(group) == (part == "test") {
          lines += "\(`class`)\(separator)\(Self.name(`class`, group)).avi"
          lines += (part == "train" ? " \(index + 1)" : "") + newline
        }
      }
      try Fixture.write(folder, "\(place)\(part)list\(number).txt", text: prefix + lines)
    }
  }

  private func check(
    _ root: String = "set", testing: [Int] = [1, 2],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let dataset = try VideoDataset(root: folder.path(root))
    #expect(dataset.layout == .ucf101, sourceLocation: sourceLocation)
    for split in DatasetSplit.allCases {
      let names = try dataset.videos(in: split).map(\.path)
      #expect(names.count == 4, "\(names)", sourceLocation: sourceLocation)
      for name in names {
        let isForTesting = testing.contains { name.lowercased().contains("_g0\($0)_") }
        #expect(isForTesting == (split == .test), "\(name)", sourceLocation: sourceLocation)
      }
    }
    #expect(dataset.warnings.isEmpty, "\(dataset.warnings)", sourceLocation: sourceLocation)
  }

  @Test(
    "Videos of any ending and folders of frames are found in the lists",
    arguments: [".mkv", ".mp4", "/"])
  func endings(ending: String) throws {
    try writeVideos("set/", ending: ending)
    try writeLists("set/ucfTrainTestlist/")
    try check()
  }

  @Test(
    "Lists lie in the set, in its folders of lists, or beside it",
    arguments: [
      "set/", "set/ucfTrainTestlist/", "ucfTrainTestlist/", "",
      "set/UCF101TrainTestSplits-RecognitionTask/ucfTrainTestlist/",
      "UCF101TrainTestSplits-RecognitionTask/ucfTrainTestlist/", "set/splits/",
    ], ["", "UCF-101/", "data/UCF-101/"])
  func places(place: String, inner: String) throws {
    try writeVideos("set/" + inner, ending: ".mkv")
    try writeLists(place)
    try check()
    if place.hasPrefix("set/"), inner == "UCF-101/" { try check("set/UCF-101") }
  }

  @Test("Windows line ends, backslashes, a byte order mark, capitals")
  func spelling() throws {
    try writeVideos("set/", ending: ".MKV", lowercase: true)
    try writeLists("set/", newline: "\r\n", separator: "\\", prefix: "\u{FEFF}")
    try check()
  }

  @Test("Lists as some editors of Windows write them")
  func utf16() throws {
    try writeVideos("set/", ending: ".mkv")
    try writeLists("set/", newline: "\r\n")
    for name in ["trainlist01.txt", "testlist01.txt"] {
      let url = folder.url.appending(path: "set/" + name)
      let text = try String(contentsOf: url, encoding: .utf8)
      try #require(text.data(using: .utf16)).write(to: url)
    }
    try check()
  }

  @Test("Lists of another set that lie nearer are passed over")
  func otherLists() throws {
    try writeVideos("set/", ending: ".mkv")
    try Fixture.write(folder, "set/splits/trainlist01.txt", text: "dance/x.avi 1\n")
    try writeLists("")
    try check()
  }

  @Test("Videos without class folders are found by their official names")
  func flat() throws {
    for `class` in Self.classes {
      for group in Self.groups {
        try Fixture.write(folder, "set/videos/\(Self.name(`class`, group)).mp4", frames: 2)
      }
    }
    try writeLists("set/")
    try check()
  }

  @Test("The first split that is there is taken; one list alone names the other videos too")
  func numbers() throws {
    try writeVideos("set/", ending: ".mkv")
    try writeLists("set/", number: "03", testing: [8, 9])
    try check(testing: [8, 9])
    try writeLists("set/", number: "02", testing: [1, 9])
    try check(testing: [1, 9])
    try writeLists("set/", number: "01", parts: ["test"])
    try check(testing: [1, 9])
    for name in folder.contents(of: "set") where name.hasSuffix(".txt") && !name.contains("test") {
      try FileManager.default.removeItem(atPath: folder.path("set/" + name))
    }
    try check()
  }

  @Test("Lists that match nothing, or not all, are said")
  func mismatch() throws {
    for name in ["a", "b", "c"] { try Fixture.write(folder, "set/\(name).mkv", frames: 2) }
    try writeLists("set/")
    let nothing = try VideoDataset(root: folder.path("set"))
    #expect(nothing.layout == .plain)
    #expect(nothing.warnings.count == 1)
    #expect(nothing.warnings[0].hasPrefix("trainlist01.txt and testlist01.txt in "))
    #expect(nothing.warnings[0].contains("name 8 videos"))
    #expect(
      nothing.warnings[0].hasSuffix("none of them is here: the official parts are not followed"))

    try writeVideos("set/", ending: ".mkv")
    try FileManager.default.removeItem(
      atPath: folder.path("set/ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.mkv"))
    let partly = try VideoDataset(root: folder.path("set"))
    #expect(partly.layout == .ucf101)
    #expect(
      partly.warnings == [
        "1 listed video missing in the folder", "3 videos in no list and left out",
      ])
    #expect(partly.videos.count == 7)
  }

  @Test(
    "SkyTimelapse as it is distributed and wrapped",
    arguments: [
      ("sky_train", "sky_test"), ("train", "test"), ("Sky-Train", "Sky-Test"), ("train", "val"),
    ], ["", "sky_timelapse/", "data/sky_timelapse/"])
  func skies(names: (train: String, test: String), wrapper: String) throws {
    for video in ["one/one_1", "one/one_2", "two/two_1"] {
      try Fixture.write(folder, "set/\(wrapper)\(names.train)/\(video)/", frames: 2)
    }
    try Fixture.write(folder, "set/\(wrapper)\(names.test)/x/x_1/", frames: 2)
    let dataset = try VideoDataset(root: folder.path("set"))
    #expect(dataset.layout == .skyTimelapse)
    #expect(
      try dataset.videos(in: .train).map(\.path).allSatisfy { $0.contains(names.train + "/") })
    #expect(try dataset.videos(in: .train).count == 3)
    #expect(
      try dataset.videos(in: .test).map(\.path) == ["\(wrapper)\(names.test)/x/x_1"])
    #expect(dataset.warnings.isEmpty)
  }

  @Test("A preview beside the wrapped parts is left out and said")
  func preview() throws {
    for number in 0..<3 {
      try Fixture.write(folder, "set/skies/train/\(number).mkv", frames: 2)
    }
    try Fixture.write(folder, "set/skies/test/3.mkv", frames: 2)
    try Fixture.write(folder, "set/preview.gif", frames: 2)
    let dataset = try VideoDataset(root: folder.path("set"))
    #expect(try dataset.videos(in: .test).map(\.path) == ["skies/test/3.mkv"])
    #expect(dataset.videos.count == 4)
    #expect(dataset.warnings == ["1 video outside of these folders and left out"])
  }

  @Test("Classes whose names hold such words are no parts")
  func classesLikeParts() throws {
    for name in ["training dog/a", "driving test/b", "swimming/c"] {
      try Fixture.write(folder, "set/\(name).mkv", frames: 2)
    }
    let dataset = try VideoDataset(root: folder.path("set"), testShare: 0)
    #expect(dataset.layout == .plain)
    #expect(dataset.videos.count == 3)
  }
}

extension TemporaryFolder {
  /// Names of everything in a folder within.
  fileprivate func contents(of name: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path(name))) ?? []
  }
}
