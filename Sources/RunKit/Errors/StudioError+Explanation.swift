import HandwrittenText
import VideoDiffusion

extension StudioError: ExplainedError {
  package var sentence: String {
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
      "has \(counted(frames, "frame")); \(needed) are needed"
    case .noSettings: "carries no settings of pvdm"
    case .noFrames: "holds latents, and frames are needed"
    case .noSuchFrame(let first, let last, let frames):
      "frames \(first) to \(last) were asked for, and there are \(frames) (counted from 0)"
    case .output(let reason): reason
    case .exists: "is there already"
    case .savedRun: "an interrupted run of this output is kept there"
    case .resume(let reason): "the run cannot be resumed: \(reason)"
    case .mixedSizes(let first, let second): "frames differ in size: \(first), \(second)"
    case .noData: "no real videos were named"
    case .noVideos: "no videos to judge were named"
    case .noReport: "holds no report of an evaluation"
    case .noSuchPreset(let name, _): "there is no preset \(name)"
    case .preset(let reason): reason
    case .inUse(let holder):
      "another studio has the data folder open" + (holder.map { " (\($0.phrase))" } ?? "")
    case .notWritable(let reason): "the folder cannot be written (\(reason))"
    case .gone(let name): "\(name) is not there any more"
    case .clipGone: "the clip's file is gone"
    case .clipDropped: "the clip that the run continues was dropped"
    case .modelChanged: "the checkpoint is not the one that the run began with"
    case .jobBegun: "the job has begun, and its settings stay"
    case .recipe(let reason): "the recipe cannot be used: \(reason)"
    case .incompleteModel(let name): "\(name) has not both networks"
    case .unusableModel(let reason): "it cannot be used as a model: \(reason)"
    case .noPair(let reason): "the two checkpoints make no model: \(reason)"
    case .workList(let reason): reason
    case .configuration(let line, let reason): (line.map { "line \($0): " } ?? "") + reason
    case .weights(let reason, _): reason
    case .cluster(let reason): reason
    case .noCluster: "no Slurm was found (sbatch, squeue and scancel)"
    case .option(let name, let found, let expected):
      "\(name) is \(found); expected \(expected)"
    }
  }

  package var remedy: String {
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
    case .savedRun: "Go on with --resume, or begin anew with --overwrite"
    case .mixedSizes: "Crop and resize all of them to one size (--resolution)"
    case .noData: "Name a folder of videos, UCF-101 or SkyTimelapse (--data)"
    case .noVideos: "Name a folder of generated videos (--generated), or a model"
    case .noReport: "Give the folder that \"pvdm evaluate\" wrote, or the report.json in it"
    case .noSuchPreset(_, let known): "Choose one of \(known.joined(separator: ", "))"
    case .inUse:
      "Close it, end its worker with \"pvdm stop\", or choose another folder "
        + "(pvdm studio --data FOLDER)"
    case .notWritable:
      "Check its permissions, or choose another folder (for the studio: pvdm studio --data FOLDER)"
    case .clipGone: "Bring the file back, or drop the clip"
    case .clipDropped: "Undo the drop and resume the job, or cancel it"
    case .modelChanged:
      "Bring that checkpoint back and resume the job, or cancel it and make another"
    case .jobBegun: "Cancel it and make another"
    case .incompleteModel: "Pair an autoencoder with a denoiser that was trained with it"
    case .weights(_, let remedy): remedy
    case .noCluster:
      "Submit from a machine that has it, or start the command on each machine as README says"
    case .unusableModel: "Open a model's folder, or the checkpoint of a network"
    case .noPair: "Use two networks that were trained together"
    case .badDescription, .noSuchFile, .noSuchFrame, .output, .resume, .preset, .recipe, .option,
      .gone, .workList, .configuration, .cluster:
      ""
    }
  }
}
