import CheckpointIO
import Foundation
import MediaIO
import NeuralLayers
import SessionStore
import TensorCore
import TrainingData
import VideoDiffusion

/// An error in words for people: what was found, and what to do next.
public struct Explanation: Sendable, Hashable {
  /// Whose turn it is, and the program's exit status.
  public enum Category: Int32, Sendable {
    /// A file or setting that was given cannot be used.
    case badInput = 2
    /// Something that is not the user's doing went wrong.
    case internalFault = 70
    /// Standard output could not be written.
    case outputFailure = 74
    /// The user ended it.
    case interrupted = 130
  }

  /// What was found and what was expected: one sentence, without a capital or a full stop.
  public let sentence: String
  /// What to do next; empty if the sentence says it.
  public let remedy: String
  /// Whose turn it is.
  public let category: Category

  /// The sentence and the remedy as one text.
  public var text: String { remedy.isEmpty ? sentence : "\(sentence). \(remedy)" }

  /// Explains an error.
  public init(_ error: any Error) {
    switch error {
    case let error as JobFailure:
      let cause = Explanation(error.underlying)
      let clips = "\(error.clips) complete clip\(error.clips == 1 ? "" : "s")"
      self.init(
        cause.sentence,
        [cause.remedy, "The run with \(clips) is kept in \(error.savedRun); --resume goes on"]
          .filter { !$0.isEmpty }.joined(separator: ". "), cause.category)
    case let error as StudioError:
      self.init(error.sentence, error.remedy)
    case let error as ModelError:
      self.init(error.description, error.remedy)
    case let error as CheckpointError:
      self.init(error.description, error.remedy)
    case let error as SamplingError:
      self.init(error.sentence, "")
    case let error as DatasetError:
      self.init(error.description, error.remedy)
    case let error as MediaError:
      self.init(error.description, "")
    case let error as EvaluationError:
      self.init(error.sentence, error.remedy)
    case let error as TrainingError:
      self.init(error.sentence, error.remedy)
    case let error as EvaluationStopped:
      self.init(error.sentence, error.remedy, .interrupted)
    case let error as TrainingConfigurationError:
      self.init(error.sentence, error.remedy)
    case let error as ParameterError:
      self.init(error.description, "")
    case let error as SessionStoreError:
      self.init(error.description, error.remedy)
    case is CancellationError:
      self.init("stopped", "", .interrupted)
    case let error as TensorError:
      self.init(error.description, "", .internalFault)
    default:
      self.init("\(error)", "", .internalFault)
    }
  }

  /// An explanation in words that the caller has.
  public init(sentence: String, remedy: String, category: Category = .badInput) {
    self.init(sentence, remedy, category)
  }

  private init(_ sentence: String, _ remedy: String, _ category: Category = .badInput) {
    self.sentence = sentence
    self.remedy = remedy
    self.category = category
  }
}

extension StudioError {
  var sentence: String {
    let place = path.map { "\($0): " } ?? ""
    return place + problemText
  }

  private var problemText: String {
    switch problem {
    case .noModel(let reasons):
      "the folder holds no checkpoint of PVDM"
        + (reasons.isEmpty ? "" : ": " + reasons.joined(separator: "; "))
    case .noModelGiven: "no model was named"
    case .noSuchModel: "there is no such model"
    case .notAFolder: "a model is a folder, and this is a file"
    case .ambiguousFolder(let kind, let files):
      "the folder holds several checkpoints of \(kind.rawValue)s: \(files.joined(separator: ", "))"
    case .badDescription(let reason): reason
    case .noSuchFile: "there is no such file or folder"
    case .takesTooLong(let seconds): "was not understood in \(seconds) seconds"
    case .tooShort(let frames, let needed):
      "has \(frames) frames; \(needed) are needed"
    case .noSettings: "carries no settings of pvdm"
    case .noFrames: "holds latents, and frames are needed"
    case .noSuchFrame(let first, let last, let frames):
      "frames \(first) to \(last) were asked for, and there are \(frames) (counted from 0)"
    case .output(let reason): reason
    case .exists: "is there already"
    case .keptRun: "an interrupted run of this output is kept there"
    case .resume(let reason): "the run cannot be resumed: \(reason)"
    case .mixedSizes(let first, let second): "frames differ in size: \(first), \(second)"
    case .noData: "no real videos were named"
    case .noVideos: "no videos to judge were named"
    case .noReport: "holds no report of an evaluation"
    case .noSuchPreset(let name, _): "there is no preset \(name)"
    case .preset(let reason): reason
    case .inUse(let holder):
      "another studio has the data folder open" + (holder.map { " (\($0.phrase))" } ?? "")
    case .notWritable(let reason): "the studio's folder cannot be written (\(reason))"
    case .gone(let name): "\(name) is not there any more"
    case .clipGone: "the clip's file is gone"
    case .clipDropped: "the clip that the run continues was dropped"
    case .modelChanged: "the checkpoint is not the one that the run began with"
    case .jobBegun: "the job has begun, and its settings stay"
    case .incompleteModel(let name): "\(name) has not both networks"
    case .noPair(let reason): "the two checkpoints make no model: \(reason)"
    case .option(let name, let found, let expected):
      "\(name) is \(found); expected \(expected)"
    }
  }

