import RunKit
import TensorCore
import VideoDiffusion

/// A search for models beside everything else, which can be given up without waiting for it.
final class ModelSearching: Sendable {
  /// Ends the search.
  let stop = StopSignal()
  private let library: ModelLibrary
  private let pairs: [AddedModels.Pair]

  /// - Parameters:
  ///   - library: Where to look.
  ///   - pairs: Checkpoints that the user paired.
  init(_ library: ModelLibrary, pairs: [AddedModels.Pair]) {
    self.library = library
    self.pairs = pairs
  }

  /// What was found; `nil` if the search was given up.
  func result() async -> [ModelEntry]? { try? await WorkerPool.blocking.run { try self.entries() } }

  private func entries() throws -> [ModelEntry] {
    let entries = try library.entries(stop: stop)
    let paired = try pairs.compactMap { pair -> ModelEntry? in
      do {
        return ModelLibrary.pair(
          autoencoder: try ModelLibrary.entry(at: pair.autoencoder, stop: stop),
          denoiser: try ModelLibrary.entry(at: pair.denoiser, stop: stop))
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        // It may come back with the disk that it is on.
        return nil
      }
    }
    let known = Set(entries.map(\.path))
    return paired.filter { !known.contains($0.path) } + entries
  }
}
