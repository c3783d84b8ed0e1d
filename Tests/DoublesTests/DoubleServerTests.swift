import EventLoops
import HTTPTransport
import Logging
import TestKit
import Testing

@testable import Doubles

@Suite("Servers of doubles")
struct DoubleServerTests {
  @Test("A double listens on the loopback interface: nobody on another machine reaches it")
  func loopback() async throws {
    let double = try await DoubleServer.start(
      port: 0,
      group: try Loops.shared.get(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      responder: { _ in .ping }
    )
    #expect("\(double.address)".hasPrefix("127."))
    #expect(double.url == "http://\(double.address)")
    await double.shutdown(within: .zero)
  }

  @Test("A port that is taken is not shared and not a reason to fail: another is used")
  func takenPort() async throws {
    let group = try Loops.shared.get()
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let first = try await DoubleServer.start(port: 0, group: group, logger: quiet) { _ in
      .ping
    }
    let taken = first.address.port
    let second = try await DoubleServer.start(port: taken, group: group, logger: quiet) { _ in
      .ping
    }
    #expect(second.address.port != taken)
    for double in [first, second] { await double.shutdown(within: .zero) }
    let third = try await DoubleServer.start(port: taken, group: group, logger: quiet) { _ in
      .ping
    }
    #expect(third.address.port == taken)
    await third.shutdown(within: .zero)
  }
}
