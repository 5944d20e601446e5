import Foundation
import Synchronization
import TerminalUI
import TestSupport
import Testing

/// Programs on a real pseudo-terminal. Part of `CursesTests`, since these share its state.
extension CursesTests {
  private struct Model: Sendable {
    var text = ""
    var events: [String] = []
  }

  private enum Message: Sendable {
    case event(TerminalEvent)
    case outside(String)
  }

  private static func update(_ model: inout Model, _ message: Message) -> Command<Message> {
    switch message {
    case .outside(let text): model.text += text
    case .event(.key(.character("q"))): return .quit
    case .event(.key(let key)):
      model.text += "<\(key)>"
    case .event(.paste(let text)): model.text += "(\(text))"
    case .event(.hangup):
      model.events.append("hangup")
      return .quit
    case .event(.interrupt): model.events.append("interrupt")
    case .event(let event): model.events.append("\(event)")
    }
    return .none
  }

  /// Runs the program on a terminal in a thread of its own, and gives the model at the end.
  private final class Session: Sendable {
    private let result = Mutex<Result<Model, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)
    private let sender = Mutex<Dispatcher<Message>?>(nil)

    init(terminal: PseudoTerminal, term: String = "xterm-256color") {
      var options = RuntimeOptions(
        environment: ["TERM": term, "LANG": "C.UTF-8"])
      options.inputDescriptor = terminal.programEnd
      options.outputDescriptor = terminal.programEnd
      let chosen = options
      Thread { self.run(chosen) }.start()
    }

    private func run(_ options: RuntimeOptions) {
      let program = Program<Model, Message>(
        model: Model(), update: CursesTests.update,
        view: { model, context, buffer in
          buffer.write("text:\(model.text)", column: 0, row: 0)
          buffer.write("size:\(buffer.columns)x\(buffer.rows)", column: 0, row: 1)
        },
        event: { _, event in .event(event) })
      let outcome = Result<Model, any Error> {
        let runtime = try TerminalRuntime(program: program, options: options)
        sender.withLock { $0 = runtime.dispatcher }
        return try runtime.run()
      }
      result.withLock { $0 = outcome }
      done.signal()
    }

    func send(_ message: Message) { sender.withLock { $0 }?.send(message) }

    /// The model at the end; nil after ten seconds without one.
    func end() throws -> Model? {
      guard done.wait(timeout: .now() + 10) == .success else { return nil }
      return try result.withLock { try $0?.get() }
    }
  }

  @Test("Keys, pastes and messages reach the program, frames come out, and all is put back")
  func session() throws {
    let terminal = try PseudoTerminal(columns: 40, rows: 5)
    let before = terminal.settings
    let session = Session(terminal: terminal)
    #expect(terminal.waits(for: "size:40x5"))
    #expect(terminal.settings.c_lflag & tcflag_t(ICANON | ECHO) == 0)
    terminal.type("a\u{1B}[A")
    #expect(terminal.waits(for: "text:<a><Up>"))
    terminal.type("\u{1B}[200~x y\u{1B}[201~")
    #expect(terminal.waits(for: "(x y)"))
    session.send(.outside("hello"))
    #expect(terminal.waits(for: "hello"))
    terminal.type("\u{1B}")
    #expect(terminal.waits(for: "<Esc>"))
    terminal.type("q")
    let model = try #require(try session.end())
    #expect(model.text == "<a><Up>(x y)hello<Esc>")
    #expect(terminal.receives("\u{1B}[?1049l"))
    let after = terminal.settings
    #expect(after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag)
    #expect(after.c_oflag == before.c_oflag)
  }

  @Test("Frames are marked for the terminals that say they can show them whole")
  func synchronizedOutput() throws {
    let terminal = try PseudoTerminal(columns: 40, rows: 5)
    let session = Session(terminal: terminal)
    #expect(terminal.receives("\u{1B}[?2026$p"))
    terminal.type("\u{1B}[?2026;2$yz")
    #expect(terminal.receives("\u{1B}[?2026h"))
    #expect(terminal.waits(for: "<z>"))
    terminal.type("q")
    _ = try #require(try session.end())
  }

  @Test("A hang-up is one event, and the program ends by itself")
  func hangup() throws {
    let terminal = try PseudoTerminal(columns: 40, rows: 5)
    let session = Session(terminal: terminal)
    #expect(terminal.waits(for: "size:"))
    terminal.hangUp()
    let model = try #require(try session.end())
    #expect(model.events.filter { $0 == "hangup" } == ["hangup"])
  }

  @Test("An unknown terminal is an error, and the line settings stay")
  func unknownTerminal() throws {
    let terminal = try PseudoTerminal(columns: 40, rows: 5)
    let before = terminal.settings
    let session = Session(terminal: terminal, term: "unknown-thing")
    #expect(throws: TerminalError.self) { _ = try session.end() }
    #expect(terminal.settings.c_lflag == before.c_lflag)
  }
}
