import Foundation
import RunKit
import VideoDiffusion

/// A model folder.
public struct ModelSummary: Sendable, Encodable {
  /// What people call it.
  public let name: String
  /// A sentence or two about it.
  public let summary: String
  /// Frames a second at which its videos look right.
  public let framesPerSecond: Double?
  /// The autoencoder's file, relative to the folder.
  public let autoencoderFile: String?
  /// The denoiser's file, relative to the folder.
  public let denoiserFile: String?
  /// The autoencoder.
  public let autoencoder: NetworkSummary?
  /// The denoiser.
  public let denoiser: NetworkSummary?

  init(_ path: String) throws {
    let folder = try ModelFolder(contentsOf: path)
    let files = try ModelFiles(model: path)
    name = folder.name
    summary = folder.summary
    framesPerSecond = folder.framesPerSecond
    autoencoderFile = folder.autoencoder
    denoiserFile = folder.denoiser
    autoencoder = files.autoencoder.map(NetworkSummary.init)
    denoiser = files.denoiser.map(NetworkSummary.init)
  }
}
