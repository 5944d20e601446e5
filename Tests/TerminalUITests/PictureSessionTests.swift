import Foundation
import TerminalUI
import TestSupport
import Testing

/// What a terminal with kitty's protocol holds after some commands.
private struct KittyTerminal {
  /// Numbers of the pictures that were sent and not given back.
  private(set) var pictures: Set<Int> = []
  /// The picture of each placement on the screen.
  private(set) var placements: [Int: Int] = [:]
  /// Commands that name a picture that is not there.
  private(set) var mistakes: [String] = []

  /// - Parameter strings: Application strings as the emulator gives them.
  init(_ strings: [String]) {
    for string in strings where string.hasPrefix("_G") {
      let head = string.dropFirst(2).prefix { $0 != ";" }
      var keys: [Substring: Substring] = [:]
      for pair in head.split(separator: ",") {
        let parts = pair.split(separator: "=")
        keys[parts[0]] = parts[1]
      }
      take(keys, String(head))
    }
  }

  private mutating func take(_ keys: [Substring: Substring], _ command: String) {
    func number(_ key: Substring) -> Int { keys[key].flatMap { Int($0) } ?? 0 }
    switch (keys["a"], keys["d"]) {
    case ("t", _): pictures.insert(number("i"))
    case ("p", _):
      if !pictures.contains(number("i")) { mistakes.append(command) }
      placements[number("p")] = number("i")
    case ("d", "i"):
      if placements[number("p")] == number("i") { placements[number("p")] = nil }
    case ("d", "I"):
      if !pictures.contains(number("i")) { mistakes.append(command) }
      pictures.remove(number("i"))
      placements = placements.filter { $0.value != number("i") }
    case ("d", "a"): placements = [:]
    default: break
    }
  }
}

/// Programs with pictures on a pseudo-terminal that answers as kitty does. Part of `CursesTests`, since these
/// share its state.
extension CursesTests {
  private struct Model: Sendable {
    var frame = 0
    var showsDialog = false
    var grade: PictureGrade?
    var others = 0
  }

  private static let loop: [PixelImage] = (0..<4).compactMap { frame in
    try? PixelImage(
      width: 8, height: 8, bytes: Array(repeating: UInt8(40 + 50 * frame), count: 192))
  }

  private static func program() -> Program<Model, TerminalEvent> {
    Program(
      model: Model(),
      update: { model, event in
        switch event {
        case .key(.character("q")): return .quit
        case .key(.character("n")): model.frame += 1
        case .key(.character("d")): model.showsDialog.toggle()
        case .key(.character("c")): model.grade = .cells
        case .key(.character("a")): model.grade = nil
        case .key(.character("o")): model.others += 1
        case .key(.control("l")): return .redraw
        default: break
        }
        return .none
      },
      view: { model, context, buffer in
        buffer.write(
          "frame \(model.frame) \(context.capabilities.pictureGrade) \(model.others)", column: 0,
          row: 0)
        let image = loop[model.frame % loop.count]
        ImageView(image).draw(
          in: &buffer, area: Rectangle(column: 2, row: 1, width: 12, height: 6),
          context: context)
        ImageView(loop[0]).draw(
          in: &buffer, area: Rectangle(column: 20, row: 1, width: 8, height: 4),
          context: context)
        if model.showsDialog {
          buffer.write("[ sure? ]", column: 0, row: 3)
        }
      },
      event: { _, event in event },
      drawing: { DrawingPreferences(pictureGrade: $0.grade) })
  }

  /// Runs the program on a terminal in a thread of its own.
  private static func start(_ terminal: PseudoTerminal) -> DispatchSemaphore {
    var options = RuntimeOptions(
      environment: ["TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"])
    options.inputDescriptor = terminal.programEnd
    options.outputDescriptor = terminal.programEnd
    let chosen = options
    let done = DispatchSemaphore(value: 0)
    Thread {
      _ = try? TerminalRuntime(program: program(), options: chosen).run()
      done.signal()
    }.start()
    return done
  }

