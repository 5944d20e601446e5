/// Extents along the three axes of a video: frames, rows and columns.
public struct VolumeExtents: Sendable, Hashable {
  /// Along the first axis: frames.
  public var depth: Int
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// Names the extents.
  public init(_ depth: Int, _ height: Int, _ width: Int) {
    self.depth = depth
    self.height = height
    self.width = width
  }

  /// The same extent along every axis.
  public init(_ side: Int) { self.init(side, side, side) }

  /// The extents in the order of a tensor's axes.
  public var axes: [Int] { [depth, height, width] }
  /// Their product.
  public var count: Int { depth * height * width }
}

/// A window that moves over a video, as in a convolution or a pooling: its size, its steps, and
/// what is added around the video.
public struct VolumeWindow: Sendable, Hashable {
  /// What surrounds the video.
  public enum Padding: Sendable, Hashable {
    /// As many positions before and after, along each axis.
    case symmetric(VolumeExtents)
    /// As TensorFlow's "SAME": the output has `ceil(input / stride)` positions, and where an odd
    /// number is missing the one more comes after.
    case same
    /// None before; after as much as the last, partial window needs, so that no position is left
    /// out.
    case covering
  }

  /// Size of the window.
  public var size: VolumeExtents
  /// Steps of the window.
  public var stride: VolumeExtents
  /// What surrounds the video.
  public var padding: Padding

  /// Describes a window.
  public init(size: VolumeExtents, stride: VolumeExtents = VolumeExtents(1), padding: Padding) {
    self.size = size
    self.stride = stride
    self.padding = padding
  }

  /// Positions added before and after each axis of a video of the given extents.
  func margins(of extents: VolumeExtents) -> (before: [Int], after: [Int]) {
    if case .symmetric(let padding) = padding { return (padding.axes, padding.axes) }
    let missing = zip(extents.axes, zip(size.axes, stride.axes)).map { extent, window in
      let (size, stride) = window
      switch padding {
      case .same: return max(size - (extent % stride == 0 ? stride : extent % stride), 0)
      default:
        let rest = max(extent - size, 0) % stride
        return max(size - extent, rest == 0 ? 0 : stride - rest)
      }
    }
    guard padding == .same else { return ([0, 0, 0], missing) }
    return (missing.map { $0 / 2 }, missing.map { $0 - $0 / 2 })
  }

  /// Positions of the window over a video of the given extents; 0 along an axis that is too short.
  public func outputs(of extents: VolumeExtents) -> VolumeExtents {
    let (before, after) = margins(of: extents)
    let counts = (0..<3).map { axis in
      let span = extents.axes[axis] + before[axis] + after[axis] - size.axes[axis]
      return span < 0 ? 0 : span / stride.axes[axis] + 1
    }
    return VolumeExtents(counts[0], counts[1], counts[2])
  }
}
