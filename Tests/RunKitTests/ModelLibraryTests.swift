import Dispatch
import Foundation
import KitTestSupport
import RunKit
import Synchronization
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

@Suite struct ModelLibraryTests {
  private let folder: TemporaryFolder
  private let manager = FileManager.default

  init() throws { folder = try TemporaryFolder() }

  private func make(_ name: String) throws -> String {
    let path = folder.path(name)
    try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private func writeAutoencoder(_ name: String, resolution: Int = 32) throws {
    var configuration = TinyCheckpoint.autoencoder
    configuration.resolution = resolution
    try TinyCheckpoint.write(RandomParameters(configuration), to: folder.path(name))
  }

  private func writeDenoiser(_ name: String) throws {
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser), prefix: "diffusion_model.",
      to: folder.path(name))
  }

  private func find(depth: Int = 3) throws -> [ModelEntry] {
    try ModelLibrary(places: [.init(path: folder.url.path, depth: depth)]).entries()
  }

  private func names(_ entries: [ModelEntry]) -> [String] {
    entries.map { String($0.path.dropFirst(folder.url.path.count + 1)) }
  }

  @Test("a folder with a description, one with two networks, and single checkpoints are found")
  func everyKind() throws {
    _ = try make("described")
    try writeAutoencoder("described/a.pth")
    try writeDenoiser("described/d.pth")
    try Data(
      """
      name = "Tiny"
      summary = "Of no use"
      autoencoder = "a.pth"
      denoiser = "d.pth"
      frames_per_second = 8
      """.utf8
    ).write(to: URL(filePath: folder.path("described/model.toml")))
    _ = try make("plain/deeper")
    try writeAutoencoder("plain/deeper/model_last.pth")
    try writeDenoiser("plain/deeper/ema_model.pth")
    try writeDenoiser("alone.pth")

    let entries = try find()
    #expect(names(entries) == ["alone.pth", "described", "plain/deeper"])
    #expect(entries.map(\.canGenerate) == [false, true, true])
    #expect(entries.allSatisfy { $0.problem == nil })
    #expect(entries.map(\.reference.name) == ["alone", "Tiny", "deeper"])
    #expect(entries[1].summary == "Of no use" && entries[1].reference.framesPerSecond == 8)
    #expect(entries[2].denoiser?.latentSide == 4 && entries[2].autoencoder?.resolution == 32)
    #expect(entries[2].reference.denoiser == folder.path("plain/deeper/ema_model.pth"))
  }

  @Test("what cannot be used says why")
  func problems() throws {
    _ = try make("unfit")
    try writeAutoencoder("unfit/a.pth", resolution: 64)
    try writeDenoiser("unfit/d.pth")
    _ = try make("wrong")
    try Data("autoencoder = 3".utf8).write(to: URL(filePath: folder.path("wrong/model.toml")))
    try Data(count: 5000).write(to: URL(filePath: folder.path("broken.pth")))
    let entries = try find()
    #expect(names(entries) == ["broken.pth", "unfit", "unfit/a.pth", "unfit/d.pth", "wrong"])
    #expect(entries.map { $0.problem != nil } == [true, true, false, false, true])
    #expect(entries[0].problem?.contains("expected a PyTorch or safetensors") == true)
    #expect(entries[1].problem?.contains("8 x 8") == true)
    #expect(entries[1].problem?.contains("trained together") == true)
    #expect(entries[4].problem?.contains("autoencoder is not a text") == true)
    #expect(entries.allSatisfy { !$0.canGenerate })
  }

  @Test("latents and kept runs are no models")
  func ownOutputs() throws {
    let latent = Latent(zerosFor: PlaneGeometry(side: 16))
    try LatentFile.write([latent], to: folder.path("sky.safetensors"))
    var state = GenerationState(condition: [latent])
    state.finishedClips = 1
    try SavedRun(request: GenerationRequest(clipCount: 2), state: state, finishedClips: [[latent]])
      .write(to: folder.path("sky.mp4.resume.safetensors"))
    #expect(try find().isEmpty)
  }

  @Test("symbolic links that lead in circles end, and a model is found once")
  func links() throws {
    _ = try make("a/b")
    try writeAutoencoder("a/b/x.pth")
    try manager.createSymbolicLink(
      atPath: folder.path("a/b/up"), withDestinationPath: folder.url.path)
    try manager.createSymbolicLink(
      atPath: folder.path("again"), withDestinationPath: folder.path("a/b"))
    try manager.createSymbolicLink(
      atPath: folder.path("nowhere.pth"), withDestinationPath: folder.path("gone"))
    #expect(try find(depth: 20).count == 1)
  }

  @Test("the search goes as deep as it is told")
  func depth() throws {
    _ = try make("1/2/3")
    try writeDenoiser("1/2/3/d.pth")
    #expect(try find(depth: 2).isEmpty)
    #expect(try find(depth: 3).count == 1)
  }

  @Test("thousands of other files are passed over, hidden folders too")
  func crowd() throws {
    _ = try make("data")
    for index in 0..<3000 {
      #expect(manager.createFile(atPath: folder.path("data/\(index).png"), contents: nil))
    }
    _ = try make(".hidden")
    try writeDenoiser(".hidden/d.pth")
    try Data("x".utf8).write(to: URL(filePath: folder.path("data/tiny.pt")))
    try writeDenoiser("data/d.pth")
    #expect(try names(find()) == ["data/d.pth"])
  }

  @Test("a place that is a checkpoint is that checkpoint; one that is not there is nothing")
  func single() throws {
    try writeDenoiser("d.pth")
    let library = ModelLibrary(places: [
      .init(path: folder.path("d.pth"), depth: 3), .init(path: folder.path("gone"), depth: 3),
      .init(path: folder.url.path, depth: 1),
    ])
    #expect(try library.entries().map(\.path) == [folder.path("d.pth")])
    #expect(throws: StudioError.self) { try ModelLibrary.entry(at: folder.path("gone")) }
    #expect(try ModelLibrary.entry(at: folder.url.path).denoiser != nil)
  }

  @Test("the samples are found by the program's own data folder, once")
  func samples() throws {
    let root = URL(filePath: Samples.path("")).deletingLastPathComponent().path
    let resources = ResourceLocator(
      executable: "/nowhere/bin/pvdm", environment: ["PVDM_DATA": root, "HOME": folder.url.path])
    let entries = try ModelLibrary(resources: resources, workingFolders: [folder.url.path])
      .entries()
    #expect(entries.map(\.reference.name) == ["skies-64", "skies-64-instant"])
    #expect(entries.allSatisfy { $0.canGenerate })
    #expect(entries.map(\.denoiser?.distilledSteps) == [nil, PresetLibrary.instantSteps])
  }

  @Test("a program near the root of the file system looks in each folder once, and not in the root")
  func places() {
    let resources = ResourceLocator(
      executable: "/opt/pvdm", environment: ["HOME": "/root", "PVDM_DATA": "/share/pvdm"])
    #expect(resources.roots == ["/share/pvdm", "/root/.local/share/pvdm"])
  }

  @Test("networks found apart make a model if they fit, and say why if not")
  func pairing() throws {
    try writeAutoencoder("a.pth")
    try writeAutoencoder("b.pth", resolution: 64)
    try writeDenoiser("d.pth")
    func entry(_ name: String) throws -> ModelEntry {
      try ModelLibrary.entry(at: folder.path(name))
    }
    let denoiser = try entry("d.pth")
    let pair = try #require(try ModelLibrary.pair(autoencoder: entry("a.pth"), denoiser: denoiser))
    #expect(pair.canGenerate && pair.reference.name == "d + a")
    let unfit = try #require(try ModelLibrary.pair(autoencoder: entry("b.pth"), denoiser: denoiser))
    #expect(unfit.problem?.contains("4 x 4") == true)
    #expect(ModelLibrary.pair(autoencoder: denoiser, denoiser: denoiser) == nil)
    let network = try #require(denoiser.denoiser)
    #expect(
      ModelLibrary.reasonAgainst(autoencoder: network, denoiser: network)?
        .contains("an autoencoder is needed") == true)
  }

  @Test("a cancelled search ends")
  func cancellation() async {
    let path = folder.url.path
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try ModelLibrary(places: [.init(path: path, depth: 1)]).entries()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("clips of other lengths are paired by what the autoencoder tells")
  func otherLengths() throws {
    var autoencoder = TinyCheckpoint.autoencoder
    autoencoder.frames = 24
    var denoiser = TinyCheckpoint.denoiser
    denoiser.geometry = PlaneGeometry(side: 4, frames: 24)
    try TinyCheckpoint.write(RandomParameters(autoencoder), to: folder.path("model_last.pth"))
    try TinyCheckpoint.write(
      RandomParameters(denoiser), prefix: "diffusion_model.", to: folder.path("ema_model.pth"))
    try Data(#"{"model_channels": 32, "num_heads": 4}"#.utf8)
      .write(to: URL(filePath: folder.path("config.json")))
    let entry = try ModelLibrary.entry(at: folder.url.path)
    #expect(entry.canGenerate, "\(entry.problem ?? "")")
    #expect(entry.denoiser?.clipLength == 24)
    // Alone it is the likeliest of several, which is said; the autoencoder settles it.
    let alone = try ModelLibrary.entry(at: folder.path("ema_model.pth"))
    #expect(alone.denoiser?.notes.contains { $0.contains("208 tokens of zeros") } == true)
    let files = try ModelFiles(model: folder.url.path)
    #expect(files.denoiser?.geometry == PlaneGeometry(side: 4, frames: 24))
    #expect(!files.notes.contains { $0.contains("assumed") })
  }

  @Test("another program's settings beside the files do not hide a model, and reasons are given")
  func settingsBeside() throws {
    try writeAutoencoder("model_last.pth")
    try writeDenoiser("ema_model.pth")
    try Data(#"{"_class_name": "UNet2DModel", "sample_size": 64}"#.utf8)
      .write(to: URL(filePath: folder.path("config.json")))
    let files = try ModelFiles(model: folder.url.path)
    #expect(files.autoencoder != nil && files.denoiser != nil)
    #expect(files.notes.contains { $0.contains("passed over") })

    let other = try make("other")
    try Data(repeating: 7, count: 5000).write(to: URL(filePath: other + "/x.pth"))
    let error = #expect(throws: StudioError.self) { try ModelFolder(contentsOf: other) }
    #expect(Explanation(try #require(error)).sentence.contains("x.pth"))
  }

  @Test("a pipe in the place of a description or of settings is not waited for")
  func pipes() throws {
    _ = try make("piped")
    #expect(mkfifo(folder.path("piped/model.toml"), 0o600) == 0)
    try writeDenoiser("d.pth")
    #expect(mkfifo(folder.path("config.json"), 0o600) == 0)
    let entries = try find()
    #expect(names(entries) == ["d.pth", "piped"])
    #expect(entries[0].problem == nil && entries[0].denoiser?.notes.isEmpty == false)
    #expect(entries[1].problem?.contains("is not a file") == true)
    #expect(throws: StudioError.self) { try ModelFolder(contentsOf: folder.path("piped")) }
  }

  @Test("a search may be ended, and what takes too long is given up")
  func budget() throws {
    let stop = StopSignal()
    stop.requestStop(.afterStep)
    try writeDenoiser("d.pth")
    let library = ModelLibrary(places: [.init(path: folder.url.path, depth: 1)])
    #expect(throws: CancellationError.self) { try library.entries(stop: stop) }
    #expect(throws: CancellationError.self) {
      try ModelLibrary.entry(at: folder.path("d.pth"), stop: stop)
    }

    let release = DispatchSemaphore(value: 0)
    defer { release.signal() }
    #expect(try TimedReading.value(within: 5) { 7 } == 7)
    #expect(try TimedReading.value(within: 0.01) { release.wait() } == nil)
    // Waiting costs nothing of the processor, working does.
    let afterWaiting = try TimedReading.value(within: 1) { usleep(1_100_000) }
    #expect(afterWaiting != nil)
    let isOver = Mutex(false)
    defer { isOver.withLock { $0 = true } }
    let neverDone: Void? = try TimedReading.value(within: 0.05) {
      while !isOver.withLock({ $0 }) {}
    }
    #expect(neverDone == nil)
    var spent = ModelSearch.Budget()
    spent.total = 0
    var search = ModelSearch(spent)
    let late = try search.entries(in: .init(path: folder.url.path, depth: 1))
    #expect(late.count == 1 && late[0].problem?.contains("took too long") == true)
  }

  @Test("a folder of hostile files gives an entry with a reason for each")
  func hostile() throws {
    var numbers = SeededNumbers(4)
    let whole = folder.path("whole.safetensors")
    try writeDenoiser("whole.pth")
    try CheckpointConversion(NetworkFile(path: folder.path("whole.pth"))).write(to: whole)
    let bytes = try Data(contentsOf: URL(filePath: whole))
    for index in 0..<60 {
      var damaged = bytes.prefix(6000)
      if index.isMultiple(of: 2) {
        // A header that says it is longer than any.
        damaged.replaceSubrange(
          0..<8, with: withUnsafeBytes(of: UInt64(1) << (index / 2)) { Data($0) })
      } else {
        for _ in 0..<8 {
          damaged[Int.random(in: 0..<damaged.count, using: &numbers)] = UInt8.random(
            in: 0...255, using: &numbers)
        }
      }
      try damaged.write(to: URL(filePath: folder.path("bad-\(index).safetensors")))
    }
    let entries = try find()
    #expect(entries.count == 62)
    #expect(entries.filter { $0.problem == nil }.count == 2)
  }
}
