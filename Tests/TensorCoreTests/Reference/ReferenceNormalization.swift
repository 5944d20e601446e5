import Foundation
import TensorCore

/// Normalisations as their papers state them, in double precision.
enum ReferenceNormalization {
  static let epsilon = 1e-5

  /// Mean and variance of some numbers, in two passes.
  static func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, variance)
  }

  /// Each row of `[rows, channels]` by itself.
  static func layerNorm(_ x: [Float], weight: [Float], bias: [Float]) -> [Double] {
    let channels = weight.count
    return stride(from: 0, to: x.count, by: channels).flatMap { start in
      let row = x[start..<(start + channels)].map(Double.init)
      let (mean, variance) = moments(row)
      return row.indices.map {
        (row[$0] - mean) / (variance + epsilon).squareRoot() * Double(weight[$0]) + Double(bias[$0])
      }
    }
  }

  /// What a group normalisation is asked to do beside its numbers.
  struct GroupProblem {
    var batch = 1
    var channels: Int
    var groups: Int
    var isJoint = false
    var activated = false
    var weight: [Float]
    var bias: [Float]
    /// `[batch, 2 * channels]`: scales, then shifts.
    var modulation: [Float]?
  }

  /// `[batch, stack.tokenCount, channels]` with zeros between the images.
  static func groupNorm(_ x: [Float], on stack: ImageStack, _ problem: GroupProblem) -> [Double] {
    let channels = problem.channels
    let groupWidth = channels / problem.groups
    var result = [Double](repeating: 0, count: x.count)
    let images = stack.heights.indices.map { Array(stack.tokens(of: $0)) }
    let sets = problem.isJoint ? [images.flatMap { $0 }] : images
    for sample in 0..<problem.batch {
      for tokens in sets {
        for group in 0..<problem.groups {
          let members = (group * groupWidth)..<((group + 1) * groupWidth)
          func index(_ token: Int, _ channel: Int) -> Int {
            (sample * stack.tokenCount + token) * channels + channel
          }
          let (mean, variance) = moments(
            tokens.flatMap { token in members.map { Double(x[index(token, $0)]) } })
          for token in tokens {
            for channel in members {
              var y = (Double(x[index(token, channel)]) - mean) / (variance + epsilon).squareRoot()
              y = y * Double(problem.weight[channel]) + Double(problem.bias[channel])
              if let modulation = problem.modulation {
                let row = sample * 2 * channels
                y = y * (1 + Double(modulation[row + channel]))
                y += Double(modulation[row + channels + channel])
              }
              result[index(token, channel)] = problem.activated ? y / (1 + exp(-y)) : y
            }
          }
        }
      }
    }
    return result
  }
}
