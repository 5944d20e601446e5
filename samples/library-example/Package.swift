// swift-tools-version: 6.1
import PackageDescription

// What another package writes to use the engine; elsewhere the project's address stands in place of `path`.
let package = Package(
  name: "library-example",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "pvdm", path: "../..")],
  targets: [
    .executableTarget(
      name: "library-example",
      dependencies: [
        .product(name: "VideoDiffusion", package: "pvdm"),
        .product(name: "CheckpointIO", package: "pvdm"),
        .product(name: "MediaIO", package: "pvdm"),
      ], path: "Sources")
  ]
)
