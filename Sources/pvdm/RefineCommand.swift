import ArgumentParser

struct Refine: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes the clips of latents anew, near what they are.",
    discussion: """
      Each clip is noised as far as --strength says and denoised again, after the clip before it: a \
      low strength keeps what is seen and cleans it, a high one keeps only its rough shape (SDEdit). 0 \
      gives the clips as they are, 1 those of "pvdm sample" with the same settings. That share of the \
      steps is taken.

      Examples:
        pvdm refine sky.safetensors --strength 0.4 --preset fine -o finer.mp4
        pvdm encode walk.mp4 -o walk.safetensors
        pvdm refine walk.safetensors --strength 0.6 --batch 4 -o near.mp4
      """)

  @Argument(
    help: "A file of latents (.safetensors).", completion: .file(extensions: ["safetensors"]))
  var input: String

  @Argument(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @Option(help: "How far each clip is noised, 0 (not at all) to 1 (to noise alone).")
  var strength = 0.5

  @OptionGroup var options: GenerationOptions

  func run() async throws {
    try await explaining {
      var job = try options.job(model, clips: nil)
      try job.refine(input, strength: strength)
      try await options.perform(job)
    }
  }
}
