import ArgumentParser
import Foundation
import MediaIO
import RunKit
import VideoDiffusion

struct Reconstruct: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Encodes and decodes a video, and measures what was lost.",
    discussion: """
      Prints the peak signal to noise ratio (PSNR) of each clip and of all. Outputs show the \
      prepared original on the left and the reconstruction on the right.

      Example:
        pvdm reconstruct walk.mp4 skies-64 --output both.mp4
      """)

  @Argument(help: "A video, an animation, or a folder of pictures.", completion: .file())
  var input: String

  @Argument(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @Option(name: .customLong("from-frame"), help: "The first frame, from 0.")
  var fromFrame = 0

  @Option(help: "Clips of 16 frames at most, 1 or more. (default: all)")
  var clips: Int?

  @Flag(help: "Write the result as one JSON object to standard output.")
  var json = false

  @OptionGroup(title: "Model options") var models: ModelOptions
  @OptionGroup(title: "Output options") var outputs: OutputOptions
  @OptionGroup(title: "Compute options") var compute: ComputeOptions

  func validate() throws {
    if let clips, clips < 1 { throw ValidationError("--clips is \(clips); expected 1 or more") }
    if let path = outputs.output.first(where: OutputSet.isLatents) {
      throw ValidationError("\(path): reconstruct writes frames; \"pvdm encode\" writes latents")
    }
  }

  func run() async throws {
    try await explaining {
      let reader = try openVideo(input)
      let files = try models.open(model)
      let rate = outputs.fps ?? reader.frameRate?.framesPerSecond ?? files.framesPerSecond ?? 16
      let settings = RunSettings(
        command: "reconstruct", model: files, precision: compute.precision, device: compute.device,
        framesPerSecond: rate, source: input)
      let set = try OutputSet(
        paths: outputs.output, framesPerSecond: rate, settings: settings.json,
        scale: outputs.scale, overwrites: outputs.overwrite)
      let conversion = try await ClipConversion(
        files, precision: compute.precision, device: compute.device, threadCount: compute.threads,
        onShortage: tellNote)
      let progress = ClipProgress("reconstructing")
      var ratios: [Double] = []
      let stop = StopSignalSource()
      _ = try await conversion.visitClips(
        of: reader, from: fromFrame, limit: clips, stop: stop.signal
      ) { clip, original in
        let decoded = try await conversion.decode(conversion.encode(original))
        ratios.append(decoded.signalToNoise(against: original))
        let pairs = try zip(original.images, decoded.images).map {
          try $0.beside($1, gutter: 2)
        }
        try set.append(images: pairs)
        progress.show(clip + 1)
      }
      progress.end()
      try set.finish(metadata: [:])
      try report(ratios)
      tellNotes(of: reader)
      try progress.checkNotStopped(stop, set.paths)
      for path in set.paths { writeToStandardError("wrote \(path) (\(set.frameCount) frames)\n") }
    }
  }

  /// Over all clips the errors are averaged, not the ratios.
  private func report(_ ratios: [Double]) throws {
    guard !ratios.isEmpty else { return }
    let errors = ratios.map { pow(10, -$0 / 10) }
    let total = -10 * log10(errors.reduce(0, +) / Double(errors.count))
    if json {
      struct Fields: Encodable {
        let psnr: Double
        let clipPSNR: [Double]
        enum CodingKeys: String, CodingKey {
          case psnr
          case clipPSNR = "clip_psnr"
        }
      }
      try writeToStandardOutput(json: Fields(psnr: total, clipPSNR: ratios))
      return
    }
    for (clip, ratio) in ratios.enumerated() where ratios.count > 1 {
      try writeToStandardOutput("\(String(format: "clip %4d   %6.2f dB", clip + 1, ratio))")
    }
    try writeToStandardOutput("\(String(format: "PSNR        %6.2f dB", total))")
  }
}
