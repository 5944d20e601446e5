// swift-tools-version: 6.1
import PackageDescription

// Async functions of these targets run on their caller's actor, so that values which belong to one task
// (readers, writers) can be handed to them.
let asyncOnCaller: [SwiftSetting] = [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

// libFuzzer brings a `main` of its own, so that its runner builds only with -sanitize=fuzzer, as
// `.ci/fuzz` asks for it.
let fuzzing: [Target] =
  Context.environment["PVDM_FUZZING"] == nil
  ? []
  : [
    .executableTarget(
      name: "pvdm-fuzz", dependencies: ["FuzzTargets"], path: "Tests/FuzzRunner")
  ]

let package = Package(
  name: "pvdm",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "pvdm", targets: ["pvdm"]),
    // For other packages: `samples/library-example` is one
    .library(name: "VideoDiffusion", targets: ["VideoDiffusion"]),
    .library(name: "CheckpointIO", targets: ["CheckpointIO"]),
    .library(name: "MediaIO", targets: ["MediaIO"]),
    // For tests alone: loaded in front of the C library, to let its calls fail.
    .library(name: "FaultLayer", type: .dynamic, targets: ["FaultLayer"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // Libraries of the system
    .systemLibrary(name: "CDNNL", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CNcurses", providers: [.apt(["libncursesw5-dev"])]),
    .systemLibrary(
      name: "CChafa", pkgConfig: "chafa", providers: [.apt(["libchafa-dev", "libglib2.0-dev"])]),

    // Names of what is written, and when it gets them; needs nothing
    .target(name: "OutputFiles"),

    // Processes that compute together; MPI's library is opened when there are several
    .target(name: "CMPI"),
    .target(name: "MessagePassing", dependencies: ["CMPI"]),

    // The engine
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
    // NVIDIA's driver, loaded where there is one, and the kernels for its cards
    .target(name: "CDriver"),
    .target(name: "CGraphicsKernels"),
    .target(
      name: "TensorCore",
      dependencies: ["CDNNL", "COpenBLAS", "CKernels", "CDriver", "CGraphicsKernels"]),
    .target(name: "NeuralLayers", dependencies: ["TensorCore", "MessagePassing"]),
    .target(
      name: "CheckpointIO",
      dependencies: ["TensorCore", "OutputFiles", "CKernels", "CCrypto", "CZlib"]),
    .target(
      name: "VideoDiffusion",
      dependencies: [
        "NeuralLayers", "CheckpointIO", "TensorCore", "MessagePassing", "HandwrittenText",
        .product(name: "Yams", package: "Yams"),
      ]),
    // FFmpeg's headers, and its functions, which load its libraries when they are first called
    .target(name: "CFFmpeg"),
    .target(name: "MediaIO", dependencies: ["OutputFiles", "CFFmpeg", "CPNG"]),

    // Videos to learn from; its own target because it needs both media and clips, which know nothing
    // of each other
    .target(
      name: "TrainingData",
      dependencies: [
        "VideoDiffusion", "CheckpointIO", "TensorCore", "MediaIO", "OutputFiles", "HandwrittenText",
      ],
      swiftSettings: asyncOnCaller),

    // What a user does
    .target(
      name: "HandwrittenText", dependencies: [.product(name: "TOMLKit", package: "TOMLKit")]),
    .target(
      name: "SessionStore",
      dependencies: ["OutputFiles", .product(name: "GRDB", package: "GRDB.swift")]),
    .target(
      name: "RunKit",
      dependencies: [
        "VideoDiffusion", "CheckpointIO", "NeuralLayers", "TensorCore", "MessagePassing", "MediaIO",
        "OutputFiles", "HandwrittenText", .product(name: "TOMLKit", package: "TOMLKit"),
      ], swiftSettings: asyncOnCaller),
    .target(
      name: "TrainingKit",
      dependencies: [
        "RunKit", "TrainingData", "VideoDiffusion", "CheckpointIO", "NeuralLayers", "TensorCore",
        "MessagePassing", "MediaIO", "OutputFiles", "HandwrittenText",
        .product(name: "TOMLKit", package: "TOMLKit"), .product(name: "Yams", package: "Yams"),
      ], swiftSettings: asyncOnCaller),
    .target(
      name: "EvaluationKit",
      dependencies: [
        "RunKit", "TrainingData", "VideoDiffusion", "CheckpointIO", "TensorCore",
        "MediaIO", "OutputFiles", "HandwrittenText",
      ], swiftSettings: asyncOnCaller),
    .target(
      name: "BenchmarkKit",
      dependencies: [
        "TrainingKit", "RunKit", "VideoDiffusion", "CheckpointIO", "NeuralLayers", "TensorCore",
        "MessagePassing",
      ], swiftSettings: asyncOnCaller),
    .target(
      name: "InspectionKit",
      dependencies: [
        "TrainingKit", "RunKit", "TrainingData", "VideoDiffusion", "CheckpointIO", "TensorCore",
        "MediaIO",
      ], swiftSettings: asyncOnCaller),
    .target(
      name: "StudioKit",
      dependencies: [
        "InspectionKit", "EvaluationKit", "TrainingKit", "RunKit", "SessionStore",
        "VideoDiffusion", "CheckpointIO", "TensorCore", "MediaIO", "OutputFiles", "HandwrittenText",
      ], swiftSettings: asyncOnCaller),
    // What passes between screens and the workspace, in one process or through a socket
    .target(
      name: "StudioLink",
      dependencies: [
        "StudioKit", "EvaluationKit", "TrainingKit", "RunKit", "MediaIO", "TensorCore",
        "TerminalUI",
      ], swiftSettings: asyncOnCaller),
    .target(
      name: "TerminalUI",
      dependencies: [
        "CNcurses", "CChafa", "CPNG", "HandwrittenText",
        .product(name: "TOMLKit", package: "TOMLKit"),
      ]),
    .target(
      name: "StudioApp",
      dependencies: [
        "StudioLink", "StudioKit", "EvaluationKit", "TrainingKit", "RunKit", "TerminalUI",
        "MediaIO", "VideoDiffusion", "TensorCore", "HandwrittenText",
      ],
      swiftSettings: asyncOnCaller),
    .executableTarget(
      name: "pvdm",
      dependencies: [
        "StudioApp", "StudioLink", "StudioKit", "InspectionKit", "BenchmarkKit", "EvaluationKit",
        "TrainingKit",
        "RunKit", "TerminalUI", "VideoDiffusion", "TensorCore", "MessagePassing", "MediaIO",
        "TrainingData", "HandwrittenText", "OutputFiles",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: asyncOnCaller),

    // Tests
    .target(name: "FaultLayer", path: "Tests/FaultLayer"),
    .executableTarget(
      name: "WorkspaceProbe", dependencies: ["StudioKit", "RunKit"], path: "Tests/WorkspaceProbe",
      swiftSettings: asyncOnCaller),
    // A graphics processor for machines without one, with its driver
    .target(
      name: "KernelEmulator", dependencies: ["CDriver", "CGraphicsKernels"],
      path: "Tests/KernelEmulator", cxxSettings: [.headerSearchPath(".")]),
    .target(
      name: "TestSupport",
      dependencies: [
        "CheckpointIO", "KernelEmulator", "MessagePassing", "NeuralLayers", "TensorCore",
        "TerminalUI",
      ],
      path: "Tests/TestSupport"),
    .testTarget(
      name: "TensorCoreTests", dependencies: ["TensorCore", "CKernels", "TestSupport"]),
    .testTarget(
      name: "NeuralLayersTests",
      dependencies: ["NeuralLayers", "TensorCore", "MessagePassing", "TestSupport"]),
    .testTarget(name: "MessagePassingTests", dependencies: ["MessagePassing", "TestSupport"]),
    .testTarget(name: "OutputFilesTests", dependencies: ["OutputFiles", "TestSupport"]),
    .testTarget(
      name: "CheckpointIOTests", dependencies: ["TensorCore", "CheckpointIO", "TestSupport"]),
    .testTarget(
      name: "VideoDiffusionTests",
      dependencies: [
        "VideoDiffusion", "CheckpointIO", "NeuralLayers", "TensorCore", "MessagePassing",
        "TestSupport",
      ]),
    .testTarget(
      name: "SessionStoreTests",
      dependencies: [
        "SessionStore", "OutputFiles", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .target(
      name: "KitTestSupport",
      dependencies: [
        "StudioKit", "EvaluationKit", "RunKit", "VideoDiffusion", "MediaIO", "CheckpointIO",
        "TensorCore", "TestSupport",
      ],
      path: "Tests/KitTestSupport"),
    .testTarget(
      name: "RunKitTests",
      dependencies: [
        "RunKit", "InspectionKit", "VideoDiffusion", "MediaIO", "CheckpointIO", "TensorCore",
        "OutputFiles", "KitTestSupport", "TestSupport",
      ]),
    .testTarget(
      name: "TrainingKitTests",
      dependencies: [
        "TrainingKit", "InspectionKit", "RunKit", "VideoDiffusion", "MediaIO", "CheckpointIO",
        "TensorCore", "MessagePassing", "TrainingData", "KitTestSupport", "TestSupport",
      ]),
    .testTarget(
      name: "EvaluationKitTests",
      dependencies: [
        "EvaluationKit", "RunKit", "VideoDiffusion", "MediaIO", "KitTestSupport", "TestSupport",
      ]),
    .testTarget(
      name: "BenchmarkKitTests",
      dependencies: [
        "TensorCore", "BenchmarkKit", "VideoDiffusion", "MessagePassing", "RunKit",
        "KitTestSupport",
        "TestSupport",
      ]),
    .testTarget(
      name: "InspectionKitTests",
      dependencies: [
        "InspectionKit", "RunKit", "VideoDiffusion", "CheckpointIO", "KitTestSupport",
        "TestSupport",
      ]),
    .testTarget(
      name: "StudioKitTests",
      dependencies: [
        "StudioKit", "EvaluationKit", "TrainingKit", "RunKit", "SessionStore",
        "VideoDiffusion", "MediaIO", "KitTestSupport",
        "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "PVDMCommandTests",
      dependencies: [
        "BenchmarkKit",
        "pvdm", "StudioKit", "EvaluationKit", "TrainingKit", "RunKit", "MediaIO", "VideoDiffusion",
        "KitTestSupport", "TestSupport", "WorkspaceProbe",
      ]),
    .testTarget(
      name: "TerminalUITests", dependencies: ["TerminalUI", "HandwrittenText", "TestSupport"],
      exclude: ["Snapshots"]),
    .testTarget(
      name: "StudioAppTests",
      dependencies: [
        "StudioApp", "StudioLink", "StudioKit", "EvaluationKit", "TrainingKit", "RunKit",
        "TerminalUI", "MediaIO", "VideoDiffusion",
      ],
      exclude: ["Snapshots"]),
    .testTarget(
      name: "StudioLinkTests",
      dependencies: [
        "StudioLink", "StudioKit", "EvaluationKit", "TrainingKit", "RunKit", "MediaIO",
        "TensorCore", "VideoDiffusion", "KitTestSupport", "TestSupport",
      ]),
    .testTarget(name: "MediaIOTests", dependencies: ["MediaIO"]),
    .testTarget(
      name: "TrainingDataTests",
      dependencies: ["TensorCore", "TrainingData", "VideoDiffusion", "MediaIO", "TestSupport"],
      swiftSettings: asyncOnCaller),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "InspectionKit",
        "CheckpointIO", "NeuralLayers", "TensorCore", "VideoDiffusion", "MediaIO", "RunKit",
        "TrainingKit", "StudioLink", "StudioKit", "SessionStore", "TerminalUI",
      ],
      path: "Tests/FuzzTargets", exclude: ["Corpus"]),
    .testTarget(name: "FuzzTests", dependencies: ["TensorCore", "FuzzTargets", "TestSupport"]),
  ] + fuzzing,
  swiftLanguageModes: [.v6]
)

// The sanitizers' builds take several times as long as others, so that `.ci/sanitize` names the tests that
// it runs; with what those need they are the whole package then.
if let tests = Context.environment["PVDM_ONLY_TESTS"] {
  var needed: Set<String> = []
  var names = tests.split(separator: " ").map(String.init)
  while let name = names.popLast() {
    guard needed.insert(name).inserted,
      let target = package.targets.first(where: { $0.name == name })
    else { continue }
    for dependency in target.dependencies {
      switch dependency {
      case .targetItem(let name, _), .byNameItem(let name, _): names.append(name)
      default: break
      }
    }
  }
  package.targets.removeAll { !needed.contains($0.name) }
  package.products = []
}
