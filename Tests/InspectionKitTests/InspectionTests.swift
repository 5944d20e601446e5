import CheckpointIO
import Foundation
import InspectionKit
import KitTestSupport
import RunKit
import TestSupport
import Testing
import VideoDiffusion

@Suite struct InspectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func latent(_ value: Float) -> Latent {
    Latent(values: [Float](repeating: value, count: 4 * 320), tokenCount: 320)
  }

  @Test func latents() throws {
    let path = folder.path("z.safetensors")
    try LatentFile.write(
      [latent(-0.5), latent(0.25)], metadata: ["pvdm": #"{"seed": 7}"#], to: path)
    let inspection = try Inspection(of: path)
    #expect(inspection.kind == .latents)
    #expect(inspection.latents?.clips == 2)
    #expect(inspection.latents?.side == 8)
    #expect(inspection.latents?.minimum == -0.5)
    #expect(inspection.latents?.maximum == 0.25)
    #expect(inspection.settings?["pvdm"]?["seed"] == .integer(7))
  }

  @Test func savedRuns() throws {
    let path = folder.path("run.safetensors")
    var state = GenerationState(condition: [latent(0.5)])
    state.finishedClips = 1
    let request = GenerationRequest(clipCount: 3, guidanceScale: 1.5, seed: 9)
    try SavedRun(request: request, state: state, finishedClips: [[latent(0.5)]]).write(to: path)
    let inspection = try Inspection(of: path)
    #expect(inspection.kind == .run)
    #expect(inspection.run?.finishedClips == 1)
    #expect(inspection.run?.clips == 3)
    #expect(inspection.run?.seed == 9)
    #expect(inspection.run?.continues == true)
    #expect(inspection.run?.sampler == "ddim")
  }

  @Test func wrappersAndStrayValues() throws {
    let path = folder.path("wrapped.pth")
    let source = RandomParameters(TinyCheckpoint.autoencoder)
    let tensors = source.parameters.map {
      TensorDescription(name: $0.name, elementType: .float32, shape: $0.shape)
    }
    let value = TorchValue.dictionary([
      .init(key: "epoch", value: .integer(12)), .init(key: "ema", value: .stateDictionary(tensors)),
    ])
    try TorchWriter(value).write(to: path) { tensor, sink in
      try source.withValues(of: tensor.name) { try sink.append(converting: $0) }
    }
    let inspection = try Inspection(of: path)
    #expect(inspection.kind == .network)
    #expect(inspection.network?.wrapper == "ema")
    #expect(inspection.checkpoint?.wrappers == ["ema"])
    #expect(inspection.checkpoint?.values == ["epoch": "12"])
  }

  @Test("folders say what they hold, whatever it is")
  func folders() throws {
    let manager = FileManager.default
    for name in ["set/class", "set/other", "empty", "mixed"] {
      try manager.createDirectory(
        atPath: folder.path(name), withIntermediateDirectories: true)
    }
    for name in ["set/class/a.avi", "set/class/b.avi", "set/other/c.mp4", "set/list.txt"] {
      try Data("x".utf8).write(to: URL(filePath: folder.path(name)))
    }
    let set = try Inspection(of: folder.path("set"))
    #expect(set.kind == .folder && set.folder?.videos == 3 && set.folder?.others == 1)
    #expect(set.remarks?.contains { $0.contains("dataset inspect") } == true)
    let empty = try Inspection(of: folder.path("empty"))
    #expect(empty.kind == .folder && empty.remarks == nil)
    // Checkpoints of something else: each with its reason.
    for name in ["mixed/a.safetensors", "mixed/b.pth"] {
      try Data(repeating: 7, count: 5000).write(to: URL(filePath: folder.path(name)))
    }
    let mixed = try Inspection(of: folder.path("mixed"))
    #expect(mixed.kind == .folder && mixed.folder?.checkpoints == 2)
    #expect(mixed.problem?.contains("a.safetensors") == true)
    #expect(mixed.problem?.contains("b.pth") == true)
    let all = try Inspection(of: folder.url.path)
    #expect(all.folder?.videos == 3 && all.folder?.folders == 5)
    #expect(throws: StudioError(folder.path("gone"), .noSuchFile)) {
      try Inspection(of: folder.path("gone"))
    }
  }

  @Test("settings of several runs, or after somebody's frames, do not claim the whole video")
  func limitsOfSettings() throws {
    let settings = RunSettings(json: try manyRuns(1))
    #expect(settings?.limits == [])
    let several = try #require(RunSettings(json: try manyRuns(3)))
    #expect(several.limits.first?.contains("3 runs made this video") == true)
  }

  @Test("embedded settings come back with every field, whatever was added since")
  func everyFieldOfSettings() throws {
    var settings = try #require(RunSettings(json: try manyRuns(2)))
    settings.seamFade = 8
    settings.onlyNew = true
    settings.firstFrame = 3
    settings.fileSizes = ["denoiser": 7]
    let json = try settings.json
    #expect(RunSettings(json: json) == settings)
    #expect(json.contains("\"runs\":[") && json.contains("\"seamFade\":8"))
  }

  private func manyRuns(_ count: Int) throws -> String {
    let run: [String: Any] = [
      "firstClip": 0, "clipCount": 1, "seed": 1, "model": "m",
      "settings": try JSONSerialization.jsonObject(
        with: JSONEncoder().encode(GenerationSettings())),
    ]
    let settings: [String: Any] = [
      "version": "1", "command": "studio", "model": "m", "precision": "f32",
      "framesPerSecond": 8, "runs": Array(repeating: run, count: count),
    ]
    return String(
      decoding: try JSONSerialization.data(withJSONObject: settings), as: UTF8.self)
  }

  @Test func settingsAreExplained() {
    let settings = JSONValue.object([
      "seed": .integer(3), "first": .object(["steps": .integer(50)]), "mood": .string("calm"),
    ])
    let lines = SettingExplanation.all(in: settings)
    #expect(lines.map(\.name) == ["first.steps", "mood", "seed"])
    #expect(lines.map(\.value) == ["50", "calm", "3"])
    #expect(lines[0].meaning.contains("denoising steps"))
    #expect(lines[1].meaning.isEmpty)
  }

  @Test func jsonValuesSurviveARoundTrip() throws {
    let text = #"{"a":[1,2.5,true,null,"x"],"b":{"c":-3}}"#
    let value = try #require(JSONValue(parsing: text))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == text)
    #expect(JSONValue(parsing: "{") == nil)
  }
}
