import CheckpointIO
import Foundation
import TensorCore

/// A run on disk: what was asked, the finished clips, and where it stands. A safetensors file, sealed so
/// that a run does not go on from a damaged one.
public struct SavedRun: Sendable {
  /// What was asked.
  public var request: GenerationRequest
  /// Where the run stands.
  public var state: GenerationState
  /// Latents of the finished clips, `[clip][sample]`.
  public var finishedClips: [[Latent]]
  /// What the caller stored beside the run.
  public var notes: [String: String]

  /// Collects what belongs to a run.
  public init(
    request: GenerationRequest, state: GenerationState, finishedClips: [[Latent]],
    notes: [String: String] = [:]
  ) {
    self.request = request
    self.state = state
    self.finishedClips = finishedClips
    self.notes = notes
  }

  private static let requestKey = "pvdm.request"
  private static let clipCountKey = "pvdm.finished_clips"

  /// Whether a checkpoint says that it is a saved run.
  package static func isOne(_ checkpoint: Checkpoint) -> Bool {
    checkpoint.metadata[requestKey] != nil
  }

  /// Reads a saved run.
  ///
  /// - Throws: ``CheckpointError`` for a damaged file, ``ModelError`` if it is no saved run.
  public init(contentsOf path: String) throws {
    let checkpoint = try Checkpoint(contentsOf: path)
    try checkpoint.verifySeal()
    func refuse(_ reason: String) -> ModelError {
      ModelError(path: path, .savedRun(reason: reason))
    }
    guard let text = checkpoint.metadata[Self.requestKey],
      let finished = checkpoint.metadata[Self.clipCountKey].flatMap(Int.init)
    else { throw refuse("it holds no run") }
    // Judged before anything is computed with it; the tensors are by their container.
    guard (0...GenerationRequest.mostClips).contains(finished) else {
      throw refuse("it says that \(finished) clips are finished")
    }
    do {
      request = try JSONDecoder().decode(GenerationRequest.self, from: Data(text.utf8))
    } catch {
      throw refuse("its settings are damaged (\(error))")
    }
    let samples = request.sampleCount
    func latents(_ name: String) throws -> [Latent]? {
      guard let entry = checkpoint.tensors.first(where: { $0.name == name }) else { return nil }
      guard entry.shape.count == 3, entry.shape[1] == PlaneGeometry.channels, entry.shape[2] > 0,
        entry.elementCount <= LatentFile.mostNumbers
      else { throw refuse("\(name) has a wrong shape") }
      let values = try checkpoint.float32Values(entry)
      guard values.withUnsafeBufferPointer(allFinite) else {
        throw refuse("\(name) holds values that are not finite")
      }
      return Latent.list(values, shape: entry.shape)
    }
    if let clips = request.clipCount, finished > clips {
      throw refuse("it has \(finished) clips of \(clips)")
    }
    let all = try latents("latents") ?? []
    guard all.count == finished * samples else { throw refuse("clips are missing in it") }
    finishedClips = (0..<finished).map { Array(all[($0 * samples)..<(($0 + 1) * samples)]) }
    state = GenerationState(condition: try latents("condition"))
    guard state.condition == nil || state.condition?.count == samples else {
      throw refuse("its condition is for another batch")
    }
    state.finishedClips = finished
    state.opening = finishedClips.first
    if let entry = checkpoint.tensors.first(where: { $0.name == "sampler" }) {
      guard entry.elementType == .uint8, entry.shape.count == 1,
        entry.elementCount <= 4 * LatentFile.mostNumbers
      else { throw refuse("sampler is no run of bytes") }
      let bytes = try checkpoint.withBytes(of: entry) { [UInt8]($0) }
      let sampler = try SamplerState(decoding: bytes)
      guard sampler.samples.count == samples else { throw refuse("its batch is another") }
      state.sampler = sampler
    }
    let sizes = Set(
      (all + (state.condition ?? []) + (state.sampler?.latents ?? [])).map {
        [$0.channels, $0.tokenCount]
      })
    guard sizes.count <= 1 else { throw refuse("its latents are of several sizes") }
    notes = checkpoint.ownMetadata.filter {
      $0.key != Self.requestKey && $0.key != Self.clipCountKey
    }
  }

  /// Writes the run, whole or not at all.
  ///
  /// - Parameters:
  ///   - isSynced: Whether the file is to survive a power loss, not only the process.
  ///   - replaces: Whether a file that is there is replaced; if not, the run is kept under another name.
  /// - Throws: ``CheckpointError`` if the file cannot be written.
  public func write(
    to path: String, isSynced: Bool = true, replaces: Bool = true
  ) throws {
    var metadata = notes
    metadata[Self.requestKey] = String(
      decoding: try JSONEncoder().encode(request), as: UTF8.self)
    metadata[Self.clipCountKey] = String(finishedClips.count)
    let finished = finishedClips.flatMap { $0 }
    let condition = state.condition ?? []
    let sampler = state.sampler?.encoded() ?? []
    func shape(_ latents: [Latent]) -> [Int] {
      [latents.count, PlaneGeometry.channels, latents.first?.tokenCount ?? 0]
    }
    var tensors: [TensorDescription] = []
    func add(_ name: String, _ type: ElementType, _ shape: [Int]) {
      if shape[0] > 0 {
        tensors.append(TensorDescription(name: name, elementType: type, shape: shape))
      }
    }
    add("latents", .float32, shape(finished))
    add("condition", .float32, shape(condition))
    add("sampler", .uint8, [sampler.count])
    let writer = SafetensorsWriter(tensors: tensors, metadata: metadata, isSealed: true)
    try writer.write(to: path, isSynced: isSynced, replaces: replaces) { tensor, sink in
      switch tensor.name {
      case "sampler": try sampler.withUnsafeBytes { try sink.append($0) }
      case "condition": for latent in condition { try sink.append(converting: latent.values) }
      default: for latent in finished { try sink.append(converting: latent.values) }
      }
    }
  }
}
