/// The colours of a moment: what the height of the sun makes of sky, clouds and hills.
struct SkyLight: Sendable {
  /// The sky overhead and where it meets the ground.
  var zenith: SkyColor
  var horizon: SkyColor
  /// Clouds on the side of the light and away from it.
  var brightCloud: SkyColor
  var darkCloud: SkyColor
  /// The ground.
  var hill: SkyColor
  /// The light around the sun, and how strong it is.
  var glow: SkyColor
  var glowStrength: Float
  /// How strongly the disc of the sun shines, 0 where there is none.
  var discStrength: Float
  /// How much of the night is there: the strength of moon and stars, 0 by day, 1 when it is dark.
  var night: Float

  /// The light for a height of the sun: 0 on the horizon, 0.8 as high as it gets, negative below.
  init(sunHeight: Float) {
    let keys = Self.keys
    var index = 0
    while index < keys.count - 2, keys[index + 1].height < sunHeight { index += 1 }
    let (low, high) = (keys[index], keys[index + 1])
    let share = min(max((sunHeight - low.height) / (high.height - low.height), 0), 1)
    self = low.light.mixed(with: high.light, share)
  }

  private init(
    zenith: SkyColor, horizon: SkyColor, bright: SkyColor, dark: SkyColor, hill: SkyColor,
    glow: SkyColor, glowStrength: Float, discStrength: Float, night: Float
  ) {
    (self.zenith, self.horizon, brightCloud, darkCloud) = (zenith, horizon, bright, dark)
    (self.hill, self.glow) = (hill, glow)
    (self.glowStrength, self.discStrength, self.night) = (glowStrength, discStrength, night)
  }

  private func mixed(with other: SkyLight, _ share: Float) -> SkyLight {
    SkyLight(
      zenith: zenith.mixed(with: other.zenith, share),
      horizon: horizon.mixed(with: other.horizon, share),
      bright: brightCloud.mixed(with: other.brightCloud, share),
      dark: darkCloud.mixed(with: other.darkCloud, share),
      hill: hill.mixed(with: other.hill, share), glow: glow.mixed(with: other.glow, share),
      glowStrength: glowStrength + share * (other.glowStrength - glowStrength),
      discStrength: discStrength + share * (other.discStrength - discStrength),
      night: night + share * (other.night - night))
  }

  /// From night to noon, by the height of the sun.
  private static let keys: [(height: Float, light: SkyLight)] = [
    (
      -0.40,
      SkyLight(
        zenith: SkyColor(red: 9, green: 14, blue: 34),
        horizon: SkyColor(red: 30, green: 42, blue: 74),
        bright: SkyColor(red: 74, green: 86, blue: 118),
        dark: SkyColor(red: 24, green: 30, blue: 52),
        hill: SkyColor(red: 6, green: 8, blue: 14),
        glow: SkyColor(red: 170, green: 185, blue: 225), glowStrength: 0, discStrength: 0, night: 1)
    ),
    (
      -0.20,
      SkyLight(
        zenith: SkyColor(red: 22, green: 34, blue: 78),
        horizon: SkyColor(red: 122, green: 92, blue: 110),
        bright: SkyColor(red: 116, green: 96, blue: 124),
        dark: SkyColor(red: 40, green: 44, blue: 76),
        hill: SkyColor(red: 10, green: 12, blue: 20),
        glow: SkyColor(red: 240, green: 140, blue: 90), glowStrength: 0.25, discStrength: 0,
        night: 0.45)
    ),
    (
      -0.05,
      SkyLight(
        zenith: SkyColor(red: 48, green: 72, blue: 132),
        horizon: SkyColor(red: 232, green: 146, blue: 98),
        bright: SkyColor(red: 236, green: 146, blue: 118),
        dark: SkyColor(red: 88, green: 80, blue: 112),
        hill: SkyColor(red: 20, green: 19, blue: 26),
        glow: SkyColor(red: 255, green: 160, blue: 80), glowStrength: 0.55, discStrength: 0.2,
        night: 0.05)
    ),
    (
      0.10,
      SkyLight(
        zenith: SkyColor(red: 70, green: 116, blue: 186),
        horizon: SkyColor(red: 250, green: 204, blue: 146),
        bright: SkyColor(red: 255, green: 212, blue: 168),
        dark: SkyColor(red: 136, green: 120, blue: 138),
        hill: SkyColor(red: 34, green: 33, blue: 30),
        glow: SkyColor(red: 255, green: 200, blue: 120), glowStrength: 0.60, discStrength: 1,
        night: 0)
    ),
    (
      0.30,
      SkyLight(
        zenith: SkyColor(red: 58, green: 122, blue: 206),
        horizon: SkyColor(red: 200, green: 218, blue: 236),
        bright: SkyColor(red: 255, green: 246, blue: 234),
        dark: SkyColor(red: 150, green: 158, blue: 180),
        hill: SkyColor(red: 40, green: 52, blue: 38),
        glow: SkyColor(red: 255, green: 238, blue: 205), glowStrength: 0.50, discStrength: 1,
        night: 0)
    ),
    (
      0.80,
      SkyLight(
        zenith: SkyColor(red: 36, green: 98, blue: 196),
        horizon: SkyColor(red: 172, green: 206, blue: 240),
        bright: SkyColor(red: 255, green: 255, blue: 255),
        dark: SkyColor(red: 158, green: 170, blue: 194),
        hill: SkyColor(red: 42, green: 60, blue: 36),
        glow: SkyColor(red: 255, green: 250, blue: 235), glowStrength: 0.45, discStrength: 1,
        night: 0)
    ),
  ]
}
