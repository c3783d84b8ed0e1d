/// A text that is not JSON, or not the JSON that was asked for.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was wrong; holds nothing of the text itself, which may be personal.
  public let reason: String
  /// Byte of the text at which it was noticed, from 0.
  public let offset: Int

  /// - Parameters:
  ///   - reason: holds nothing of the text, which may be personal.
  ///   - offset: byte of the text, from 0.
  public init(reason: String, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  public var description: String { "\(reason) at byte \(offset)" }
}
