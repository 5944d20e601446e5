import TensorCore
import TestSupport
import Testing

@Suite struct PositiveDefiniteSystemTests {
  @Test(
    "solutions put back into the equations give the right-hand sides", arguments: [1, 2, 12, 40])
  func solves(order: Int) throws {
    var numbers = SeededNumbers(UInt64(order))
    // B B' + 1 is symmetric and positive definite.
    let factor = numbers.floats(order * order).map(Double.init)
    var matrix = [Double](repeating: 0, count: order * order)
    for row in 0..<order {
      for column in 0..<order {
        for k in 0..<order {
          matrix[row * order + column] += factor[row * order + k] * factor[column * order + k]
        }
      }
      matrix[row * order + row] += 1
    }
    let rightSides = numbers.floats(3 * order).map(Double.init)
    let solution = try PositiveDefiniteSystem.solve(matrix, rightSides: rightSides, order: order)
    for side in 0..<3 {
      for row in 0..<order {
        let sum = (0..<order).reduce(0) {
          $0 + matrix[row * order + $1] * solution[side * order + $1]
        }
        #expect(abs(sum - rightSides[side * order + row]) < 1e-10)
      }
    }
  }

  @Test("only the lower triangle is read")
  func triangle() throws {
    let solution = try PositiveDefiniteSystem.solve(
      [4, .nan, 2, 3], rightSides: [8, 7], order: 2)
    #expect(abs(solution[0] - 1.25) < 1e-12 && abs(solution[1] - 1.5) < 1e-12)
  }

  @Test("a matrix that is not positive definite is an error, not a wrong answer")
  func indefinite() {
    #expect(throws: TensorError.self) {
      try PositiveDefiniteSystem.solve([1, 2, 2, 1], rightSides: [1, 1], order: 2)
    }
    #expect(throws: TensorError.self) {
      try PositiveDefiniteSystem.solve([.nan], rightSides: [1], order: 1)
    }
  }
}
