import CheckpointIO
import TensorCore
import Testing

@Suite("State dictionaries")
struct StateDictionaryTests {
  private let folder: TemporaryFolder
  /// A network of three weights and a buffer, and another.
  private let networks = [
    WeightNames(
      landmarks: ["in.0.weight", "out.weight"], components: ["in", "mid", "out", "table"],
      buffers: ["table"],
      dotless: DotlessNames(words: ["in", "mid", "out", "weight", "table"], pairs: ["mid"])),
    WeightNames(landmarks: ["coder.weight"], components: ["coder"]),
  ]
  private static let names = ["in.0.weight", "mid.10.2.weight", "out.weight", "table"]

  init() throws { folder = try TemporaryFolder() }

  /// A .pth file of the given structure; each tensor is the number of its place.
  private func torch(_ members: [(String, TorchValue)]) throws -> Checkpoint {
    let value = TorchValue.dictionary(members.map { .init(key: $0.0, value: $0.1) })
    var count: Float = 0
    try TorchWriter(value).write(to: folder.file()) { _, sink in
      try sink.append(converting: [count])
      count += 1
    }
    return try Checkpoint(contentsOf: folder.file())
  }

  private func weights(_ names: [String]) -> TorchValue {
    .stateDictionary(
      names.map { TensorDescription(name: $0, elementType: .float32, shape: [1]) })
  }

  /// A safetensors file of one float under each name.
  private func flat(_ names: [String]) throws -> Checkpoint {
    let tensors = names.map { TensorDescription(name: $0, elementType: .float32, shape: [1]) }
    try SafetensorsWriter(tensors: tensors).write(to: folder.file()) { _, sink in
      try sink.append(converting: [1])
    }
    return try Checkpoint(contentsOf: folder.file())
  }

  private func find(_ checkpoint: Checkpoint, wrapper: String? = nil) throws -> StateDictionary {
    try StateDictionary(in: checkpoint, networks: networks, wrapper: wrapper)
  }

  private func prefixed(_ prefix: String) -> [String] { Self.names.map { prefix + $0 } }

  @Test("bare weights are taken as they are, without notes")
  func bare() throws {
    let state = try find(flat(Self.names))
    #expect(state.tensors.map(\.name) == Self.names)
    #expect(state.network == 0 && state.presentNetworks == [0])
    #expect(state.wrapper == nil && state.notes.isEmpty && state.values.isEmpty)
    #expect(state["out.weight"]?.elementCount == 1)
    #expect(state["c"] == nil)
  }

  @Test(
    "whatever stands before the names is dropped",
    arguments: [
      "_orig_mod.", "_orig_mod.module.", "module._orig_mod.", "_fsdp_wrapped_module.", "net.",
      "model.diffusion_model.", "module.module.module.", "denoise_fn.", "state_dict.model.net.",
      "a name with spaces.",
    ])
  func anyPrefix(prefix: String) throws {
    let state = try find(flat(prefixed(prefix)))
    #expect(state.tensors.map(\.name) == Self.names)
    #expect(state.droppedPrefixes.joined() == prefix)
    #expect(!state.isMovingAverage)
    for part in state.droppedPrefixes {
      #expect(state.notes.contains("dropped the prefix \"\(part)\" from 4 names"))
    }
  }

  @Test("parts that wrapping modules put between names are taken out")
  func between() throws {
    let names = [
      "m.in._orig_mod.0.weight",
      "m.mid.10._fsdp_wrapped_module._checkpoint_wrapped_module.2.weight",
      "m.out.module.weight", "m.table",
    ]
    let state = try find(flat(names))
    #expect(state.tensors.map(\.name) == Self.names)
    #expect(state.notes.contains { $0.contains("\"_orig_mod.\"") && $0.contains("out of names") })
  }

