internal import COpenBLAS

/// Solves small symmetric systems of linear equations, such as the normal equations of least squares.
public enum PositiveDefiniteSystem {
  /// Solves `A X = B` in float64 by Cholesky's factors (LAPACK's `dposv`), on the calling thread.
  ///
  /// - Parameters:
  ///   - matrix: A, `[n, n]`, row-major; symmetric, of which the lower triangle is read.
  ///   - rightSides: B as `[k, n]`: one row for each right-hand side.
  ///   - order: n, at least 1.
  /// - Returns: X as `[k, n]`: one row for each right-hand side.
  /// - Throws: ``TensorError`` if A is not positive definite, or a result is not finite.
  public static func solve(
    _ matrix: [Double], rightSides: [Double], order: Int
  ) throws -> [Double] {
    precondition(
      order > 0 && matrix.count == order * order && rightSides.count % order == 0,
      "\(matrix.count) numbers are no matrix of order \(order)")
    guard !rightSides.isEmpty else { return [] }
    var factors = matrix
    var results = rightSides
    var size = Int32(order)
    var columns = Int32(rightSides.count / order)
    var status: Int32 = 0
    // LAPACK counts down columns: a row of ours is a column of its, and our lower triangle its upper.
    var triangle = CChar(UInt8(ascii: "U"))
    OpenBLAS.onCallingThread {
      var stride = size
      dposv_(&triangle, &size, &columns, &factors, &stride, &results, &stride, &status, 1)
    }
    guard status == 0, results.allSatisfy(\.isFinite) else {
      throw TensorError(
        operation: "dposv",
        reason: status > 0
          ? "the matrix is not positive definite (minor \(status))" : "the result is not finite")
    }
    return results
  }
}
