/// SHA-256 and what is made of it, for parts that sign or fingerprint.
public enum Digest {
  /// The SHA-256 digest (FIPS 180-4) of `message`: 32 bytes.
  public static func sha256(_ message: [UInt8]) -> [UInt8] { SHA256Digest(of: message.span).bytes }

  /// HMAC with SHA-256 (RFC 2104) of `message`: 32 bytes.
  /// - Parameter key: of any length; one over 64 bytes is replaced by its digest.
  public static func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
    let blockSize = 64
    var block = key.count > blockSize ? sha256(key) : key
    block.append(contentsOf: repeatElement(0, count: blockSize - block.count))
    let inner = sha256(block.map { $0 ^ 0x36 } + message)
    return sha256(block.map { $0 ^ 0x5c } + inner)
  }

  /// The bytes of a digest as hexadecimal digits, in lower case.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
