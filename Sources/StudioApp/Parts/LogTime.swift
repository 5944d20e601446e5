import Foundation

/// Times of day as the log writes them.
enum LogTime {
  /// Such as `14:03:09`, in the time zone of the machine.
  static func text(_ date: Date, in zone: TimeZone = .current) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let parts = calendar.dateComponents([.hour, .minute, .second], from: date)
    return [parts.hour, parts.minute, parts.second].map { number in
      let text = String(number ?? 0)
      return text.count < 2 ? "0" + text : text
    }.joined(separator: ":")
  }
}
