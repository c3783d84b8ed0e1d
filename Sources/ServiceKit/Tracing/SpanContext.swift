public import Instrumentation

/// Names one span of a trace, as services tell each other (W3C Trace Context).
public struct SpanContext: Hashable, Sendable {
  /// The field, and the message attribute, that carries it.
  public static let fieldName = "traceparent"
  /// The field, and the message attribute, with what tracing systems add to it.
  public static let stateFieldName = "tracestate"

  /// 32 lower-case hex digits, not all zero: the same for all spans of a trace.
  public let traceID: String
  /// 16 lower-case hex digits, not all zero.
  public let spanID: String
  /// Whether whoever began the trace wants it recorded.
  public let isSampled: Bool
  /// `tracestate`, passed on as it came; nil if it was none.
  public let state: String?

  /// - Parameters: as the properties; the digits are trusted to be well-formed.
  public init(traceID: String, spanID: String, isSampled: Bool, state: String? = nil) {
    self.traceID = traceID
    self.spanID = spanID
    self.isSampled = isSampled
    self.state = state.flatMap(Self.legalState)
  }

  /// Reads a `traceparent` (W3C Trace Context §3.2); nil for a text that is none: a new trace begins then.
  /// - Parameter state: `tracestate`; one over 512 characters or with others than printable ASCII and tabs (W3C Trace
  ///   Context §3.3.1.3, §3.3.1.5) is dropped: a trace is never worth what carries it.
  public init?(traceparent: String, state: String? = nil) {
    let text = traceparent.utf8
    guard text.count >= 55, text.count == 55 || !traceparent.hasPrefix("00") else { return nil }
    let parts = traceparent.prefix(56).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, zip(parts, [2, 32, 16, 2]).allSatisfy({ Self.isHex($0, length: $1) }),
      parts[0] != "ff",
      parts.count == 4 || parts[4].isEmpty, Self.isNotZero(parts[1]), Self.isNotZero(parts[2]),
      let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    traceID = String(parts[1])
    spanID = String(parts[2])
    isSampled = flags & 1 == 1
    self.state = state.flatMap(Self.legalState)
  }

  /// `00-<trace>-<span>-<flags>`.
  public var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

  /// The span that the running task works for; nil where there is none. `SpanContext.current?.traceparent` is what a
  /// message or a call to another service carries.
  public static var current: SpanContext? { InstrumentationContext.current?.span }

  private static func legalState(_ text: String) -> String? {
    let bytes = text.utf8
    guard bytes.count <= 512, bytes.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }),
      bytes.contains(where: { $0 > 0x20 })
    else { return nil }
    return text
  }

  private static func isHex(_ text: Substring, length: Int) -> Bool {
    text.utf8.count == length
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func isNotZero(_ text: Substring) -> Bool { text.utf8.contains { $0 != 0x30 } }
}

extension InstrumentationContext {
  private enum SpanKey: InstrumentationContextKey {
    typealias Value = SpanContext
    static let nameOverride: String? = "span"
  }

  /// The span that what runs in this context works for.
  public var span: SpanContext? {
    get { self[SpanKey.self] }
    set { self[SpanKey.self] = newValue }
  }

  /// A context for work on behalf of a span: of an incoming message, say.
  public init(span: SpanContext) {
    self = .topLevel
    self.span = span
  }
}
