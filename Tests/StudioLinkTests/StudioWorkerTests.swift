import Foundation
import KitTestSupport
import RunKit
import StudioKit
import StudioLink
import TestSupport
import Testing

/// A worker as a whole, in this process: its socket, its beginning and its end.
@Suite(.serialized) struct StudioWorkerTests {
  private let fixture: WorkspaceFixture
  private let access: WorkerAccess

  init() throws {
    fixture = try WorkspaceFixture()
    access = WorkerAccess(fixture.folders, command: ["/nowhere/pvdm"], patience: 3_600)
  }

  private var folders: StudioFolders { fixture.folders }

  /// A worker at work.
  private func run() async throws -> (worker: StudioWorker, end: Task<Void, any Error>) {
    let worker = try #require(
      try await StudioWorker.open(
        folders, resources: ResourceLocator(executable: "/nowhere/pvdm", environment: [:]),
        idleTime: .seconds(3_600), leavingTime: .seconds(3_600)))
    let (ready, inlet) = AsyncStream<Void>.makeStream()
    let end = Task { try await worker.run { inlet.finish() } }
    for await _ in ready {}
    return (worker, end)
  }

  @Test("its socket is this user's alone, and gone when the worker has ended")
  func socket() async throws {
    let (worker, end) = try await run()
    var status = stat()
    #expect(lstat(folders.socket, &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFSOCK && status.st_mode & 0o777 == 0o600)
    let told = try #require(try await access.status())
    #expect(told.process == getpid() && told.program == RunSettings.programVersion)
    #expect(told.screens == 0 && told.running == [] && told.waiting == 0 && !told.isEnding)
    worker.stop()
    try await end.value
    #expect(lstat(folders.socket, &status) != 0)
    #expect(try await access.status() == nil)
    #expect(!FolderLock.isHeld(folders.lock))
  }

  @Test("a data folder whose name is longer than an address of a socket has its worker too")
  func longPath() async throws {
    var folders = folders
    folders.data = fixture.folder.path(String(repeating: "long/", count: 60) + "studio")
    let worker = try #require(try await StudioWorker.open(folders))
    let (ready, inlet) = AsyncStream<Void>.makeStream()
    let end = Task { try await worker.run { inlet.finish() } }
    for await _ in ready {}
    #expect(try await WorkerAccess(folders).status() != nil)
    worker.stop()
    try await end.value
  }

  @Test("a socket that a killed worker left, or anything else of that name, is in nobody's way")
  func leftovers() async throws {
    try FileManager.default.createDirectory(
      atPath: folders.data, withIntermediateDirectories: true)
    // A socket without a listener.
    close(try StudioSocket.listen(at: folders.socket))
    #expect(try await access.status() == nil)
    let (worker, end) = try await run()
    #expect(try await access.status() != nil)
    worker.stop()
    try await end.value

    try Data("mine".utf8).write(to: URL(filePath: folders.socket))
    #expect(try await access.status() == nil)
    let other = try #require(try await StudioWorker.open(folders))
    let error = await #expect(throws: LinkError.self) { try await other.run() }
    #expect(error?.sentence.contains("studio.sock") == true)
    #expect(FileManager.default.contents(atPath: folders.socket) == Data("mine".utf8))
    #expect(!FolderLock.isHeld(folders.lock))
  }

  @Test("of two that begin at once one works, and the other finds it")
  func race() async throws {
    let (worker, end) = try await run()
    #expect(try await StudioWorker.open(folders) == nil)
    worker.stop()
    try await end.value
  }

  @Test("a studio that has the folder open without a worker is said to have it")
  func foreground() async throws {
    let workspace = try await fixture.open()
    let error = await #expect(throws: StudioError.self) {
      _ = try await StudioWorker.open(folders)
    }
    #expect(error?.isInUse == true)
    await workspace.close()
  }

  @Test("it ends by itself once nobody watches and nothing is to be done, and not before")
  func idle() async throws {
    let worker = try #require(try await StudioWorker.open(folders, idleTime: .zero))
    // A screen that was there before: without one it would end at once.
    let (screen, other) = try StudioSocket.pair()
    worker.serve(other)
    let end = Task { try await worker.run() }
    let service = SocketService(greetingTime: 3_600) { screen }
    _ = try await service.open()
    let made = await service.ask(
      .order(.make(fixture.model, WorkspaceFixture.settings(clips: 3))))
    let video = try #require(made.tree?.video)
    // The screen leaves in the middle of the work, which goes on.
    await service.close()
    try await end.value
    let workspace = try await fixture.open(startsQueue: false)
    #expect(try await workspace.tree(of: video).visible.count == 3)
    await workspace.close()
  }

  @Test("a command ends it, waits until all is saved, and closes the screens")
  func stop() async throws {
    let (_, end) = try await run()
    let service = access.service(starts: false)
    _ = try await service.open()
    let made = await service.ask(
      .order(.make(fixture.model, WorkspaceFixture.settings(clips: 1, steps: 1_000))))
    #expect(made.tree != nil)
    _ = await service.first { event in
      if case .progress(let progress) = event, progress.step > 0 { true } else { nil }
    }
    let status = try #require(try await access.stop(finishesClip: false))
    #expect(status.isEnding && status.running.count == 1 && status.screens == 1)
    #expect(status.running.first?.contains("of video 1 with tiny") == true, "\(status.running)")
    #expect(!FolderLock.isHeld(folders.lock))
    for await _ in await service.events() {}
    #expect((service.failure as? LinkError)?.problem == .stopped)
    await service.close()
    try await end.value
    #expect(try await access.stop(finishesClip: false) == nil)

    let workspace = try await fixture.open(startsQueue: false)
    #expect(await workspace.toldJobs.map(\.state) == [.interrupted])
    await workspace.close()
  }

  @Test("a worker that cannot be started says why")
  func noProgram() async throws {
    let error = await #expect(throws: LinkError.self) { try await access.connect(starts: true) }
    #expect(error?.sentence.contains("cannot be started") == true, "\(String(describing: error))")
    let none = await #expect(throws: LinkError.self) { try await access.connect(starts: false) }
    #expect(none?.problem == .noWorker)
    let silent = WorkerAccess(folders, command: ["/bin/true"])
    let ended = await #expect(throws: LinkError.self) { try await silent.connect(starts: true) }
    #expect(ended?.sentence.contains("before it was ready") == true)
  }

  /// How often screens come and go.
  private static var cycles: Int {
    ProcessInfo.processInfo.environment["PVDM_MANY_SCREENS"].flatMap { Int($0) } ?? 200
  }

  @Test("screens that come and go leave no descriptor, thread or memory behind")
  func comingAndGoing() async throws {
    let (worker, end) = try await run()
    func cycle(_ number: Int) async throws {
      let service = access.service(starts: false)
      let greeting = try await service.open()
      #expect(greeting.preferences.theme == nil)
      // Some leave at once, some read first, some in the middle of a question.
      if number % 3 == 1 {
        _ = await service.first { if case .jobs = $0 { true } else { nil } }
      } else if number % 3 == 2 {
        service.perform(.query(.findEvaluations)) { _ in }
      }
      await service.close()
    }
    for number in 0..<50 { try await cycle(number) }
    let before = Usage()
    for number in 0..<Self.cycles { try await cycle(number) }
    // Whoever left last may still be on the way out.
    while try await access.status()?.screens != 0 {}
    let after = Usage()
    print("\(Self.cycles) screens: \(before) before, \(after) after")
    // Other tests come and go beside this one; what every screen left would be more.
    #expect(after.descriptors < before.descriptors + Self.cycles / 2)
    #expect(after.threads < before.threads + Self.cycles / 2)
    // Memory tells something only where this test runs alone.
    if Self.cycles >= 10_000 { #expect(after.residentBytes < before.residentBytes + 32 << 20) }
    worker.stop()
    try await end.value
  }

  /// What this process holds.
  private struct Usage: CustomStringConvertible {
    let descriptors = Self.count("/proc/self/fd")
    let threads = Self.count("/proc/self/task")
    let residentBytes: Int = {
      let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
      return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4_096
    }()

    var description: String {
      "\(descriptors) descriptors, \(threads) threads, \(residentBytes >> 20) MiB"
    }

    private static func count(_ folder: String) -> Int {
      (try? FileManager.default.contentsOfDirectory(atPath: folder).count) ?? 0
    }
  }
}
