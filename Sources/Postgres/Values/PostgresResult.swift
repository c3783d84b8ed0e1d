internal import CLibPQ

/// The owner of one PGresult.
///
/// `@unchecked Sendable`: libpq never changes a result after it has handed it over, reading one is safe from any
/// thread (libpq, "Behavior in Threaded Programs"), and only `deinit` frees it.
final class PostgresResult: @unchecked Sendable {
  private let pointer: OpaquePointer
  let rowCount: Int
  let columnCount: Int

  /// Takes over `pointer`.
  init(_ pointer: OpaquePointer) {
    self.pointer = pointer
    rowCount = Int(PQntuples(pointer))
    columnCount = Int(PQnfields(pointer))
  }

  deinit { PQclear(pointer) }

  var status: ExecStatusType { PQresultStatus(pointer) }

  /// What the server says it has done, such as `INSERT 0 1`.
  var commandTag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

  /// How many rows the statement inserted, changed, deleted or returned; 0 where that says nothing.
  var affectedRows: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }

  func columnName(_ column: Int) -> String {
    PQfname(pointer, Int32(truncatingIfNeeded: column)).map { String(cString: $0) } ?? "?"
  }

  func type(_ column: Int) -> TypeID {
    TypeID(rawValue: PQftype(pointer, Int32(truncatingIfNeeded: column)))
  }

  /// The bytes of one field, valid while this object lives; nil for null. Row and column must exist: libpq answers
  /// others with a notice, to a receiver that may be gone.
  func field(row: Int, column: Int) -> UnsafeRawBufferPointer? {
    let row = Int32(truncatingIfNeeded: row)
    let column = Int32(truncatingIfNeeded: column)
    guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else {
      return nil
    }
    return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(pointer, row, column)))
  }

  /// The error this result stands for. Without a SQLSTATE it is libpq's own: the connection is gone.
  func error() -> PostgresError {
    let detail = PQresultErrorMessage(pointer).map { String(cString: $0) } ?? ""
    guard let sqlState = diagnostic("C") else {
      return PostgresError(.connectionLost, detail: Self.trim(detail))
    }
    return PostgresError(
      sqlState: sqlState,
      constraint: diagnostic("n"),
      table: diagnostic("t"),
      detail: Self.trim(detail),
      serverRoutine: diagnostic("R")
    )
  }

  /// A field of the error report, by its code in the protocol ("Error and Notice Message Fields").
  private func diagnostic(_ code: Unicode.Scalar) -> String? {
    PQresultErrorField(pointer, Int32(code.value)).map { String(cString: $0) }
  }

  static func trim(_ text: String) -> String {
    var text = text[...]
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