  @Test(
    "a moving average comes first, wherever it stands, and is called one",
    arguments: [
      ("model", "ema"), ("params", "params_ema"), ("online_model", "ema_model"),
      ("state_dict", "ema_state_dict"), ("net", "EMA"), ("model", "model_ema"), ("g", "netE_ema"),
      ("model", "averaged_model"), ("model", "swa_model"), ("aaa.model", "zzz.ema.module"),
    ])
  func averageFirst(live: String, average: String) throws {
    for names in [
      prefixed("\(live).") + prefixed("\(average)."),
      prefixed("\(average).") + prefixed("\(live)."),
    ] {
      let state = try find(flat(names))
      #expect(state.tensors.map(\.entry.name) == prefixed("\(average)."))
      #expect(state.isMovingAverage)
      #expect(state.notes.first?.hasPrefix("used the moving average under") == true)
      #expect(state.notes.first?.contains("rather than the weights under \"\(live)\"") == true)
      let chosen = try find(flat(names), wrapper: live)
      #expect(chosen.tensors.map(\.entry.name) == prefixed("\(live)."))
      #expect(!chosen.isMovingAverage && chosen.wrapper == live)
    }
  }

  @Test("the live half of an average's own file is not the average")
  func liveWithinAverage() throws {
    let state = try find(
      flat(
        prefixed("ema.online_model.") + prefixed("ema.ema_model.") + ["ema.initted", "ema.step"]))
    #expect(state.tensors.map(\.entry.name) == prefixed("ema.ema_model."))
  }

  @Test("an averaged model tells itself by its count of updates")
  func averagedModel() throws {
    let state = try find(flat(["n_averaged"] + prefixed("module.")))
    #expect(state.tensors.map(\.name) == Self.names && state.isMovingAverage)
    #expect(try !find(flat(prefixed("module."))).isMovingAverage)
    let nested = try torch([
      ("model", weights(Self.names)),
      ("avg", weights(["n_averaged"] + prefixed("module._orig_mod."))),
    ])
    #expect(try find(nested).wrapper == "avg")
  }

  @Test("names without dots get them back, and buffers come from the network itself")
  func dotless() throws {
    let average = ["inner.in0weight", "inner.mid102weight", "inner.outweight"].map {
      "model_ema." + $0.filter { $0 != "." }
    }
    let live = try find(
      flat(prefixed("model.inner.") + average + ["model_ema.decay", "model_ema.num_updates"]))
    #expect(live.tensors.map(\.name) == Self.names)
    #expect(live["mid.10.2.weight"]?.name == "model_ema.innermid102weight")
    #expect(live["table"]?.name == "model.inner.table")
    #expect(live.wrapper == "model_ema" && live.isMovingAverage)
    #expect(live.notes.contains("put the dots back into its names"))
    #expect(live.notes.contains { $0.contains("took 1 buffer that it lacks from \"model.inner\"") })
    let alone = try find(flat(["in0weight", "mid102weight", "outweight", "decay", "num_updates"]))
    #expect(alone.tensors.map(\.name) == Self.names.dropLast())
  }

  @Test("an average of half of the weights is passed over for the whole, and that is said")
  func partialAverage() throws {
    let state = try find(flat(prefixed("model.") + ["ema.in.0.weight", "ema.out.weight"]))
    #expect(state.tensors.map(\.entry.name) == prefixed("model."))
    #expect(!state.isMovingAverage)
    #expect(state.notes.contains { $0.hasPrefix("passed over \"ema\", which lacks") })
  }

