import EventLoops
import Foundation
import HTTPTransport
import Logging
import ServerTestKit
import Testing

extension CollectorDouble {
  // Without loops no test can run: the trap says why.
  // swift-format-ignore: NeverUseForceTry
  static let group = try! EventLoopGroup(count: 2)
  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// Runs `body` with the address of this double and a client; both end with it.
  func run(_ body: (HTTPURL, HTTPClient) async throws -> Void) async throws {
    try await run(on: Self.group, body)
  }
}

extension CollectorDouble.Received {
  /// The body as JSON.
  var json: Any { get throws { try JSONSerialization.jsonObject(with: Data(body)) } }
}

/// Looks into a JSON value by keys and positions.
func look(_ value: Any?, _ path: Any...) -> Any? {
  path.reduce(value) { value, step in
    if let key = step as? String { return (value as? [String: Any])?[key] }
    guard let index = step as? Int, let items = value as? [Any], items.indices.contains(index) else {
      return nil
    }
    return items[index]
  }
}
