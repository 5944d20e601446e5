import Foundation
import TensorCore

/// Attention as its definition states it, in double precision: every score is held.
struct ReferenceAttention {
  var heads: Int
  var width: Int
  var layout: HeadLayout
  var scale: Double
  /// `[length, width]`: an angle for each position and channel, or `nil`.
  var angles: [Float]?

  /// Where a part (0 q, 1 k, 2 v) of a head lies in a token's channels.
  private func offset(part: Int, head: Int) -> Int {
    switch layout {
    case .queryKeyValue: (part * heads + head) * width
    case .perHead: (head * 3 + part) * width
    }
  }

  private func row(
    _ x: [Float], token: Int, part: Int, head: Int, position: Int
  ) -> [Double] {
    let start = token * 3 * heads * width + offset(part: part, head: head)
    let row = x[start..<(start + width)].map(Double.init)
    guard let angles, part < 2 else { return row }
    return row.indices.map { channel in
      let angle = Double(angles[position * width + channel])
      let rotated = channel % 2 == 0 ? -row[channel + 1] : row[channel - 1]
      return row[channel] * cos(angle) + rotated * sin(angle)
    }
  }

  /// - Parameters:
  ///   - x: `[tokens, 3 * heads * width]`.
  ///   - sequences: The tokens of each sequence, in order.
  /// - Returns: `[tokens, heads * width]`; zeros for tokens in no sequence.
  func callAsFunction(_ x: [Float], sequences: [[Int]]) -> [Double] {
    var result = [Double](repeating: 0, count: x.count / 3)
    for tokens in sequences {
      for head in 0..<heads {
        let rows = (0..<3).map { part in
          tokens.enumerated().map {
            row(x, token: $0.element, part: part, head: head, position: $0.offset)
          }
        }
        for (query, token) in zip(rows[0], tokens) {
          let scores = rows[1].map { key in
            scale * zip(query, key).reduce(0) { $0 + $1.0 * $1.1 }
          }
          let top = scores.max() ?? 0
          let weights = scores.map { exp($0 - top) }
          let total = weights.reduce(0, +)
          let start = (token * heads + head) * width
          for (weight, value) in zip(weights, rows[2]) {
            for channel in 0..<width { result[start + channel] += weight / total * value[channel] }
          }
        }
      }
    }
    return result
  }
}
