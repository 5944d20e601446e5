import TensorCore

/// The classes and functions that a checkpoint's pickle may name. Everything else is refused.
///
/// None of them is ever called: each stands for data of a known shape, which `PickleMachine` builds
/// itself. The list follows the one of `torch.load(weights_only=True)`
/// (PyTorch, torch/_weights_only_unpickler.py), less what this module has no use for.
enum PickleGlobal: Hashable {
  /// `collections.OrderedDict`.
  case orderedDictionary
  /// `torch._utils._rebuild_tensor` and `_rebuild_tensor_v2`: (storage, offset, size, stride, …).
  case rebuildTensor
  /// `torch._utils._rebuild_parameter` and the `Parameter` class: (tensor, …).
  case rebuildParameter
  /// A storage class; without an element type if its elements have none here (complex, say).
  case storage(ElementType?, name: String)
  /// `torch.Size`: (dimensions).
  case size
  /// `_codecs.encode`: (text, "latin1"), which is how protocol 2 writes bytes.
  case encodeBytes
  /// Something whose result is kept only as a name: a device, a dtype, a NumPy scalar.
  case opaque(String)

  /// The entry for `module.name`.
  init(module: String, name: String) throws(CheckpointError.Kind) {
    let qualified = "\(module).\(name)"
    if let known = Self.allowed[qualified] {
      self = known
    } else if module == "torch" || module == "torch.storage", let type = Self.storages[name] {
      self = .storage(type, name: name)
    } else if module == "torch" || module == "torch.storage", Self.otherStorages.contains(name) {
      self = .storage(nil, name: name)
    } else if module == "torch" && Self.dataTypes.contains(name) {
      self = .opaque(qualified)
    } else {
      throw .refusedGlobal(name: qualified)
    }
  }

  private static let allowed: [String: PickleGlobal] = [
    "collections.OrderedDict": .orderedDictionary,
    "torch._utils._rebuild_tensor": .rebuildTensor,
    "torch._utils._rebuild_tensor_v2": .rebuildTensor,
    "torch._utils._rebuild_parameter": .rebuildParameter,
    "torch.nn.parameter.Parameter": .rebuildParameter,
    "torch.Size": .size,
    "torch.device": .opaque("torch.device"),
    "_codecs.encode": .encodeBytes,
    "numpy.dtype": .opaque("numpy.dtype"),
    "numpy.core.multiarray.scalar": .opaque("numpy.scalar"),
    "numpy._core.multiarray.scalar": .opaque("numpy.scalar"),
  ]

  private static let storages: [String: ElementType] = Dictionary(
    uniqueKeysWithValues: ElementType.allCases.map { ($0.storageClassName, $0) })

  private static let otherStorages: Set<String> = [
    "ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage", "QUInt8Storage",
    "QInt32Storage", "UntypedStorage",
  ]

  private static let dataTypes: Set<String> = [
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
    "complex64", "complex128",
  ]
}
