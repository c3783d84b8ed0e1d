/// Why an event was not handled.
public enum EventBusError: Error, CustomStringConvertible {
  /// Nobody subscribed to its type.
  case noSubscriber(to: String)
  /// Several subscribers failed.
  case notHandled([(subscriber: String, error: any Error)])

  public var description: String {
    switch self {
    case .noSubscriber(let type): "nobody subscribed to \(type)"
    case .notHandled(let failures):
      failures.map { "\($0.subscriber): \($0.error)" }.joined(separator: "; ")
    }
  }
}
