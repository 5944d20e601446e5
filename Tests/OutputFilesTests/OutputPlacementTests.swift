import Foundation
import Glibc
import OutputFiles
import Synchronization
import TestSupport
import Testing

@Suite("Finished work gets its name, and nothing is replaced unasked")
struct OutputPlacementTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: folder.path(name)))
  }

  private func read(_ name: String) -> String? {
    FileManager.default.contents(atPath: folder.path(name)).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  private func makeFolder(_ name: String, holding file: String? = nil) throws {
    try FileManager.default.createDirectory(
      atPath: folder.path(name), withIntermediateDirectories: true)
    if let file { try write(name, to: name + "/" + file) }
  }

  private func place(
    _ name: String, as target: String, replacing: Bool = false,
    mayRemove: (String) throws -> Bool = { _ in true }
  ) throws -> String {
    let path = try OutputPlacement.place(
      folder.path(name), as: folder.path(target), replacing: replacing, mayRemove: mayRemove)
    return String(path.dropFirst(folder.path("").count))
  }

  @Test("A free name is given, to files and to folders")
  func free() throws {
    try write("new", to: "x")
    #expect(try place("x", as: "a.mp4") == "a.mp4")
    try makeFolder("y", holding: "frame")
    #expect(try place("y", as: "frames") == "frames")
    #expect(folder.contents == ["a.mp4", "frames"])
  }

  @Test("A name that is taken is left as it is, and the work gets the next that is free")
  func taken() throws {
    for name in ["a.mp4", "a-2.mp4", "b", ".hidden"] { try write("old", to: name) }
    try makeFolder("frames", holding: "thesis.txt")
    for (target, expected) in [
      ("a.mp4", "a-3.mp4"), ("b", "b-2"), (".hidden", ".hidden-2"), ("frames", "frames-2"),
    ] {
      try write("new", to: "x")
      #expect(try place("x", as: target) == expected)
      #expect(read(expected) == "new")
    }
    #expect(read("a.mp4") == "old" && read("frames/thesis.txt") == "frames")
    try makeFolder("y", holding: "frame")
    #expect(try place("y", as: "frames") == "frames-3")
    try makeFolder("z", holding: "frame")
    #expect(try place("z", as: "a.mp4") == "a-4.mp4")
    #expect(read("a.mp4") == "old")
  }

  @Test("A dangling link is a name that is taken")
  func danglingLink() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("a.mp4"), withDestinationPath: "nowhere.mp4")
    try write("new", to: "x")
    #expect(try place("x", as: "a.mp4") == "a-2.mp4")
  }

  @Test("Where asked, what is there is replaced: files, folders, empty folders")
  func replacing() throws {
    try write("old", to: "a.mp4")
    try write("new", to: "x")
    #expect(try place("x", as: "a.mp4", replacing: true) == "a.mp4")
    #expect(read("a.mp4") == "new")
    try makeFolder("frames", holding: "old")
    try makeFolder("y", holding: "new")
    #expect(try place("y", as: "frames", replacing: true) == "frames")
    #expect(read("frames/new") == "y" && read("frames/old") == nil)
    try makeFolder("empty")
    try makeFolder("z", holding: "new")
    #expect(try place("z", as: "empty") == "empty")
    #expect(read("empty/new") == "z")
    #expect(folder.contents == ["a.mp4", "empty", "frames"])
  }

  @Test("A folder that may not be removed gets its name back")
  func keptFolder() throws {
    try makeFolder("frames", holding: "thesis.txt")
    try makeFolder("y", holding: "new")
    let name = try place("y", as: "frames", replacing: true) { old in
      (try FolderListing(of: old)).names == ["new"]
    }
    #expect(name == "frames-2")
    #expect(read("frames/thesis.txt") == "frames" && read("frames-2/new") == "y")
    #expect(folder.contents == ["frames", "frames-2"])
  }

  @Test("Where nobody can tell whether a folder may be removed, it gets its name back")
  func unknownFolder() throws {
    try makeFolder("frames", holding: "thesis.txt")
    try makeFolder("y", holding: "new")
    let error = #expect(throws: FileFailure.self) {
      try place("y", as: "frames", replacing: true) { _ in
        throw FileFailure("list the folder", code: EIO)
      }
    }
    #expect(error == FileFailure("list the folder", code: EIO))
    #expect(read("frames/thesis.txt") == "frames" && read("y/new") == "y")
    #expect(folder.contents == ["frames", "y"])
  }

  @Test("Many that finish at once under one name all keep their work", arguments: [false, true])
  func race(isFolder: Bool) async throws {
    let count = 40
    for number in 0..<count {
      if isFolder {
        try makeFolder("x\(number)", holding: "frame")
      } else {
        try write("x\(number)", to: "x\(number)")
      }
    }
    let base = folder.path("")
    let names = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<count {
        group.addTask {
          try OutputPlacement.place(base + "x\(number)", as: base + "a.mp4", replacing: false)
        }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(names.count == count)
    let kept = Set(folder.contents.compactMap { read(isFolder ? $0 + "/frame" : $0) })
    #expect(kept.count == count)
  }

  @Test("Where the system has no such call, names are kept as well")
  func withoutTheCall() throws {
    try write("old", to: "a")
    try write("new", to: "x")
    #expect(
      OutputPlacement.reserving(folder.path("x"), folder.path("a"), isFolder: false) == EEXIST)
    #expect(OutputPlacement.reserving(folder.path("x"), folder.path("b"), isFolder: false) == 0)
    try makeFolder("y", holding: "frame")
    try makeFolder("c")
    #expect(OutputPlacement.reserving(folder.path("y"), folder.path("c"), isFolder: true) == EEXIST)
    #expect(OutputPlacement.reserving(folder.path("y"), folder.path("d"), isFolder: true) == 0)
    #expect(read("a") == "old" && read("b") == "new" && read("d/frame") == "y")
  }

  @Test("Links lead where they lead, also to what is not there")
  func links() throws {
    let manager = FileManager.default
    try makeFolder("big")
    try manager.createSymbolicLink(atPath: folder.path("out"), withDestinationPath: "big")
    try manager.createSymbolicLink(atPath: folder.path("two"), withDestinationPath: "out/")
    try manager.createSymbolicLink(
      atPath: folder.path("d.mp4"), withDestinationPath: folder.path("nowhere.mp4"))
    try manager.createSymbolicLink(atPath: folder.path("loop"), withDestinationPath: "loop")
    #expect(OutputName.resolved(folder.path("out/")) == folder.path("big"))
    #expect(OutputName.resolved(folder.path("two")) == folder.path("big"))
    #expect(OutputName.resolved(folder.path("d.mp4")) == folder.path("nowhere.mp4"))
    #expect(OutputName.resolved(folder.path("loop")).hasSuffix("loop"))
    #expect(OutputName.resolved("/") == "/")
  }

  @Test("Names beside the longest ones fit, and are the same each time", arguments: [1, 249, 255])
  func longNames(length: Int) {
    let path = "/a/" + String(repeating: "x", count: length)
    for ending in [".json", ".resume.safetensors"] {
      let name = OutputName.beside(path, ending: ending)
      #expect(OutputName.name(of: name).utf8.count <= 255 && name.hasSuffix(ending))
      #expect(OutputName.beside(path, ending: ending) == name)
      #expect(OutputName.beside(path + "y", ending: ending) != name)
    }
    #expect(OutputName.name(of: OutputName.alternative(12, to: path + ".mp4")).utf8.count <= 255)
    #expect(OutputName.name(of: OutputName.temporary(for: path)).utf8.count <= 255)
    #expect(OutputName.isTemporary(OutputName.name(of: OutputName.temporary(for: path))))
  }

  @Test("What a process left that is gone is removed; what a living one makes, and others', stays")
  func abandoned() throws {
    let left = OutputName.name(of: OutputName.temporary(for: folder.path("a.mp4")))
    let leftFolder = OutputName.name(of: OutputName.temporary(for: folder.path("frames")))
    try write("half", to: left)
    try makeFolder(leftFolder, holding: "frame00000.png")
    try makeFolder(leftFolder + "/inner", holding: "x")
    let others = [".a.mp4.1a2b.partial", ".a.partial", ".pvdm-.partial", "a.pvdm-1.partial"]
    for name in others { try write("theirs", to: name) }
    let living = try StagedPath(
      target: folder.path("b.mp4"), kind: .file, permissions: 0o644)
    let livingFolder = try StagedPath(
      target: folder.path("c"), kind: .folder, permissions: 0o755)
    #expect(!folder.contents.contains(left) && !folder.contents.contains(leftFolder))
    StagedPath.removeAbandoned(in: folder.url.path)
    let names = [living, livingFolder].map { OutputName.name(of: $0.path) }
    #expect(folder.contents == (others + names).sorted())
    living.discard()
    livingFolder.discard()
    #expect(folder.contents == others.sorted())
  }

  @Test("Who cleans up takes nothing from those who begin meanwhile", arguments: [true, false])
  func cleaningBesideBeginners(makesFolders: Bool) throws {
    let isOver = Mutex(false)
    let path = folder.url.path
    let cleaners = DispatchGroup()
    for _ in 0..<2 {
      DispatchQueue.global().async(group: cleaners) {
        while !isOver.withLock({ $0 }) { StagedPath.removeAbandoned(in: path) }
      }
    }
    defer {
      isOver.withLock { $0 = true }
      cleaners.wait()
    }
    for number in 0..<400 {
      let staged = try StagedPath(
        target: folder.path("\(number)"), kind: makesFolders ? .folder : .file, permissions: 0o755)
      StagedPath.removeAbandoned(in: path)
      #expect(folder.contents.contains(OutputName.name(of: staged.path)))
      staged.discard()
    }
  }

  @Test("Names that are no UTF-8 are told apart from those that are")
  func rawNames() throws {
    for byte: UInt8 in [0xE8, 0xE9] {
      let name = Array(folder.path("a").utf8) + [byte, 0]
      name.withUnsafeBytes { bytes in
        let path = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        close(open(path.unsafelyUnwrapped, O_WRONLY | O_CREAT, 0o644))
      }
    }
    try write("", to: "é")
    let listing = try FolderListing(of: folder.url.path)
    #expect(listing.names == ["é"])
    #expect(listing.unreadableNames.sorted() == ["a\\xe8", "a\\xe9"])
    try makeFolder("tree")
    OutputPlacement.removeTree(folder.url.path)
    #expect(!FileManager.default.fileExists(atPath: folder.url.path))
  }

  @Test("A path is locked once")
  func locks() throws {
    try makeFolder("x")
    var first = PathLock(folder.path("x"))
    #expect(first != nil && PathLock(folder.path("x")) == nil)
    first = nil
    #expect(PathLock(folder.path("x")) != nil && PathLock(folder.path("none")) == nil)
  }

  @Test("A path is free once it is let go of, whoever has it open from the one who locked it")
  func locksOfChildren() throws {
    try makeFolder("x")
    var first = PathLock(folder.path("x"))
    // As between fork and exec of a child.
    let copies = try OpenFiles.duplicates(of: folder.path("x"))
    defer { for copy in copies { close(copy) } }
    #expect(first != nil)
    #expect(copies.count == 1)
    first = nil
    #expect(PathLock(folder.path("x")) != nil)
  }
}
