import Foundation
import OutputFiles

extension Error {
  /// What the system says, in its own words, where it is the system that refused something.
  package var systemReason: String {
    if let failure = self as? FileFailure { return String(cString: strerror(failure.code)) }
    if let error = self as? CheckpointError, case .fileSystem(_, let code) = error.kind {
      return String(cString: strerror(code))
    }
    let error = self as NSError
    return (error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error).localizedDescription
  }
}
