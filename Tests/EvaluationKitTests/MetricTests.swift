import EvaluationKit
import Foundation
import Testing

/// The rows of the metrics.
struct MetricTests {
  @Test("a metric is stored as its name, and found by it")
  func stored() throws {
    let text = String(decoding: try JSONEncoder().encode(Metric.allCases), as: UTF8.self)
    #expect(text == #"["drift","efficiency","reconstruction","fvd","is"]"#)
    let read = try JSONDecoder().decode([Metric].self, from: Data(text.utf8))
    #expect(read == Metric.allCases)
    #expect(Metric(rawValue: "speed") == nil)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Metric].self, from: Data(#"["speed"]"#.utf8))
    }
    #expect(Metric.names == "drift, efficiency, reconstruction, fvd or is")
  }

  @Test("what follows from the rows: who needs which files, who judges folders, usual sizes")
  func rows() {
    let rows = Metric.allCases
    #expect(rows.filter(\.needsModelAlone) == [.drift, .efficiency])
    #expect(rows.filter(\.canJudgeFolder) == [.drift, .frechetVideoDistance, .inceptionScore])
    #expect(rows.map(\.usualClips) == [16, 16, 2048, 2048, 10_000])
    #expect(rows.map(\.usualFrames) == [128, 16, 16, 16, 16])
    #expect(rows.map(\.shortTitle) == ["drift", "efficiency", "PSNR", "FVD", "IS"])
    #expect(Set(rows.map(\.title)).count == rows.count)
  }
}
