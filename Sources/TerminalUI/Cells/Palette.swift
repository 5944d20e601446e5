/// xterm's 256-colour palette, and the search for the entry nearest to a 24-bit colour.
package enum Palette {
  /// xterm's defaults for the ANSI colours. Terminals differ here; only the order is common.
  package static let ansi: [(red: UInt8, green: UInt8, blue: UInt8)] = [
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0),
    (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0),
    (92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255),
  ]

  /// The names of the ANSI colours in palette order, as themes write them.
  package static let names = [
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
    "bright-black", "bright-red", "bright-green", "bright-yellow",
    "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
  ]

  private static let cubeLevels: [UInt8] = [0, 95, 135, 175, 215, 255]

  package static func components(of index: UInt8) -> (red: UInt8, green: UInt8, blue: UInt8) {
    switch index {
    case 0..<16: return ansi[Int(index)]
    case 16..<232:
      let offset = Int(index) - 16
      return (
        cubeLevels[offset / 36], cubeLevels[offset / 6 % 6], cubeLevels[offset % 6]
      )
    default:
      let level = UInt8(8 + 10 * (Int(index) - 232))
      return (level, level, level)
    }
  }

  /// The nearest of entries 16-255: the first 16 are left out because users change them.
  package static func nearestIndex256(red: UInt8, green: UInt8, blue: UInt8) -> UInt8 {
    let cube = 16 + 36 * cubeStep(red) + 6 * cubeStep(green) + cubeStep(blue)
    let mean = (Int(red) + Int(green) + Int(blue)) / 3
    let grey = 232 + min(max((mean - 3) / 10, 0), 23)
    let candidates = [UInt8(cube), UInt8(grey)]
    return nearest(of: candidates, red: red, green: green, blue: blue)
  }

  /// The nearest of the 16 ANSI colours, by xterm's shades.
  package static func nearestIndex16(red: UInt8, green: UInt8, blue: UInt8) -> UInt8 {
    nearest(of: Array(0..<16), red: red, green: green, blue: blue)
  }

  private static func cubeStep(_ value: UInt8) -> Int {
    // Boundaries lie half way between the cube's uneven levels.
    value < 48 ? 0 : value < 115 ? 1 : (Int(value) - 35) / 40
  }

  private static func nearest(
    of candidates: [UInt8], red: UInt8, green: UInt8, blue: UInt8
  ) -> UInt8 {
    var best: UInt8 = 0
    var bestDistance = Int.max
    for candidate in candidates {
      let entry = components(of: candidate)
      let redDifference = Int(entry.red) - Int(red)
      let greenDifference = Int(entry.green) - Int(green)
      let blueDifference = Int(entry.blue) - Int(blue)
      // Weights of roughly how bright each channel looks.
      let distance =
        2 * redDifference * redDifference + 4 * greenDifference * greenDifference
        + 3 * blueDifference * blueDifference
      if distance < bestDistance {
        (best, bestDistance) = (candidate, distance)
      }
    }
    return best
  }
}
