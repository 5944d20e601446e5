internal import CCrypto

/// A SHA-256 digest that grows with what is added to it (FIPS 180-4), by the system's libcrypto.
///
/// Not for several threads at once.
package final class SHA256Digest {
  private let context: OpaquePointer

  /// The digest of nothing so far.
  package init() {
    // Fails only without memory or without the algorithm, of which neither can be mended by a caller.
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto offers no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds bytes at the end.
  package func update(_ bytes: UnsafeRawBufferPointer) {
    let added = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    precondition(added == 1, "libcrypto took no bytes for SHA-256")
  }

  /// The 32 bytes of the digest of all that was added so far; more can be added afterwards.
  package var bytes: [UInt8] {
    guard let copy = EVP_MD_CTX_new(), EVP_MD_CTX_copy_ex(copy, context) == 1 else {
      preconditionFailure("libcrypto copied no SHA-256")
    }
    defer { EVP_MD_CTX_free(copy) }
    var digest = [UInt8](repeating: 0, count: 32)
    let finished = EVP_DigestFinal_ex(copy, &digest, nil)
    precondition(finished == 1, "libcrypto finished no SHA-256")
    return digest
  }

  /// The digest as 64 hexadecimal digits.
  package var hexadecimal: String { bytes.hexadecimal() }

  /// The digest of a text's UTF-8 bytes as 64 hexadecimal digits.
  package static func hexadecimal(of text: String) -> String {
    let digest = SHA256Digest()
    var text = text
    text.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
    return digest.hexadecimal
  }
}

extension Sequence<UInt8> {
  /// Two hexadecimal digits for each byte.
  func hexadecimal(separator: String = "") -> String {
    map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: separator)
  }
}
