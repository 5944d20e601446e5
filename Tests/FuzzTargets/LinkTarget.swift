import MediaIO
import RunKit
import StudioKit
import StudioLink

extension FuzzTarget {
  /// What comes through the socket between a screen and a worker: frames, one after the other, and what is
  /// in them.
  static let link = FuzzTarget(name: "link") {
    let model = ModelReference(name: "m", autoencoder: "/a", denoiser: "/d", framesPerSecond: 8)
    let images = [RGBImage(width: 2, height: 2), RGBImage(width: 1, height: 3)]
    let clip = ClipID(rawValue: 7)
    let frames: [Frame] = [
      Frame(.greeting, Array(#"{"version":1,"program":"0","folder":"/"}"#.utf8)),
      Frame(.control, Array(#"{"wish":"stop"}"#.utf8)),
      Frame(
        .request,
        try WireValue.encode(
          WorkspaceRequest.order(.make(model, GenerationSettings())), number: 9)),
      Frame(
        .answer,
        try WireValue.encode(
          WorkspaceAnswer.frames([ClipFrames(clip: clip, images: images)]), number: 9)),
      Frame(
        .event,
        try WireValue.encode(WorkspaceEvent.tree(ClipTree(video: VideoID(rawValue: 1))))),
    ]
    return frames.map(\.bytes) + [frames.flatMap(\.bytes)]
  } run: { bytes in
    var rest = bytes[...]
    while rest.count >= Frame.headerLength,
      let (kind, length) = try? Frame.header(
        Array(rest.prefix(Frame.headerLength)), limit: Frame.requestLimit)
    {
      rest = rest.dropFirst(Frame.headerLength)
      read(kind, Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
  }

  private static func read(_ kind: Frame.Kind, _ payload: [UInt8]) {
    switch kind {
    case .greeting:
      _ = try? WireValue.plain(Hello.self, payload)
      _ = try? WireValue.plain(Welcome.self, payload)
    case .control: _ = try? WireValue.plain(Control.self, payload)
    case .status: _ = try? WireValue.plain(WorkerStatus.self, payload)
    case .farewell: _ = try? WireValue.plain(WorkerEnd.self, payload)
    case .request:
      _ = try? WireValue.number(of: payload)
      _ = try? WireValue.decode(WorkspaceRequest.self, payload, isNumbered: true)
    case .answer: _ = try? WireValue.decode(WorkspaceAnswer.self, payload, isNumbered: true)
    case .event: _ = try? WireValue.decode(WorkspaceEvent.self, payload)
    }
  }
}
