import CheckpointIO
import TensorCore
import Testing

@Suite("State dictionaries")
struct StateDictionaryTests {
  private let folder: TemporaryFolder
  private let wrappers = ["ema", "ema_model", "state_dict", "model"]

  init() throws { folder = try TemporaryFolder() }

  /// A .pth file of the given structure, every tensor being one float.
  private func torch(_ members: [(String, TorchValue)]) throws -> Checkpoint {
    let value = TorchValue.dictionary(members.map { .init(key: $0.0, value: $0.1) })
    try TorchWriter(value).write(to: folder.file()) { _, sink in try sink.append(converting: [1]) }
    return try Checkpoint(contentsOf: folder.file())
  }

  private func weights(_ names: String...) -> TorchValue {
    .stateDictionary(
      names.map { TensorDescription(name: $0, elementType: .float32, shape: [1]) })
  }

  /// A safetensors file of one float under each name.
  private func flat(_ names: String...) throws -> Checkpoint {
    let tensors = names.map { TensorDescription(name: $0, elementType: .float32, shape: [1]) }
    try SafetensorsWriter(tensors: tensors).write(to: folder.file()) { _, sink in
      try sink.append(converting: [1])
    }
    return try Checkpoint(contentsOf: folder.file())
  }

  @Test("bare weights are taken as they are, without notes")
  func bare() throws {
    let state = try StateDictionary(
      in: flat("a.weight", "b.weight"), wrappers: wrappers, prefixes: ["module."])
    #expect(state.tensors.map(\.name) == ["a.weight", "b.weight"])
    #expect(state.wrapper == nil && state.notes.isEmpty && state.values.isEmpty)
    #expect(state["b.weight"]?.elementCount == 1)
    #expect(state["c"] == nil)
  }

