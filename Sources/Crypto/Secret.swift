/// A text that must not be shown, such as a client secret: printing, interpolating, dumping or reflecting on it
/// gives asterisks.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let value: String

  /// Hides a value from logs, descriptions and mirrors.
  public init(_ value: String) { self.value = value }

  /// The text itself, for the one place that has to send it.
  public func reveal() -> String { value }

  /// Always `****`.
  public var description: String { "****" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
