internal import Crypto

/// A token's exact bytes, as a key. To look one up copies nothing: the bytes may be part of a request's head.
struct TokenBytes: Hashable, Sendable {
  private let bytes: ArraySlice<UInt8>
  /// Of the signature, which no two good tokens share, so that there is no need to go through the rest.
  private let end: UInt64

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    var end: UInt64 = 0
    for byte in bytes.suffix(16) { end = (end &* 31) ^ UInt64(byte) }
    self.end = end
  }

  /// The same in memory of its own, to be kept.
  var copied: TokenBytes { TokenBytes(Array(bytes)[...]) }

  /// Which of `count` parts of a table it belongs to.
  func part(of count: Int) -> Int { Int(truncatingIfNeeded: end % UInt64(count)) }

  func hash(into hasher: inout Hasher) { hasher.combine(end) }

  static func == (left: Self, right: Self) -> Bool {
    left.end == right.end && left.bytes.span.isSameSecret(as: right.bytes.span)
  }
}
