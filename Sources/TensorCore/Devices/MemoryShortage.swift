/// What a device's memory held when it was too little.
public struct MemoryShortage: Sendable, Hashable {
  /// Bytes that were wanted at once.
  public let wanted: Int
  /// Bytes that tensors and weights of this program took.
  public let taken: Int

  /// Describes a shortage.
  public init(wanted: Int, taken: Int) {
    self.wanted = wanted
    self.taken = taken
  }

  /// A number of bytes as people read it.
  static func text(_ bytes: Int) -> String {
    switch bytes {
    case ..<1_000_000: "\(bytes) bytes"
    case ..<10_000_000_000: "\(bytes / 1_000_000) MB"
    default: "\(bytes / 1_000_000_000) GB"
    }
  }
}

/// Work on several things at once that can also be done on fewer at a time, with the same results bit for bit.
public struct DividedWork: Sendable, Hashable {
  /// Who does it, for example `the denoiser`.
  let worker: String
  /// One of the things, for example `latent`.
  let thing: String

  /// Names work.
  public init(_ worker: String, thing: String) {
    self.worker = worker
    self.thing = thing
  }

  fileprivate func things(_ count: Int) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
}

/// How much of some work is done at a time.
struct WorkShare {
  let size: Int
  let count: Int

  /// As much of another extent.
  func part(of extent: Int) -> Int { max((extent * size + count - 1) / count, 1) }
}

extension ComputeContext {
  /// Does work on all things at once or, where the device's memory does not hold that, on ever fewer at a time,
  /// halving them. What was found to fit is remembered: the device has no more memory the next time. Whoever
  /// asked for it through ``onShortage`` is told.
  ///
  /// - Parameters:
  ///   - work: What is done.
  ///   - count: Of how many things.
  ///   - body: Does all of it, on so many things at a time.
  /// - Throws: What the body throws; where not even one thing fits, the ``TensorError`` of that, with what each
  ///   number of things would have taken.
  public func inPieces<Result>(
    _ work: DividedWork, of count: Int, _ body: (Int) throws -> Result
  ) throws -> Result {
    guard !isDifferentiating, count > 0 else { return try body(count) }
    let known = min(pieceSizes[work] ?? count, count)
    var size = known
    var tried: [String] = []
    while true {
      do {
        keepsWork = !unkeptWork.contains(work)
        defer { keepsWork = true }
        let result = try body(size)
        if size < known { note(work, size: size, of: count) }
        return result
      } catch let error as TensorError {
        guard let shortage = error.shortage else { throw error }
        // What is kept to be done quicker counts less than doing more at once. From now on nothing is kept of this
        // work, so that there is an end to it: a pass that is being recorded gives no memory back.
        unkeptWork.insert(work)
        if device.forgetRepeatedWork() { continue }
        let bytes = MemoryShortage.text(shortage.wanted + shortage.taken)
        tried.append("\(bytes) for \(work.things(size)) at a time")
        guard size > 1 else {
          throw TensorError(
            operation: error.operation,
            reason: error.reason + "; \(work.worker) takes at least "
              + tried.joined(separator: ", "),
            shortage: shortage)
        }
        size = (size + 1) / 2
      }
    }
  }

  private func note(_ work: DividedWork, size: Int, of count: Int) {
    pieceSizes[work] = size
    onShortage?(
      "the memory of \(device.name) is short: \(work.worker) takes \(work.things(size)) at a time in place "
        + "of \(count), which is slower and gives the same")
  }

  /// Does work on all things at once, with what is done within each of them divided where memory is short: see
  /// ``inPieces(_:of:_:)`` and ``inParts(_:outer:extent:_:)``.
  ///
  /// - Parameter body: Does all of it.
  public func sharing<Result>(
    _ work: DividedWork, of count: Int, _ body: () throws -> Result
  ) throws -> Result {
    try inPieces(work, of: count) { size in
      let before = share
      share = size < count ? WorkShare(size: size, count: count) : nil
      defer { share = before }
      return try body()
    }
  }

  /// Applies operations that treat the places of an axis apart from each other: to all of them at once or, within
  /// work that is shared out, to a part at a time, so that what lies between the operations takes less memory.
  ///
  /// - Parameters:
  ///   - x: `[outer * extent * k, ...]`: each place of the axis has k rows.
  ///   - body: Makes of `[outer * part * k, ...]` and the extent of the part `[outer * part * m, ...]`.
  /// - Returns: The results of all parts, `[outer * extent * m, ...]`.
  public func inParts(
    _ x: Tensor, outer: Int, extent: Int, _ body: (Tensor, Int) throws -> Tensor
  ) throws -> Tensor {
    precondition(x.count % (outer * extent) == 0)
    guard let share, !isDifferentiating, case let size = share.part(of: extent), size < extent
    else { return try body(x, extent) }
    var result: Tensor?
    let inner = x.count / (outer * extent)
    for start in stride(from: 0, to: extent, by: size) {
      let count = min(size, extent - start)
      let made = try body(part(of: x, outer, extent, inner, start..<(start + count)), count)
      let row = made.byteCount / (outer * count)
      let whole =
        try result
        ?? makeTensor(
          [made.shape[0] / count * extent] + made.shape.dropFirst(), made.elementType)
      copy(
        made, 0, stride: count * row, to: whole, start * row, stride: extent * row,
        rowCount: outer, byteCount: count * row)
      result = whole
    }
    return result ?? x
  }

  /// Some places of the middle axis of `[outer, extent, inner]`.
  private func part(
    of x: Tensor, _ outer: Int, _ extent: Int, _ inner: Int, _ range: Range<Int>
  ) throws -> Tensor {
    guard outer > 1 else {
      let rows = x.shape[0] / extent
      return x.slice(range.lowerBound * rows..<range.upperBound * rows)
    }
    let result = try makeTensor(
      [x.shape[0] / extent * range.count] + x.shape.dropFirst(), x.elementType)
    let row = inner * x.elementType.byteCount
    copy(
      x, range.lowerBound * row, stride: extent * row, to: result, 0,
      stride: range.count * row, rowCount: outer, byteCount: range.count * row)
    return result
  }

  /// Copies rows of bytes from an offset in one tensor to one in another, both of which last until it was asked
  /// for.
  private func copy(
    _ source: Tensor, _ from: Int, stride: Int, to target: Tensor, _ offset: Int,
    stride targetStride: Int, rowCount: Int, byteCount: Int
  ) {
    withExtendedLifetime((source, target)) {
      device.memory.copy(
        DeviceRows(source.address + from, stride: stride),
        to: DeviceRows(target.address + offset, stride: targetStride), rowCount: rowCount,
        byteCount: byteCount)
    }
  }
}