  @Test("two networks in one file are told apart, and the first of the list is taken")
  func both() throws {
    let names = prefixed("model.") + ["first_stage.coder.weight", "first_stage.coder.more.bias"]
    let first = try find(flat(names))
    #expect(first.network == 0 && first.presentNetworks == [0, 1] && first.tensors.count == 4)
    let second = try StateDictionary(in: flat(names), networks: networks.reversed())
    #expect(
      second.network == 0 && second.tensors.map(\.name) == ["coder.weight", "coder.more.bias"])
    let bare = try find(flat(Self.names + ["coder.weight", "coder.bias"]))
    #expect(bare.tensors.map(\.name) == Self.names)
    #expect(try find(flat(names), wrapper: "first_stage").network == 1)
  }

  @Test("values and tensors elsewhere are left out, those beside the weights are theirs")
  func elsewhere() throws {
    let checkpoint = try torch([
      ("epoch", .integer(12)),
      ("model", weights(Self.names + ["more.weight", "decay", "loss.c.weight"])),
      (
        "optimizer",
        .dictionary([.init(key: "state", value: weights(["m", "in.0.weight.exp_avg"]))])
      ),
      ("name", .string("run")),
    ])
    let state = try find(checkpoint)
    #expect(state.tensors.map(\.name) == Self.names + ["more.weight"])
    #expect(
      state.notes == [
        "used the weights under \"model\"", "left out 4 tensors elsewhere in the file",
      ])
    #expect(state.values.map(\.key) == ["epoch", "name"])
    #expect(
      StateDictionary.availableWrappers(in: checkpoint, networks: networks) == ["model"])
  }

  @Test("dictionaries of modules within one another are one network")
  func nestedModules() throws {
    let checkpoint = try torch([
      (
        "model",
        .dictionary([
          .init(key: "in", value: weights(["0.weight"])),
          .init(key: "mid", value: weights(["10.2.weight"])),
          .init(key: "out", value: weights(["weight"])),
        ])
      )
    ])
    #expect(try find(checkpoint).tensors.map(\.name) == Self.names.dropLast())
  }

  @Test("names that become equal are an error")
  func collision() throws {
    let checkpoint = try flat(Self.names + ["mid.10._orig_mod.2.weight"])
    #expect(errorKind { _ = try find(checkpoint) } == .duplicateName(name: "mid.10.2.weight"))
  }

  @Test("what is not there is said with what is")
  func nothing() throws {
    let other = try torch([
      ("epoch", .integer(1)),
      ("ema", .dictionary([.init(key: "shadow_params", value: weights(["0", "1"]))])),
      ("net", weights(["fc.weight"])),
    ])
    #expect(
      errorKind { _ = try find(other) }
        == .noNetwork(
          groups: ["2 tensors under \"ema.shadow_params\"", "1 tensor under \"net.fc\""],
          names: ["ema.shadow_params.0", "ema.shadow_params.1", "net.fc.weight"]))
    #expect(
      errorKind { _ = try find(other, wrapper: "model") }
        == .noWrapper(
          name: "model",
          found: ["2 tensors under \"ema.shadow_params\"", "1 tensor under \"net.fc\""]))
    let empty = try torch([("epoch", .integer(1))])
    #expect(errorKind { _ = try find(empty) } == .noTensors(found: ["epoch"]))
  }

  @Test("a weight of a kind that is not read is an error, one elsewhere is none")
  func unreadable() throws {
    func file(_ name: String) throws -> Checkpoint {
      var header = Self.names.enumerated().filter { $0.element != name }.map {
        #""\#($0.element)":{"dtype":"F32","shape":[1],"data_offsets":[\#($0.offset * 4),\#($0.offset * 4 + 4)]}"#
      }
      header.append(#""\#(name)":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[16,17]}"#)
      let text = "{\(header.joined(separator: ","))}"
      return try folder.checkpoint(
        bytes(UInt64(text.utf8.count)) + Array(text.utf8) + floatBytes([1, 2, 3, 4]) + [0])
    }
    for name in ["out.weight", "mid.10.2.weight"] {
      #expect(
        errorKind { _ = try find(file(name)) }
          == .unreadableTensor(name: name, found: "a tensor of F8_E4M3"))
    }
    #expect(try find(file("scale")).tensors.count == 4)
    #expect(try find(file("head.scale")).tensors.count == 4)
  }

  @Test("hundreds of copies within one another are looked through in no time")
  func manyCopies() throws {
    var names: [String] = []
    for depth in 0..<300 { names += prefixed(String(repeating: "m.", count: depth)) }
    let state = try find(flat(names))
    #expect(state.tensors.map(\.name) == Self.names)
    #expect(state.notes.contains("left out 1196 tensors elsewhere in the file"))
  }

  @Test("what PyTorch saved under a wrapper and a prefix is recognised")
  func torchFile() throws {
    let checkpoint = try folder.checkpoint(TorchFixtures.legacy)
    let state = try StateDictionary(
      in: checkpoint, networks: [WeightNames(landmarks: ["wt", "param"])])
    #expect(state.tensors.count == 12)
    #expect(try checkpoint.float32Values(try #require(state["param"])) == [2, 4])
    #expect(
      state.values.map { "\($0.key) \($0.value)" } == [
        "epoch 12", "lr 0.0001", "name \"run é\"", "none none", "big 1099511627776",
        "dtype \"torch.float16\"",
      ])
  }
}
