internal import JSON
internal import ServiceKit

/// A JSON message whose long texts can be cut, each saying so, until the message fits where it goes. Everything else
/// stays as it is, also within a JSON document that is a text of the message, as the details of an audit message are.
struct ShortenedMessage {
  /// Shorter texts are left alone.
  private static let shortest = 256

  private enum Piece {
    case raw(ArraySlice<UInt8>)
    /// One of ``texts``.
    case text(Int)
    /// A text that is a JSON document.
    case document([Piece])
  }

  fileprivate struct Text {
    let whole: String
    let depth: Int
    /// Bytes that it takes up in the message.
    var size: Int
    /// The text as it is now.
    var told: String
  }

  private var pieces: [Piece] = []
  private var texts: [Text] = []

  /// - Returns: nil for a message that is no JSON object.
  init?(_ message: [UInt8]) {
    let strict = JSONText.strict(BrokerText.escaped(message))
    guard case .object = try? JSONValue(parsing: strict) else { return nil }
    pieces = Self.pieces(of: strict, depth: 1, &texts)
  }

  /// The message with its longest texts cut.
  /// - Parameter limit: bytes of the message as it is sent.
  /// - Returns: the message ready to be sent; larger than `limit` if there is nothing more to cut.
  mutating func message(within limit: Int) -> [UInt8] {
    while true {
      let message = BrokerText.escaped(Self.bytes(of: pieces, texts))
      guard message.count > limit, let longest = texts.indices.max(by: { texts[$0].size < texts[$1].size }),
        texts[longest].size > Self.shortest
      else { return message }
      texts[longest].cut(to: texts[longest].size - (message.count - limit), atLeast: Self.shortest / 2)
    }
  }

  // MARK: Taking apart

  /// - Parameter json: valid.
  private static func pieces(of json: [UInt8], depth: Int, _ texts: inout [Text]) -> [Piece] {
    var pieces: [Piece] = []
    var rawStart = 0
    var index = 0
    while index < json.count {
      guard json[index] == UInt8(ascii: "\"") else {
        index += 1
        continue
      }
      let start = index
      index = end(ofStringAt: start, in: json)
      guard index - start > shortest, !isKey(endingAt: index, in: json),
        case .string(let text) = try? JSONValue(parsing: Array(json[start..<index]))
      else { continue }
      pieces.append(.raw(json[rawStart..<start]))
      rawStart = index
      let inner = Array(text.utf8)
      if inner.first == UInt8(ascii: "{"), (try? JSONValue(parsing: inner)) != nil {
        pieces.append(.document(Self.pieces(of: inner, depth: depth + 1, &texts)))
      } else {
        pieces.append(.text(texts.count))
        texts.append(Text(text, depth: depth))
      }
    }
    pieces.append(.raw(json[rawStart...]))
    return pieces
  }

  /// - Returns: the index after the closing quotation mark.
  private static func end(ofStringAt start: Int, in json: [UInt8]) -> Int {
    var index = start + 1
    while index < json.count, json[index] != UInt8(ascii: "\"") {
      index += json[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index + 1, json.count)
  }

  private static func isKey(endingAt end: Int, in json: [UInt8]) -> Bool {
    json[end...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ":")
  }

  // MARK: Putting together

  private static func bytes(of pieces: [Piece], _ texts: [Text]) -> [UInt8] {
    var bytes: [UInt8] = []
    for piece in pieces {
      switch piece {
      case .raw(let raw): bytes.append(contentsOf: raw)
      case .text(let number): bytes.append(contentsOf: quoted(texts[number].told))
      case .document(let inner):
        bytes.append(contentsOf: quoted(String(decoding: Self.bytes(of: inner, texts), as: UTF8.self)))
      }
    }
    return bytes
  }

  private static func quoted(_ text: String) -> [UInt8] {
    var writer = JSONWriter(capacity: text.utf8.count + text.utf8.count / 8)
    writer.value(text)
    return writer.finish()
  }
}

extension ShortenedMessage.Text {
  init(_ whole: String, depth: Int) {
    self.init(whole: whole, depth: depth, size: Self.size(of: whole, depth), told: whole)
  }

  /// Keeps the beginning, with a remark that the text was cut.
  /// - Parameter limit: bytes in the message, the remark included.
  mutating func cut(to limit: Int, atLeast least: Int) {
    let remark = " [shortened from \(whole.unicodeScalars.count) characters]"
    let limit = max(limit, least) - remark.utf8.count
    var beginning = String.UnicodeScalarView()
    var size = 0
    for scalar in whole.unicodeScalars {
      size += BrokerText.size(of: scalar, depth: depth)
      if size > limit { break }
      beginning.append(scalar)
    }
    told = String(beginning) + remark
    self.size = Self.size(of: told, depth)
  }

  private static func size(of text: String, _ depth: Int) -> Int {
    text.unicodeScalars.reduce(0) { $0 + BrokerText.size(of: $1, depth: depth) }
  }
}
