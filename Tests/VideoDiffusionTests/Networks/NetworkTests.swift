import CheckpointIO
import Foundation
import NeuralLayers
import TensorCore
import Testing

@testable import VideoDiffusion

func maxDiff(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).map { abs($0 - $1) }.max()! }

@Suite(.serialized) struct NetworkTests {
  @Test(arguments: ["unet-8x16", "unet-8x16-uncond", "unet-32x16"], [ElementType.float32, .bfloat16]) func denoiser(_ name: String, _ type: ElementType) throws {
    let ck = try Checkpoint(contentsOf: "/work/shared/golden/\(name)/ema_model.pth")
    let sd = try StateDictionary(in: ck, prefixes: ["diffusion_model."])
    let ctx = try ComputeContext()
    let conf: DenoiserConfiguration
    switch name {
    case "unet-8x16": conf = .init(geometry: .init(side: 8), baseWidth: 32, widthMultipliers: [1, 2], residualBlocks: 1, attentionFactors: [1, 2], headCount: 4)
    case "unet-32x16": conf = .init(geometry: .init(side: 32), baseWidth: 32, widthMultipliers: [1, 2, 4, 4])
    default: conf = .init(geometry: .init(side: 8), baseWidth: 32, widthMultipliers: [1, 2], residualBlocks: 1, attentionFactors: [1], headCount: 2, isConditional: false)
    }
    let scope = ParameterScope(CheckpointParameters(ck, sd), context: ctx, elementType: type)
    let net = try Denoiser(scope, conf)
    try scope.checkEverythingWasUsed(of: sd.tensors.map(\.name), except: ["zeros"])
    let g = try GoldenFile("\(name)/forward.safetensors")
    let n = conf.geometry.tokenCount
    let x = try g.f("x"), t = try g.i("t")
    func latents(_ v: [Float]) -> [Latent] { (0..<2).map { Latent(values: Array(v[$0 * 4 * n..<($0 + 1) * 4 * n]), tokenCount: n) } }
    let out = try net(latents(x), conditions: [nil, nil], steps: t.map { Float($0) }, ctx)
    let want = try (try? g.f("eps_uncond")) ?? g.f("eps")
    let d = maxDiff(out.flatMap(\.values), want)
    func rms(_ a: [Float], _ b: [Float]) -> Double { (zip(a, b).map { Double($0 - $1) * Double($0 - $1) }.reduce(0, +) / b.map { Double($0) * Double($0) }.reduce(0, +)).squareRoot() }
    print(name, type, "uncond", d, rms(out.flatMap(\.values), want))
    if conf.isConditional {
      let out = try net(latents(x), conditions: latents(try g.f("cond")), steps: t.map { Float($0) }, ctx)
      print(name, type, "cond", maxDiff(out.flatMap(\.values), try g.f("eps_cond")), rms(out.flatMap(\.values), try g.f("eps_cond")))
    }
  }
  @Test(arguments: ["ae-64", "ae-256"], [ElementType.float32, .bfloat16]) func autoencoder(_ name: String, _ type: ElementType) throws {
    let ck = try Checkpoint(contentsOf: "/work/shared/golden/\(name)/model.pth")
    let sd = try StateDictionary(in: ck)
    let ctx = try ComputeContext()
    let res = name == "ae-64" ? 64 : 256
    let scope = ParameterScope(CheckpointParameters(ck, sd), context: ctx, elementType: type)
    let net = try Autoencoder(scope, .init(resolution: res, width: 32))
    try scope.checkEverythingWasUsed(of: sd.tensors.map(\.name), except: ["coords"])
    let g = try GoldenFile("\(name)/io.safetensors")
    let u8 = try g.i("video_u8").map { UInt8($0) }
    let clip = PixelClip(frames: 16, side: res, bytes: u8)
    let tok = try net.encoderTokens(clip, ctx).floats()
    print(name, type, "tokens", maxDiff(Array(tok.prefix(64 * 32)), try g.f("encoder_tokens_first64")))
    let t0 = Date()
    let z = try net.encode(clip, ctx)
    let want = try g.f("latent")
    print(name, type, "latent", maxDiff(z.values, want), -t0.timeIntervalSinceNow)
    let t1 = Date()
    let dec = try net.decode(Latent(values: want, tokenCount: want.count / 4), ctx)
    print("decode", -t1.timeIntervalSinceNow)
    let golden = try g.f("decoded"), idx = try g.i("decoded_frame_index")
    var m: Float = 0
    for (k, f) in idx.enumerated() { for c in 0..<3 { for p in 0..<(res * res) { m = max(m, abs(golden[(k * 3 + c) * res * res + p] - dec.values[(Int(f) * res * res + p) * 3 + c])) } } }
    print(name, type, "decoded", m * 127.5)
  }
}
