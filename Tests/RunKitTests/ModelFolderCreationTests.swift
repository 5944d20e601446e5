import Foundation
import KitTestSupport
import RunKit
import TestSupport
import Testing
import VideoDiffusion

@Suite struct ModelFolderCreationTests {
  private let folder: TemporaryFolder
  private let recipe: ModelFolder.Recipe

  init() throws {
    folder = try TemporaryFolder()
    recipe = ModelFolder.Recipe(
      autoencoder: folder.path("model_last.pth"), denoiser: folder.path("ema_model.pth"),
      type: .f16, name: "Tiny \"one\"", summary: "For tests.", framesPerSecond: 12.5)
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.autoencoder), to: recipe.autoencoder)
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser), prefix: "diffusion_model.", to: recipe.denoiser)
  }

  private var created: [String] {
    folder.contents.filter { !$0.hasSuffix(".pth") }
  }

  @Test func makesAFolderThatReadsBack() throws {
    let path = folder.path("tiny")
    let (made, notes) = try ModelFolder.create(at: path, from: recipe)
    #expect(made.name == "Tiny \"one\"")
    #expect(made.summary == "For tests.")
    #expect(made.framesPerSecond == 12.5)
    #expect(notes.contains { $0.contains("assumed 8 attention heads") })
    let files = try ModelFiles(model: path)
    #expect(files.autoencoder?.network == .autoencoder(TinyCheckpoint.autoencoder))
    #expect(files.denoiser?.geometry == TinyCheckpoint.denoiser.geometry)
    #expect(files.denoiser?.storedTypes.keys.map(\.rawValue) == ["float16"])
    #expect(created == ["tiny"])
  }

  @Test func replacesOnlyModelsAndOnlyWhenAsked() throws {
    let path = folder.path("tiny")
    _ = try ModelFolder.create(at: path, from: recipe)
    #expect(throws: StudioError(path, .exists)) {
      try ModelFolder.create(at: path, from: recipe)
    }
    try Data("read me".utf8).write(to: URL(filePath: path + "/README.md"))
    var other = recipe
    other.name = "Other"
    let (made, _) = try ModelFolder.create(at: path, from: other, overwrites: true)
    #expect(made.name == "Other")
    #expect(FileManager.default.fileExists(atPath: path + "/README.md"))
    #expect(created == ["tiny"])

    let precious = folder.path("photos")
    try FileManager.default.createDirectory(atPath: precious, withIntermediateDirectories: false)
    try Data().write(to: URL(filePath: precious + "/cat.png"))
    #expect(throws: StudioError.self) {
      try ModelFolder.create(at: precious, from: recipe, overwrites: true)
    }
    #expect(FileManager.default.fileExists(atPath: precious + "/cat.png"))
  }

  @Test func filesThatNoPathNamesAreNotLost() throws {
    let path = folder.path("tiny")
    _ = try ModelFolder.create(at: path, from: recipe)
    let odd = Array((path + "/caf").utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
    close(open(odd, O_WRONLY | O_CREAT, 0o644))
    #expect(throws: StudioError.self) {
      try ModelFolder.create(at: path, from: recipe, overwrites: true)
    }
    #expect(access(odd, F_OK) == 0)
    unlink(odd)
  }

  @Test func failuresLeaveNothing() throws {
    let path = folder.path("model")
    var missing = recipe
    missing.denoiser = folder.path("none.pth")
    #expect(throws: (any Error).self) { try ModelFolder.create(at: path, from: missing) }

    var exchanged = recipe
    exchanged.autoencoder = recipe.denoiser
    #expect(throws: ModelError.self) { try ModelFolder.create(at: path, from: exchanged) }

    var configuration = TinyCheckpoint.autoencoder
    configuration.resolution = 64
    try TinyCheckpoint.write(RandomParameters(configuration), to: folder.path("large.pth"))
    var unfit = recipe
    unfit.autoencoder = folder.path("large.pth")
    #expect(throws: ModelError.self) { try ModelFolder.create(at: path, from: unfit) }

    // A weight that f16 cannot hold is found late, in the second file.
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser), prefix: "diffusion_model.",
      to: folder.path("loud.pth")
    ) { name, values in
      if name == "out.2.weight" { values[0] = 1e9 }
    }
    var loud = recipe
    loud.denoiser = folder.path("loud.pth")
    #expect(throws: StudioError.self) { try ModelFolder.create(at: path, from: loud) }
    // A folder that would have to be in a file.
    #expect(throws: StudioError.self) {
      try ModelFolder.create(at: folder.path("loud.pth/model"), from: recipe)
    }
    #expect(created.isEmpty)
  }

  @Test("folders that are missing on the way are made, for models and for single checkpoints")
  func missingParents() throws {
    let (made, _) = try ModelFolder.create(at: folder.path("data/models/clouds"), from: recipe)
    #expect(made.path == folder.path("data/models/clouds"))
    let single = folder.path("other/models/denoiser.safetensors")
    try CheckpointConversion(NetworkFile(path: recipe.denoiser)).write(to: single)
    #expect(try NetworkFile(path: single).kind == .denoiser)
  }
}
