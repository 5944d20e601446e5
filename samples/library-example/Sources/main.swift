// Makes a clip with a model folder and writes it as a video or animation:
//   library-example samples/skies-64 clip.gif
import CheckpointIO
import MediaIO
import VideoDiffusion

let (model, output) = (CommandLine.arguments[1], CommandLine.arguments[2])
let (autoencoder, denoiser) = (model + "/autoencoder.safetensors", model + "/denoiser.safetensors")
print(try Checkpoint(contentsOf: denoiser).metadata)

let engine = try VideoEngine()
try await engine.load(NetworkFile(path: autoencoder))
try await engine.load(NetworkFile(path: denoiser))
let request = GenerationRequest(
  firstSampler: SamplerConfiguration(method: .uniPC, steps: 12), seed: 8)
for try await case .clipFinished(let clip) in engine.generate(request) {
  let pixels = try await engine.decode(clip.latents[0])
  let (side, bytes) = (pixels.side, pixels.bytes)
  let frames = stride(from: 0, to: bytes.count, by: side * side * 3).map {
    RGBImage(width: side, height: side, pixels: Array(bytes[$0..<$0 + side * side * 3]))
  }
  try Video(frames: frames, frameRate: FrameRate(8)).write(to: output)
}
