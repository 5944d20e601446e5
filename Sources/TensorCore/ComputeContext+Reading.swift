/// The way back from the device: everything else only asks for work to be done.
extension ComputeContext {
  /// The numbers of tensors as float32, row-major, whatever their precision. Waits for the work that
  /// they come from.
  ///
  /// - Throws: ``TensorError`` if that work failed.
  public func read(_ tensors: [Tensor]) throws -> [[Float]] {
    tensors.map { tensor in
      [Float](unsafeUninitializedCapacity: tensor.count) { buffer, initialized in
        tensor.convertToFloat32(into: buffer)
        initialized = tensor.count
      }
    }
  }

  /// The numbers of one tensor; otherwise like ``read(_:)-([Tensor])``.
  public func read(_ tensor: Tensor) throws -> [Float] { try read([tensor])[0] }

  /// The numbers of tensors that hold one each, such as losses and norms, in full precision; otherwise
  /// like ``read(_:)-([Tensor])``.
  public func read(numbers tensors: [Tensor]) throws -> [Double] {
    try tensors.map { tensor in
      precondition(tensor.count == 1, "\(tensor.shape) is not a single number")
      return tensor.elementType == .float64
        ? tensor.pointer(of: Double.self)[0] : Double(try read(tensor)[0])
    }
  }
}
