public import ServiceKit
internal import Tracing

/// Records the handling of each message in a span of its own inside that of the consumer, as a service replaced did
/// (docs/contract/adoption.md §3).
public struct RecordedHandler: MessageHandler {
  private let handler: any MessageHandler
  private let name: String
  private let spans: Spans

  /// - Parameter name: of the span.
  public init(_ handler: any MessageHandler, as name: String, _ spans: Spans) {
    self.handler = handler
    self.name = name
    self.spans = spans
  }

  public func handle(_ message: OpenedMessage) async throws {
    try await spans.around(name, .server) { _ in try await handler.handle(message) }
  }
}
