import Foundation
import TestSupport
import VideoDiffusion

/// The denoiser as MODEL.md states it, in double precision and on planes kept apart: slow, plain,
/// and written without a look at the package's own network, whose options the golden files do not
/// cover.
///
/// Parameters are made up as it asks for them, so that it also says which names and shapes a
/// checkpoint of that variant has.
struct ReferenceDenoiser {
  typealias Planes = [ReferencePlane]

  let parameters: MemoryParameters
  let configuration: DenoiserConfiguration

  private enum Change { case none, down, up }

  /// The noise in `[4, tokens]`, for one sample.
  func callAsFunction(_ latent: Latent, condition: Latent?, step: Double) -> [Double] {
    let base = configuration.baseWidth
    let depth = configuration.residualBlocks
    let multipliers = configuration.widthMultipliers
    let time = timeEmbedding(step)
    var h = planes(of: latent)
    if configuration.isConditional {
      let other = planes(
        of: condition
          ?? Latent(
            values: latent.values.map { _ in 0 }, tokenCount: latent.tokenCount))
      h = zip(h, other).map { $0.joined(with: $1) }
    }
    h = convolution(h, "input_blocks.0.0", base)
    var skips = [h]
    var factor = 1
    for (level, multiplier) in multipliers.enumerated() {
      for _ in 0..<depth {
        let name = "input_blocks.\(skips.count)"
        h = residualBlock(h, "\(name).0", multiplier * base, time)
        if configuration.attentionFactors.contains(factor) {
          h = planeAttention(h, "\(name).1")
        }
        h = crossAttention(h, "input_attns.\(skips.count)")
        skips.append(h)
      }
      if level + 1 < multipliers.count {
        let name = "input_blocks.\(skips.count).0"
        h =
          configuration.residualResampling
          ? residualBlock(h, name, multiplier * base, time, .down)
          : configuration.convolutionalResampling
            ? convolution(h, "\(name).op", multiplier * base, stride: 2) : h.map(\.pooled)
        h = crossAttention(h, "input_attns.\(skips.count)")
        skips.append(h)
        factor *= 2
      }
    }
    h = residualBlock(h, "middle_block.0", h[0].channels, time)
    h = planeAttention(h, "middle_block.1")
    h = residualBlock(h, "middle_block.2", h[0].channels, time)
    h = crossAttention(h, "mid_attn")
    var block = 0
    for level in multipliers.indices.reversed() {
      let width = multipliers[level] * base
      for number in 0...depth {
        let name = "output_blocks.\(block)"
        h = zip(h, skips.removeLast()).map { $0.joined(with: $1) }
        h = residualBlock(h, "\(name).0", width, time)
        let attends = configuration.attentionFactors.contains(factor)
        if attends { h = planeAttention(h, "\(name).1") }
        if level > 0, number == depth {
          let name = "\(name).\(attends ? 2 : 1)"
          h =
            configuration.residualResampling
            ? residualBlock(h, name, width, time, .up)
            : configuration.convolutionalResampling
              ? convolution(h.map(\.doubled), "\(name).conv", width) : h.map(\.doubled)
          factor /= 2
        }
        h = crossAttention(h, "output_attns.\(block)")
        block += 1
      }
    }
    h = convolution(h.map { silu(normalized([$0], "out.0")[0]) }, "out.2", 4)
    return (0..<4).flatMap { channel in
      h.flatMap { $0.values[(channel * $0.area)..<((channel + 1) * $0.area)] }
    }
  }

  // MARK: Blocks

  private func residualBlock(
    _ x: Planes, _ name: String, _ width: Int, _ time: [Double], _ change: Change = .none
  ) -> Planes {
    func resampled(_ planes: Planes) -> Planes {
      switch change {
      case .none: planes
      case .down: planes.map(\.pooled)
      case .up: planes.map(\.doubled)
      }
    }
    let activated = x.map { silu(normalized([$0], "\(name).in_layers.0")[0]) }
    var h = convolution(resampled(activated), "\(name).in_layers.2", width)
    let modulates = configuration.scaleShiftNorm
    let step = linear(
      time.map { $0 / (1 + exp(-$0)) }, "\(name).emb_layers.1", modulates ? 2 * width : width)
    if modulates {
      h = h.map { plane in
        normalized([plane], "\(name).out_layers.0")[0].mappedTokens { token in
          token.indices.map { token[$0] * (1 + step[$0]) + step[width + $0] }
        }
      }
    } else {
      h = h.map { plane in
        let moved = plane.mappedTokens { token in zip(token, step).map { $0 + $1 } }
        return normalized([moved], "\(name).out_layers.0")[0]
      }
    }
    h = convolution(h.map(silu), "\(name).out_layers.3", width)
    var skip = resampled(x)
    if skip[0].channels != width {
      skip = skip.map { plane in
        plane.mappedTokens { linear($0, "\(name).skip_connection", width, axes: 4) }
      }
    }
    return zip(h, skip).map { $0 + $1 }
  }

