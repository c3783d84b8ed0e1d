/// Reads the binary form of a one-dimensional array (`array_send`).
enum BinaryArray {
  /// The elements, or nil when the bytes are not such an array, hold a null, or `decode` refuses one.
  static func elements<Element>(
    of bytes: UnsafeRawBufferPointer,
    _ decode: (UnsafeRawBufferPointer) -> Element?
  ) -> [Element]? {
    var position = 0
    func int32() -> Int? {
      guard bytes.count - position >= 4 else { return nil }
      defer { position += 4 }
      return Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)))
    }
    guard let dimensions = int32(), int32() != nil, int32() != nil else { return nil }
    if dimensions == 0 { return [] }
    guard dimensions == 1, let count = int32(), int32() != nil, count >= 0 else { return nil }
    var elements: [Element] = []
    elements.reserveCapacity(min(count, bytes.count / 4))
    for _ in 0..<count {
      guard let length = int32(), length >= 0, length <= bytes.count - position else { return nil }
      guard let element = decode(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + length)]))
      else {
        return nil
      }
      elements.append(element)
      position += length
    }
    return elements
  }
}
