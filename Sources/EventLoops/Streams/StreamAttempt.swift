/// What one try to read, to write or to shake hands came to.
enum StreamAttempt {
  case bytes(Int)
  case endOfStream
  /// Nothing can be done before the connection is readable, or writable.
  case mustWait(Readiness)
}
