import CZlib
import HTTPTransport
import HTTPTypes
import Testing

@Suite("Compression")
struct CompressionTests {
  private static let text = String(repeating: "{\"prisonerNumber\":\"A1234BC\"},", count: 200)

  private func response(
    _ fields: HeaderFields = [.contentType: "application/json"],
    body: String = text,
    accept: String?,
    method: String = "GET"
  ) async throws -> RawConnection.Response {
    var answer: RawConnection.Response?
    let responder: Responder = { _ in ServerResponse(status: .ok, fields: fields, body: Array(body.utf8)) }
    try await withServer(responder: responder) { server in
      let connection = try server.connect()
      let field = accept.map { "Accept-Encoding: \($0)\r\n" } ?? ""
      connection.send("\(method) / HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
      answer = try connection.response(toHead: method == "HEAD")
    }
    return try #require(answer)
  }

  struct Untouched: Sendable, CustomTestStringConvertible {
    let fields: HeaderFields
    let body: String
    var testDescription: String { "\(fields.all), \(body.utf8.count) bytes" }
  }

  @Test(
    "Clients that accept gzip get it",
    arguments: [
      "gzip", "x-gzip", "GZIP", "br, gzip;q=0.5", "*", "gzip;q=0.001", "deflate, *;q=0.1", "gzip ; q=1.0",
      "identity;q=0, gzip",
    ]
  )
  func accepted(_ accept: String) async throws {
    let answer = try await response(accept: accept)
    #expect(answer["content-encoding"] == "gzip")
    #expect(answer["vary"] == "Accept-Encoding")
    #expect(answer.body.count < 300)
    #expect(try gunzip(answer.body) == Self.text)
  }

  @Test(
    "Others get the plain bytes, and caches are told that it depends",
    arguments: [
      nil, "", "identity", "gzip;q=0", "gzip;q=0.000", "br", "*;q=0", "gzip;q=0, *", "gzipx",
    ]
  )
  func refused(_ accept: String?) async throws {
    let answer = try await response(accept: accept)
    #expect(answer["content-encoding"] == nil)
    #expect(answer["vary"] == "Accept-Encoding")
    #expect(answer.text == Self.text)
  }

  @Test(
    "Small bodies, other types, encoded bodies and tagged ones are left alone",
    arguments: [
      Untouched(fields: [.contentType: "application/json"], body: String(text.prefix(1023))),
      Untouched(fields: [.contentType: "image/png"], body: text), Untouched(fields: [:], body: text),
      Untouched(fields: [.contentType: "text/plain", .contentEncoding: "br"], body: text),
      Untouched(fields: [.contentType: "text/plain", .eTag: "\"a\""], body: text),
    ]
  )
  func leftAlone(_ untouched: Untouched) async throws {
    let answer = try await response(untouched.fields, body: untouched.body, accept: "gzip")
    #expect(answer["content-encoding"] != "gzip")
    #expect(answer["vary"] == nil)
    #expect(answer.text == untouched.body)
  }

  @Test("HEAD tells the length that GET would have")
  func head() async throws {
    let get = try await response(accept: "gzip")
    let head = try await response(accept: "gzip", method: "HEAD")
    #expect(head["content-length"] == get["content-length"])
    #expect(head["content-encoding"] == "gzip")
  }

  @Test(
    "Types with parameters and suffixes count",
    arguments: [
      "text/html;charset=utf-8", "application/problem+json", "application/yaml", "image/svg+xml",
    ]
  )
  func types(_ type: String) async throws {
    #expect(try await response([.contentType: type], accept: "gzip")["content-encoding"] == "gzip")
  }

  private func gunzip(_ bytes: [UInt8]) throws -> String {
    var input = bytes
    var output = [UInt8](repeating: 0, count: 1_000_000)
    var stream = z_stream()
    try #require(inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
    defer { inflateEnd(&stream) }
    let length = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return inflate(&stream, Z_FINISH) == Z_STREAM_END ? Int(stream.total_out) : -1
      }
    }
    try #require(length >= 0)
    return String(decoding: output[0..<length], as: UTF8.self)
  }
}
