import TerminalUI
import Testing

@Suite("Programs")
struct ProgramTests {
  private struct Model: Sendable, Equatable {
    var log: [String] = []
    var beats: Duration?
    var size = TerminalSize.standard
  }

  private enum Message: Sendable {
    case key(Key)
    case note(String)
    case resize(TerminalSize)
    case startBeat(Duration?)
    case later, chain, work,
      stream, cancelWork, leave
  }

  private static func update(_ model: inout Model, _ message: Message) -> Command<Message> {
    switch message {
    case .key(let key): model.log.append("key \(key)")
    case .note(let text): model.log.append(text)
    case .resize(let size): model.size = size
    case .startBeat(let interval): model.beats = interval
    case .later: return .after(.seconds(2), id: "later", .note("later"))
    case .chain: return .batch([.send(.note("first")), .send(.note("second"))])
    case .work: return .task(id: "work") { Task.isCancelled ? nil : .note("worked") }
    case .stream:
      return .run { dispatcher in
        for number in 1...3 { dispatcher.send(.note("part \(number)")) }
      }
    case .cancelWork: return .batch([.cancel("work"), .cancel("later")])
    case .leave: return .batch([.suspend, .quit])
    }
    return .none
  }

  private func tester(start: Command<Message> = .none) -> ProgramTester<Model, Message> {
    ProgramTester(
      Program(
        model: Model(), start: start, update: Self.update,
        view: { model, context, buffer in
          buffer.write("\(model.size.columns)x\(buffer.columns)", column: 0, row: 0)
        },
        event: { _, event in
          switch event {
          case .key(let key): .key(key)
          case .resize(let size): .resize(size)
          default: nil
          }
        },
        subscriptions: { model in
          model.beats.map { [Subscription(every: $0, id: "beat", .note("beat"))] } ?? []
        }))
  }

  @Test("Keys become messages, and messages change the model")
  func keys() {
    let tester = tester()
    tester.press(.character("a"), .enter)
    #expect(tester.model.log == ["key a", "key Enter"])
    tester.handle(.interrupt)
    #expect(tester.model.log.count == 2, "an event without a message changes nothing")
  }

  @Test("The view is drawn at the window's size, which the model hears of")
  func sizes() {
    let tester = tester()
    tester.handle(.resize(TerminalSize(columns: 33, rows: 2)))
    #expect(row(0, of: tester.draw()).hasPrefix("33x33"))
  }

  @Test("Messages sent by a command come in order, before others")
  func chains() {
    let tester = tester(start: .send(.note("start")))
    tester.send(.chain)
    #expect(tester.model.log == ["start", "first", "second"])
  }

  @Test("Subscriptions beat while the model wants them, and keep their beat")
  func subscriptions() {
    let tester = tester()
    tester.send(.startBeat(.seconds(1)))
    tester.advance(by: .milliseconds(900))
    #expect(tester.model.log == [])
    tester.send(.note("x"))
    tester.advance(by: .milliseconds(200))
    #expect(tester.model.log == ["x", "beat"])
    tester.advance(by: .seconds(3))
    #expect(tester.model.log.filter { $0 == "beat" }.count == 4)
    tester.send(.startBeat(nil))
    tester.advance(by: .seconds(10))
    #expect(tester.model.log.filter { $0 == "beat" }.count == 4)
  }

  @Test("A delayed message comes once, unless it is cancelled or replaced")
  func delays() {
    let tester = tester()
    tester.send(.later)
    tester.advance(by: .seconds(1))
    tester.send(.later)
    tester.advance(by: .seconds(1))
    #expect(tester.model.log == [])
    tester.advance(by: .seconds(1))
    #expect(tester.model.log == ["later"])
    tester.send(.later)
    tester.send(.cancelWork)
    tester.advance(by: .seconds(5))
    #expect(tester.model.log == ["later"])
  }

  @Test("Work sends its messages when it runs")
  func work() async {
    let tester = tester()
    tester.send(.work)
    #expect(tester.model.log == [])
    await tester.settle()
    #expect(tester.model.log == ["worked"])
    tester.send(.stream)
    await tester.settle()
    #expect(tester.model.log == ["worked", "part 1", "part 2", "part 3"])
  }

  @Test("Quitting and suspending are effects")
  func effects() {
    let tester = tester()
    tester.send(.leave)
    #expect(tester.hasQuit)
    #expect(tester.suspensions == 1)
  }

  @Test("Messages from many tasks all arrive, those of one in order")
  func dispatcher() async {
    let inbox = Inbox<Int> {}
    let dispatcher = Dispatcher(inbox: inbox)
    await withTaskGroup(of: Void.self) { group in
      for sender in 0..<8 {
        group.addTask { for number in 0..<100 { dispatcher.send(sender * 1_000 + number) } }
      }
    }
    let messages = inbox.takeAll()
    #expect(messages.count == 800)
    for sender in 0..<8 {
      let own = messages.filter { $0 / 1_000 == sender }
      #expect(own == own.sorted())
    }
  }
}
