import Foundation
import KitTestSupport
import RunKit
import StudioKit
import StudioLink
import TensorCore
import Testing

/// Screens that do not read, stop in the middle of a word or say what is none: none of it holds up the work or
/// another screen.
@Suite(.serialized) struct StudioServerTests {
  private let fixture: LinkFixture
  init() async throws { fixture = try await LinkFixture() }

  /// Makes sure that another screen is served.
  private func expectService(_ what: String) async throws {
    let service = fixture.service()
    _ = try await service.open()
    let tree = await service.ask(.video(.newCanvas(nil))).tree
    #expect(tree != nil, "\(what)")
    await service.close()
  }

  @Test(
    "a screen that does not read holds up neither the work nor others, and then hears the newest")
  func deafScreen() async throws {
    let deaf = try await fixture.greeted()
    let service = fixture.service()
    _ = try await service.open()
    // More than a socket holds: pictures of clips, and one list after another.
    var settings = WorkspaceFixture.settings(clips: 6, steps: 2)
    settings.preview = .decoded
    settings.previewInterval = 1
    let made = await service.ask(.order(.make(fixture.model, settings)))
    let video = try #require(made.tree?.video)
    #expect(await service.settle().map(\.state) == [.finished])
    for number in 0..<300 {
      _ = await service.ask(
        .video(.rename(video, "\(number) " + String(repeating: "x", count: 5_000))))
    }

    var lists = 0
    var bytes = 0
    while let frame = try await deaf.next() {
      bytes += frame.payload.count
      guard frame.kind == .event,
        case .videos(let videos) = try WireValue.decode(WorkspaceEvent.self, frame.payload)
      else { continue }
      lists += 1
      if videos.first?.title.hasPrefix("299 ") == true { break }
    }
    #expect(lists < 150, "what is old was replaced")
    #expect(bytes < 1 << 23)
    await service.close()
    deaf.hangUp()
    await fixture.end()
  }

  @Test("a screen that asks without end and takes no answer is not read any further")
  func greedyScreen() async throws {
    let greedy = try await fixture.greeted()
    let payload = try WireValue.encode(WorkspaceRequest.query(.findEvaluations), number: 1)
    let frame = Frame(.request, payload)
    // It blocks once the socket is full, since the answers are not taken; then it is cut off.
    let asking = Task.detached(executorPreference: WorkerPool.blocking) {
      var count = 0
      while count < 1_000_000, (try? greedy.write(frame)) != nil { count += 1 }
      return count
    }
    try await expectService("beside one that asks without end")
    greedy.hangUp()
    #expect(await asking.value < 1_000_000)
    try await expectService("after one that asked without end")
    await fixture.end()
  }

  @Test("frames that are none end their connection alone")
  func hostileFrames() async throws {
    let hostile: [[UInt8]] = [
      [0, 0, 0, 0, 1], [255, 255, 255, 255, 4], [255, 255, 255, 127, 4], [1, 0, 0, 0, 0],
      [1, 0, 0, 0, 99], [5, 0, 0, 0, 7, 1, 2, 3, 4], [2, 0, 0, 0, 4, 1], [9, 0, 0, 0, 6],
      Array("GET / HTTP/1.1\r\n\r\n".utf8), Array(repeating: 0, count: 4_096),
    ]
    for bytes in hostile {
      // Before the greetings, and after them.
      for isGreeted in [false, true] {
        let channel = isGreeted ? try await fixture.greeted() : try fixture.connect()
        try channel.send(bytes)
        channel.endSending()
        var last: Frame?
        while let frame = try await channel.next() { last = frame }
        if isGreeted, bytes.count >= 5, last?.kind == .farewell {
          let text = String(decoding: last?.payload ?? [], as: UTF8.self)
          #expect(text.contains("misunderstood"), "\(bytes): \(text)")
        }
      }
    }
    try await expectService("after frames that are none")
    await fixture.end()
  }

  @Test("a frame of which half came holds up nobody, and ends with its screen")
  func halfFrames() async throws {
    let whole = Frame(
      .request, try WireValue.encode(WorkspaceRequest.query(.findModels), number: 3)
    ).bytes
    for count in 1..<whole.count {
      let channel = try await fixture.greeted()
      try channel.send(Array(whole.prefix(count)))
      if count % 16 == 0 { try await expectService("beside half a frame") }
      channel.hangUp()
    }
    try await expectService("after half frames")
    await fixture.end()
  }

  @Test(
    "a request that cannot be understood is answered with what is wrong, and the next is carried out"
  )
  func badRequests() async throws {
    let channel = try await fixture.greeted()
    var number: [UInt8] = [7, 0, 0, 0, 0, 0, 0, 0]
    let text = Array(#"{"order":{"dance":{}}}"#.utf8)
    withUnsafeBytes(of: UInt32(text.count).littleEndian) { number += $0 }
    try channel.write(Frame(.request, number + text))
    try channel.write(
      Frame(.request, try WireValue.encode(WorkspaceRequest.query(.findEvaluations), number: 8)))
    var answers: [UInt64: WorkspaceAnswer] = [:]
    while answers.count < 2, let frame = try await channel.next() {
      guard frame.kind == .answer else { continue }
      answers[try WireValue.number(of: frame.payload)] = try WireValue.decode(
        WorkspaceAnswer.self, frame.payload, isNumbered: true)
    }
    #expect(answers[7]?.notice?.sentence.contains("do not understand each other") == true)
    #expect(answers[8] != nil && answers[8]?.notice == nil)
    channel.hangUp()
    await fixture.end()
  }

  @Test("programs of two versions tell each other so", arguments: [(2, "0.1.0"), (1, "9.9.9")])
  func versions(version: Int, program: String) async throws {
    let channel = try fixture.connect()
    try channel.write(Frame(.greeting, LinkFixture.hello(version: version, program: program)))
    let reply = try #require(try await channel.next())
    let text = String(decoding: reply.payload, as: UTF8.self)
    #expect(reply.kind == .greeting && text.contains("and this is pvdm \(program)"), "\(text)")
    #expect(text.contains("pvdm stop"))
    #expect(try await channel.next() == nil)

    // A screen says the same of a worker.
    let (screen, worker) = try StudioSocket.pair()
    let service = SocketService(greetingTime: 3_600) {
      try worker.write(Frame(.greeting, LinkFixture.hello(version: version, program: program)))
      return screen
    }
    let error = await #expect(throws: LinkError.self) { try await service.open() }
    #expect(
      error?.problem
        == .otherVersion(worker: program, screen: RunSettings.programVersion))
    await fixture.end()
  }

  @Test("a worker that says what is none is left in a sentence")
  func hostileWorker() async throws {
    for bytes: [UInt8] in [
      [255, 255, 255, 255, 6], [1, 0, 0, 0, 77], [2, 0, 0, 0, 6, 9], [3, 0, 0, 0, 5, 1, 2],
    ] {
      let (screen, worker) = try StudioSocket.pair()
      let service = SocketService(patience: .zero, greetingTime: 3_600) { screen }
      let greeting =
        #"{"version":1,"program":"\#(RunSettings.programVersion)","isEnding":false,"#
        + #""greeting":{"preferences":{},"modelFolders":[]}}"#
      try worker.write(Frame(.greeting, Array(greeting.utf8)))
      _ = try await service.open()
      try worker.send(bytes)
      for await _ in await service.events() {}
      let failure = try #require(service.failure)
      #expect(Explanation(failure).sentence.contains("understand"), "\(failure)")
      await service.close()
    }
    await fixture.end()
  }
}
