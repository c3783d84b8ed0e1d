internal import JSON

/// The state of a component, in the words of Spring Boot's actuator (docs/contract/platform.md §3.1).
public enum HealthStatus: String, Sendable {
  case down = "DOWN"
  case outOfService = "OUT_OF_SERVICE"
  case up = "UP"
  case unknown = "UNKNOWN"

  /// Of several, the one that counts: the first in the order above.
  static func worst(_ statuses: some Sequence<HealthStatus>) -> HealthStatus {
    let found = Set(statuses)
    return [.down, .outOfService, .up, .unknown].first { found.contains($0) } ?? .up
  }
}

/// What a check found out about one component.
public struct ComponentHealth: Equatable, Sendable {
  /// One value among a component's details.
  public enum Detail: Equatable, Sendable {
    case text(String)
    case number(Int64)
    case boolean(Bool)
    case list([String])
  }

  /// Whether the component can do its work.
  public let status: HealthStatus
  /// In the order in which they are written; none leaves `details` out.
  public let details: [(name: String, value: Detail)]

  /// - Parameter details: in the order in which they are written; any caller may read them.
  public init(_ status: HealthStatus, _ details: [(name: String, value: Detail)] = []) {
    self.status = status
    self.details = details
  }

  /// A component that is down.
  /// - Parameter error: why, in words that any caller may read.
  public static func down(_ error: String) -> Self { Self(.down, [("error", .text(error))]) }

  /// Details are equal in the same order.
  public static func == (left: Self, right: Self) -> Bool {
    left.status == right.status
      && left.details.elementsEqual(right.details) { $0.name == $1.name && $0.value == $1.value }
  }

  func write(to writer: inout JSONWriter, showsDetails: Bool) {
    writer.beginObject()
    writer.field("status", status.rawValue)
    if showsDetails, !details.isEmpty {
      writer.key("details")
      writer.beginObject()
      for (name, value) in details {
        writer.key(name)
        switch value {
        case .text(let text): writer.value(text)
        case .number(let number): writer.value(number)
        case .boolean(let boolean): writer.value(boolean)
        case .list(let items):
          writer.beginArray()
          for item in items { writer.value(item) }
          writer.endArray()
        }
      }
      writer.endObject()
    }
    writer.endObject()
  }
}