  @Test(
    "In a terminal that answers as kitty, pictures are pixels, and go where something covers them")
  func kittySession() throws {
    let terminal = try PseudoTerminal(columns: 40, rows: 8)
    let done = Self.start(terminal)
    #expect(terminal.waits(for: "frame 0 cells"), "until it answers, pictures are characters")
    #expect(terminal.emulator.strings.contains("_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA"))
    #expect(terminal.emulator.renditions[3][5] != terminal.emulator.renditions[7][5])
    terminal.type("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[6;16;8t\u{1B}[?62;c")
    #expect(terminal.waits(for: "frame 0 kitty"))
    /// What the terminal holds once a frame is whole: a key that changes the text alone makes another.
    var others = 0
    func held() -> KittyTerminal {
      others += 1
      terminal.type("o")
      #expect(terminal.waits(for: " \(others) "))
      return KittyTerminal(terminal.emulator.strings)
    }
    var screen = held()
    #expect(screen.pictures.count == 1 && screen.placements.count == 2)
    #expect(terminal.emulator.line(3).dropFirst(2).prefix(12).allSatisfy { $0 == " " })

    for frame in 1...4 {
      terminal.type("n")
      #expect(terminal.waits(for: "frame \(frame) kitty"))
    }
    screen = held()
    #expect(screen.pictures.count == 4 && screen.placements.count == 2)
    #expect(Set(screen.placements.values).count == 1, "both show the first frame again")

    terminal.type("d")
    #expect(terminal.waits(for: "[ sure? ]"))
    screen = held()
    #expect(screen.pictures.count == 4 && screen.placements.count == 1)
    #expect(
      terminal.emulator.renditions[5][5] != terminal.emulator.renditions[7][5],
      "what is left of the picture is characters")
    terminal.type("d")
    #expect(terminal.waits(for: "[ sure? ]", isGone: true))
    screen = held()
    #expect(screen.pictures.count == 4 && screen.placements.count == 2)

    terminal.type("c")
    #expect(terminal.waits(for: "frame 4 cells"))
    screen = held()
    #expect(screen.pictures.isEmpty && screen.placements.isEmpty)
    terminal.type("a")
    #expect(terminal.waits(for: "frame 4 kitty"))
    terminal.type("\u{0C}")
    screen = held()
    #expect(screen.pictures.count == 1 && screen.placements.count == 2)
    terminal.type("q")
    #expect(terminal.receives("\u{1B}[?1049l"))
    #expect(done.wait(timeout: .now() + 10) == .success)
    screen = KittyTerminal(terminal.emulator.strings)
    #expect(screen.pictures.isEmpty && screen.placements.isEmpty && screen.mistakes.isEmpty)
    #expect(terminal.emulator.unknown.isEmpty)
  }

  @Test(
    "In a terminal that answers with sixels, a picture is sent when it changes, and text erases it")
  func sixelSession() throws {
    let terminal = try PseudoTerminal(columns: 40, rows: 8)
    let done = Self.start(terminal)
    #expect(terminal.waits(for: "frame 0 cells"))
    terminal.type("\u{1B}[6;16;8t\u{1B}[?62;4c")
    #expect(terminal.waits(for: "frame 0 sixel"))
    func sixels() -> Int {
      terminal.emulator.strings.count { $0.hasPrefix("P") && $0.contains("\"1;1;") }
    }
    terminal.type("o")
    #expect(terminal.waits(for: "sixel 1 "))
    #expect(sixels() == 2)
    #expect(terminal.emulator.strings.contains { $0.contains("\"1;1;96;96") })
    terminal.type("n")
    #expect(terminal.waits(for: "frame 1 sixel"))
    terminal.type("o")
    #expect(terminal.waits(for: "sixel 2 "))
    #expect(sixels() == 3, "the other picture is the same")
    let before = terminal.emulator.strings.count
    terminal.type("d")
    #expect(terminal.waits(for: "[ sure? ]"))
    // Every cell of what was the picture is written.
    for row in 1..<7 {
      for column in (row == 3 ? 9 : 2)..<14 {
        #expect(
          terminal.emulator.renditions[row][column] != terminal.emulator.renditions[7][column])
      }
    }
    #expect(terminal.emulator.strings.count == before)
    terminal.type("dq")
    #expect(done.wait(timeout: .now() + 10) == .success)
  }
}
