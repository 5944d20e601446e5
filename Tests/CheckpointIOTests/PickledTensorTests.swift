import CheckpointIO
import Testing

/// The ways in which PyTorch writes tensors and modules: those that have plain elements are read, others named.
@Suite("Tensors in pickles")
struct PickledTensorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func value(_ write: (inout PickleAssembler) -> Void) throws -> CheckpointValue {
    try folder.pickledValue(write)
  }

  @Test(
    "tensors that have no plain elements are named",
    arguments: [
      ("_rebuild_sparse_tensor", "a sparse tensor"), ("_rebuild_qtensor", "a quantised tensor"),
      ("_rebuild_nested_tensor", "a nested tensor"),
      ("_rebuild_wrapper_subclass", "a tensor of a subclass"),
      ("_rebuild_meta_tensor_no_storage", "a tensor of the meta device, which has no elements"),
      ("_rebuild_device_tensor_from_numpy", "a device's tensor kept as a NumPy array"),
    ])
  func unreadable(function: String, kind: String) throws {
    func write(_ pickle: inout PickleAssembler) {
      pickle.global("torch._utils", function)
      pickle.raw(0x29, 0x52)
    }
    #expect(try text(value(write)) == "<\(kind)>")
    let parameter = try value { pickle in
      pickle.global("torch._utils", "_rebuild_parameter")
      write(&pickle)
      pickle.raw(0x88, 0x4e, 0x87, 0x52)
    }
    #expect(text(parameter) == "<\(kind)>")
  }

  @Test("parameters with attributes, copies for devices and subclasses give their tensors")
  func parameters() throws {
    func tensor(_ pickle: inout PickleAssembler) {
      pickle.tensor(shape: [2], strides: [1]) { $0.storage("FloatStorage", key: "0", count: 2) }
    }
    let withState = try value { pickle in
      pickle.global("torch._utils", "_rebuild_parameter_with_state")
      pickle.mark()
      tensor(&pickle)
      pickle.raw(0x88, 0x4e, 0x7d, 0x74, 0x52)
    }
    let device = try value { pickle in
      pickle.global("torch._utils", "_rebuild_device_tensor_from_cpu_tensor")
      pickle.mark()
      tensor(&pickle)
      pickle.raw(0x4e, 0x4e, 0x89, 0x74, 0x52)
    }
    let subclass = try value { pickle in
      pickle.global("torch._tensor", "_rebuild_from_type_v2")
      pickle.mark()
      pickle.global("torch._utils", "_rebuild_tensor_v2")
      pickle.global("mylib", "TaggedTensor")
      pickle.mark()
      pickle.storage("FloatStorage", key: "0", count: 2)
      pickle.integer(0)
      pickle.tuple([2])
      pickle.tuple([1])
      pickle.raw(0x89, 0x4e, 0x74, 0x7d, 0x74, 0x52)
    }
    for value in [withState, device, subclass] {
      #expect(value.tensor?.shape == [2])
    }
  }

  @Test("a typed tensor in a storage of bytes is read if its type is, else named")
  func typedTensor() throws {
    func write(_ type: String, _ pickle: inout PickleAssembler) {
      pickle.global("torch._utils", "_rebuild_tensor_v3")
      pickle.mark()
      pickle.mark()
      pickle.text("storage")
      pickle.global("torch.storage", "UntypedStorage")
      pickle.text("0")
      pickle.text("cpu")
      pickle.integer(8)
      pickle.raw(0x74, 0x51)
      pickle.integer(1)
      pickle.tuple([1])
      pickle.tuple([1])
      pickle.raw(0x89, 0x4e)
      pickle.global("torch", type)
      pickle.raw(0x4e, 0x74, 0x52)
    }
    #expect(try text(value { write("uint16", &$0) }) == "<a tensor of torch.uint16>")
    #expect(try text(value { write("float8_e5m2", &$0) }) == "<a tensor of torch.float8_e5m2>")
    let read = try value { write("float32", &$0) }
    #expect(read.tensor?.elementType == .float32)
  }

  @Test("a module saved whole is laid out as its state dictionary has it")
  func module() throws {
    func module(_ pickle: inout PickleAssembler, _ parts: (inout PickleAssembler) -> Void) {
      pickle.global("mylib.models", "Net")
      pickle.raw(0x29, 0x81, 0x7d, 0x28)
      pickle.text("training")
      pickle.raw(0x88)
      parts(&pickle)
      pickle.raw(0x75, 0x62)
    }
    func tensor(_ pickle: inout PickleAssembler) {
      pickle.tensor(shape: [2], strides: [1]) { $0.storage("FloatStorage", key: "0", count: 2) }
    }
    let value = try value { pickle in
      module(&pickle) { pickle in
        pickle.text("_parameters")
        pickle.raw(0x7d)
        pickle.text("token")
        tensor(&pickle)
        pickle.raw(0x73)
        pickle.text("_buffers")
        pickle.emptyOrderedDictionary()
        pickle.text("_modules")
        pickle.raw(0x7d)
        pickle.text("layer")
        module(&pickle) { pickle in
          pickle.text("_parameters")
          pickle.raw(0x7d)
          pickle.text("weight")
          tensor(&pickle)
          pickle.raw(0x73)
          pickle.text("_buffers")
          pickle.raw(0x7d)
          pickle.text("_modules")
          pickle.raw(0x7d)
        }
        pickle.raw(0x73)
      }
    }
    #expect(
      text(value) == "{token: it.token float32 [2], layer: {weight: it.layer.weight float32 [2]}}")
  }

  @Test(
    "PyTorch's negative bit turns every sign, whatever the strides, and other metadata is refused")
  func negativeBit() throws {
    func pickle(_ key: String, strides: [Int], shape: [Int]) -> [UInt8] {
      var pickle = PickleAssembler()
      pickle.raw(0x7d)
      pickle.text("w")
      pickle.global("torch._utils", "_rebuild_tensor_v2")
      pickle.mark()
      pickle.storage("FloatStorage", key: "0", count: 4)
      pickle.integer(0)
      pickle.tuple(shape)
      pickle.tuple(strides)
      pickle.raw(0x89)
      pickle.emptyOrderedDictionary()
      pickle.raw(0x7d)
      pickle.text(key)
      pickle.raw(0x88, 0x73, 0x74, 0x52, 0x73)
      return pickle.finished
    }
    let storage = floatBytes([1, -2, 0, .infinity])
    for (shape, strides, expected) in [
      ([4], [1], [-1, 2, 0, -Float.infinity]), ([2, 2], [1, 2], [-1, 0, 2, -Float.infinity]),
    ] {
      let checkpoint = try folder.checkpoint(
        ZipAssembler.torch(pickle("neg", strides: strides, shape: shape), [storage]).bytes)
      let entry = try checkpoint.entry("w")
      #expect(try checkpoint.float32Values(entry) == expected)
      // What lends the stored bytes would lend wrong signs.
      #expect(!entry.isContiguous)
      #expect(
        errorKind { try checkpoint.withBytes(of: entry) { _ in } } == .notContiguous(tensor: "w"))
    }
    let other = try folder.checkpoint(
      ZipAssembler.torch(pickle("layout", strides: [1], shape: [4]), [storage]).bytes)
    #expect(text(other.root) == "{w: <a tensor with the metadata layout>}")
  }
}
