internal import CLibPQ
internal import Text

/// Parameters in PostgreSQL's binary form, in the arrays that libpq wants. One per connection, its storage reused.
final class ParameterEncoder {
  private var bytes: [UInt8] = []
  /// Where each parameter begins in `bytes`, -1 for null.
  private var offsets: [Int] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []
  private var pointers: [UnsafePointer<CChar>?] = []

  /// The most parameters a statement may have (libpq's PQ_QUERY_PARAM_MAX_LIMIT).
  private static let maximumCount = 65_535
  /// The most bytes one parameter may have: a field of a row ends at 1 GB.
  private static let maximumLength = 1_073_741_823

  /// Refuses what PostgreSQL cannot hold, before anything is sent.
  /// - Throws: `PostgresError` of kind `.invalidParameter`.
  static func check(_ parameters: [PostgresValue], of statement: PostgresStatement) throws(PostgresError) {
    guard parameters.count <= maximumCount else {
      throw invalid(statement, "more than \(maximumCount) parameters")
    }
    for (index, parameter) in parameters.enumerated() {
      let length: Int
      switch parameter {
      case .text(let text), .jsonb(let text):
        length = text.utf8.count
        if text.holdsNUL { throw invalid(statement, "parameter $\(index + 1) holds a NUL character") }
      case .textArray(let texts):
        length = texts.reduce(0) { $0 &+ $1.utf8.count &+ 4 }
        if texts.contains(where: \.holdsNUL) {
          throw invalid(statement, "parameter $\(index + 1) holds a NUL character")
        }
      case .int8Array(let values): length = values.count.multipliedReportingOverflow(by: 12).partialValue
      case .bytes(let bytes): length = bytes.count
      case .timestamp(let time):
        length = 8
        if BinaryTime.encode(time) == nil {
          throw invalid(statement, "parameter $\(index + 1) is too early for a timestamp")
        }
      case .null, .int2, .int4, .int8, .bool: length = 8
      }
      guard length < maximumLength else { throw invalid(statement, "parameter $\(index + 1) is too long") }
    }
  }

  private static func invalid(_ statement: PostgresStatement, _ detail: String) -> PostgresError {
    PostgresError(.invalidParameter, statement: statement.name, detail: detail)
  }

  /// Calls `body` with libpq's arrays of values, lengths and formats, which are valid during the call only.
  func withEncoded(
    _ parameters: [PostgresValue],
    _ body: (
      _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
      _ formats: UnsafePointer<Int32>?
    ) -> Int32
  ) -> Int32 {
    bytes.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    pointers.removeAll(keepingCapacity: true)
    for parameter in parameters {
      let start = bytes.count
      append(parameter)
      offsets.append(parameter == .null ? -1 : start)
      lengths.append(Int32(truncatingIfNeeded: bytes.count - start))
    }
    while formats.count < parameters.count { formats.append(1) }
    // Never empty, so that an empty text has an address and is not taken for null.
    bytes.append(0)
    let result = bytes.withUnsafeBytes { space in
      for offset in offsets {
        pointers.append(
          offset < 0 ? nil : space.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) }
        )
      }
      return pointers.withUnsafeBufferPointer { values in
        lengths.withUnsafeBufferPointer { lengths in
          formats.withUnsafeBufferPointer { body(values.baseAddress, lengths.baseAddress, $0.baseAddress) }
        }
      }
    }
    if bytes.capacity > 65_536 { bytes = [] }
    return result
  }

  private func append(_ parameter: PostgresValue) {
    switch parameter {
    case .null: break
    case .int2(let value): append(value)
    case .int4(let value): append(value)
    case .int8(let value): append(value)
    case .bool(let value): bytes.append(value ? 1 : 0)
    case .text(let text): bytes.append(contentsOf: text.utf8)
    case .timestamp(let time): append(BinaryTime.encode(time) ?? .min)
    case .bytes(let value): bytes.append(contentsOf: value)
    case .jsonb(let text):
      // The version of jsonb's binary form.
      bytes.append(1)
      bytes.append(contentsOf: text.utf8)
    case .textArray(let texts):
      appendArrayHead(count: texts.count, element: .text)
      for text in texts {
        append(Int32(truncatingIfNeeded: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
      }
    case .int8Array(let values):
      appendArrayHead(count: values.count, element: .int8)
      for value in values {
        append(Int32(8))
        append(value)
      }
    }
  }

  /// Dimensions, "has nulls", element type, and for the one dimension its size and lower bound (`array_recv`).
  private func appendArrayHead(count: Int, element: TypeID) {
    append(Int32(count == 0 ? 0 : 1))
    append(Int32(0))
    append(element.rawValue)
    guard count > 0 else { return }
    append(Int32(truncatingIfNeeded: count))
    append(Int32(1))
  }

  private func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
