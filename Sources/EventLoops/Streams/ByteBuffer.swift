/// A queue of bytes: appended at one end, consumed at the other, in one array that moves its unread part to the
/// front when that saves growing.
public struct ByteBuffer: Sendable {
  @usableFromInline var storage: [UInt8]
  @usableFromInline var start = 0

  public init(minimumCapacity: Int = 0) {
    storage = []
    storage.reserveCapacity(minimumCapacity)
  }

  public init(_ bytes: some Sequence<UInt8>) { storage = Array(bytes) }

  /// Unread bytes.
  @inlinable
  public var count: Int { storage.count &- start }
  @inlinable
  public var isEmpty: Bool { start == storage.count }

  /// Bytes that fit before the buffer has to ask for memory.
  public var capacity: Int { storage.capacity }

  /// The unread bytes, without copying.
  @inlinable
  public var readable: ArraySlice<UInt8> { storage[start...] }

  /// Calls `body` with the unread bytes, without copying them.
  @inlinable
  public func withReadableBytes<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try storage[start...].withUnsafeBufferPointer(body)
  }

  /// The unread byte at `offset`, counted from the first unread one; nil past the end.
  @inlinable
  public subscript(offset: Int) -> UInt8? {
    offset >= 0 && offset < count ? storage[start &+ offset] : nil
  }

  @inlinable
  public mutating func append(_ byte: UInt8) {
    makeRoom(for: 1)
    storage.append(byte)
  }

  @inlinable
  public mutating func append(contentsOf bytes: some Sequence<UInt8>) {
    makeRoom(for: bytes.underestimatedCount)
    storage.append(contentsOf: bytes)
  }

  /// Appends an array. The compiler prefers this to the generic function, which other modules could call only
  /// unspecialised.
  public mutating func append(contentsOf bytes: [UInt8]) {
    makeRoom(for: bytes.count)
    storage.append(contentsOf: bytes)
  }

  public mutating func append(_ text: String) {
    makeRoom(for: text.utf8.count)
    storage.append(contentsOf: text.utf8)
  }

  /// Drops up to `length` unread bytes from the front.
  @inlinable
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
  /// - Parameter limit: bytes of capacity that are worth keeping.
  public mutating func releaseMemory(above limit: Int = 0) {
    if isEmpty, storage.capacity > limit {
      storage = []
      start = 0
    }
  }

  /// Before growing, moves the unread bytes over the consumed ones, if these are at least half as many: so all the
  /// moving costs no more than twice what passes through the buffer, however small the pieces are.
  @inlinable
  mutating func makeRoom(for length: Int) {
    if start > 0, length > storage.capacity &- storage.count, start >= count / 2 { moveToFront() }
  }

  @usableFromInline
  mutating func moveToFront() {
    storage.removeSubrange(..<start)
    start = 0
  }

  /// Appends what `fill` writes into `scratch`; `fill` returns how many bytes that is. The buffer thereby takes as much
  /// memory as has come, where reading straight into it would take what might come, for each idle connection.
  mutating func append(
    through scratch: UnsafeMutableRawBufferPointer,
    fill: (UnsafeMutableRawBufferPointer) -> Int
  ) -> Int {
    let written = max(0, min(fill(scratch), scratch.count))
    guard written > 0 else { return 0 }
    makeRoom(for: written)
    storage.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<written]))
    return written
  }
}
