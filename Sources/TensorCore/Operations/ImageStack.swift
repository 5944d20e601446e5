/// Several images of one width, stacked with a row of zeros between each and the next, so that one
/// 3x3 convolution over the stack is a zero-padded convolution of every image, and its weights are
/// read once.
///
/// A feature on the stack is `[batch, tokenCount, channels]` with the rows top to bottom. The rows
/// between the images hold zeros where a convolution reads them, and anything finite elsewhere.
public struct ImageStack: Sendable, Hashable {
  /// Columns of every image.
  public let width: Int
  /// Rows of each image.
  public let heights: [Int]
  /// Rows between one image and the next.
  let gap: Int

  /// Stacks images of the given heights.
  public init(width: Int, heights: [Int]) {
    self.init(width: width, heights: heights, gap: 1)
  }

  init(width: Int, heights: [Int], gap: Int) {
    precondition(!heights.isEmpty && heights.count <= 4)
    self.width = width
    self.heights = heights
    self.gap = gap
  }

  /// Rows of the whole stack.
  public var rowCount: Int { heights.reduce(0, +) + (heights.count - 1) * gap }
  /// Tokens of the whole stack, those between the images included.
  public var tokenCount: Int { rowCount * width }

  /// The first row of an image.
  public func firstRow(of image: Int) -> Int {
    heights[..<image].reduce(0, +) + image * gap
  }

  /// The tokens of an image.
  public func tokens(of image: Int) -> Range<Int> {
    let first = firstRow(of: image) * width
    return first..<(first + heights[image] * width)
  }

  /// Half the rows and columns of every image.
  public var halved: ImageStack {
    precondition(canHalve, "\(self) has an odd side")
    return ImageStack(width: width / 2, heights: heights.map { $0 / 2 })
  }

  /// Whether every side is even.
  public var canHalve: Bool { width % 2 == 0 && heights.allSatisfy { $0 % 2 == 0 } }

  /// Twice the rows and columns of every image.
  public var doubled: ImageStack {
    ImageStack(width: width * 2, heights: heights.map { $0 * 2 })
  }

  /// The same images two rows apart: with even heights each then starts on an even row, and a
  /// convolution of stride 2 yields the halved stack.
  var spaced: ImageStack { ImageStack(width: width, heights: heights, gap: 2) }
}
