import CLinux
import EventLoops
import Foundation
import TestKit
import Testing
import Time

@Suite("TLS")
struct TLSTests {
  private let certificates: TestCertificates

  init() throws { certificates = try TestCertificates.shared.get() }

  private func serverContext() throws -> TLSContext {
    try TLSContext(certificateFile: certificates.certificate, privateKeyFile: certificates.key)
  }

  private func clientContext() throws -> TLSContext {
    try TLSContext(trustedCertificatesFile: certificates.authority)
  }

  /// A server that shakes hands and then serves; errors of the handshake come to the mailbox.
  private func listen(
    _ context: TLSContext,
    refused: Mailbox<StreamError> = Mailbox(),
    _ serve: @escaping @Sendable (ByteStream) async throws(StreamError) -> Void
  ) async throws -> (TestServer, UInt16) {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      do throws(StreamError) {
        try await stream.startTLS(context, serverName: nil, deadline: .late)
      } catch {
        refused.put(error)
        return
      }
      try await serve(stream)
    }
    return (server, port)
  }

  /// What comes of shaking hands with the server at `port` under that name.
  private func handshake(port: UInt16, name: String, _ context: TLSContext) async throws -> StreamError? {
    try await onLoop {
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      return await failure { () throws(StreamError) in
        try await stream.startTLS(context, serverName: name, deadline: .late)
      }
    }
  }

  @Test("both ends agree on TLS 1.3 and understand each other, and the end in order is an end")
  func roundTrip() async throws {
    let (server, port) = try await listen(serverContext()) { stream throws(StreamError) in
      #expect(stream.tlsVersion == "TLSv1.3")
      try await stream.echo()
    }
    let context = try clientContext()
    try await onLoop {
      let stream = try await ByteStream.connect(host: "localhost", port: port, tls: context, deadline: .late)
      #expect(stream.tlsVersion == "TLSv1.3")
      try await stream.say("hello")
      #expect(try await stream.hear(5) == "hello")
      stream.finishWriting()
      #expect(try await stream.receive(deadline: .late) == 0)
    }
    await server.stop()
  }

  @Test("a certificate holds for the names and addresses it states, and no others")
  func names() async throws {
    let (server, port) = try await listen(serverContext()) { stream throws(StreamError) in
      _ = try await stream.receive(deadline: .late)
    }
    let context = try clientContext()
    for name in ["gateway.test", "localhost", "127.0.0.1"] {
      #expect(try await handshake(port: port, name: name, context) == nil)
    }
    for name in ["other.test", "sub.gateway.test", "127.0.0.2", "::1"] {
      guard case .tls(let text) = try await handshake(port: port, name: name, context) else {
        Issue.record("accepted for \(name)")
        continue
      }
      #expect(text.contains(name))
      #expect(text.contains("mismatch"))
    }
    await server.stop()
  }

  @Test("a certificate of an unknown authority is refused, and the server told")
  func untrusted() async throws {
    let refused = Mailbox<StreamError>()
    let (server, port) = try await listen(serverContext(), refused: refused) { _ in }
    let context = try TLSContext(trustedCertificatesFile: certificates.otherAuthority)
    for context in [context, try TLSContext()] {
      guard case .tls(let text) = try await handshake(port: port, name: "localhost", context) else {
        Issue.record("trusted")
        continue
      }
      #expect(text.contains("refused"))
      guard case .tls(let reason) = try await refused.take() else {
        Issue.record("the server was not told")
        continue
      }
      #expect(reason.contains("unknown ca"))
    }
    await server.stop()
  }

  @Test("a failed connect over TLS leaves no socket")
  func failedConnect() async throws {
    let refused = Mailbox<StreamError>()
    let (server, port) = try await listen(serverContext(), refused: refused) { _ in }
    let context = try TLSContext(trustedCertificatesFile: certificates.otherAuthority)
    let error = try await onLoop {
      await failure { () throws(StreamError) in
        _ = try await ByteStream.connect(host: "127.0.0.1", port: port, tls: context, deadline: .late)
      }
    }
    #expect(error != nil)
    _ = try await refused.take()
    await server.stop()
    try await eventually("no socket is left open") { try openSockets(port: port) == 0 }
  }

  @Test("a client that knows nothing newer than TLS 1.1 is refused")
  func oldClient() async throws {
    let refused = Mailbox<StreamError>()
    let (server, port) = try await listen(serverContext(), refused: refused) { _ in }
    let client = try OpenSSLCommand(
      "s_client",
      "-tls1_1",
      "-cipher",
      "DEFAULT@SECLEVEL=0",
      "-connect",
      "127.0.0.1:\(port)"
    )
    guard case .tls(let reason) = try await refused.take() else {
      Issue.record("refused without a reason")
      return
    }
    #expect(reason.contains("unsupported protocol"))
    try await eventually("the client ends") { client.hasEnded }
    try await eventually("the client is told why") { client.output.contains("alert protocol version") }
    await server.stop()
  }

  @Test("a server that knows nothing newer than TLS 1.1 is refused")
  func oldServer() async throws {
    let server = try OpenSSLCommand(
      "s_server",
      "-tls1_1",
      "-cipher",
      "DEFAULT@SECLEVEL=0",
      "-accept",
      "127.0.0.1:0",
      "-cert",
      certificates.certificate,
      "-key",
      certificates.key
    )
    let port = try await server.port()
    guard case .tls = try await handshake(port: port, name: "localhost", clientContext()) else {
      Issue.record("accepted")
      return
    }
  }

  @Test("TLS 1.2 is spoken with whom knows nothing newer")
  func version12() async throws {
    let server = try OpenSSLCommand(
      "s_server",
      "-tls1_2",
      "-rev",
      "-accept",
      "127.0.0.1:0",
      "-cert",
      certificates.certificate,
      "-key",
      certificates.key
    )
    let port = try await server.port()
    let context = try clientContext()
    try await onLoop {
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, tls: context, deadline: .late)
      #expect(stream.tlsVersion == "TLSv1.2")
      try await stream.say("abc\n")
      #expect(try await stream.hear(4) == "cba\n")
    }
  }

  @Test("the next connection of one context resumes the session")
  func resumption() async throws {
    let (server, port) = try await listen(serverContext()) { stream throws(StreamError) in
      try await stream.echo()
    }
    let context = try clientContext()
    for turn in 0..<3 {
      let isResumed = try await onLoop {
        let stream = try await ByteStream.connect(
          host: "127.0.0.1",
          port: port,
          tls: context,
          deadline: .late
        )
        try await stream.say("hello")
        #expect(try await stream.hear(5) == "hello")
        defer { stream.close() }
        return stream.isTLSSessionResumed
      }
      #expect(isResumed == (turn > 0))
    }
    await server.stop()
  }

  @Test("a session is not offered under another name, whose certificate would go unchecked")
  func resumptionKeepsNamesApart() async throws {
    let context = try TLSContext(
      certificateFile: certificates.namedCertificate,
      privateKeyFile: certificates.key
    )
    let (server, port) = try await listen(context) { stream throws(StreamError) in try await stream.echo() }
    let client = try clientContext()
    try await onLoop {
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      try await stream.startTLS(client, serverName: "gateway.test", deadline: .late)
      try await stream.say("hello")
      #expect(try await stream.hear(5) == "hello")
      stream.close()
    }
    guard case .tls = try await handshake(port: port, name: "localhost", client) else {
      Issue.record("accepted")
      return
    }
    await server.stop()
  }

  @Test("the client names the server it wants, unless that is an address (RFC 6066 §3)")
  func serverNameIndication() async throws {
    let hellos = Mailbox<String>()
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      _ = try await stream.receive(deadline: .late)
      hellos.put(stream.inbound.withReadableBytes { String(decoding: $0, as: UTF8.self) })
    }
    let context = try clientContext()
    #expect(try await handshake(port: port, name: "gateway.test", context) == .reset)
    #expect(try await hellos.take().contains("gateway.test"))
    #expect(try await handshake(port: port, name: "127.0.0.1", context) == .reset)
    #expect(try await !hellos.take().contains("127.0.0.1"))
    await server.stop()
  }

  @Test("a connection cut off without a close-notify is a reset, not an end")
  func truncation() async throws {
    let server = try OpenSSLCommand(
      "s_server",
      "-accept",
      "127.0.0.1:0",
      "-cert",
      certificates.certificate,
      "-key",
      certificates.key
    )
    let port = try await server.port()
    let context = try clientContext()
    try await onLoop {
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, tls: context, deadline: .late)
      server.type("half an answ\n")
      #expect(try await stream.hear(13) == "half an answ\n")
      server.kill()
      for _ in 0..<2 {
        #expect(
          await failure { () throws(StreamError) in _ = try await stream.receive(deadline: .late) } == .reset
        )
      }
      stream.outbound.append("x")
      #expect(await failure { () throws(StreamError) in try await stream.flush(deadline: .late) } == .reset)
    }
  }

  @Test("a plain client, one that ends in the handshake and one that never speaks do no harm")
  func brokenHandshakes() async throws {
    let context = try serverContext()
    let outcomes = Mailbox<StreamError?>()
    let deadlines = Mailbox<MonotonicInstant>()
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      guard let deadline = try? await deadlines.take() else { return }
      outcomes.put(
        await failure { () throws(StreamError) in
          try await stream.startTLS(context, serverName: nil, deadline: deadline)
        }
      )
    }
    try await onLoop {
      deadlines.put(.late)
      let plain = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      try await plain.say("GET / HTTP/1.1\r\n\r\n")
      guard case .tls(let reason) = try await outcomes.take() else {
        Issue.record("plain HTTP accepted")
        return
      }
      #expect(reason.contains("http request"))

      deadlines.put(.late)
      let brief = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      brief.close()
      #expect(try await outcomes.take() == .reset)

      deadlines.put(.now() + .milliseconds(50))
      let silent = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      #expect(try await outcomes.take() == .timedOut)
      silent.close()
    }
    await server.stop()
  }

  @Test("a stream closed while it shakes hands ends the handshake")
  func closedInHandshake() async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      while try await stream.receive(deadline: .late) > 0 {}
    }
    let context = try clientContext()
    try await onLoop {
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      _ = Loops.first.schedule(after: .milliseconds(10)) { stream.close() }
      let error = await failure { () throws(StreamError) in
        try await stream.startTLS(context, serverName: "localhost", deadline: .late)
      }
      #expect(error == .closed)
    }
    await server.stop()
  }

  @Test("bytes that came before the handshake do not pass for encrypted ones")
  func bytesBeforeHandshake() async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      try await stream.say("injected")
      _ = try await stream.receive(deadline: .late)
    }
    let context = try clientContext()
    try await onLoop {
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
      _ = try await stream.receive(deadline: .late)
      let error = await failure { () throws(StreamError) in
        try await stream.startTLS(context, serverName: "localhost", deadline: .late)
      }
      guard case .tls = error else {
        Issue.record("accepted")
        return
      }
    }
    await server.stop()
  }

  @Test("twenty megabytes go each way at the same time")
  func bigTransfer() async throws {
    let total = 20_000_000
    let context = try serverContext()
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      try await stream.startTLS(context, serverName: nil, deadline: .late)
      try await stream.echo()
    }
    let client = Peer(on: Loops.first)
    try await client.connect(port: port, tls: clientContext())
    async let sent: Void = client.send(total)
    #expect(try await client.receive(total) == total)
    try await sent
    await client.close()
    await server.stop()
  }

  @Test("a client may not renegotiate")
  func renegotiation() async throws {
    let heard = Mailbox<String>()
    let (server, port) = try await listen(serverContext()) { stream throws(StreamError) in
      heard.put(try await stream.hear(6))
      _ = await failure { () throws(StreamError) in while try await stream.receive(deadline: .late) > 0 {} }
    }
    let client = try OpenSSLCommand("s_client", "-tls1_2", "-connect", "127.0.0.1:\(port)")
    client.type("hello\n")
    #expect(try await heard.take() == "hello\n")
    client.type("R\n")
    try await eventually("the client ends") { client.hasEnded }
    try await eventually("the client renegotiates") { client.output.contains("RENEGOTIATING") }
    try await eventually("renegotiation is refused") { client.output.contains("no renegotiation") }
    await server.stop()
  }

  @Test("TLS streams that go on another thread, or are cancelled in the handshake, leave no socket")
  func lifetimes() async throws {
    let (server, port) = try await listen(serverContext()) { stream throws(StreamError) in
      _ = await failure { () throws(StreamError) in while try await stream.receive(deadline: .late) > 0 {} }
    }
    let context = try clientContext()
    for _ in 0..<20 {
      let parcel = try await onLoop {
        Parcel(try await ByteStream.connect(host: "127.0.0.1", port: port, tls: context, deadline: .late))
      }
      _ = parcel.open()
      let task = Task(executorPreference: Loops.second) {
        _ = try await ByteStream.connect(host: "127.0.0.1", port: port, tls: context, deadline: .late)
      }
      await Task.yield()
      task.cancel()
      _ = await task.result
    }
    await server.stop()
    try await eventually("no socket is left open") { try openSockets(port: port) == 0 }
  }

  @Test("files that cannot be used are named")
  func badFiles() throws {
    let missing = certificates.folder + "/missing.pem"
    for make in [
      { try TLSContext(certificateFile: missing, privateKeyFile: certificates.key) },
      { try TLSContext(certificateFile: certificates.certificate, privateKeyFile: missing) },
      { try TLSContext(trustedCertificatesFile: missing) },
    ] as [() throws -> TLSContext] {
      do {
        _ = try make()
        Issue.record("made from a missing file")
      } catch {
        #expect("\(error)".contains(missing))
      }
    }
    #expect(throws: StreamError.self) {
      try TLSContext(
        certificateFile: certificates.certificate,
        privateKeyFile: certificates.folder + "/other.key"
      )
    }
  }
}
