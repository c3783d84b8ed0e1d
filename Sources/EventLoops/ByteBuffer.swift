/// A queue of bytes: appended at one end, consumed at the other, in one array that moves its unread part to the
/// front when that saves growing.
public struct ByteBuffer: Sendable {
  private var storage: [UInt8]
  private var start = 0

  public init(minimumCapacity: Int = 0) {
    storage = []
    storage.reserveCapacity(minimumCapacity)
  }

  public init(_ bytes: some Sequence<UInt8>) { storage = Array(bytes) }

  /// Unread bytes.
  public var count: Int { storage.count - start }
  public var isEmpty: Bool { start == storage.count }

  /// The unread bytes, without copying.
  public var readable: ArraySlice<UInt8> { storage[start...] }

  /// Calls `body` with the unread bytes, without copying them.
  @inlinable
  public func withReadableBytes<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withStorage(body)
  }

  @usableFromInline
  func withStorage<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try storage[start...].withUnsafeBufferPointer(body)
  }

  /// The unread byte at `offset`, counted from the first unread one; nil past the end.
  public subscript(offset: Int) -> UInt8? {
    offset >= 0 && offset < count ? storage[start + offset] : nil
  }

  public mutating func append(_ byte: UInt8) { storage.append(byte) }

  public mutating func append(contentsOf bytes: some Sequence<UInt8>) { storage.append(contentsOf: bytes) }

  /// Appends an array. The compiler prefers this to the generic function, which other modules could call only
  /// unspecialised.
  public mutating func append(contentsOf bytes: [UInt8]) { storage.append(contentsOf: bytes) }

  public mutating func append(_ text: String) { storage.append(contentsOf: text.utf8) }

  /// Drops up to `length` unread bytes from the front.
  public mutating func consume(_ length: Int) {
    start += max(0, min(length, count))
    if start == storage.count { removeAll() }
  }

  /// Takes up to `length` unread bytes from the front.
  public mutating func read(_ length: Int) -> [UInt8] {
    let taken = Array(storage[start..<(start + max(0, min(length, count)))])
    consume(taken.count)
    return taken
  }

  /// Drops all unread bytes; keeps the memory when it is of an ordinary size.
  public mutating func removeAll() {
    storage.removeAll(keepingCapacity: storage.capacity <= 65_536)
    start = 0
  }

  /// Gives back the memory of an empty buffer.
  public mutating func releaseMemory() {
    if isEmpty {
      storage = []
      start = 0
    }
  }

  /// Appends up to `length` bytes that `fill` writes into the space it is given; `fill` returns how many it wrote.
  mutating func append(upTo length: Int, fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    if start > 0, start >= count || storage.count + length > storage.capacity {
      storage.removeSubrange(0..<start)
      start = 0
    }
    let written = withUnsafeTemporaryAllocation(byteCount: length, alignment: 1) { space in
      let written = max(0, min(fill(space), length))
      storage.append(contentsOf: UnsafeRawBufferPointer(rebasing: space[0..<written]))
      return written
    }
    return written
  }
}
