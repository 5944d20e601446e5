import CheckpointIO
import Foundation
import HandwrittenText
import MediaIO
import MessagePassing
import NeuralLayers
import TensorCore
import VideoDiffusion

// What the errors of the layers below say to people. They say themselves what was found; what to do
// about it depends on the program, its commands and options.

extension ModelError: ExplainedError {
  package var sentence: String { description }

  package var remedy: String {
    switch problem {
    case .unknownNetwork:
      "Give model_last.pth (autoencoder) or ema_model.pth (denoiser) as the authors publish them; "
        + "of several groups of weights, \"pvdm convert --wrapper NAME\" takes one"
    case .otherNetwork(let expected, _):
      "Give it as --\(expected == .denoiser ? "autoencoder" : "denoiser")"
    case .disagreement: "Give the configuration that the model was trained with, with --config"
    case .trainingState(let wrappers):
      wrappers.first.map { "\"pvdm convert STATE OUT --wrapper \($0)\" makes a checkpoint of one" }
        ?? ""
    case .contradiction:
      "Correct the one that is wrong, or give the right configuration with --config"
    case .unsupportedSetting:
      "Use a network without it; if the file is about another network, name the right one with --config"
    case .configuration: "Give a config.json or the authors' YAML file with --config"
    case .unfit: "Use two networks that were trained together"
    case .latentShape: "Use the model that made the latent"
    case .unconditional: "Ask for one clip, or use a conditional denoiser"
    case .distilled(let steps):
      "Choose the sampler distilled with \(counted(steps, "step")) for every clip"
        + (steps == PresetLibrary.instantSteps ? ", as the preset instant does" : "")
    case .notDistilled:
      "Use another sampler or preset; \"pvdm train distill\" makes such a denoiser"
    case .notLoaded(let kind): "Name one with --\(kind.rawValue)"
    case .precision(.tensorFloat32, _):
      "Use --precision f32, or --device cuda:0 where there is a card"
    case .precision: "Use --precision f32"
    case .device: "Use --device cpu, or auto; \"pvdm doctor\" shows which cards there are"
    case .parameter, .structure:
      "The file may be damaged or of another model; \"pvdm inspect\" shows what it holds"
    case .latentFile, .setting, .savedRun: ""
    }
  }
}

extension CheckpointError: ExplainedError {
  package var sentence: String { description }

  package var remedy: String {
    switch kind {
    case .truncated, .malformed, .checksumMismatch, .outOfBounds, .duplicateName, .length:
      "Download or copy the file again"
    case .noWrapper, .noNetwork:
      "\"pvdm inspect\" shows what the file holds; \"pvdm convert --wrapper NAME\" takes the weights "
        + "under a name"
    case .unreadableTensor:
      "Save the weights as float32, float16 or bfloat16; another copy in the file can be taken with "
        + "\"pvdm convert --wrapper NAME\""
    case .missingShard: "Put all files of the checkpoint into one folder"
    case .cancelled: ""
    case .unknownContainer, .noTensors, .unsupported, .elementType, .notContiguous:
      "Give a checkpoint that torch.save or safetensors wrote; \"pvdm inspect\" shows what it holds"
    case .refusedGlobal, .refusedOpcode, .limitExceeded:
      "Do not trust the file; where it is your own, save its state_dict alone"
    case .fileSystem(_, ENOSPC), .fileSystem(_, EFBIG), .fileSystem(_, EDQUOT):
      "Free some space or choose another folder"
    case .fileSystem: "Check the path and its permissions"
    case .fileChanged: "Let whatever writes the file finish first"
    case .nameTaken: ""
    }
  }
}

extension SamplingError: ExplainedError {
  package var sentence: String {
    switch self {
    case .stepCountOutOfRange(let found, let limit):
      "the number of steps is \(found); expected 1 to \(limit)"
    case .ancestralNeedsEveryStep(let found, let schedule):
      "ddpm takes all \(schedule) steps, and \(found) were asked for; use ddim for fewer"
    case .etaOutOfRange(let eta): "eta is \(eta); expected 0 to 1"
    case .skippedStepsOutOfRange(let found, let limit):
      "the number of steps left out is \(found); expected 0 to \(limit)"
    case .predictionNotFinite(_, let timestep):
      "the denoiser predicted values that are not finite at time step \(timestep); its weights are "
        + "damaged or too large for this precision"
    case .configurationMismatch:
      "the saved step was made with other sampler settings"
    case .stateDamaged: "the saved step is damaged"
    default: "the sampler cannot run: \(self)"
    }
  }
}

extension MediaError: ExplainedError {
  package var sentence: String { description }
}

extension ParameterError: ExplainedError {
  package var sentence: String { description }
}

extension TensorError: ExplainedError {
  package var sentence: String { description }
  package var remedy: String {
    shortage == nil
      ? "" : "Take a smaller --batch or --precision bf16, or compute with --device cpu"
  }
  package var category: Explanation.Category { .internalFault }
}

extension CommunicationError: ExplainedError {
  package var sentence: String {
    switch problem {
    case .noLibrary(let tried, let reason):
      "several processes were started together, and no library of MPI can be opened "
        + "(\(tried.joined(separator: ", "))): \(reason)"
    case .otherSize(let world, let started, let starter, let library):
      "\(starter) has started \(started) processes, and \(library) brings \(world) of them together"
    case .notStarted(let tasks):
      "Slurm has \(tasks) tasks for the program, and started it so that they cannot find each other"
    case .alone: "transfers between processes can only be measured where there are several"
    case .failed(let call, let reason): "\(call) failed: \(reason)"
    case .rankEnded: "another rank of the training has ended"
    }
  }

  package var remedy: String {
    switch problem {
    case .noLibrary:
      "Install Open MPI or MPICH on every machine (Debian: libopenmpi3 or libmpich12), or name the "
        + "library with PVDM_MPI"
    case .otherSize:
      "Use the library that belongs to what starts the processes: srun --mpi=pmix or its own mpirun for "
        + "Open MPI, srun --mpi=pmi2 or its own mpiexec for MPICH; PVDM_MPI names a library"
    case .notStarted:
      "Start it with srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH); for one process alone, ask Slurm "
        + "for one task (--ntasks=1)"
    case .alone: "Start the same command with srun --mpi=pmix or mpirun -n 2"
    case .failed, .rankEnded: "What the first rank that failed has said tells why"
    }
  }

  package var category: Explanation.Category {
    switch problem {
    case .noLibrary, .otherSize, .notStarted, .alone: .badInput
    case .failed, .rankEnded: .internalFault
    }
  }
}
