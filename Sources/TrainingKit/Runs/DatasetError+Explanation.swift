import RunKit
import TrainingData

extension DatasetError: ExplainedError {
  package var sentence: String { description }

  package var remedy: String {
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
    case .otherCut: "Choose another folder, or give the options that its cut.json says"
    case .otherFilm: "Give the film another name, or choose another folder"
    case .unreadableFilms: "Give videos that FFmpeg reads, or folders of pictures"
    case .notFound, .notAFolder, .setting, .system: ""
    }
  }
}
