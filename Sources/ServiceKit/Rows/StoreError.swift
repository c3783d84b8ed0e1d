/// The database's refusal to return the row that it has written.
public enum StoreError: Error, Equatable {
  /// A statement that writes one row returned none.
  case noRowReturned
}
