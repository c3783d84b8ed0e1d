internal import Synchronization

/// Content that does not change while the process runs. It is compressed once, when somebody first asks for that: to
/// compress it for each would let strangers keep the loops busy.
public final class FixedBody: Sendable {
  /// Before compression.
  public let bytes: [UInt8]
  private let compressed = Mutex<[UInt8]??>(nil)

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Parameter compress: nil where that would not be smaller.
  /// - Returns: what it gave the first time.
  func compressed(by compress: ([UInt8]) -> [UInt8]?) -> [UInt8]? {
    compressed.withLock { compressed in
      if let made = compressed { return made }
      let made = compress(bytes)
      compressed = .some(made)
      return made
    }
  }
}
