/// The bounds of what is read from one file.
///
/// Files come from strangers, and a few bytes can claim anything. Whatever passes a bound is refused before
/// time or memory is spent on it, so that a look at any file takes at most about a second and 300 MB,
/// and no later product of a few sizes can overflow. Real checkpoints stay far below all of them.
enum CheckpointLimits {
  /// Elements of one tensor, sizes of 0 counted as 1: 4.4 T. Every size and every stride of elements in order
  /// is a factor of that product, so none of them is larger, and bytes fit an `Int` with room to spare.
  static let elements = 1 << 42
  /// Elements of a tensor that repeats some of them by strides of 0, so that a few bytes claim many numbers.
  static let repeatedElements = 1 << 26
  /// Axes of a tensor, as in PyTorch.
  static let axes = 64
  /// Bytes of a tensor's full name.
  static let nameBytes = 1024
  /// Bytes of the JSON header of a safetensors file: room for 100,000 tensors.
  static let headerBytes = 16 << 20
  /// Bytes of a pickle, packed or not.
  static let pickleBytes = 64 << 20
  /// Instructions of a pickle. A tensor takes about 45.
  static let pickleInstructions = 4_000_000
  /// Objects that a pickle makes, containers and their members together. A tensor takes about 20; two
  /// million take 240 MB.
  static let pickleObjects = 2_000_000
  /// Marks, memo entries and objects on a pickle's stack, each.
  static let pickleStack = 1_000_000
  /// Bytes of a module's or a class's name in a pickle.
  static let globalBytes = 1024
  /// Values of the tree that a pickle makes, whose shared parts count each time; long names count more.
  static let treeValues = 500_000
  /// Containers within one another.
  static let depth = 48
  /// Records of a zip archive.
  static let records = 200_000
  /// Bytes of a zip archive's directory.
  static let directoryBytes = 64 << 20
  /// Files of one checkpoint.
  static let shards = 1000
  /// Places of a file that may hold one network.
  static let candidates = 16
}
