internal import CDriver

/// A moment in a card's stream.
final class GraphicsMoment: DeviceMoment {
  private let connection: GraphicsConnection
  private var event: cd_event?

  init(_ connection: GraphicsConnection) {
    self.connection = connection
    let functions = connection.driver.functions
    connection.makeCurrent()
    connection.note("cuEventCreate", functions.create_event(&event, 0))
    if event != nil {
      connection.note("cuEventRecord", functions.record_event(event, connection.stream))
    }
  }

  deinit {
    guard event != nil else { return }
    connection.makeCurrent()
    _ = connection.driver.functions.destroy_event(event)
  }

  func seconds(since earlier: any DeviceMoment) -> Double {
    guard let earlier = earlier as? GraphicsMoment else {
      preconditionFailure("a moment of another device")
    }
    guard event != nil, earlier.event != nil else { return 0 }
    let functions = connection.driver.functions
    var milliseconds: Float = 0
    connection.makeCurrent()
    connection.note("cuEventSynchronize", functions.wait_for_event(event))
    connection.note(
      "cuEventElapsedTime", functions.get_elapsed(&milliseconds, earlier.event, event))
    return Double(milliseconds) / 1e3
  }
}

extension GraphicsDevice {
  func moment() -> any DeviceMoment { GraphicsMoment(connection) }
}
