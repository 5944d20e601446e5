import TensorCore

/// Arrays of NumPy's in pickles: `_reconstruct` makes an empty one that its state fills, `_frombuffer` (protocol
/// 5) makes a whole one. Elements stay where they are in the file.
/// Source of the shapes: NumPy, numpy/core/src/multiarray/methods.c and numpy/core/numeric.py.
extension PickleHeap {
  /// (version, shape, type, is the first axis the fastest, bytes); nil for any other state, such as that of an
  /// array of objects.
  func array(state: PickleObject) -> PickleArray? {
    guard let parts = members(state), parts.count == 5, case .boolean(let isFortran) = parts[3],
      case .bytes(let bytes) = parts[4]
    else { return nil }
    return array(bytes, type: parts[2], shape: parts[1], isFirstAxisFastest: isFortran)
  }

  /// (bytes, type, shape, order).
  mutating func arrayOfBuffer(
    _ arguments: [PickleObject]
  ) throws(CheckpointError.Kind) -> PickleObject {
    var array: PickleArray?
    if arguments.count >= 4, case .bytes(let bytes) = arguments[0],
      case .string(let order) = arguments[3]
    {
      array = self.array(
        bytes, type: arguments[1], shape: arguments[2], isFirstAxisFastest: order == "F")
    }
    return try add(array.map { .array($0) } ?? .instance(PickleInstance(name: PickleGlobal.array)))
  }

  private func array(
    _ bytes: PickleBytes, type: PickleObject, shape: PickleObject, isFirstAxisFastest: Bool
  ) -> PickleArray? {
    guard let place = bytes.place, case .arrayType(let element) = node(type),
      let sizes = members(shape), sizes.count <= CheckpointLimits.axes
    else { return nil }
    var numbers: [Int] = []
    for size in sizes {
      guard case .integer(let number) = size else { return nil }
      numbers.append(number)
    }
    return PickleArray(
      element: element, shape: numbers, isFirstAxisFastest: isFirstAxisFastest, place: place)
  }

  /// The type that `numpy.dtype(name, ...)` is.
  func arrayType(_ arguments: [PickleObject]) -> PickleNode {
    guard case .string(let name) = arguments.first else {
      return .instance(PickleInstance(name: "a type of NumPy's"))
    }
    let plain = name.drop { "<>=|".contains($0) }
    return .arrayType(
      PickleArray.Element(
        type: PickleGlobal.arrayTypes[String(plain)], name: String(plain),
        isBigEndian: name.hasPrefix(">")))
  }

  /// The order of bytes in a type's state, (version, order, ...): `<`, `>`, `|` or `=`.
  func byteOrder(_ state: PickleObject) -> String? {
    guard let parts = members(state), parts.count >= 2, case .string(let order) = parts[1] else {
      return nil
    }
    return order
  }
}

extension PickleTree {
  /// An array as a tensor.
  func tensor(
    _ array: PickleArray, name: String
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    guard let type = array.element.type else {
      return .opaque("a NumPy array of \(array.element.name)")
    }
    guard let count = TensorEntry.elementCount(array.shape),
      count * type.byteCount == array.place.count
    else {
      return .opaque(
        "a NumPy array of \(array.place.count) bytes, which are not those of its shape")
    }
    let strides =
      array.isFirstAxisFastest
      ? Array(TensorEntry.contiguousStrides(array.shape.reversed()).reversed()) : nil
    return .tensor(
      try TensorEntry(
        name: name, elementType: type, shape: array.shape, strides: strides, offset: 0,
        storage: array.place, record: pickleRecord?.index,
        encoding: TensorEntry.Encoding(
          isBigEndian: array.element.isBigEndian && type.byteCount > 1,
          isPacked: pickleRecord?.isPacked ?? false)))
  }
}
