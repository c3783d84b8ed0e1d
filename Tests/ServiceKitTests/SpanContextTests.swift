import Instrumentation
import ServiceKit
import Testing
import Tracing

@Suite("W3C Trace Context")
struct SpanContextTests {
  static let trace = "0af7651916cd43dd8448eb211c80319c"
  static let span = "b7ad6b7169203331"

  @Test("A valid traceparent is read and written alike", arguments: ["00", "01"])
  func valid(flags: String) throws {
    let text = "00-\(Self.trace)-\(Self.span)-\(flags)"
    let context = try #require(SpanContext(traceparent: text, state: "a=1"))
    #expect(context.traceID == Self.trace)
    #expect(context.spanID == Self.span)
    #expect(context.isSampled == (flags == "01"))
    #expect(context.state == "a=1")
    #expect(context.traceparent == text)
  }

  @Test("A later version may have more behind the flags; other flags are not ours to set")
  func laterVersion() {
    let context = SpanContext(traceparent: "cc-\(Self.trace)-\(Self.span)-03-what-the-future")
    #expect(context?.traceparent == "00-\(Self.trace)-\(Self.span)-01")
    #expect(SpanContext(traceparent: "cc-\(Self.trace)-\(Self.span)-01")?.isSampled == true)
  }

  @Test(
    "What is no traceparent is none",
    arguments: [
      "", "00", "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-more", "00-\(trace)-\(span)-1",
      "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span)-0g", "00-\(trace)\(span)-01-",
      "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
      "cc-\(trace)-\(span)-01x", "00_\(trace)_\(span)_01", "00-\(trace)-\(span)-01 ",
    ]
  )
  func invalid(text: String) { #expect(SpanContext(traceparent: text) == nil) }

  @Test("A tracestate that is too long is dropped, the trace is not")
  func longState() {
    let long = String(repeating: "a", count: 513)
    let context = SpanContext(traceparent: "00-\(Self.trace)-\(Self.span)-01", state: long)
    #expect(context?.traceID == Self.trace)
    #expect(context?.state == nil)
  }

  @Test("A tracestate with others than printable ASCII and tabs is dropped, the trace is not")
  func illegalState() {
    for scalar in (UInt32(0)...0x10FFFF).lazy.compactMap({ Unicode.Scalar($0) }) {
      let isLegal = (0x20...0x7E).contains(scalar.value) || scalar.value == 0x09
      let state = "a=\(scalar)b"
      guard isLegal || scalar.value < 0x3000 || scalar.value & 0xFF > 0xF0 else { continue }
      let context = SpanContext(traceparent: "00-\(Self.trace)-\(Self.span)-01", state: state)
      #expect(context?.traceID == Self.trace)
      #expect(context?.state == (isLegal ? state : nil), "\(scalar.value)")
      let own = SpanContext(traceID: Self.trace, spanID: Self.span, isSampled: true, state: state)
      #expect(own.state == (isLegal ? state : nil), "\(scalar.value)")
    }
    for blank in ["", " ", "\t "] {
      #expect(SpanContext(traceparent: "00-\(Self.trace)-\(Self.span)-01", state: blank)?.state == nil)
    }
  }

  @Test("Without a tracer a given trace is carried along, and only there")
  func carried() async throws {
    let given = try #require(SpanContext(traceparent: "00-\(Self.trace)-\(Self.span)-01"))
    #expect(SpanContext.current == nil)
    let seen = await Spans().around("work", .server, parent: given) { span in
      #expect(span == nil)
      return await Spans().around("inner", .client) { _ in SpanContext.current }
    }
    #expect(seen == given)
    #expect(SpanContext.current == nil)
  }
}
