internal import COpenSSL

/// An RSA public key that checks RS256 signatures: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
///
/// `@unchecked Sendable`: the `EVP_PKEY` is owned by this object alone, freed only in `deinit` and never changed in
/// between; OpenSSL lets any number of threads verify with one key at a time.
public final class RSAPublicKey: @unchecked Sendable {
  /// Sizes of modulus that are used, in bits. Below is against RFC 7518 §3.3; above, one signature would cost
  /// a loop more than a millisecond.
  public static let modulusBits = 2048...8192
  /// Bytes of the exponent at most: real ones have one or three, and a long one makes checking slow.
  public static let maximumExponentBytes = 4

  private let key: OpaquePointer
  /// Digest of modulus and exponent: the same for the same key, whatever it is called.
  public let thumbprint: SHA256Digest

  /// - Parameters:
  ///   - modulus: unsigned, big-endian; leading zeros are allowed.
  ///   - exponent: likewise.
  /// - Returns: nil if this is not a key to trust: see `modulusBits`, and both numbers have to be odd, the exponent
  ///   at least 3.
  public init?(modulus: [UInt8], exponent: [UInt8]) {
    let modulus = Array(modulus.drop { $0 == 0 })
    let exponent = Array(exponent.drop { $0 == 0 })
    guard let top = modulus.first, let last = modulus.last, last & 1 == 1 else { return nil }
    guard Self.modulusBits.contains(modulus.count * 8 - top.leadingZeroBitCount) else { return nil }
    guard exponent.count <= Self.maximumExponentBytes, let low = exponent.last, low & 1 == 1 else {
      return nil
    }
    guard exponent != [1] else { return nil }
    let (modulusLength, exponentLength) = (Int32(modulus.count), Int32(exponent.count))
    guard let key = gateway_rsa_public_key(modulus, modulusLength, exponent, exponentLength) else {
      ERR_clear_error()
      return nil
    }
    self.key = key
    thumbprint = SHA256Digest(of: (modulus + exponent).span)
  }

  deinit { EVP_PKEY_free(key) }

  /// Whether `signature` is this key's RS256 signature of `message`. Takes about 50 µs with 2,048 bits.
  public func verifies(_ signature: [UInt8], of message: ArraySlice<UInt8>) -> Bool {
    guard let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    let isGood =
      EVP_DigestVerifyInit_ex(context, nil, "SHA256", nil, nil, key, nil) == 1
      && message.withUnsafeBufferPointer { message in
        EVP_DigestVerify(context, signature, signature.count, message.baseAddress, message.count) == 1
      }
    // OpenSSL leaves the reason on a queue of this thread, where the next TLS call would find it.
    if !isGood { ERR_clear_error() }
    return isGood
  }
}
