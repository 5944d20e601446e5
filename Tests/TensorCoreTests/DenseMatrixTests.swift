import TensorCore
import TestSupport
import Testing

/// Matrix products and decompositions in float64 against their definitions.
struct DenseMatrixTests {
  private static func random(_ rows: Int, _ columns: Int, _ seed: UInt64) -> DenseMatrix {
    var numbers = SeededNumbers(seed)
    return DenseMatrix(
      rows: rows, columns: columns, values: numbers.floats(rows * columns).map(Double.init))
  }

  private static func product(_ a: DenseMatrix, _ b: DenseMatrix, transposed: Bool) -> [Double] {
    (0..<(transposed ? a.columns : a.rows)).flatMap { row in
      (0..<b.columns).map { column in
        (0..<b.rows).reduce(0) { $0 + (transposed ? a[$1, row] : a[row, $1]) * b[$1, column] }
      }
    }
  }

  @Test("a product is the sum over the inner axis, with and without a transposition")
  func products() {
    let b = Self.random(7, 5, 2)
    for (a, transposed) in [(Self.random(3, 7, 1), false), (Self.random(7, 4, 3), true)] {
      let result = a.multiplied(by: b, transposed: transposed)
      let expected = Self.product(a, b, transposed: transposed)
      #expect(result.rows == (transposed ? 4 : 3) && result.columns == 5)
      #expect(zip(result.values, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    }
  }

  @Test("eigenvectors are orthonormal and give the matrix back")
  func eigenvectors() throws {
    let half = Self.random(12, 9, 4)
    let matrix = half.multiplied(by: half, transposed: true)
    let (values, vectors) = try matrix.symmetricEigenvectors()
    #expect(values == values.sorted() && values[0] > 0)
    let only = try matrix.symmetricEigenvalues()
    #expect(zip(values, only).allSatisfy { abs($0 - $1) < 1e-12 })
    var scaled = vectors
    for row in 0..<9 { for column in 0..<9 { scaled.values[row * 9 + column] *= values[row] } }
    let back = vectors.multiplied(by: scaled, transposed: true)
    #expect(zip(back.values, matrix.values).allSatisfy { abs($0 - $1) < 1e-12 })
    let identity = vectors.multiplied(by: vectors, transposed: true)
    for row in 0..<9 {
      for column in 0..<9 {
        #expect(abs(identity[row, column] - (row == column ? 1 : 0)) < 1e-12)
      }
    }
  }

  @Test("a matrix that is not finite is an error")
  func notFinite() {
    let matrix = DenseMatrix(rows: 2, columns: 2, values: [.nan, 0, 0, 1])
    #expect(throws: TensorError.self) { try matrix.symmetricEigenvalues() }
  }
}
