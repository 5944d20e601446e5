/// What computes: a processor, or an accelerator beside it.
///
/// ``ComputeContext`` is the face that everything above sees: it checks shapes, makes the tensors that
/// results go into, and records gradients and times. A device carries out what it is then asked for, in
/// order, at once or later; nothing but ``DeviceMemory/download(_:into:)`` waits for it. Nobody else
/// looks at what an address means.
package protocol ComputeDevice: AnyObject {
  /// What people call it, for example `AVX-512`.
  var name: String { get }
  /// Where its tensors live.
  var memory: any DeviceMemory { get }
  /// Threads of the program that an operation is split over, the calling one included.
  var threadCount: Int { get }

  /// Rows that go through a chain of products at a time, where they can go by parts; `nil` for all of them.
  var rowChunk: Int? { get }

  /// Whether networks run in a precision at a useful speed.
  func supports(_ elementType: ElementType) -> Bool
  /// Whether they are trained in it, too.
  func trains(_ elementType: ElementType) -> Bool

  /// Has products of float32 computed in TF32 from now on.
  ///
  /// - Returns: Whether the device can.
  func multiplyInTensorFloat32() -> Bool

  /// Multiply-adds of a precision that it reaches, in GFLOP/s, by widening where it has no such
  /// instructions; `nil` where it does not compute in it.
  func measurePeak(_ elementType: ElementType, seconds: Double) -> Double?

  /// Keeps a weight as its operations read it.
  ///
  /// - Throws: ``TensorError`` if memory is short or the device lacks the precision.
  func prepare(_ weight: WeightSource, _ description: WeightDescription) throws
    -> any PreparedWeight

  /// Carries out an operation.
  ///
  /// - Throws: ``TensorError`` if it fails, or an earlier one has.
  func run(_ operation: DeviceOperation) throws

  /// The moment after everything that was asked for so far.
  func moment() -> any DeviceMoment

  /// Does work that is asked for again and again, in a quicker way once it is known; see
  /// ``ComputeContext/repeating(_:_:_:)``.
  func repeating(
    _ work: RepeatedWork, _ inputs: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
  ) throws -> [Tensor]

  /// Gives up what is kept of such work, for its memory.
  ///
  /// - Returns: Whether anything was.
  func forgetRepeatedWork() -> Bool
}

extension ComputeDevice {
  package func multiplyInTensorFloat32() -> Bool { false }
}

/// A weight as a device keeps it: layouts and descriptors are the device's own affair.
package protocol PreparedWeight: AnyObject, Sendable {
  /// Whether a product with it can give the first half times the GELU of the second in one pass.
  var fusesGatedGELU: Bool { get }
}

/// The numbers of a weight, float32 in PyTorch's order.
package enum WeightSource {
  /// They never change; copied during the call.
  case fixed(UnsafeBufferPointer<Float>)
  /// They are trained: read from the tensor, anew for each ``DeviceWeight/version``.
  case trained(Tensor)
}

/// What a weight is for, from which a device chooses how to keep it.
package struct WeightDescription: Sendable, Hashable {
  /// The operation that it is made for.
  package enum Use: Sendable, Hashable {
    /// A matrix product: `[outputs, inputs]`; `rows` is how many rows of a sample it is applied to, where
    /// that is known.
    case linear(hasBias: Bool, rows: Int?)
    /// A 3x3 convolution with padding 1 over the images of a stack: `[outputs, inputs, 3, 3]`.
    case stacked(ImageStack, stride: Int)
    /// A convolution over so many axes with a kernel of any side: `[outputs, inputs, side, ...]`.
    case spatial(kernel: Int, axes: Int)
    /// A convolution over volumes: `[outputs, inputs, depth, height, width]`.
    case volume(VolumeProblem)
  }

  package var inputs: Int
  package var outputs: Int
  /// Precision of the products.
  package var elementType: ElementType
  package var use: Use
}

/// A weight as an operation takes it.
package struct DeviceWeight {
  /// The weight as the device keeps it.
  package let prepared: any PreparedWeight
  /// How often its numbers had been changed when the operation was asked for.
  package let version: Int
}

/// A layer's weight: as the device keeps it, and where its numbers come from if they are trained.
struct LayerWeight: Sendable {
  private let prepared: any PreparedWeight
  /// The numbers, float32 in the order of the checkpoint; gradients go to it.
  let master: Tensor?

  init(_ source: WeightSource, _ description: WeightDescription, on device: any ComputeDevice)
    throws
  {
    if case .trained(let tensor) = source {
      precondition(tensor.elementType == .float32 && tensor.offset == 0)
      master = tensor
    } else {
      master = nil
    }
    prepared = try device.prepare(source, description)
  }

  /// A weight without its numbers.
  static let described = LayerWeight(prepared: DescribedWeight(), master: nil)

  private init(prepared: any PreparedWeight, master: Tensor?) {
    self.prepared = prepared
    self.master = master
  }

  /// Whether a product with it can be gated in the same pass.
  var fusesGatedGELU: Bool { prepared.fusesGatedGELU }

  /// The weight with its numbers as they are now.
  var current: DeviceWeight {
    DeviceWeight(prepared: prepared, version: master?.node?.version ?? 0)
  }

  /// The numbers that a gradient belongs to.
  var trained: Tensor {
    guard let master else {
      preconditionFailure("a gradient through a weight that was prepared for inference")
    }
    return master
  }
}

/// A weight without its numbers, which no device takes.
private final class DescribedWeight: PreparedWeight {
  var fusesGatedGELU: Bool { false }
}
