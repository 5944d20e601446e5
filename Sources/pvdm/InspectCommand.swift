import ArgumentParser

struct Inspect: AsyncParsableCommand {
  func run() async throws {}
}
struct Convert: AsyncParsableCommand {}
struct Doctor: AsyncParsableCommand {}
struct Bench: AsyncParsableCommand {}
