import Testing

@testable import HTTPTransport

@Suite("Chunked bodies")
struct ChunkedDecoderTests {
  enum Outcome: Equatable {
    case complete(String, used: Int)
    case incomplete(String)
    case failed(ChunkedDecodingError)
  }

  private func decode(_ bytes: [UInt8], pieces: [Range<Int>], limit: Int = 100) -> Outcome {
    var decoder = ChunkedDecoder(maximumBodyBytes: limit)
    var body: [UInt8] = []
    for piece in pieces {
      do throws(ChunkedDecodingError) {
        let used = try decoder.decode(bytes.span.extracting(piece), into: &body)
        if decoder.isComplete {
          return .complete(String(decoding: body, as: UTF8.self), used: piece.lowerBound + used)
        }
        #expect(used == piece.count)
      } catch {
        return .failed(error)
      }
    }
    return .incomplete(String(decoding: body, as: UTF8.self))
  }

  @Test(
    "Any split gives the same reading",
    arguments: [
      "0\r\n\r\nrest", "5\r\nhello\r\n0\r\n\r\n",
      "5;a=b;c=\"d\\\"e\"\r\nhello\r\n1\r\n!\r\n0;x\r\nT: v\r\nU:\r\n\r\nGET /",
      "5\r\nhel", "5\r\nhelloX", "5 \r\n", "g", "\r\n", "5;=\r\n", "5;a=\r\n", "5;a=b=c\r\n",
      "5;a=\"\n\"\r\n", "5;a=\"b\"c\r\n",
      "0\r\n T: v\r\n\r\n", "0\r\nT : v\r\n", "0\r\nT: \u{1}\r\n", "0\r\nT: v\n", "64\r\n", "65\r\n",
      "ffffffffffffffff\r\n",
      "7fffffffffffffff\r\n", "00000000000000005\r\nhello\r\n", "0000000000000005\r\nhello\r\n0\r\n\r\n",
    ]
  )
  func splits(_ text: String) {
    let bytes = Array(text.utf8)
    let whole = decode(bytes, pieces: [bytes.indices])
    for cut in 0...bytes.count {
      #expect(decode(bytes, pieces: [0..<cut, cut..<bytes.count]) == whole, "cut at \(cut)")
    }
    #expect(decode(bytes, pieces: bytes.indices.map { $0..<$0 + 1 }) == whole)
  }

  @Test("The limit counts decoded bytes over all chunks")
  func limit() {
    let bytes = Array("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n".utf8)
    #expect(decode(bytes, pieces: [bytes.indices], limit: 10) == .complete("helloworld", used: bytes.count))
    #expect(decode(bytes, pieces: [bytes.indices], limit: 9) == .failed(.tooLarge(limit: 9)))
  }

  @Test("Extensions are bounded over the whole message")
  func extensions() {
    let bytes = Array(String(repeating: "1;aaaaaaaaaa\r\nx\r\n", count: 1000).utf8)
    #expect(
      decode(bytes, pieces: [bytes.indices], limit: 10_000)
        == .failed(.malformed("chunk extensions too large"))
    )
  }
}
