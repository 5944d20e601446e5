/// A moment in the order of a device's work: what was asked for before has been done by then.
package protocol DeviceMoment: AnyObject {
  /// Seconds between two moments of one device. Waits until the device has come to this one.
  ///
  /// - Returns: 0 if the device failed in between, which whatever reads from it next tells.
  func seconds(since earlier: any DeviceMoment) -> Double
}

/// A moment of a device that has done everything when a call returns.
final class HostMoment: DeviceMoment {
  private let instant = ContinuousClock.now

  func seconds(since earlier: any DeviceMoment) -> Double {
    guard let earlier = earlier as? HostMoment else {
      preconditionFailure("a moment of another device")
    }
    return (instant - earlier.instant).inSeconds
  }
}

extension ComputeDevice {
  package func moment() -> any DeviceMoment { HostMoment() }
}
