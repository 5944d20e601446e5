import TensorCore

/// Builds layers from named parameters: a place in the tree of names, with the context and precision
/// that the layers are prepared for.
///
/// Every layer takes its parameters through a scope, which checks each against the expected shape and
/// for finite values, and remembers which were taken, so that ``checkEverythingWasUsed(except:)`` can
/// tell what a checkpoint holds beyond the network.
public struct ParameterScope {
  /// Where layers are prepared; a scope that only describes has no such place.
  public var context: ComputeContext {
    guard let place else { preconditionFailure("a layer that is only described was prepared") }
    return place
  }
  private let place: ComputeContext?
  /// Precision of products; normalisations stay float32.
  public let elementType: ElementType
  let loader: ParameterLoader
  /// Names start with this, for example `encoder.layers.0.`.
  let prefix: String
  /// Holds the parameters if the layers are trained.
  let trained: ParameterSet?
  /// Takes down the parameters if the layers are only described.
  let record: ParameterRecord?

  /// The root of a source's names.
  ///
  /// - Parameters:
  ///   - trained: Takes the parameters, and makes layers that can be trained; `nil` for inference.
  ///   - onProgress: Called with the name of each parameter that was taken.
  public init(
    _ source: any ParameterSource, context: ComputeContext, elementType: ElementType,
    trained: ParameterSet? = nil, onProgress: @escaping (String) throws -> Void = { _ in }
  ) {
    self.init(
      source, place: context, elementType: elementType, trained: trained, onProgress: onProgress)
  }

  init(
    _ source: any ParameterSource, place: ComputeContext?, elementType: ElementType = .float32,
    trained: ParameterSet? = nil, record: ParameterRecord? = nil,
    onProgress: @escaping (String) throws -> Void = { _ in }
  ) {
    self.place = place
    self.elementType = elementType
    self.trained = trained
    self.record = record
    loader = ParameterLoader(source, onProgress: onProgress)
    prefix = ""
  }

  private init(_ parent: ParameterScope, prefix: String, elementType: ElementType) {
    place = parent.place
    self.elementType = elementType
    loader = parent.loader
    trained = parent.trained
    record = parent.record
    self.prefix = prefix
  }

  /// The scope of everything below a name.
  public subscript(_ name: String) -> ParameterScope {
    ParameterScope(self, prefix: prefix + name + ".", elementType: elementType)
  }

  /// The scope of everything below a number.
  public subscript(_ index: Int) -> ParameterScope { self[String(index)] }

  /// The same place, with layers in another precision.
  public func with(_ elementType: ElementType) -> ParameterScope {
    ParameterScope(self, prefix: prefix, elementType: elementType)
  }

  /// Whether the source has a parameter of this name, or might have, where layers are only described.
  public func contains(_ name: String) -> Bool {
    isDescribing || loader.source.shape(of: prefix + name) != nil
  }

  /// Lends a parameter's numbers.
  ///
  /// - Parameters:
  ///   - name: Below this scope.
  ///   - shape: The extents it must have; extents of 1 at the end may be absent or present.
  /// - Throws: ``ParameterError``, or what the source throws.
  public func withValues<Result>(
    _ name: String, shape: [Int], _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    try loader.withValues(prefix + name, shape: shape, body)
  }

  /// A copy of a parameter's numbers; see ``withValues(_:shape:_:)``. None where layers are only
  /// described.
  public func values(_ name: String, shape: [Int]) throws -> [Float] {
    if let record {
      record.add(prefix + name, shape)
      return []
    }
    return try withValues(name, shape: shape) { Array($0) }
  }

  /// Throws if the source has parameters that no layer took.
  ///
  /// - Parameter exceptions: Names of parameters that are known to be of no use.
  /// - Throws: ``ParameterError`` naming the first.
  public func checkEverythingWasUsed(
    of names: some Sequence<String>, except exceptions: Set<String> = []
  ) throws {
    let unused = names.filter { !loader.taken.contains($0) && !exceptions.contains($0) }
    guard let first = unused.min() else { return }
    throw ParameterError(
      name: first, problem: .unexpected(found: loader.source.shape(of: first) ?? []),
      others: unused.count - 1)
  }
}

/// Takes parameters from a source, checked, and remembers their names.
final class ParameterLoader {
  let source: any ParameterSource
  private(set) var taken: Set<String> = []
  private let onProgress: (String) throws -> Void

  init(_ source: any ParameterSource, onProgress: @escaping (String) throws -> Void) {
    self.source = source
    self.onProgress = onProgress
  }

  func withValues<Result>(
    _ name: String, shape: [Int], _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let found = source.shape(of: name) else {
      throw ParameterError(name: name, problem: .missing(expected: shape))
    }
    guard Self.withoutTrailingOnes(found) == Self.withoutTrailingOnes(shape) else {
      throw ParameterError(name: name, problem: .shape(expected: shape, found: found))
    }
    taken.insert(name)
    try onProgress(name)
    return try source.withValues(of: name) { values in
      guard allFinite(values) else { throw ParameterError(name: name, problem: .notFinite) }
      return try body(values)
    }
  }

  /// A 1x1 convolution's weight is a matrix, however many axes it was stored with.
  static func withoutTrailingOnes(_ shape: [Int]) -> ArraySlice<Int> {
    shape.prefix((shape.lastIndex { $0 != 1 } ?? -1) + 1)
  }
}
