import Foundation

/// An answer as it came over the socket.
struct Answer: Sendable {
  let status: Int
  let headers: [(name: String, value: String)]
  let body: [UInt8]

  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
  var json: JSON { get throws { try JSON(parsing: body) } }
  var text: String { String(decoding: body, as: UTF8.self) }
}

struct SocketFailure: Error, CustomStringConvertible { let description: String }

/// A small HTTP/1.1 client over blocking sockets, which shares no code with the gateway's own: one connection a
/// request, ten seconds to answer.
enum SocketClient {
  static func send(
    port: UInt16,
    method: String,
    target: String,
    headers: [(String, String)],
    body: [UInt8]?
  ) async throws -> Answer {
    var head = "\(method) \(target) HTTP/1.1\r\n"
    if !headers.contains(where: { $0.0.lowercased() == "host" }) { head += "Host: 127.0.0.1:\(port)\r\n" }
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if let body { head += "Content-Length: \(body.count)\r\n" }
    head += "Connection: close\r\n\r\n"
    let bytes = try await exchange(port: port, sending: Array(head.utf8) + (body ?? []))
    return try parse(bytes, isHead: method == "HEAD")
  }

  /// Sends bytes and reads until the server closes.
  static func exchange(port: UInt16, sending bytes: [UInt8]) async throws -> [UInt8] {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try exchangeBlocking(port, bytes) }) }
    }
  }

  /// A blocking socket that is connected to this machine.
  /// - Parameter patience: seconds that it waits for something to read.
  static func connect(port: UInt16, patience: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SocketFailure(description: "socket: errno \(errno)") }
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      let failure = SocketFailure(description: "connect: errno \(errno)")
      close(descriptor)
      throw failure
    }
    return descriptor
  }

  private static func exchangeBlocking(_ port: UInt16, _ bytes: [UInt8]) throws -> [UInt8] {
    let descriptor = try connect(port: port, patience: 10)
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { break }
      rest = rest.dropFirst(sent)
    }
    var received: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0, errno == EAGAIN { throw SocketFailure(description: "no answer within 10 s") }
      guard count > 0 else { return received }
      received += chunk[..<count]
    }
  }

  static func parse(_ bytes: [UInt8], isHead: Bool) throws -> Answer {
    let separator = Array("\r\n\r\n".utf8)
    guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: separator) }) else {
      throw SocketFailure(
        description: "no whole answer: \(String(decoding: bytes.prefix(200), as: UTF8.self))"
      )
    }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    guard let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") else {
      throw SocketFailure(description: "bad status line: \(lines[0])")
    }
    let headers = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        name: String(parts[0]), value: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
      )
    }
    let body = Array(bytes[(end + 4)...])
    let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
    if let length, !isHead, length != body.count {
      throw SocketFailure(description: "Content-Length \(length), but \(body.count) bytes of body")
    }
    return Answer(status: status, headers: headers, body: body)
  }
}
