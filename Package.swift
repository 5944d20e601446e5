// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "pvdm",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CDNNL", providers: [.apt(["libdnnl-dev"])]),
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("gomp"), .linkedLibrary("m")]),
    .target(name: "TensorCore", dependencies: ["CDNNL", "CKernels"]),
    .target(name: "NeuralLayers", dependencies: ["TensorCore"]),
    .target(name: "CheckpointIO", dependencies: ["TensorCore"]),
    .target(
      name: "VideoDiffusion",
      dependencies: [
        "NeuralLayers", "CheckpointIO", "TensorCore", .product(name: "Yams", package: "Yams"),
      ]),
    .testTarget(name: "VideoDiffusionTests", dependencies: ["VideoDiffusion", "CheckpointIO"]),
  ],
  swiftLanguageModes: [.v6]
)