  @Test("the preferred wrapper is used, and values beside it are given")
  func preferred() throws {
    let checkpoint = try torch([
      ("epoch", .integer(12)), ("model", weights("a", "b")), ("ema", weights("a", "b")),
      ("optimizer", .dictionary([.init(key: "state", value: weights("m"))])),
      ("name", .string("run")),
    ])
    let state = try StateDictionary(in: checkpoint, wrappers: wrappers)
    #expect(state.wrapper == "ema")
    #expect(state.tensors.map(\.entry.name) == ["ema.a", "ema.b"])
    #expect(
      state.notes == ["used the weights under \"ema\"", "left out 3 tensors elsewhere in the file"])
    #expect(state.values.map(\.key) == ["epoch", "name"])
    #expect(
      StateDictionary.availableWrappers(in: checkpoint, of: wrappers) == ["ema", "model"])
    let chosen = try StateDictionary(
      in: checkpoint, wrappers: wrappers, choice: .wrapper("model"))
    #expect(chosen.tensors.map(\.entry.name) == ["model.a", "model.b"])
    #expect(
      try StateDictionary(in: checkpoint, choice: .wrapper("optimizer.state")).tensors.count == 1)
  }

  @Test("wrappers within wrappers are followed, whichever comes first in the list")
  func nested() throws {
    let checkpoint = try torch([
      ("model", .dictionary([.init(key: "state_dict", value: weights("a"))]))
    ])
    let state = try StateDictionary(in: checkpoint, wrappers: wrappers)
    #expect(state.wrapper == "model.state_dict")
    #expect(state.tensors.map(\.name) == ["a"])
    #expect(try StateDictionary(in: checkpoint, choice: .wrapper("model.state_dict"))["a"] != nil)
  }

  @Test("an empty wrapper is passed over")
  func emptyWrapper() throws {
    let checkpoint = try torch([("ema", .dictionary([])), ("model", weights("a"))])
    #expect(try StateDictionary(in: checkpoint, wrappers: wrappers).wrapper == "model")
  }

  @Test("a wrapper may be the first part of dotted names")
  func dotted() throws {
    let checkpoint = try flat("model.a.weight", "ema.a.weight", "step")
    let state = try StateDictionary(in: checkpoint, wrappers: wrappers)
    #expect(state.wrapper == "ema")
    #expect(state.tensors.map(\.name) == ["a.weight"])
    #expect(state.tensors.map(\.entry.name) == ["ema.a.weight"])
    #expect(
      StateDictionary.availableWrappers(in: checkpoint, of: wrappers) == ["ema", "model"])
    let model = try StateDictionary(in: checkpoint, wrappers: wrappers, choice: .wrapper("model"))
    #expect(model.tensors.map(\.entry.name) == ["model.a.weight"])
    let top = try StateDictionary(in: checkpoint, wrappers: wrappers, choice: .topLevel)
    #expect(top.tensors.count == 3)
  }

  @Test("a layer that is called like a wrapper is left in place")
  func layerNamedLikeWrapper() throws {
    let state = try StateDictionary(in: flat("model.a", "head.b"), wrappers: wrappers)
    #expect(state.wrapper == nil)
    #expect(state.tensors.map(\.name) == ["model.a", "head.b"])
    let known = try StateDictionary(
      in: flat("model.a", "head.b"), wrappers: wrappers, strays: ["head."])
    #expect(known.tensors.map(\.name) == ["a"])
  }

  @Test("prefixes that all names carry are dropped one after the other and noted")
  func prefixes() throws {
    let state = try StateDictionary(
      in: flat("module.diffusion_model.a", "module.diffusion_model.b"),
      prefixes: ["diffusion_model.", "module."])
    #expect(state.tensors.map(\.name) == ["a", "b"])
    #expect(state.droppedPrefixes == ["module.", "diffusion_model."])
    #expect(
      state.notes == [
        "dropped the prefix \"module.\" from 2 names",
        "dropped the prefix \"diffusion_model.\" from 2 names",
      ])
  }

  @Test("a prefix that one name lacks stays, unless that name is a known stray")
  func strays() throws {
    let checkpoint = try flat("module.a", "module.b", "n_averaged", "loss.c")
    #expect(
      try StateDictionary(in: checkpoint, prefixes: ["module."]).tensors.first?.name == "module.a")
    let state = try StateDictionary(
      in: checkpoint, prefixes: ["module."], strays: ["n_averaged", "loss."])
    #expect(state.tensors.map(\.name) == ["a", "b", "n_averaged", "loss.c"])
    #expect(state.notes == ["dropped the prefix \"module.\" from 2 names"])
  }

  @Test("names that a dropped prefix makes equal are an error")
  func collision() throws {
    let checkpoint = try flat("module.a", "a")
    #expect(
      errorKind {
        _ = try StateDictionary(in: checkpoint, prefixes: ["module."], strays: ["a"])
      } == .duplicateName(name: "a"))
  }

  @Test("a checkpoint without weights, and a wrapper that is not there, are named in the error")
  func nothing() throws {
    let checkpoint = try torch([("epoch", .integer(1)), ("other", weights("a"))])
    #expect(
      errorKind { _ = try StateDictionary(in: checkpoint, wrappers: wrappers) }
        == .noTensors(found: ["epoch", "other"]))
    let wrapped = try torch([("ema", weights("a"))])
    #expect(
      errorKind {
        _ = try StateDictionary(in: wrapped, wrappers: wrappers, choice: .wrapper("model"))
      } == .noWrapper(name: "model", found: ["ema"]))
  }

  @Test("what PyTorch saved under a wrapper and a prefix is recognised")
  func torchFile() throws {
    let checkpoint = try folder.checkpoint(TorchFixtures.legacy)
    let state = try StateDictionary(in: checkpoint, wrappers: wrappers, prefixes: ["module."])
    #expect(state.tensors.count == 12)
    #expect(try checkpoint.float32Values(try #require(state["param"])) == [2, 4])
    #expect(
      state.values.map { "\($0.key) \($0.value)" } == [
        "epoch 12", "lr 0.0001", "name \"run é\"", "none none", "big 1099511627776",
        "dtype \"torch.float16\"",
      ])
  }
}
