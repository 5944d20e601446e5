/// Asks a terminal how it shows pictures. The answers come among the keys, whenever they come.
///
/// kitty's protocol has a query for itself. Sixels are the 4 in DA1. `CSI 16 t` tells the pixels of a character,
/// which sixels need. Through tmux, pictures need text that stands for them and frames, which are asked for
/// by commands that only terminals with both refuse, or accept, in the known way.
package struct PictureQuestion: Sendable, Hashable {
  /// Whether it is asked through tmux, which answers for itself what is not wrapped.
  package var isThroughTmux: Bool

  package init(isThroughTmux: Bool) { self.isThroughTmux = isThroughTmux }

  /// Asks for the pixels of a character alone, as after a change of the window.
  package static let cellPixels = Array("\u{1B}[16t".utf8)

  /// Numbers of pictures that are only asked for.
  private static let query = 31
  private static let probe = 32

  /// What is sent.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    if isThroughTmux {
      for keys in [
        // A picture of one pixel; a place for it in the text that continues another, which terminals with
        // such places refuse; a second frame; and away with it.
        "a=t,i=\(Self.probe),s=1,v=1,f=24,q=2;AAAA",
        "a=p,i=\(Self.probe),p=1,U=1,P=\(Self.probe),Q=1",
        "a=f,i=\(Self.probe),s=1,v=1,f=24;AAAA",
        "a=d,d=I,i=\(Self.probe),q=2",
      ] {
        bytes += KittyCommand.sequence(keys, [], isThroughTmux: true)
      }
    } else {
      bytes += KittyCommand.sequence(
        "i=\(Self.query),s=1,v=1,a=q,t=d,f=24;AAAA", [], isThroughTmux: false)
      // A terminal that knows no such strings may have printed it on the line where the shell waits.
      bytes += Array("\r\u{1B}[K".utf8)
    }
    return bytes + Self.cellPixels + Array("\u{1B}[c".utf8)
  }

  /// What came back so far.
  package struct Answers: Sendable, Hashable {
    /// Whether the terminal keeps pictures by kitty's protocol, and shows them where it was asked to.
    package var showsKitty: Bool { knowsQuery || knowsPlaceholders && knowsFrames }
    /// Whether it shows sixels.
    package private(set) var showsSixel = false
    /// The pixels of a character.
    package private(set) var cellPixels: CellPixels?

    private var knowsQuery = false
    private var knowsPlaceholders = false
    private var knowsFrames = false

    package init() {}

    /// Takes in an answer.
    package mutating func take(_ answer: KeyDecoder.Answer) {
      switch answer {
      case .attributes(let attributes): showsSixel = attributes.contains(4)
      case .cellPixels(let pixels): cellPixels = pixels
      case .graphics(let text):
        // `i=31;OK` or `i=32,p=1;EINVAL:why`
        let parts = text.split(separator: ";", maxSplits: 1)
        guard parts.count == 2 else { return }
        let keys = parts[0].split(separator: ",")
        if keys.contains("i=\(PictureQuestion.query)") { knowsQuery = parts[1] == "OK" }
        guard keys.contains("i=\(PictureQuestion.probe)") else { return }
        if parts[1].hasPrefix("EINVAL"), parts[1].contains("virtual placement") {
          knowsPlaceholders = true
        } else if parts[1] == "OK", !keys.contains("p=1") {
          knowsFrames = true
        }
      case .modeReport: break
      }
    }
  }
}
