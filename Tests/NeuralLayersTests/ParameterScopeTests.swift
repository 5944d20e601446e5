import NeuralLayers
import TensorCore
import TestSupport
import Testing

/// Parameters are taken strictly: whatever does not fit is told by name.
struct ParameterScopeTests {
  private static func scope(_ parameters: [String: MemoryParameters.Parameter]) throws
    -> ParameterScope
  {
    try ParameterScope(
      MemoryParameters(parameters), context: ComputeContext(threadCount: 1), elementType: .float32)
  }

  private static func ones(_ shape: [Int]) -> MemoryParameters.Parameter {
    .init(shape: shape, values: [Float](repeating: 1, count: shape.reduce(1, *)))
  }

  @Test func aMissingParameterIsNamedWithItsExpectedShape() throws {
    let scope = try Self.scope(["layer.bias": Self.ones([3])])
    #expect(throws: ParameterError(name: "layer.weight", problem: .missing(expected: [3, 2]))) {
      try Linear(scope["layer"], 2, 3)
    }
  }

  @Test func aMisshapenParameterIsNamedWithBothShapes() throws {
    let scope = try Self.scope(["out.0.weight": Self.ones([2, 3]), "out.0.bias": Self.ones([3])])
    let expected = ParameterError(
      name: "out.0.weight", problem: .shape(expected: [3, 2], found: [2, 3]))
    #expect(throws: expected) { try Linear(scope["out"][0], 2, 3) }
  }

  @Test func aParameterWithAsManyElementsInOtherAxesIsMisshapen() throws {
    let scope = try Self.scope(["weight": Self.ones([6])])
    #expect(
      throws: ParameterError(name: "weight", problem: .shape(expected: [2, 3], found: [6]))
    ) { try scope.values("weight", shape: [2, 3]) }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity], [0, 16, 20])
  func aParameterThatIsNotFiniteIsNamed(_ bad: Float, position: Int) throws {
    var parameter = Self.ones([21])
    parameter.values[position] = bad
    let scope = try Self.scope(["norm.bias": parameter])
    #expect(throws: ParameterError(name: "norm.bias", problem: .notFinite)) {
      try scope["norm"].values("bias", shape: [21])
    }
  }

  @Test(arguments: [[4, 3], [4, 3, 1], [4, 3, 1, 1]])
  func trailingAxesOfOneMayBeAbsentOrPresent(_ shape: [Int]) throws {
    let scope = try Self.scope(["weight": Self.ones(shape)])
    for expected in [[4, 3], [4, 3, 1], [4, 3, 1, 1]] {
      #expect(try scope.values("weight", shape: expected).count == 12)
    }
  }

  @Test func leadingAxesOfOneAreNotOverlooked() throws {
    let scope = try Self.scope(["weight": Self.ones([1, 4])])
    #expect(
      throws: ParameterError(name: "weight", problem: .shape(expected: [4], found: [1, 4]))
    ) { try scope.values("weight", shape: [4]) }
  }

  @Test func aSingleNumberHasNoAxes() throws {
    let scope = try Self.scope(["factor": Self.ones([])])
    #expect(try scope.values("factor", shape: []) == [1])
    #expect(try scope.values("factor", shape: [1]) == [1])
  }

  @Test func parametersThatNoLayerTookAreUnexpected() throws {
    let names = ["a.weight", "b.weight", "c.weight", "zeros"]
    let scope = try Self.scope(
      Dictionary(uniqueKeysWithValues: names.map { ($0, Self.ones([2, 2])) }))
    _ = try scope["a"].values("weight", shape: [2, 2])
    let expected = ParameterError(
      name: "b.weight", problem: .unexpected(found: [2, 2]), others: 1)
    #expect(throws: expected) {
      try scope.checkEverythingWasUsed(of: names, except: ["zeros"])
    }
  }

  @Test func nothingIsUnexpectedOnceEverythingWasTaken() throws {
    let scope = try Self.scope(["a.weight": Self.ones([2]), "coords": Self.ones([3])])
    // Taken below another scope of the same tree, in another precision.
    _ = try scope["a"].with(.bfloat16).values("weight", shape: [2])
    try scope.checkEverythingWasUsed(of: ["a.weight", "coords"], except: ["coords"])
  }

  @Test func aRejectedParameterDoesNotCountAsTaken() throws {
    let scope = try Self.scope(["weight": Self.ones([2])])
    _ = try? scope.values("weight", shape: [5])
    #expect(
      throws: ParameterError(name: "weight", problem: .unexpected(found: [2]))
    ) { try scope.checkEverythingWasUsed(of: ["weight"]) }
  }

  @Test func progressIsToldForEachParameterAndMayStopLoading() throws {
    struct Stop: Error {}
    var told: [String] = []
    let source = MemoryParameters(["a.weight": Self.ones([1]), "a.bias": Self.ones([1])])
    let scope = ParameterScope(
      source, context: try ComputeContext(threadCount: 1), elementType: .float32
    ) { name in
      told.append(name)
      if told.count == 2 { throw Stop() }
    }
    #expect(throws: Stop.self) { try LayerNorm(scope["a"], 1) }
    #expect(Set(told) == ["a.weight", "a.bias"])
  }

  @Test func scopesNameWhatIsBelowThem() throws {
    let scope = try Self.scope(["blocks.3.0.weight": Self.ones([1])])
    #expect(scope["blocks"][3][0].contains("weight"))
    #expect(!scope["blocks"][2][0].contains("weight"))
    #expect(try scope["blocks"][3].values("0.weight", shape: [1]) == [1])
  }

  @Test(arguments: [
    (ParameterError.Problem.missing(expected: [3, 2]), "3 x 2"),
    (.shape(expected: [3, 2], found: [7]), "is 7; expected 3 x 2"),
    (.notFinite, "not finite"), (.unexpected(found: []), "a single number"),
  ])
  func descriptionsNameTheParameterAndWhatIsWrong(
    _ problem: ParameterError.Problem, phrase: String
  ) {
    let text = ParameterError(name: "mid_attn.qkv.weight", problem: problem).description
    #expect(text.contains("mid_attn.qkv.weight"))
    #expect(text.contains(phrase))
  }
}
