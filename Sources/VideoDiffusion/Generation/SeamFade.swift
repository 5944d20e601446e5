extension PixelClip {
  /// The clip as it is shown after a frame: what its first frame differs in from that one is taken back
  /// there and fades over the frames that follow, so that the boundary changes no more than they do.
  ///
  /// Only the later clip changes, so that a clip can be followed by several. The last frame stays as it
  /// is: every clip is shown as it follows from its own latent and the latent before.
  ///
  /// - Parameters:
  ///   - frame: The frame before, `[side, side, 3]`.
  ///   - length: Frames that the difference takes to fade, of a clip of n frames at most n - 1; 0 changes
  ///     nothing.
  package func fadingIn(from frame: [UInt8], over length: Int) -> PixelClip {
    let size = side * side * 3
    precondition(frame.count == size && length >= 0, "the frame is of another size")
    let length = min(length, frames - 1)
    var result = self
    for pixel in 0..<size {
      // Bytes were cut off, so that each stands for the middle of its values.
      let shown = min((Float(frame[pixel]) + 0.5) / 127.5 - 1, 1)
      let difference = shown - values[pixel]
      for number in 0..<length {
        let share = 1 - Float(number + 1) / Float(length + 1)
        result.values[number * size + pixel] += share * difference
      }
    }
    return result
  }

  /// The last frame as it is shown, `[side, side, 3]`.
  package var lastFrame: [UInt8] {
    let size = side * side * 3
    return PixelClip(frames: 1, side: side, values: Array(values.suffix(size))).bytes
  }
}
