import CheckpointIO
import Foundation
import TensorCore
import VideoDiffusion

/// Turns the arrays of Flax into the tensors that the networks here take: names as PyTorch has them, kernels
/// with their outputs first.
package struct WeightConversion: Sendable {
  /// A tensor of the result, and the array that it comes of.
  package struct Rule: Sendable {
    /// Its name in the result.
    package let name: String
    /// The array.
    package let array: String
    package let kind: Kind
    /// Sizes that the result must have; `nil` for any that fit the array.
    package var shape: [Int]?

    package init(name: String, array: String, kind: Kind, shape: [Int]? = nil) {
      self.name = name
      self.array = array
      self.kind = kind
      self.shape = shape
    }
  }

  package enum Kind: Sendable {
    /// `[..., inputs, outputs]` becomes `[outputs, inputs, ...]`.
    case kernel
    /// The last axis alone; the others have size 1.
    case vector
    /// The same, with a number added.
    case shifted(Float)
    /// Ones, as many as the array has numbers: a scale that was left out.
    case ones
  }

  package let rules: [Rule]

  /// Converts as some rules say.
  package init(rules: [Rule]) { self.rules = rules }

  /// Writes the result, whole or not at all.
  ///
  /// - Parameters:
  ///   - source: A pickle of arrays.
  ///   - origin: What that came of, for messages.
  /// - Throws: ``StudioError`` naming the array that is missing, misshapen or not finite, and what reading and
  ///   writing throws.
  func write(
    _ source: Checkpoint, of origin: String, to path: String, metadata: [String: String]
  ) throws {
    let entries = Dictionary(
      source.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var sources: [String: (rule: Rule, entry: TensorEntry)] = [:]
    let tensors = try rules.map { rule in
      guard let entry = entries[rule.array] else {
        throw StudioError(
          origin,
          .weights(
            reason: "has no array \(rule.array); its first are "
              + source.tensors.prefix(3).map(\.name).joined(separator: ", ")))
      }
      let shape = try shape(of: rule, entry, origin)
      sources[rule.name] = (rule, entry)
      return TensorDescription(name: rule.name, elementType: .float32, shape: shape)
    }
    try SafetensorsWriter(tensors: tensors, metadata: metadata).write(to: path) { tensor, sink in
      guard let (rule, entry) = sources[tensor.name] else { return }
      let values = try source.float32Values(entry)
      guard values.withUnsafeBufferPointer(allFinite) else {
        throw StudioError(
          origin, .weights(reason: "the array \(rule.array) has numbers that are not finite"))
      }
      try sink.append(converting: converted(values, rule.kind, entry.shape))
    }
  }

  private func shape(of rule: Rule, _ entry: TensorEntry, _ origin: String) throws -> [Int] {
    let found = entry.shape
    let shape: [Int]? =
      switch rule.kind {
      case .kernel:
        found.count < 3
          ? nil : [found[found.count - 1], found[found.count - 2]] + found.dropLast(2)
      case .vector, .shifted, .ones:
        found.last.flatMap { last in found.dropLast().allSatisfy { $0 == 1 } ? [last] : nil }
      }
    guard entry.elementType.isFloatingPoint, let shape, rule.shape == nil || rule.shape == shape
    else {
      throw StudioError(
        origin,
        .weights(
          reason: "the array \(rule.array) is \(entry.elementType.rawValue) of shape \(found)"
            + (rule.shape.map { "; it must become \($0)" } ?? "; it is no \(rule.kind.text)")))
    }
    return shape
  }

  private func converted(_ values: [Float], _ kind: Kind, _ shape: [Int]) -> [Float] {
    switch kind {
    case .vector: return values
    case .shifted(let number): return values.map { $0 + number }
    case .ones: return [Float](repeating: 1, count: values.count)
    case .kernel:
      let (inputs, outputs) = (shape[shape.count - 2], shape[shape.count - 1])
      let places = values.count / max(inputs * outputs, 1)
      return [Float](unsafeUninitializedCapacity: values.count) { buffer, count in
        values.withUnsafeBufferPointer { values in
          for output in 0..<outputs {
            for input in 0..<inputs {
              let start = (output * inputs + input) * places
              for place in 0..<places {
                buffer[start + place] = values[(place * inputs + input) * outputs + output]
              }
            }
          }
        }
        count = values.count
      }
    }
  }
}

extension WeightConversion.Kind {
  fileprivate var text: String {
    if case .kernel = self { "kernel" } else { "row of numbers" }
  }
}

extension WeightConversion {
  /// The conversion of a set's arrays.
  package init(_ weights: WeightSet) {
    switch weights {
    case .i3d: rules = Self.i3d
    case .vgg16: rules = Self.vgg16
    case .lpips: rules = Self.vgg16 + Self.lpips
    }
  }

  // MARK: I3D

  /// What DeepMind's batch normalisations add to a variance, less what ours add: the networks here read the
  /// variance with theirs.
  private static let epsilonDifference: Float = 1e-3 - 1e-5

  private static var i3d: [Rule] {
    var rules = ["Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3"].flatMap { unit($0, named: $0) }
    // Flax names a module's layers with slashes.
    let branches = [
      ("Branch_0/Conv3d_0a_1x1", "b0"), ("Branch_1/Conv3d_0a_1x1", "b1a"),
      ("Branch_1/Conv3d_0b_3x3", "b1b"), ("Branch_2/Conv3d_0a_1x1", "b2a"),
      ("Branch_2/Conv3d_0b_3x3", "b2b"), ("Branch_3/Conv3d_0b_1x1", "b3b"),
    ]
    for module in ["3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c"] {
      rules += branches.flatMap { branch, name in
        unit("Mixed_\(module).\(branch)", named: "Mixed_\(module).\(name)")
      }
    }
    let last = "params.Logits/Conv3d_0c_1x1.Conv_0"
    return rules + [
      Rule(name: "logits.conv3d.weight", array: "\(last).kernel", kind: .kernel),
      Rule(name: "logits.conv3d.bias", array: "\(last).bias", kind: .vector),
    ]
  }

  private static func unit(_ place: String, named name: String) -> [Rule] {
    let (learned, counted) = ("params.\(place)", "batch_stats.\(place).BatchNorm_0")
    return [
      Rule(name: "\(name).conv3d.weight", array: "\(learned).Conv_0.kernel", kind: .kernel),
      // Sonnet's normalisation has no scale.
      Rule(name: "\(name).bn.weight", array: "\(learned).BatchNorm_0.bias", kind: .ones),
      Rule(name: "\(name).bn.bias", array: "\(learned).BatchNorm_0.bias", kind: .vector),
      Rule(name: "\(name).bn.running_mean", array: "\(counted).mean", kind: .vector),
      Rule(
        name: "\(name).bn.running_var", array: "\(counted).var", kind: .shifted(epsilonDifference)),
    ]
  }

  // MARK: LPIPS

  private static var vgg16: [Rule] {
    var inputs = 3
    var number = 0
    return zip(PerceptualDistance.convolutions, PerceptualDistance.widths).flatMap {
      places, width in
      places.flatMap { place -> [Rule] in
        defer {
          inputs = width
          number += 1
        }
        return [
          Rule(
            name: "features.\(place).weight", array: "VGG16_0.Conv_\(number).kernel", kind: .kernel,
            shape: [width, inputs, 3, 3]),
          Rule(
            name: "features.\(place).bias", array: "VGG16_0.Conv_\(number).bias", kind: .vector,
            shape: [width]),
        ]
      }
    }
  }

  private static var lpips: [Rule] {
    PerceptualDistance.widths.enumerated().map { index, width in
      Rule(
        name: "lin\(index).model.1.weight", array: "NetLinLayer_\(index).Conv_0.kernel",
        kind: .kernel, shape: [1, width, 1, 1])
    }
  }
}
