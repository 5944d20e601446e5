import TerminalUI

/// A line of the form that sets a training up.
enum TrainField: CaseIterable {
  case stage, name, preset, file, data, autoencoder, autoencoderFile, initial, lpips, vgg
  case steps, batch, rate, precision, checkpointing, device, threads, more

  /// Whether it is a path, which Tab completes.
  var isPath: Bool {
    switch self {
    case .file, .data, .autoencoderFile, .initial, .lpips, .vgg: true
    default: false
    }
  }

  /// The setting of a configuration that it stands for, in the table of the stage.
  var settingKey: String? {
    switch self {
    case .steps: "steps"
    case .batch: "batch"
    case .rate: "learning_rate"
    case .precision: "precision"
    case .checkpointing: "gradient_checkpointing"
    default: nil
    }
  }

  var label: String {
    switch self {
    case .stage: "stage"
    case .name: "name"
    case .preset: "preset"
    case .file: "file"
    case .data: "videos"
    case .autoencoder: "autoencoder"
    case .autoencoderFile: "its file"
    case .initial: "begin with"
    case .lpips: "LPIPS"
    case .vgg: "VGG16"
    case .steps: "steps"
    case .batch: "batch"
    case .rate: "rate"
    case .precision: "precision"
    case .checkpointing: "less memory"
    case .device: "device"
    case .threads: "threads"
    case .more: "more"
    }
  }

  var help: String {
    switch self {
    case .stage: "the autoencoder comes first, then the denoiser that learns its planes"
    case .name: "of the run and of its folder"
    case .preset: "networks and settings to begin with"
    case .file: "a configuration in TOML, or the authors' YAML; Tab completes"
    case .data: "a folder of videos or of folders of frames, UCF-101 or SkyTimelapse; Tab completes"
    case .autoencoder: "whose latents the denoiser learns: of a model or of a run"
    case .autoencoderFile: "the autoencoder's checkpoint; Tab completes"
    case .initial: "a network, or a run to go on from with its optimiser; empty: random"
    case .lpips: "LPIPS' vgg.pth for the perceptual loss; empty takes any fetched; Tab completes"
    case .vgg: "torchvision's vgg16-397923af.pth; Tab completes"
    case .steps: "steps of the optimiser"
    case .batch: "clips of a batch; fewer take less memory"
    case .rate: "the highest learning rate"
    case .precision: "of products and features; bf16 is faster on some processors, tf32 on cards"
    case .checkpointing: "gradient checkpointing: blocks run twice and keep less; slower"
    case .device: "what trains: the processor, or a graphics processor by its number"
    case .threads: "processors to use; 0 is all of them"
    case .more: "other settings, such as mirrors=true seed=3 (pvdm train config shows all)"
    }
  }
}
