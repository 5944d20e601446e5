import RunKit
import TensorCore
import TestSupport
import Testing

/// What `doctor` tells of graphics processors.
struct GraphicsDiagnosisTests {
  @Test("a card is told of as the driver describes it")
  func card() throws {
    let findings = Diagnosis.graphics(try EmulatedCard(memoryBytes: 8_000_000_000).cards())
    let finding = try #require(findings.first)
    #expect(findings.count == 1 && finding.name == "cuda:0" && finding.status == .ok)
    #expect(
      finding.value
        == "emulated card, 8.0 GB, compute capability 8.0, driver for CUDA 12.4")
  }

  @Test("where there is none, that is no fault")
  func none() throws {
    let finding = try #require(Diagnosis.graphics([]).first)
    #expect(finding.status == .ok && finding.value == "none of NVIDIA's")
  }
}