  var remedy: String {
    switch problem {
    case .noModel:
      "Put an autoencoder and a denoiser (.pth or .safetensors) there, or name them with "
        + "--autoencoder and --denoiser"
    case .takesTooLong:
      "The file may be damaged or made to stall; \"pvdm inspect\" reads it without a limit"
    case .noModelGiven:
      "Name a model folder, such as skies-64, or two checkpoints (--autoencoder and --denoiser)"
    case .noSuchModel(let searched):
      "Looked here and in \(searched.joined(separator: ", ")); \"pvdm convert\" makes a model folder"
    case .notAFolder:
      "Name it with --autoencoder or --denoiser, or make a folder with \"pvdm convert\""
    case .ambiguousFolder(let kind, _):
      "Choose one with --\(kind.rawValue), or name it in \(ModelFolder.descriptionName)"
    case .tooShort: "Give a longer video"
    case .noSettings: "Give a video, picture or latents that pvdm made"
    case .noFrames: "Give a video, or read the latents back as one with \"pvdm decode\""
    case .exists: "Choose another name, or replace it (--overwrite)"
    case .keptRun: "Go on with --resume, or begin anew with --overwrite"
    case .mixedSizes: "Crop and resize all of them to one size (--resolution)"
    case .noData: "Name a folder of videos, UCF-101 or SkyTimelapse (--data)"
    case .noVideos: "Name a folder of generated videos (--generated), or a model"
    case .noReport: "Give the folder that \"pvdm evaluate\" wrote, or the report.json in it"
    case .noSuchPreset(_, let known): "Choose one of \(known.joined(separator: ", "))"
    case .inUse: "Close it, or choose another folder (pvdm studio --data FOLDER)"
    case .notWritable:
      "Check the folder's permissions, or choose another (pvdm studio --data FOLDER)"
    case .clipGone: "Bring the file back, or drop the clip"
    case .clipDropped: "Undo the drop and resume the job, or cancel it"
    case .modelChanged:
      "Bring that checkpoint back and resume the job, or cancel it and make another"
    case .jobBegun: "Cancel it and make another"
    case .incompleteModel: "Pair an autoencoder with a denoiser that was trained with it"
    case .noPair: "Use two networks that were trained together"
    case .badDescription, .noSuchFile, .noSuchFrame, .output, .resume, .preset, .option, .gone: ""
    }
  }
}

extension SessionStoreError {
  var remedy: String {
    switch problem {
    case .newer:
      "Use that version of pvdm, or another data folder (pvdm studio --data FOLDER)"
    case .older: "Close that studio and open this one"
    case .damaged:
      "Start the studio again; it sets the database aside and keeps what can be read of it"
    case .notWritable: "Check the folder's permissions"
    case .full: "Free some space"
    case .failed: ""
    }
  }
}

extension ModelError {
  var remedy: String {
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
    case .notLoaded(let kind): "Name one with --\(kind.rawValue)"
    case .precision: "Use --precision f32"
    case .parameter, .structure:
      "The file may be damaged or of another model; \"pvdm inspect\" shows what it holds"
    case .latentFile, .setting, .savedRun: ""
    }
  }
}

extension CheckpointError {
  var remedy: String {
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

extension DatasetError {
  var remedy: String {
    switch problem {
    case .noVideos:
      "Give UCF-101, SkyTimelapse, or any folder of videos or of folders of frames; \"pvdm dataset "
        + "skies\" makes one"
    case .allTooShort: "Give longer videos"
    case .emptySplit(.test): "Hold out some videos, or add a folder named test"
    case .emptySplit(.train): "Add a folder named train"
    case .noneReadable: "Give videos that FFmpeg reads, or folders of PNG or JPEG frames"
    case .nothingReadable: "\"pvdm dataset inspect\" names the broken files"
    case .otherPosition: "Go on with the videos and settings that the run began with"
    case .exists: "Choose another name, or replace it with --overwrite"
    case .foreign: "Choose another name"
    case .notFound, .notAFolder, .setting, .system: ""
    }
  }
}

extension SamplingError {
  var sentence: String {
    switch self {
    case .stepCountOutOfRange(let found, let limit):
      "the number of steps is \(found); expected 1 to \(limit)"
    case .ancestralNeedsEveryStep(let found, let schedule):
      "ddpm takes all \(schedule) steps, and \(found) were asked for; use ddim for fewer"
    case .etaOutOfRange(let eta): "eta is \(eta); expected 0 to 1"
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
