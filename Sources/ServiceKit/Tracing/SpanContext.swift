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
    // By its places: it is read for each event, and to split a text by its characters takes ten times as long.
    let text = Array(traceparent.utf8.prefix(56))
    let (version, trace, span) = (text.prefix(2), text.dropFirst(3).prefix(32), text.dropFirst(36).prefix(16))
    let (dash, zero) = (UInt8(ascii: "-"), UInt8(ascii: "0"))
    guard text.count >= 55, text[2] == dash, text[35] == dash, text[52] == dash,
      [version, trace, span, text[53..<55]].allSatisfy({ $0.allSatisfy(Self.isHexDigit) }),
      version != [0x66, 0x66], trace.contains(where: { $0 != zero }), span.contains(where: { $0 != zero }),
      // A later version may have more behind a dash.
      text.count == 55 || text[55] == dash && version != [zero, zero]
    else { return nil }
    traceID = String(decoding: trace, as: UTF8.self)
    spanID = String(decoding: span, as: UTF8.self)
    // The lowest bit of the flags: digits are even where their characters are, letters where those are not.
    isSampled = (text[54] < UInt8(ascii: "a") ? text[54] : text[54] &+ 1) & 1 == 1
    self.state = state.flatMap(Self.legalState)
  }

  /// `00-<trace>-<span>-<flags>`.
  public var traceparent: String {
    var text = "00-"
    // In one piece of memory.
    text.reserveCapacity(55)
    text += traceID
    text += "-"
    text += spanID
    text += isSampled ? "-01" : "-00"
    return text
  }

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

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
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
