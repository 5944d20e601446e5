internal import COpenBLAS

/// A dense matrix in float64, for statistics rather than networks.
public struct DenseMatrix: Sendable, Hashable {
  /// Number of rows, at least 1.
  public let rows: Int
  /// Number of columns, at least 1.
  public let columns: Int
  /// `[rows, columns]`, row-major.
  public var values: [Double]

  /// Wraps numbers of a known shape.
  public init(rows: Int, columns: Int, values: [Double]) {
    precondition(rows > 0 && columns > 0 && values.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The element at a row and a column, both from 0.
  public subscript(row: Int, column: Int) -> Double { values[row * columns + column] }

  /// The sum of the diagonal of a square matrix.
  public var trace: Double {
    precondition(rows == columns)
    return (0..<rows).reduce(0) { $0 + self[$1, $1] }
  }

  /// `A B`, or `A' B`.
  ///
  /// - Parameters:
  ///   - other: B.
  ///   - isTransposed: Whether this matrix, A, is transposed first.
  public func multiplied(by other: DenseMatrix, transposed isTransposed: Bool = false)
    -> DenseMatrix
  {
    let outputs = isTransposed ? columns : rows
    let inner = isTransposed ? rows : columns
    precondition(inner == other.rows, "[\(outputs), \(inner)] times [\(other.rows), ...]")
    var result = [Double](repeating: 0, count: outputs * other.columns)
    // BLAS counts down columns, so it sees every matrix transposed: C' = B' A'.
    OpenBLAS.onCallingThread {
      var (m, n, k) = (Int32(other.columns), Int32(outputs), Int32(inner))
      var (first, second) = (Self.keep, isTransposed ? Self.transpose : Self.keep)
      var (one, zero) = (1.0, 0.0)
      var (firstStride, secondStride, resultStride) = (m, Int32(columns), m)
      dgemm_(
        &first, &second, &m, &n, &k, &one, other.values, &firstStride, values, &secondStride, &zero,
        &result, &resultStride, 1, 1)
    }
    return DenseMatrix(rows: outputs, columns: other.columns, values: result)
  }

  /// The eigenvalues of a symmetric matrix, ascending (LAPACK's `dsyevd`); the lower triangle is
  /// read.
  ///
  /// - Throws: ``TensorError`` if the iteration does not converge or an eigenvalue is not finite.
  public func symmetricEigenvalues() throws -> [Double] {
    try decomposed(job: CChar(UInt8(ascii: "N"))).values
  }

  /// The eigenvalues of a symmetric matrix, ascending, with their eigenvectors as rows; the lower
  /// triangle is read.
  ///
  /// - Throws: ``TensorError`` if the iteration does not converge or an eigenvalue is not finite.
  public func symmetricEigenvectors() throws -> (values: [Double], vectors: DenseMatrix) {
    try decomposed(job: CChar(UInt8(ascii: "V")))
  }

  private static let keep = CChar(UInt8(ascii: "N"))
  private static let transpose = CChar(UInt8(ascii: "T"))

  private func decomposed(job: CChar) throws -> (values: [Double], vectors: DenseMatrix) {
    precondition(rows == columns)
    guard values.allSatisfy(\.isFinite) else {
      throw TensorError(operation: "dsyevd", reason: "the matrix holds values that are not finite")
    }
    var vectors = self
    var eigenvalues = [Double](repeating: 0, count: rows)
    var job = job
    // Our lower triangle is the upper one of the matrix that LAPACK sees.
    var triangle = CChar(UInt8(ascii: "U"))
    var (order, stride) = (Int32(rows), Int32(rows))
    var status: Int32 = 0
    OpenBLAS.onCallingThread {
      // The first call only asks for the sizes of the work space.
      var (work, integerWork) = ([0.0], [Int32(0)])
      var (size, integerSize): (Int32, Int32) = (-1, -1)
      dsyevd_(
        &job, &triangle, &order, &vectors.values, &stride, &eigenvalues, &work, &size, &integerWork,
        &integerSize, &status, 1, 1)
      guard status == 0 else { return }
      (size, integerSize) = (Int32(work[0]), integerWork[0])
      work = [Double](repeating: 0, count: Int(size))
      integerWork = [Int32](repeating: 0, count: Int(integerSize))
      dsyevd_(
        &job, &triangle, &order, &vectors.values, &stride, &eigenvalues, &work, &size, &integerWork,
        &integerSize, &status, 1, 1)
    }
    guard status == 0, eigenvalues.allSatisfy(\.isFinite) else {
      throw TensorError(operation: "dsyevd", reason: "the eigenvalues did not converge")
    }
    return (eigenvalues, vectors)
  }
}
