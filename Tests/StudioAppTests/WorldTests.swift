import StudioApp
import Testing

@Suite struct WorldTests {
  @Test func anEmptyWorldHasNoModel() { #expect(World().model == nil) }
}