  private func planeAttention(_ x: Planes, _ name: String) -> Planes {
    x.map { attention([$0], name)[0] }
  }

  private func crossAttention(_ x: Planes, _ name: String) -> Planes { attention(x, name) }

  /// Attention among all tokens of some planes, normalised together.
  private func attention(_ x: Planes, _ name: String) -> Planes {
    let width = x[0].channels
    let headWidth = configuration.headWidth ?? width / configuration.headCount
    let tokens = normalized(x, "\(name).norm").flatMap { plane in
      (0..<plane.area).map { linear(plane.token($0), "\(name).qkv", 3 * width, axes: 3) }
    }
    var attended = tokens.map { _ in [Double]() }
    for head in 0..<(width / headWidth) {
      // q, k and v of the head, one after the other.
      let starts = (0..<3).map { part in
        configuration.newAttentionOrder
          ? part * width + head * headWidth : (3 * head + part) * headWidth
      }
      let rows = tokens.map { token in starts.flatMap { token[$0..<($0 + headWidth)] } }
      for (index, row) in rows.enumerated() {
        let weights = rows.map { other in
          exp(
            (0..<headWidth).reduce(0) { $0 + row[$1] * other[headWidth + $1] }
              / Double(headWidth).squareRoot())
        }
        let total = weights.reduce(0, +)
        attended[index] += (0..<headWidth).map { channel in
          zip(weights, rows).reduce(0) { $0 + $1.0 * $1.1[2 * headWidth + channel] } / total
        }
      }
    }
    var first = 0
    return x.map { plane in
      defer { first += plane.area }
      var next = first - 1
      let projected = plane.mappedTokens { _ in
        next += 1
        return linear(attended[next], "\(name).proj_out", width, axes: 3)
      }
      return plane + projected
    }
  }

  // MARK: Layers

  private func timeEmbedding(_ step: Double) -> [Double] {
    let base = configuration.baseWidth
    let angles = (0..<(base / 2)).map { step * exp(-log(10000) * Double($0) / Double(base / 2)) }
    let hidden = linear(angles.map(cos) + angles.map(sin), "time_embed.0", 4 * base)
    return linear(hidden.map { $0 / (1 + exp(-$0)) }, "time_embed.2", 4 * base)
  }

  private func silu(_ plane: ReferencePlane) -> ReferencePlane {
    plane.mapped { $0 / (1 + exp(-$0)) }
  }

  /// Group normalisation in 32 groups with the statistics of all given planes together.
  private func normalized(_ planes: Planes, _ name: String) -> Planes {
    let channels = planes[0].channels
    let weight = parameters.made("\(name).weight", [channels])
    let bias = parameters.made("\(name).bias", [channels])
    let groupWidth = channels / 32
    var result = planes
    for group in 0..<32 {
      func members(_ plane: ReferencePlane) -> Range<Int> {
        (group * groupWidth * plane.area)..<((group + 1) * groupWidth * plane.area)
      }
      let values = planes.flatMap { $0.values[members($0)] }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      for plane in planes.indices {
        for index in members(planes[plane]) {
          let channel = index / planes[plane].area
          let value = (planes[plane].values[index] - mean) / (variance + 1e-5).squareRoot()
          result[plane].values[index] = value * Double(weight[channel]) + Double(bias[channel])
        }
      }
    }
    return result
  }

  private func convolution(
    _ x: Planes, _ name: String, _ outputs: Int, stride: Int = 1
  ) -> Planes {
    let weight = parameters.made("\(name).weight", [outputs, x[0].channels, 3, 3])
    let bias = parameters.made("\(name).bias", [outputs])
    return x.map { $0.convolved(weight, bias: bias, stride: stride) }
  }

  /// A linear layer; one that is stored as a 1x1 convolution has 3 or 4 axes.
  private func linear(
    _ x: [Double], _ name: String, _ outputs: Int, axes: Int = 2
  ) -> [Double] {
    let shape = [outputs, x.count] + Array(repeating: 1, count: axes - 2)
    let weight = parameters.made("\(name).weight", shape)
    let bias = parameters.made("\(name).bias", [outputs])
    return (0..<outputs).map { output in
      var sum = Double(bias[output])
      for input in x.indices { sum += Double(weight[output * x.count + input]) * x[input] }
      return sum
    }
  }

  // MARK: Planes

  /// The planes xy `[side, side]`, yt and xt `[frames, side]` of `[4, tokens]`.
  private func planes(of latent: Latent) -> Planes {
    let side = configuration.geometry.side
    var first = 0
    return [side, configuration.geometry.frames, configuration.geometry.frames].map { height in
      var plane = ReferencePlane(channels: 4, height: height, width: side)
      for channel in 0..<4 {
        for token in 0..<plane.area {
          plane.values[channel * plane.area + token] =
            Double(latent.values[channel * latent.tokenCount + first + token])
        }
      }
      first += plane.area
      return plane
    }
  }
}
