internal import COpenSSL

/// A SHA-256 digest (FIPS 180-4): 32 bytes, held as four words so that it is cheap to compare and to hash.
public struct SHA256Digest: Hashable, Sendable {
  private var first: UInt64 = 0
  private var second: UInt64 = 0
  private var third: UInt64 = 0
  private var fourth: UInt64 = 0

  /// Hashes a message.
  public init(of message: Span<UInt8>) {
    message.withUnsafeBytes { message in
      withUnsafeMutableBytes(of: &self) { gateway_sha256(message.baseAddress, message.count, $0.baseAddress) }
    }
  }

  /// A number of seven bits that spreads digests evenly.
  public var smallHash: Int { Int(first & 0x7f) }

  /// The digest: 32 bytes.
  public var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
