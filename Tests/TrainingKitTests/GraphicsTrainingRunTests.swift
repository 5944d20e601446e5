import Foundation
import TensorCore
import TestSupport
import Testing
import TrainingKit

/// Whole trainings on an emulated card: from videos to a network that makes samples.
@Suite(.timeLimit(.minutes(20)))
struct GraphicsTrainingRunTests {
  private let fixture: TrainingFixture

  init() async throws { fixture = try await TrainingFixture() }

  /// The `tiny` preset made smaller still: the card is none.
  private func job(_ stage: TrainingStage, to run: String) -> TrainingJob {
    var configuration = TrainingFixture.configuration(stage, steps: 2)
    configuration.autoencoder.width = 16
    configuration.autoencoder.projectionHiddenWidth = 16
    configuration.autoencoder.layers = 1
    configuration.denoiser.baseWidth = 32
    configuration[stage].batch = 1
    configuration[stage].checkpointInterval = 1
    configuration[stage].validationClips = 1
    configuration.diffusionTraining.sampleClips = 1
    configuration.diffusionTraining.sampleSteps = 1
    var job = fixture.job(stage, configuration, to: run)
    job.device = .card(0)
    return job
  }

  @Test("both stages train on a card, and a run that stops goes on to the same bits")
  func resume() async throws {
    let card = EmulatedCard()
    try await card.standingIn {
      for stage in TrainingStage.allCases {
        if stage == .diffusion { try fixture.makeAutoencoder(from: "autoencoder-whole") }
        let before = card.launchCount
        let whole = try await job(stage, to: "\(stage.rawValue)-whole").run()
        #expect(whole.isComplete && card.launchCount > before)
        let part = try await job(stage, to: "\(stage.rawValue)-part").run(until: 1)
        #expect(!part.isComplete && part.step == 1)
        let resumed = try fixture.resumed("\(stage.rawValue)-part")
        #expect(resumed.device == .card(0))
        #expect(try await resumed.run().isComplete)
        #expect(
          try fixture.losses("\(stage.rawValue)-part") == fixture.losses("\(stage.rawValue)-whole"))
        let network = (whole.weights as NSString).lastPathComponent
        let weights = try #require(fixture.bytes("\(stage.rawValue)-whole", network))
        #expect(fixture.bytes("\(stage.rawValue)-part", network) == weights)
      }
    }
    #expect(card.fault == nil)
  }
}
