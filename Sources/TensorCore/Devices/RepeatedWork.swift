import Synchronization

/// Work that is asked for again and again, such as a network's pass: what a device keeps of it to do it
/// quicker the next time. Belongs to whoever asks, and is given up with it.
public final class RepeatedWork: Sendable {
  /// Tells apart what a device keeps.
  struct Key: Hashable, Sendable {
    private let device: ObjectIdentifier
    private let shapes: [[Int]]
    private let types: [ElementType]

    init(_ device: AnyObject, _ inputs: [Tensor]) {
      self.device = ObjectIdentifier(device)
      shapes = inputs.map(\.shape)
      types = inputs.map(\.elementType)
    }
  }

  /// What is known of the work for inputs of some shapes.
  enum Knowledge: Sendable {
    /// It was done once.
    case seen
    /// It cannot be done in another way than before.
    case unrepeatable
    /// The device's own way to do it again.
    case kept(any AnyObject & Sendable)
  }

  private struct Entry {
    let key: Key
    let knowledge: Knowledge
  }

  /// The latest last.
  private let entries = Mutex<[Entry]>([])
  /// Shapes of inputs that are remembered: each may keep memory for all features of a pass.
  private static let limit = 4

  /// Nothing is known yet.
  public init() {}

  /// Gives up what devices keep.
  ///
  /// - Returns: Whether they kept anything.
  func forget() -> Bool {
    let before = entries.withLock { entries in
      let before = entries
      entries.removeAll()
      return before
    }
    return before.contains { if case .kept = $0.knowledge { true } else { false } }
  }

  subscript(key: Key) -> Knowledge? {
    get {
      entries.withLock { entries in
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = entries.remove(at: index)
        entries.append(entry)
        return entry.knowledge
      }
    }
    set {
      // Whatever falls out of the list is given up outside the lock.
      let before = entries.withLock { entries in
        let before = entries
        entries.removeAll { $0.key == key }
        if let newValue { entries.append(Entry(key: key, knowledge: newValue)) }
        entries.removeFirst(max(entries.count - Self.limit, 0))
        return before
      }
      withExtendedLifetime(before) {}
    }
  }
}

extension ComputeContext {
  /// Runs work that is asked for again and again. A device may do it another way from the third time on
  /// that inputs have the same shapes, with the same results bit for bit.
  ///
  /// - Parameters:
  ///   - work: What is known of this very work: the same weights, and the same body.
  ///   - inputs: Everything that changes from time to time.
  ///   - body: Makes results of the inputs. It neither reads numbers nor makes tensors of them; it may not
  ///     be called at all.
  /// - Throws: What the body throws, and ``TensorError`` if the device fails.
  public func repeating(
    _ work: RepeatedWork, _ inputs: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
  ) throws -> [Tensor] {
    // Gradients and profiles need every operation.
    guard profile == nil, tape == nil, parameterWatch == nil, !isDifferentiating, keepsWork else {
      return try body(inputs)
    }
    return try device.repeating(work, inputs, body)
  }
}

extension ComputeDevice {
  package func repeating(
    _ work: RepeatedWork, _ inputs: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
  ) throws -> [Tensor] {
    try body(inputs)
  }

  package func forgetRepeatedWork() -> Bool { false }
}
