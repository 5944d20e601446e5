import RunKit
import VideoDiffusion

extension EvaluationError: ExplainedError {
  /// What was found and what was expected.
  package var sentence: String {
    switch self {
    case .noWeights(let kind, nil): "the weights of \(kind.text) are needed and none were named"
    case .noWeights(let kind, let path?):
      "\(path): there is no such file of weights of \(kind.text)"
    case .otherNetwork(let kind, let path, let keys):
      "\(path) does not hold \(kind.text); its first weights are \(keys.joined(separator: ", "))"
    case .noPerceptualWeights(let path): "\(path): there is no such file of weights of LPIPS"
    case .clipTooShort(let frames, let needed):
      "clips have \(frames) frames; \(needed) or more are needed"
    case .tooFewForCovariance(let clips, let set):
      "\(set) are \(clips); a covariance needs 2 or more, and the paper takes 2048"
    case .tooFewForSplits(let clips, let splits):
      "there are \(clips) clips for \(splits) splits; each split needs 1 or more"
    case .featureCounts(let first, let second):
      "the sets have \(first) and \(second) features a clip; they were taken with two networks"
    case .featureNotFinite(let clip):
      "clip \(clip) gave numbers that are not finite; the weights are damaged or of another network"
    }
  }

  /// What to do next.
  package var remedy: String {
    switch self {
    case .noWeights(let kind, _), .otherNetwork(let kind, _, _): kind.source
    case .noPerceptualWeights:
      "Bring it with \"pvdm weights fetch lpips\", or give vgg.pth of LPIPS (--lpips; keys lin0.model.1.weight ...), and torchvision's "
        + "vgg16-397923af.pth (--vgg; keys features.0.weight ...)"
    case .clipTooShort: "Ask for more frames (--frames)"
    case .tooFewForCovariance: "Give more or longer videos, or ask for more clips (--clips)"
    case .tooFewForSplits: "Ask for more clips (--clips), or fewer splits (--splits)"
    case .featureCounts: "Look at both sets with the same file of weights"
    case .featureNotFinite: "Download or copy the file of weights again"
    }
  }
}

extension EvaluationStopped: ExplainedError {
  /// What is kept.
  package var sentence: String {
    saved > 0
      ? "stopped; \(saved) of \(total) \(stage) are kept" : "stopped before anything could be kept"
  }

  /// What to do next.
  package var remedy: String { saved > 0 ? "The same evaluation goes on from there" : "" }

  package var category: Explanation.Category { .interrupted }
}

extension FeatureNetworkKind {
  fileprivate var text: String {
    switch self {
    case .i3d: "I3D (Kinetics-400 logits)"
    case .c3d: "C3D (UCF-101)"
    }
  }

  /// The file that is expected and where it usually comes from.
  fileprivate var source: String {
    switch self {
    case .i3d:
      "Bring it with \"pvdm weights fetch i3d\", or give i3d_pretrained_400.pt (--i3d): a PyTorch state dictionary with keys such as "
        + "Conv3d_1a_7x7.conv3d.weight. The authors' repository (sihyun-yu/PVDM) fetches it in "
        + "evals/fvd/download.py"
    case .c3d:
      "Give a state dictionary of C3D trained on UCF-101 (--c3d; .pt or .safetensors; keys "
        + "conv1a.weight to fc8.bias, optionally mean). It is converted from "
        + "conv3d_deepnetA_ucf.npz and mean2.npz of TGANv2 (pfnet-research/tgan2)"
    }
  }
}
