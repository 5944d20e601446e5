import Foundation
import MessagePassing
import TrainingData

/// Which clips of a step a rank learns from.
///
/// A step has `accumulation` batches. Ranks take whole batches as far as they can be divided so; those that
/// share a batch take parts of it that follow each other. Which clips and draws make up a step does not depend
/// on the ranks.
struct StepShare: Sendable, Hashable {
  /// Clips of a batch, those of other ranks included.
  let batch: Int
  /// Batches of a step, likewise.
  let accumulation: Int
  /// The rank's batches.
  let batches: Range<Int>
  /// Its clips in each of them.
  let clips: Range<Int>

  /// A rank's share; everything for one alone.
  ///
  /// - Parameters:
  ///   - ranks: Those that take steps together; `nil` for one alone.
  ///   - needsWholeBatches: Whether batches must not be divided.
  ///   - run: The run's folder, for the error.
  /// - Throws: ``TrainingError`` if the step cannot be divided into equal parts.
  init(
    _ settings: StageSettings, of ranks: (any Communicator)?, needsWholeBatches: Bool, run: String
  ) throws {
    batch = settings.batch
    accumulation = settings.accumulation
    let (rank, size) = (ranks?.rank ?? 0, ranks?.size ?? 1)
    // So many ranks share each batch.
    let sharers = size / Self.greatestCommonDivisor(accumulation, size)
    guard batch % sharers == 0, !needsWholeBatches || sharers == 1 else {
      throw TrainingError(
        run,
        .cannotShare(
          ranks: size, batch: batch, accumulation: accumulation,
          needsWholeBatches: needsWholeBatches))
    }
    let groups = size / sharers
    let (batchesEach, clipsEach) = (accumulation / groups, batch / sharers)
    let (group, part) = rank.quotientAndRemainder(dividingBy: sharers)
    batches = (group * batchesEach)..<((group + 1) * batchesEach)
    clips = (part * clipsEach)..<((part + 1) * clipsEach)
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }

  /// Clips of a step, those of all ranks.
  var clipsPerStep: Int { batch * accumulation }

  /// The places of the rank's clips among those of a step.
  var places: Set<Int> {
    Set(batches.flatMap { number in clips.map { number * batch + $0 } })
  }

  /// A loader of the clips of steps.
  func loader(
    _ sampler: ClipSampler, reader: ClipReader, ranks: (any Communicator)?
  ) -> ClipLoader<ClipSampler> {
    ClipLoader(
      sampler, reader: reader, batchSize: clipsPerStep,
      clipsAhead: max(clipsPerStep, 2 * batch),
      sharing: ranks.map { ranks in
        BatchSharing(places: places) { failures in
          let all = try await ranks.gathered(failures)
          return all.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        }
      })
  }
}
