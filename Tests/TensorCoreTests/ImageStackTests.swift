import TensorCore
import Testing

/// Where the images of a stack lie.
struct ImageStackTests {
  private static let stack = ImageStack(width: 4, heights: [4, 6, 2])

  @Test func oneRowSeparatesImages() {
    #expect(Self.stack.rowCount == 14)
    #expect(Self.stack.tokenCount == 56)
    #expect((0..<3).map(Self.stack.firstRow) == [0, 5, 12])
    #expect((0..<3).map(Self.stack.tokens) == [0..<16, 20..<44, 48..<56])
  }

  @Test func aSingleImageHasNothingAround() {
    let stack = ImageStack(width: 3, heights: [5])
    #expect(stack.rowCount == 5)
    #expect(stack.tokens(of: 0) == 0..<15)
  }

  @Test func halvingAndDoublingChangeTheImagesNotTheSpace() {
    #expect(Self.stack.halved == ImageStack(width: 2, heights: [2, 3, 1]))
    #expect(Self.stack.halved.rowCount == 8)
    #expect(Self.stack.doubled == ImageStack(width: 8, heights: [8, 12, 4]))
    #expect(Self.stack.doubled.rowCount == 26)
    #expect(Self.stack.doubled.halved == Self.stack)
  }

  @Test func onlyEvenSidesCanBeHalved() {
    #expect(Self.stack.canHalve)
    #expect(!Self.stack.halved.canHalve)
    #expect(!ImageStack(width: 3, heights: [4]).canHalve)
    #expect(!ImageStack(width: 4, heights: [4, 3]).canHalve)
  }
}
