/// The way back from the device: everything else only asks for work to be done.
extension ComputeContext {
  /// The numbers of tensors as float32, row-major, whatever their precision. Waits for the work that
  /// they come from.
  ///
  /// - Throws: ``TensorError`` if that work failed.
  public func read(_ tensors: [Tensor]) throws -> [[Float]] {
    // All conversions are asked for before the first wait.
    try tensors.map(widened).map { tensor in
      try [Float](unsafeUninitializedCapacity: tensor.count) { buffer, initialized in
        initialized = tensor.count
        try device.memory.download(
          tensor.address,
          into: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: buffer[..<initialized])))
      }
    }
  }

  /// The numbers of one tensor; otherwise like ``read(_:)-([Tensor])``.
  public func read(_ tensor: Tensor) throws -> [Float] { try read([tensor])[0] }

  /// Copies some of a tensor's numbers as they are to the host. Waits for the work that they come from.
  ///
  /// - Parameters:
  ///   - range: Which of them, counted row-major.
  ///   - memory: As many bytes as they have.
  /// - Throws: ``TensorError`` if that work failed.
  package func read(
    _ range: Range<Int>, of tensor: Tensor, into memory: UnsafeMutableRawBufferPointer
  ) throws {
    let part = tensor.reshaped([tensor.count]).slice(range)
    precondition(memory.count == part.byteCount, "\(memory.count) bytes for \(part.byteCount)")
    try device.memory.download(part.address, into: memory)
  }

  /// The numbers of tensors that hold one each, such as losses and norms, in full precision; otherwise
  /// like ``read(_:)-([Tensor])``.
  public func read(numbers tensors: [Tensor]) throws -> [Double] {
    try tensors.map { tensor in
      precondition(tensor.count == 1, "\(tensor.shape) is not a single number")
      guard tensor.elementType == .float64 else { return Double(try read(tensor)[0]) }
      var number = 0.0
      try withUnsafeMutableBytes(of: &number) {
        try device.memory.download(tensor.address, into: $0)
      }
      return number
    }
  }

  private func widened(_ x: Tensor) throws -> Tensor {
    guard x.elementType != .float32 else { return x }
    let result = try makeTensor(x.shape, .float32)
    try device.run(.convert(x, into: result))
    return result
  }
}
