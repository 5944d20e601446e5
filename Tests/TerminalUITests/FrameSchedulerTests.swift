import TerminalUI
import Testing

@Suite("When and how finely to draw")
struct FrameSchedulerTests {
  private let unlimited = DrawingPreferences(maximumFrameRate: 10)

  /// Draws whatever is due in `duration`, with frames of a given size for each detail.
  private func run(
    _ scheduler: inout FrameScheduler, for duration: Duration, from start: Duration = .zero,
    preferences: DrawingPreferences, mode: ColorMode = .trueColor,
    bytes: (ImageDetail) -> Int
  ) -> (sent: Int, images: Int) {
    var now = start
    var sent = 0
    var images = 0
    while now < start + duration {
      // A picture changes in every step.
      scheduler.request()
      if let time = scheduler.nextFrame(preferences, now: now), time <= now {
        let plan = scheduler.begin(preferences, now: now)
        let size = plan.drawsImages ? bytes(plan.imageDetail) : 100
        scheduler.end(bytes: size, changedImages: true, plan: plan, mode: mode, now: now)
        sent += size
        images += plan.drawsImages ? 1 : 0
      }
      now += .milliseconds(20)
    }
    return (sent, images)
  }

  @Test("Nothing is drawn while nothing changes")
  func idle() {
    var scheduler = FrameScheduler()
    #expect(scheduler.nextFrame(unlimited, now: .seconds(5)) == nil)
    scheduler.request()
    #expect(scheduler.nextFrame(unlimited, now: .seconds(5)) == .seconds(5))
    let plan = scheduler.begin(unlimited, now: .seconds(5))
    scheduler.end(
      bytes: 10, changedImages: false, plan: plan, mode: .trueColor, now: .seconds(5))
    #expect(scheduler.nextFrame(unlimited, now: .seconds(6)) == nil)
  }

  @Test("Changes within a frame's time are drawn together, at its end")
  func coalescing() {
    var scheduler = FrameScheduler()
    scheduler.request()
    let plan = scheduler.begin(unlimited, now: .zero)
    scheduler.end(bytes: 10, changedImages: false, plan: plan, mode: .trueColor, now: .zero)
    scheduler.request()
    scheduler.request()
    #expect(
      scheduler.nextFrame(unlimited, now: .milliseconds(30)) == .milliseconds(100))
  }

  @Test("Without a limit every frame has its pictures in full")
  func noLimit() {
    var scheduler = FrameScheduler()
    let result = run(&scheduler, for: .seconds(5), preferences: unlimited) { _ in 100_000 }
    #expect(result.images >= 49)
    #expect(scheduler.statistics.imageDetail == .full)
    #expect(scheduler.statistics.imageFramesDropped == 0)
  }

  @Test("A mild limit drops frames of pictures and keeps their colours")
  func framesDropFirst() {
    var scheduler = FrameScheduler()
    let limited = DrawingPreferences(maximumFrameRate: 10, bytesPerSecond: 50_000)
    let result = run(&scheduler, for: .seconds(20), preferences: limited) { _ in 10_000 }
    #expect(scheduler.statistics.imageDetail == .full)
    #expect(scheduler.statistics.imageFramesDropped > 50)
    #expect(result.sent < 20 * 50_000 + 30_000)
    #expect(result.images > 70, "what the limit allows is used")
  }

  @Test("A sharp limit takes colours, then refreshes pictures rarely; text still gets through")
  func detailDropsNext() {
    let sizes: (ImageDetail) -> Int = { detail in
      switch detail {
      case .full: 80_000
      case .coarse: 31_000
      case .indexed256: 20_000
      case .ansi16, .rare: 9_000
      }
    }
    var scheduler = FrameScheduler()
    var limited = DrawingPreferences(maximumFrameRate: 10, bytesPerSecond: 130_000)
    _ = run(&scheduler, for: .seconds(10), preferences: limited, bytes: sizes)
    #expect(scheduler.statistics.imageDetail == .coarse)

    scheduler = FrameScheduler()
    limited.bytesPerSecond = 5_000
    let result = run(&scheduler, for: .seconds(60), preferences: limited, bytes: sizes)
    #expect(scheduler.statistics.imageDetail == .rare)
    #expect(result.sent < 60 * 5_000 + 200_000)
    #expect(scheduler.statistics.framesDrawn > 500, "text is drawn at the full rate")
  }

  @Test("When the line has room again, the colours come back")
  func recovery() {
    var scheduler = FrameScheduler()
    let limited = DrawingPreferences(maximumFrameRate: 10, bytesPerSecond: 40_000)
    _ = run(&scheduler, for: .seconds(20), preferences: limited) { _ in 60_000 }
    #expect(scheduler.statistics.imageDetail > .full)
    _ = run(&scheduler, for: .seconds(60), from: .seconds(20), preferences: limited) { _ in 500 }
    #expect(scheduler.statistics.imageDetail == .full)
    var low = limited
    low.bytesPerSecond = 100
    _ = run(&scheduler, for: .seconds(20), from: .seconds(80), preferences: low) { _ in 9_000 }
    #expect(scheduler.statistics.imageDetail > .full)
    scheduler.request()
    _ = scheduler.begin(unlimited, now: .seconds(101))
    #expect(scheduler.begin(unlimited, now: .seconds(101)).imageDetail == .full)
  }

  @Test("A picture that was held back is drawn once there is room, though nothing else changes")
  func heldPicturesComeLater() throws {
    var scheduler = FrameScheduler()
    let limited = DrawingPreferences(maximumFrameRate: 10, bytesPerSecond: 10_000)
    scheduler.request()
    var plan = scheduler.begin(limited, now: .zero)
    scheduler.end(bytes: 20_000, changedImages: true, plan: plan, mode: .ansi16, now: .zero)
    scheduler.request()
    plan = scheduler.begin(limited, now: .milliseconds(200))
    #expect(!plan.drawsImages)
    scheduler.end(
      bytes: 0, changedImages: true, plan: plan, mode: .ansi16, now: .milliseconds(200))
    let time = try #require(scheduler.nextFrame(limited, now: .milliseconds(200)))
    #expect(time > .seconds(1) && time < .seconds(10))
    #expect(scheduler.begin(limited, now: time).drawsImages)
  }

  @Test("The rate is that of the last second")
  func rate() {
    var scheduler = FrameScheduler()
    _ = run(&scheduler, for: .seconds(3), preferences: unlimited) { _ in 1_000 }
    #expect((9_000...10_000).contains(scheduler.statistics.bytesPerSecond))
    #expect(scheduler.statistics.rateText == "10 KB/s")
  }
}
