internal import COpenSSL

/// An RSA key of 2,048 bits that signs development tokens with RS256 (RFC 7518 §3.3).
///
/// `@unchecked Sendable`: the `EVP_PKEY` is owned by this object alone, freed only in `deinit` and never changed in
/// between; OpenSSL lets any number of threads use one key, each with a context of its own. All unsafe pointers in
/// this file live for one call.
public final class SigningKey: @unchecked Sendable {
  /// Why there is no key.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    /// What could not be done; nothing of the key.
    public let description: String

    public init(description: String) { self.description = description }
  }

  private let key: OpaquePointer
  /// The modulus, base64url, as in a JWKS (RFC 7518 §6.3.1.1).
  public let modulus: String
  /// The public exponent, base64url: `AQAB` for keys made here.
  public let exponent: String
  /// The key's thumbprint (RFC 7638): the same for the same key, on every start.
  public let keyID: String

  private init(key: OpaquePointer) throws(Failure) {
    self.key = key
    modulus = Base64URL.encode(try Self.number(OSSL_PKEY_PARAM_RSA_N, of: key))
    exponent = Base64URL.encode(try Self.number(OSSL_PKEY_PARAM_RSA_E, of: key))
    let canonical = #"{"e":"\#(exponent)","kty":"RSA","n":"\#(modulus)"}"#
    keyID = Base64URL.encode(Digest.sha256(Array(canonical.utf8)))
  }

  deinit { EVP_PKEY_free(key) }

  /// Makes a new key; takes about a tenth of a second.
  public static func generate() throws(Failure) -> SigningKey {
    var key: OpaquePointer?
    guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { throw failure("no RSA") }
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1,
      EVP_PKEY_generate(context, &key) == 1, let key
    else { throw failure("an RSA key could not be made") }
    return try SigningKey(key: key)
  }

  /// Reads a private key.
  /// - Parameter pem: PEM (RFC 7468).
  /// - Returns: nil if it is no RSA private key.
  public static func read(_ pem: [UInt8]) throws(Failure) -> SigningKey? {
    guard let source = BIO_new(BIO_s_mem()) else { throw failure("no memory") }
    defer { BIO_free(source) }
    // A copy: a BIO on the array's own memory would outlive what Swift lends to a call.
    guard BIO_write(source, pem, Int32(clamping: pem.count)) == pem.count else { throw failure("no memory") }
    guard let key = PEM_read_bio_PrivateKey(source, nil, nil, nil), EVP_PKEY_is_a(key, "RSA") == 1 else {
      ERR_clear_error()
      return nil
    }
    return try SigningKey(key: key)
  }

  /// The RS256 signature of `message`, 256 bytes.
  public func sign(_ message: [UInt8]) throws(Failure) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw Self.failure("no memory") }
    defer { EVP_MD_CTX_free(context) }
    var length = max(0, Int(EVP_PKEY_get_size(key)))
    var signature = [UInt8](repeating: 0, count: length)
    guard EVP_DigestSignInit_ex(context, nil, "SHA256", nil, nil, key, nil) == 1,
      EVP_DigestSign(context, &signature, &length, message, message.count) == 1
    else { throw Self.failure("the signature could not be made") }
    return Array(signature.prefix(length))
  }

  /// The private key, as PEM (RFC 7468).
  public func pem() throws(Failure) -> String {
    guard let sink = BIO_new(BIO_s_mem()) else { throw Self.failure("no memory") }
    defer { BIO_free(sink) }
    guard PEM_write_bio_PrivateKey(sink, key, nil, nil, 0, nil, nil) == 1 else {
      throw Self.failure("the key could not be written")
    }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = BIO_read(sink, &chunk, Int32(chunk.count))
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text.append(contentsOf: chunk.prefix(Int(count)))
    }
  }

  private static func number(_ name: String, of key: OpaquePointer) throws(Failure) -> [UInt8] {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { throw failure("not an RSA key") }
    defer { BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
    BN_bn2bin(number, &bytes)
    return bytes
  }

  /// Clears OpenSSL's queue of errors, where the next TLS call of this thread would find them.
  private static func failure(_ text: String) -> Failure {
    ERR_clear_error()
    return Failure(description: "OpenSSL: \(text)")
  }
}
