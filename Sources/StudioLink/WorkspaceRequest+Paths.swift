import RunKit

extension WorkspaceRequest {
  /// The same with paths that mean the same in another current folder, a tilde expanded.
  var withAbsolutePaths: WorkspaceRequest {
    switch self {
    case .query(.readFootage(let path, let model, let firstFrame)):
      .query(.readFootage(path: path.absolutePath, model: model, firstFrame: firstFrame))
    case .query(.loadTrainingSample(let path)):
      .query(.loadTrainingSample(path: path.absolutePath))
    case .query(.checkEvaluation(let task)): .query(.checkEvaluation(task.standardized))
    case .query(.checkTraining(let request)): .query(.checkTraining(request.standardized))
    case .order(.makeFromFootage(let path, let firstFrame, let model, let settings)):
      .order(
        .makeFromFootage(
          path: path.absolutePath, firstFrame: firstFrame, model: model, settings: settings))
    case .order(.export(var task)):
      {
        task.paths = task.paths.map(\.absoluteOutput)
        return .order(.export(task))
      }()
    case .order(.evaluate(let task)): .order(.evaluate(task.standardized))
    case .order(.train(let request)): .order(.train(request.standardized))
    case .order(.submitTraining(let request)): .order(.submitTraining(request.standardized))
    case .order(.resumeTraining(let folder)): .order(.resumeTraining(folder.absolutePath))
    case .video(.saveStill(let clip, let frame, let path, let overwrites)):
      .video(.saveStill(clip, frame: frame, path: path.absolutePath, overwrites: overwrites))
    case .library(.openModel(let path)): .library(.openModel(path: path.absolutePath))
    case .library(.pairModel(let autoencoder, let denoiser)):
      .library(
        .pairModel(autoencoder: autoencoder.absolutePath, denoiser: denoiser.absolutePath))
    case .open(let path): .open(path: path.absolutePath)
    case .query, .order, .job, .tree, .video, .library, .remember: self
    }
  }
}
