import Foundation

/// Times and speeds as progress shows them.
public enum PaceText {
  /// `1:02`, or `2:03:04` from an hour on; `unknown` for what is no time.
  public static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "unknown" }
    let whole = Int(max(seconds, 0).rounded(.up))
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }

  /// Seconds a step (`1.25 s/it`), or steps a second where those are many.
  public static func speed(_ secondsPerStep: Double) -> String {
    secondsPerStep >= 0.1
      ? String(format: "%.2f s/it", secondsPerStep)
      : String(format: "%.1f it/s", 1 / max(secondsPerStep, 1e-6))
  }
}
