import Foundation
import TensorCore
import TestSupport
import Testing

/// Compares an operation's gradients with central differences of its result.
///
/// What is differentiated is the inner product of the result with fixed random numbers, so that every
/// element of the result counts.
struct GradientCheck {
  /// An input: its numbers in float32 and its extents.
  struct Input {
    let name: String
    let values: [Float]
    let shape: [Int]
    /// Elements that the result depends on; the others must get no gradient. `nil` for all.
    var isRead: [Bool]?
  }

  private let context: ComputeContext
  private let inputs: [Input]
  private let operation: ([Tensor], ComputeContext) throws -> Tensor
  /// Elements of the result that mean something; `nil` for all.
  var isMeaningful: [Bool]?

  init(
    _ inputs: [Input], threads: Int = 2,
    _ operation: @escaping ([Tensor], ComputeContext) throws -> Tensor
  ) throws {
    context = try ComputeContext(threadCount: threads)
    self.inputs = inputs
    self.operation = operation
  }

  /// The result's weights in the sum that is differentiated.
  private func cotangent(_ count: Int) -> [Float] {
    var numbers = SeededNumbers(99)
    let values = numbers.floats(count)
    guard let isMeaningful else { return values }
    return zip(values, isMeaningful).map { $1 ? $0 : 0 }
  }

  private func value(_ arguments: [[Float]]) throws -> Double {
    let tensors = try zip(inputs, arguments).map {
      try context.tensor($1, shape: $0.shape)
    }
    let result = try context.read(operation(tensors, context))
    // What means nothing may be no number.
    return zip(result, cotangent(result.count)).reduce(0) {
      $1.1 == 0 ? $0 : $0 + Double($1.0) * Double($1.1)
    }
  }

  /// The gradient of every input.
  func gradients() throws -> [[Float]] {
    let tensors = try inputs.map {
      context.differentiable(try context.tensor($0.values, shape: $0.shape))
    }
    let tape = GradientTape()
    let result = try context.recording(on: tape) { try operation(tensors, context) }
    try context.backward(
      from: result,
      gradient: context.tensor(
        cotangent(result.count), shape: result.shape, as: result.elementType),
      on: tape)
    return try tensors.map { try context.read(#require(context.gradient(of: $0))) }
  }

  /// Expects the gradients to agree with differences.
  ///
  /// - Parameters:
  ///   - step: Half the distance between the arguments.
  ///   - tolerance: Relative to the gradient's root mean square.
  func run(step: Float = 1e-2, tolerance: Double = 0.01, _ comment: String = "") throws {
    for (index, found) in try gradients().enumerated() {
      let input = inputs[index]
      let size = (found.reduce(0) { $0 + Double($1) * Double($1) } / Double(found.count))
        .squareRoot()
      #expect(size > 0, "\(input.name) gets no gradient \(comment)")
      // Enough elements, spread over the input, to meet every part of it; of an emulated card, whose numbers are
      // also compared with the processor's, a few.
      let wanted = TestDevice.current == .graphics ? 4 : 48
      let stride = max(1, found.count / wanted) | 1
      for element in Swift.stride(from: 0, to: found.count, by: stride) {
        guard input.isRead?[element] ?? true else { continue }
        var arguments = inputs.map(\.values)
        arguments[index][element] = input.values[element] + step
        let above = try value(arguments)
        let width = Double(arguments[index][element])
        arguments[index][element] = input.values[element] - step
        let below = try value(arguments)
        let expected = (above - below) / (width - Double(arguments[index][element]))
        let error = abs(Double(found[element]) - expected) / max(size, abs(expected))
        #expect(error < tolerance, "\(input.name)[\(element)] \(comment)")
      }
    }
  }
}
