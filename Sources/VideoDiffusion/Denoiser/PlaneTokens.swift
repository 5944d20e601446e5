import TensorCore

extension ComputeContext {
  /// Latents, channels first and plane after plane, as channels-last tokens of the stacked planes.
  ///
  /// - Parameters:
  ///   - latents: `[4, N]` each.
  ///   - conditions: For each the previous latent, or `nil` for none; `nil` altogether if the
  ///     network takes none.
  ///   - noCondition: Stands for a condition where there is none; `nil` for zeros.
  /// - Returns: `[batch, stack.tokenCount, 4 or 8]` with zeros between the planes.
  func planeTokens(
    _ latents: [Latent], conditions: [Latent?]?, noCondition: Latent? = nil,
    _ geometry: PlaneGeometry, elementType: ElementType
  ) throws -> Tensor {
    let stack = geometry.stack
    let planeChannels = PlaneGeometry.channels
    let channels = conditions == nil ? planeChannels : 2 * planeChannels
    var tokens = [Float](repeating: 0, count: latents.count * stack.tokenCount * channels)
    for (sample, latent) in latents.enumerated() {
      let parts = [latent] + (conditions.map { [$0[sample] ?? noCondition] } ?? [])
      for case (let part, .some(let source)) in parts.enumerated() {
        precondition(source.tokenCount == geometry.tokenCount, "a latent of another model")
        for (image, plane) in geometry.planes.enumerated() {
          let first = sample * stack.tokenCount + stack.tokens(of: image).lowerBound
          for channel in 0..<planeChannels {
            let row = channel * source.tokenCount + plane.lowerBound
            for token in 0..<plane.count {
              tokens[(first + token) * channels + part * planeChannels + channel] =
                source.values[row + token]
            }
          }
        }
      }
    }
    return try tensor(
      tokens, shape: [latents.count, stack.tokenCount, channels], as: elementType)
  }

  /// The reverse of ``planeTokens(_:conditions:_:elementType:)``: four channels back to latents.
  func latents(fromPlaneTokens tensor: Tensor, _ geometry: PlaneGeometry) throws -> [Latent] {
    let stack = geometry.stack
    let channels = PlaneGeometry.channels
    let tokens = try read(tensor)
    return (0..<tensor.shape[0]).map { sample in
      var latent = Latent(zerosFor: geometry)
      for (image, plane) in geometry.planes.enumerated() {
        let first = sample * stack.tokenCount + stack.tokens(of: image).lowerBound
        for channel in 0..<channels {
          let row = channel * geometry.tokenCount + plane.lowerBound
          for token in 0..<plane.count {
            latent.values[row + token] = tokens[(first + token) * channels + channel]
          }
        }
      }
      return latent
    }
  }
}
