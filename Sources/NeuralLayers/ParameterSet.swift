import TensorCore

/// The trained parameters of a network, in the order in which its layers took them.
///
/// Pass one to a ``ParameterScope`` and the layers built through it read its parameters, so that an
/// optimiser's steps reach them.
public final class ParameterSet {
  /// Every parameter.
  public private(set) var parameters: [Parameter] = []
  private var indices: [String: Int] = [:]

  /// An empty set.
  public init() {}

  /// The parameter of a name.
  public subscript(_ name: String) -> Parameter? { indices[name].map { parameters[$0] } }

  /// Numbers in all parameters.
  public var count: Int { parameters.reduce(0) { $0 + $1.tensor.count } }

  /// Forgets all gradients.
  public func clearGradients() { for parameter in parameters { parameter.clearGradient() } }

  /// Whether the parameters get gradients; without, gradients still pass through the layers.
  public var isTrained: Bool {
    get { parameters.allSatisfy(\.isTrained) }
    set { for parameter in parameters { parameter.isTrained = newValue } }
  }

  /// The parameter of a name, made on the first request.
  func parameter(_ name: String, make: () throws -> Parameter) rethrows -> Parameter {
    if let known = self[name] { return known }
    let new = try make()
    indices[name] = parameters.count
    parameters.append(new)
    return new
  }
}
