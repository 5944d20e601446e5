import ArgumentParser
import Glibc

/// The program: one subcommand for each thing that people do.
@main
struct PVDM: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pvdm",
    abstract: "Makes, continues and inspects videos with projected latent video diffusion (PVDM).",
    discussion: """
      Without a command, pvdm opens the studio.

      MODEL is a folder with an autoencoder and a denoiser, or the name of one that comes with the \
      program, such as skies-64, which is taken where none is named. Commands that take a MODEL also \
      take the two checkpoints by themselves, with --autoencoder and --denoiser.

      Exit status: 0 done, 2 a file or setting cannot be used, 64 wrong usage, 70 a fault of the \
      program or machine, 130 interrupted.
      """,
    version: "0.1.0",
    subcommands: [
      StudioCommand.self, Sample.self, Extend.self, Encode.self, Decode.self, Reconstruct.self,
      Inspect.self, Convert.self, Models.self, Presets.self, Dataset.self, Train.self,
      Evaluate.self, Doctor.self, Bench.self,
    ], defaultSubcommand: StudioCommand.self)

  static func main() async {
    // A file that may not grow further (ulimit -f) is an error of a write that is told like a full disk,
    // not the end of the program.
    signal(SIGXFSZ, SIG_IGN)
    await main(nil)
  }
}
