import EventLoops
import Foundation
import HTTPTransport
import ServiceKit
import Time

/// A proxy that takes CONNECT (RFC 9110 §9.3.6), and remembers what went through it.
actor ProxyDouble {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private var listener: Listener?
  /// The targets it was asked for, in order.
  private(set) var targets: [String] = []
  /// All that clients have sent through it.
  private var sent: [UInt8] = []

  /// The request lines that went through it in plain HTTP.
  var requestLines: [String] {
    // A line may follow the body of the request before.
    String(decoding: sent, as: UTF8.self).matches(of: /(?:GET|POST|PUT|DELETE) [^ ]+ HTTP\/1\.1/)
      .map { String($0.output) }
  }

  /// The field lines that went through it in plain HTTP, of one name.
  func fields(_ name: String) -> [String] {
    String(decoding: sent, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
      .filter { $0.lowercased().hasPrefix(name.lowercased() + ":") }
  }

  private init(_ loop: EventLoop) { self.loop = loop }

  /// Starts one, runs `body` with it and its address, and stops it.
  static func run(_ body: (ProxyDouble, String) async throws -> Void) async throws {
    let proxy = ProxyDouble(try World.group.get().loops[0])
    let address = try await proxy.start()
    let result: Result<Void, any Error>
    do { result = .success(try await body(proxy, address)) } catch { result = .failure(error) }
    await proxy.stop()
    try result.get()
  }

  private func start() throws -> String {
    let listener = try CarriedStream.listen(on: loop) { await self.serve($0) }
    self.listener = listener
    return "127.0.0.1:\(listener.address.port)"
  }

  private func stop() {
    listener?.close()
    listener = nil
  }

  private func serve(_ client: CarriedStream) async {
    let stream = client.stream
    defer { stream.close() }
    do {
      while !String(decoding: stream.inbound.readable, as: UTF8.self).contains("\r\n\r\n") {
        guard try await stream.receive(deadline: .now() + .seconds(10)) > 0 else { return }
      }
      let head = String(decoding: stream.inbound.read(stream.inbound.count), as: UTF8.self)
      let words = head.split(separator: " ")
      guard words.count > 2, words[0] == "CONNECT" else { return }
      targets.append(String(words[1]))
      let url = try HTTPURL("http://\(words[1])")
      let upstream = CarriedStream(
        try await ByteStream.connect(host: url.host, port: url.port, deadline: .now() + .seconds(10))
      )
      defer { upstream.stream.close() }
      stream.outbound.append("HTTP/1.1 200 Connection established\r\n\r\n")
      try await stream.flush(deadline: .now() + .seconds(10))
      let back = Task(executorPreference: loop) {
        await upstream.pump(to: client) { _ in }
        client.stream.finishWriting()
      }
      await client.pump(to: upstream) { sent += $0 }
      upstream.stream.finishWriting()
      await back.value
    } catch {
      return
    }
  }
}
