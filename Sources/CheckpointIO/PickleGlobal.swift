import TensorCore

/// The classes and functions that a checkpoint's pickle may name.
///
/// None of them is ever called. Those that tensors and dictionaries are made of stand for data of a known
/// shape, which `PickleHeap` builds itself. Any other is a name: what it makes is opaque and of no use as
/// a weight. Only names whose purpose is to run commands or code are refused, as a warning.
/// Sources of the shapes: PyTorch, torch/_utils.py, torch/_tensor.py, torch/_weights_only_unpickler.py.
enum PickleGlobal: Hashable {
  /// `collections.OrderedDict`.
  case orderedDictionary
  /// `_rebuild_tensor` and `_rebuild_tensor_v2`: (storage, offset, size, stride, requires_grad, hooks,
  /// metadata).
  case rebuildTensor
  /// `_rebuild_tensor_v3`: the same with the element type before the metadata, for types that have no
  /// storage class.
  case rebuildTypedTensor
  /// A parameter or a copy of a tensor for a device: (tensor, …).
  case rebuildParameter
  /// A subclass of a tensor: (function, class, arguments, state).
  case rebuildSubclass
  /// A tensor that has no elements of its own in a storage, told by what it is.
  case unreadableTensor(String)
  /// A storage class; without an element type if its elements have none here (complex, say).
  case storage(ElementType?, name: String)
  /// `torch.Size`: (dimensions).
  case size
  /// `_codecs.encode`: (text, "latin1"), which is how protocol 2 writes bytes.
  case encodeBytes
  /// `numpy.core.multiarray._reconstruct`: an array that its state fills.
  case arrayWithState
  /// `numpy.core.numeric._frombuffer`: (bytes, type, shape, order).
  case arrayOfBuffer
  /// `numpy.dtype`: (name, ...).
  case arrayType
  /// Anything else, by its full name.
  case other(String)

  /// The entry for `module.name`.
  init(module: String, name: String) throws(CheckpointError.Kind) {
    let qualified = "\(module).\(name)"
    if let known = Self.known[qualified] {
      self = known
    } else if Self.storageModules.contains(module), let type = Self.storages[name] {
      self = .storage(type, name: name)
    } else if Self.storageModules.contains(module), Self.otherStorages.contains(name) {
      self = .storage(nil, name: name)
    } else if Self.runsCode(module: module, name: name) {
      throw .refusedGlobal(name: qualified)
    } else {
      self = .other(qualified)
    }
  }

  private static let known: [String: PickleGlobal] = [
    "collections.OrderedDict": .orderedDictionary,
    "torch._utils._rebuild_tensor": .rebuildTensor,
    "torch._utils._rebuild_tensor_v2": .rebuildTensor,
    "torch._utils._rebuild_tensor_v3": .rebuildTypedTensor,
    "torch._utils._rebuild_parameter": .rebuildParameter,
    "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": .rebuildParameter,
    "torch.nn.parameter.Parameter": .rebuildParameter,
    "torch.nn.parameter.Buffer": .rebuildParameter,
    "torch._tensor._rebuild_from_type": .rebuildSubclass,
    "torch._tensor._rebuild_from_type_v2": .rebuildSubclass,
    "torch.tensor._rebuild_from_type": .rebuildSubclass,
    "torch._utils._rebuild_meta_tensor_no_storage": .unreadableTensor(
      "a tensor of the meta device, which has no elements"),
    "torch._utils._rebuild_sparse_tensor": .unreadableTensor("a sparse tensor"),
    "torch._utils._rebuild_sparse_csr_tensor": .unreadableTensor("a sparse tensor"),
    "torch._utils._rebuild_nested_tensor": .unreadableTensor("a nested tensor"),
    "torch._utils._rebuild_qtensor": .unreadableTensor("a quantised tensor"),
    "torch._utils._rebuild_wrapper_subclass": .unreadableTensor("a tensor of a subclass"),
    "torch._utils._rebuild_device_tensor_from_numpy": .unreadableTensor(
      "a device's tensor kept as a NumPy array"),
    "numpy.core.multiarray._reconstruct": .arrayWithState,
    "numpy._core.multiarray._reconstruct": .arrayWithState,
    "numpy.core.numeric._frombuffer": .arrayOfBuffer,
    "numpy._core.numeric._frombuffer": .arrayOfBuffer,
    "numpy.dtype": .arrayType,
    "numpy.core.multiarray.scalar": .other("a NumPy scalar"),
    "numpy._core.multiarray.scalar": .other("a NumPy scalar"),
    "torch.Size": .size,
    "_codecs.encode": .encodeBytes,
  ]

  /// What an array is called that is not read.
  static let array = "a NumPy array"

  /// The types of arrays' elements by NumPy's names.
  static let arrayTypes: [String: ElementType] = [
    "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32,
    "i8": .int64, "u1": .uint8, "b1": .bool,
  ]

  private static let storageModules: Set<String> = ["torch", "torch.storage", "torch.cuda"]

  private static let storages: [String: ElementType] = Dictionary(
    uniqueKeysWithValues: ElementType.allCases.map { ($0.storageClassName, $0) })

  private static let otherStorages: Set<String> = [
    "ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage", "QUInt8Storage",
    "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage", untypedStorage, "TypedStorage",
  ]

  /// A storage that counts bytes; the tensor says of what type they are.
  static let untypedStorage = "UntypedStorage"

  /// Whether the name is one of those that hostile pickles call.
  private static func runsCode(module: String, name: String) -> Bool {
    let package = module.prefix { $0 != "." }
    if hostilePackages.contains(String(package)) { return true }
    guard package == "builtins" || package == "__builtin__" else { return false }
    return hostileBuiltins.contains(String(name.prefix { $0 != "." }))
  }

  private static let hostilePackages: Set<String> = [
    "os", "posix", "nt", "subprocess", "_posixsubprocess", "sys", "runpy", "pty", "shutil",
    "socket",
    "ctypes", "code", "codeop", "commands", "importlib", "imp", "pip", "webbrowser", "bdb", "pdb",
    "timeit", "cProfile", "profile", "requests", "pickle", "_pickle", "marshal",
  ]

  private static let hostileBuiltins: Set<String> = [
    "eval", "exec", "execfile", "compile", "__import__", "open", "file", "input", "breakpoint",
    "globals", "locals", "setattr", "delattr",
  ]
}
