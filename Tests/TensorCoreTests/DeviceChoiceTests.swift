import TensorCore
import Testing

/// Which device is to compute, as people name it.
struct DeviceChoiceTests {
  @Test("every choice reads as it is written")
  func names() {
    for choice in DeviceChoice.allCases { #expect(DeviceChoice(choice.description) == choice) }
    #expect(DeviceChoice("cuda") == .card(0))
  }

  @Test(
    "anything else is none",
    arguments: ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:01", "cuda:16", "cuda:1x", " cpu"])
  func others(_ text: String) {
    #expect(DeviceChoice(text) == nil)
  }

  @Test("the automatic one comes to a device, and the processor is called cpu")
  func resolution() {
    #expect(DeviceChoice.automatic.resolved != .automatic)
    #expect(DeviceChoice.processor.deviceName == "cpu")
    #expect(DeviceChoice.processor.isHere && DeviceChoice.automatic.isHere)
  }
}
