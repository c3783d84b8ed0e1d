/// Parameters in the arrays of pointers, lengths and formats that libpq takes.
enum ParameterBlock {
  /// Lays the values out in one block of memory and calls `body` with arrays that point into it. The pointers live
  /// only as long as the call; libpq copies what it needs.
  static func withPointers<Result>(
    _ values: [[UInt8]?],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
  ) -> Result {
    if values.isEmpty { return body(nil, nil, nil) }
    var block: [CChar] = []
    var offsets: [Int?] = []
    for value in values {
      offsets.append(value == nil ? nil : block.count)
      for byte in value ?? [] { block.append(CChar(bitPattern: byte)) }
      // An empty value still needs an address within the block.
      block.append(0)
    }
    let lengths = values.map { Int32(clamping: $0?.count ?? 0) }
    let formats = [Int32](repeating: 1, count: values.count)
    return block.withUnsafeBufferPointer { block in
      let pointers = offsets.map { offset in
        offset.flatMap { offset in block.baseAddress.map { $0 + offset } }
      }
      return body(pointers, lengths, formats)
    }
  }
}
