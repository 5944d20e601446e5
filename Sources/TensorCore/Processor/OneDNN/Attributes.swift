internal import CDNNL

/// oneDNN attributes: scratch memory comes from the caller, and a tensor may be added to the result.
final class Attributes {
  private(set) var handle: dnnl_primitive_attr_t?

  /// The argument of the tensor that is added: the first post-operation's second source.
  static let additionArgument =
    Int32(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE) | Int32(DNNL_ARG_SRC_1)

  /// - Parameter appliesReLU: Whether negative results become 0.
  convenience init(appliesReLU: Bool = false) throws {
    try self.init(addition: .none, destination: dnnl_memory_desc_t())
    guard appliesReLU else { return }
    var operations: dnnl_post_ops_t?
    try OneDNN.check(dnnl_post_ops_create(&operations), "dnnl_post_ops_create")
    defer { dnnl_post_ops_destroy(operations) }
    try OneDNN.check(
      dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0),
      "dnnl_post_ops_append_eltwise")
    try OneDNN.check(
      dnnl_primitive_attr_set_post_ops(handle, operations), "dnnl_primitive_attr_set_post_ops")
  }

  init(addition: PrimitiveKey.Addition, destination: dnnl_memory_desc_t) throws {
    try OneDNN.check(dnnl_primitive_attr_create(&handle), "dnnl_primitive_attr_create")
    try OneDNN.check(
      dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user),
      "dnnl_primitive_attr_set_scratchpad_mode")
    guard addition != .none else { return }
    var operations: dnnl_post_ops_t?
    try OneDNN.check(dnnl_post_ops_create(&operations), "dnnl_post_ops_create")
    defer { dnnl_post_ops_destroy(operations) }
    switch addition {
    case .none: break
    case .tensor:
      var destination = destination
      try OneDNN.check(
        dnnl_post_ops_append_binary(operations, dnnl_binary_add, &destination),
        "dnnl_post_ops_append_binary")
    case .destination:
      try OneDNN.check(dnnl_post_ops_append_sum(operations, 1), "dnnl_post_ops_append_sum")
    }
    try OneDNN.check(
      dnnl_primitive_attr_set_post_ops(handle, operations), "dnnl_primitive_attr_set_post_ops")
  }

  deinit { dnnl_primitive_attr_destroy(handle) }
}
