/// Walks a strided tensor in row-major order as runs of evenly spaced elements.
///
/// Axes that continue each other in memory are joined first, so a contiguous tensor of any shape is
/// one run.
struct StridedRuns {
  /// `count` elements, `stride` apart from `source` on, that belong at `destination` and after.
  /// All in elements, `source` relative to the tensor's first.
  struct Run {
    let source: Int
    let stride: Int
    let count: Int
    let destination: Int
  }

  private var axes: [(size: Int, stride: Int)] = []
  private let isEmpty: Bool

  /// The walk over `shape`; strides in elements.
  init(shape: [Int], strides: [Int]) {
    isEmpty = shape.contains(0)
    for (size, stride) in zip(shape, strides) where size != 1 {
      if let last = axes.last, last.stride == size &* stride {
        axes[axes.count - 1] = (last.size &* size, stride)
      } else {
        axes.append((size, stride))
      }
    }
  }

  /// Gives each run to `body`, in order.
  func visit(_ body: (Run) -> Void) {
    guard !isEmpty else { return }
    guard let inner = axes.last else {
      body(Run(source: 0, stride: 1, count: 1, destination: 0))
      return
    }
    let outer = axes.dropLast()
    var position = [Int](repeating: 0, count: outer.count)
    var source = 0
    var destination = 0
    while true {
      body(
        Run(source: source, stride: inner.stride, count: inner.size, destination: destination))
      destination += inner.size
      // Counts up the position, the last axis fastest, and moves the source with it.
      var axis = outer.count - 1
      while axis >= 0 {
        position[axis] += 1
        source += outer[axis].stride
        if position[axis] < outer[axis].size { break }
        source -= outer[axis].stride * outer[axis].size
        position[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
