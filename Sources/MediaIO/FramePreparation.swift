/// The model's way of preparing a frame: a centred square crop, side the shorter edge, then a
/// bilinear resize with half-pixel centres and no antialiasing.
///
/// The arithmetic is that of PyTorch's `interpolate(mode: bilinear, align_corners: false,
/// antialias: false)` in 32-bit floats: source coordinate `(dst + 0.5) * scale - 0.5`, not below
/// 0, neighbours clamped to the edge.
public struct FramePreparation: Sendable, Hashable {
  /// Side of the prepared frame in pixels.
  public let resolution: Int

  /// Preparation for frames of `resolution` x `resolution` pixels; at least 1.
  public init(resolution: Int) {
    precondition(resolution >= 1, "a resolution is at least one pixel")
    self.resolution = resolution
  }

  /// The prepared frame rounded to whole 8-bit values. A frame that already has the resolution
  /// comes back unchanged.
  public func prepared(_ image: RGBImage) -> RGBImage {
    if image.width == resolution, image.height == resolution { return image }
    let values = preparedValues(image)
    let pixels = [UInt8](unsafeUninitializedCapacity: values.count) { buffer, count in
      for index in 0..<values.count { buffer[index] = UInt8(min(values[index] + 0.5, 255)) }
      count = values.count
    }
    return RGBImage(width: resolution, height: resolution, pixels: pixels)
  }

  /// The prepared frame unrounded: `[resolution, resolution, 3]`, values 0...255.
  public func preparedValues(_ image: RGBImage) -> [Float] {
    if image.width == resolution, image.height == resolution {
      return image.pixels.map { Float($0) }
    }
    let side = min(image.width, image.height)
    let left = (image.width - side) / 2
    let top = (image.height - side) / 2
    let axis = BilinearAxis(from: side, to: resolution)
    let rowLength = resolution * 3

    return image.pixels.withUnsafeBufferPointer { source in
      [Float](unsafeUninitializedCapacity: resolution * rowLength) { result, count in
        // Two source rows, already resized along the width; most are used by two result rows.
        var upper = ResizedRow(length: rowLength)
        var lower = ResizedRow(length: rowLength)
        for y in 0..<resolution {
          let (first, second, weight) = (axis.first[y], axis.second[y], axis.weight[y])
          if upper.row != first, lower.row == first { swap(&upper, &lower) }
          upper.load(row: first, of: source, width: image.width, left: left, top: top, axis: axis)
          lower.load(row: second, of: source, width: image.width, left: left, top: top, axis: axis)
          let start = y * rowLength
          for index in 0..<rowLength {
            result[start + index] =
              (1 - weight) * upper.values[index] + weight * lower.values[index]
          }
        }
        count = resolution * rowLength
      }
    }
  }
}

/// For each position of a resized axis, its two source neighbours and the second one's weight.
private struct BilinearAxis {
  let first: [Int]
  let second: [Int]
  let weight: [Float]

  init(from sourceLength: Int, to length: Int) {
    let scale = Float(sourceLength) / Float(length)
    let coordinates = (0..<length).map { max((Float($0) + 0.5) * scale - 0.5, 0) }
    // Rounding in the product can reach the length itself on long axes.
    first = coordinates.map { min(Int($0), sourceLength - 1) }
    second = first.map { min($0 + 1, sourceLength - 1) }
    weight = zip(coordinates, first).map { min($0 - Float($1), 1) }
  }
}

/// One source row after the resize along the width.
private struct ResizedRow {
  var row = -1
  var values: [Float]

  init(length: Int) { values = [Float](repeating: 0, count: length) }

  mutating func load(
    row: Int, of source: UnsafeBufferPointer<UInt8>, width: Int, left: Int, top: Int,
    axis: BilinearAxis
  ) {
    if self.row == row { return }
    self.row = row
    let start = ((top + row) * width + left) * 3
    for x in 0..<axis.first.count {
      let (first, second) = (start + axis.first[x] * 3, start + axis.second[x] * 3)
      let weight = axis.weight[x]
      for channel in 0..<3 {
        values[x * 3 + channel] =
          (1 - weight) * Float(source[first + channel]) + weight * Float(source[second + channel])
      }
    }
  }
}
