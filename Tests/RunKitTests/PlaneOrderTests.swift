import Foundation
import KitTestSupport
import RunKit
import Synchronization
import TestSupport
import Testing
import VideoDiffusion

/// Clips whose planes come out exchanged: a denoiser without plane codes, and an autoencoder whose weights
/// were made so that every clip encodes to 0.96 in yt and -0.96 in xt.
@Suite struct PlaneOrderTests {
  private let folder: TemporaryFolder
  private static let geometry = TinyCheckpoint.denoiser.geometry

  init() throws { folder = try TemporaryFolder() }

  private func autoencoder() throws -> String {
    let path = folder.path("autoencoder.pth")
    try TinyCheckpoint.write(RandomParameters(TinyCheckpoint.autoencoder), to: path) {
      name, values in
      guard name.hasPrefix("pre_") else { return }
      let bias: Float = name == "pre_yt.bias" ? 2 : name == "pre_xt.bias" ? -2 : 0
      values = values.map { _ in bias }
    }
    return path
  }

  private func denoiser(isCoded: Bool = false) throws -> String {
    let path = folder.path("denoiser-\(isCoded).pth")
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser), prefix: "diffusion_model.", to: path
    ) { name, values in
      guard name == "zeros" else { return }
      values = isCoded ? Latent.planeCodes(Self.geometry).values : values.map { _ in 0 }
    }
    return path
  }

  private func engine(isCoded: Bool = false) async throws -> VideoEngine {
    let files = try ModelFiles(
      model: nil, autoencoder: autoencoder(), denoiser: denoiser(isCoded: isCoded))
    let engine = try VideoEngine(threadCount: 1)
    for file in [files.autoencoder, files.denoiser] { try await engine.load(#require(file)) }
    return engine
  }

  private func request(
    ordersPlanes: Bool, clips: Int = 1, samples: Int = 1
  ) -> GenerationRequest {
    GenerationRequest(
      clipCount: clips, firstSampler: SamplerConfiguration(steps: 2),
      laterSampler: SamplerConfiguration(steps: 2), seed: 3, sampleCount: samples,
      ordersPlanes: ordersPlanes)
  }

  private func clips(
    _ engine: VideoEngine, _ request: GenerationRequest
  ) async throws -> [FinishedClip] {
    var clips: [FinishedClip] = []
    for try await event in engine.generate(request) {
      if case .clipFinished(let clip) = event { clips.append(clip) }
    }
    return clips
  }

  /// Numbers that tell which plane they are of.
  private func numbered(_ geometry: PlaneGeometry) -> Latent {
    var latent = Latent(zerosFor: geometry)
    for (number, plane) in geometry.planes.enumerated() {
      for channel in 0..<PlaneGeometry.channels {
        for token in plane { latent.values[channel * geometry.tokenCount + token] = Float(number) }
      }
    }
    return latent
  }

  @Test("planes of one shape can be exchanged: two of them, or all three", arguments: [8, 16, 32])
  func orders(side: Int) {
    let geometry = PlaneGeometry(side: side)
    let orders = PlaneOrder.indistinguishable(geometry)
    #expect(orders.count == (side == 16 ? 6 : 2) && Set(orders).count == orders.count)
    #expect(orders.first == .usual)
    let latent = numbered(geometry)
    let results = orders.map { $0.putRight(latent, geometry) }
    #expect(results[0] == latent && Set(results).count == orders.count)
    #expect(orders[1].putRight(results[1], geometry) == latent)
    #expect(orders[1].text == "xy xt yt")
  }

  @Test("the order is kept whose frames encode to the latent itself, whichever came out")
  func putRight() async throws {
    let engine = try await engine()
    #expect(await engine.mayExchangePlanes)
    let asTheyCome = try await clips(engine, request(ordersPlanes: false, samples: 8))[0]
    let ordered = try await clips(engine, request(ordersPlanes: true, samples: 8))[0]
    #expect(asTheyCome.planeOrders.allSatisfy { $0 == .usual })
    // Both happen: this is what the test is about.
    #expect(Set(ordered.planeOrders).count == 2)
    let planes = Self.geometry.planes
    for (sample, latent) in ordered.latents.enumerated() {
      let order = ordered.planeOrders[sample]
      #expect(latent == order.putRight(asTheyCome.latents[sample], Self.geometry))
      func sum(_ plane: Range<Int>) -> Float {
        (0..<PlaneGeometry.channels).reduce(0) { sum, channel in
          plane.reduce(sum) { $0 + latent.values[channel * latent.tokenCount + $1] }
        }
      }
      #expect(sum(planes[1]) >= sum(planes[2]))
    }
    let said = ordered.notes
    #expect(said.count == ordered.planeOrders.count { $0 != .usual })
    #expect(said.allSatisfy { $0.hasPrefix("clip 1 of video ") && $0.contains("xy xt yt") })
  }

  @Test("the next clip continues the clip that was put right, and is left as it comes")
  func continuation() async throws {
    let engine = try await engine()
    let made = try await clips(engine, request(ordersPlanes: true, clips: 2, samples: 8))
    #expect(made[0].state.condition == made[0].latents)
    #expect(made[1].planeOrders.allSatisfy { $0 == .usual })
  }

  @Test("planes that the denoiser can tell apart stay as they are")
  func codes() async throws {
    let engine = try await engine(isCoded: true)
    #expect(await !engine.mayExchangePlanes)
    let made = try await clips(engine, request(ordersPlanes: true, samples: 4))
    let plain = try await clips(engine, request(ordersPlanes: false, samples: 4))
    #expect(made[0].latents == plain[0].latents)
    #expect(made[0].planeOrders.allSatisfy { $0 == .usual })
  }

  @Test(
    "a run of latents alone says that it cannot see the order, and takes an autoencoder if it can")
  func latentsAlone() async throws {
    for isThere in [false, true] {
      let path = folder.path("z-\(isThere).safetensors")
      var job = GenerationJob(
        model: try ModelFiles(
          model: nil, autoencoder: isThere ? autoencoder() : nil, denoiser: denoiser()),
        request: request(ordersPlanes: true), outputs: [path])
      job.request.seed = 5
      let notes = Mutex<[String]>([])
      _ = try await job.run { event in
        if case .notes(let some) = event { notes.withLock { $0 += some } }
      }
      let isSaid = notes.withLock { $0 }.contains { $0.contains("cannot be seen without") }
      #expect(try LatentFile(contentsOf: path).latents.count == 1)
      #expect(isSaid == !isThere)
    }
  }
}
