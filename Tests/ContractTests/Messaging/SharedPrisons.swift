import Doubles
import EventLoops
import Foundation
import Logging
import ServerTestKit
import Synchronization

/// Prison API and prisoner search as one server, for the gateway and the service that it replaces at once: they know
/// everybody, and note of whom they are told and asked.
final class SharedPrisons: Sendable {
  enum Caller { case gateway, oldService }
  /// The calls that are about one prisoner, and change something or precede a change.
  enum Call { case discharge, release, movements }

  private static let oldToken = "Bearer old"
  private static let search = "POST /prisoner-search/prisoner-numbers"

  private let double = ScriptedUpstream()
  private let calls = Mutex<[Call: [Caller: [String]]]>([:])
  private let server: DoubleServer
  private let told: AsyncStream<String>.Continuation
  /// The prisoners of whose discharge prison API was told, as often as it was; until `end()`.
  let discharges: AsyncStream<String>

  var url: String { server.url }

  private init() async throws {
    let double = double
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    (discharges, told) = AsyncStream<String>.makeStream()
    server = try await DoubleServer.start(port: 0, group: try World.group.get(), logger: quiet) {
      await double.respond(to: $0)
    }
  }

  static func with(_ body: (SharedPrisons) async throws -> Void) async throws {
    let prisons = try await SharedPrisons()
    prisons.double.stubOthers { [unowned prisons] in prisons.answer($0) }
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(prisons))
    } catch {
      result = .failure(error)
    }
    await prisons.server.shutdown(within: .zero)
    try result.get()
  }

  func end() { told.finish() }

  /// Keeps those waiting who ask about a release, until `letGo()`.
  func hold() { double.hold(ScriptedUpstream.movements) }
  func letGo() { double.letGo() }

  /// Calls them as the service replaced.
  func ask(_ call: String, _ body: String? = nil) async throws -> JSON {
    let words = call.split(separator: " ").map(String.init)
    let answer = try await SocketClient.send(
      port: server.address.port,
      method: words[0],
      target: words[1],
      headers: [("Authorization", Self.oldToken), ("Content-Type", "application/json")],
      body: body.map { Array($0.utf8) }
    )
    guard answer.status < 300 else { throw SocketFailure(description: "\(call): \(answer.status)") }
    return try answer.json
  }

  /// Prisoner search's, as the service replaced asks it.
  func booking(of number: String) async throws -> Int? {
    try await ask(Self.search, #"{"prisonerNumbers":["\#(number)"]}"#)[0]?["bookingId"]?.text
      .flatMap { Int($0) }
  }

  /// Whom the calls of a kind were about, one for each.
  func prisoners(of call: Call, by caller: Caller) -> [String] {
    calls.withLock { $0[call]?[caller] ?? [] }
  }

  /// Whether anybody has asked for a prisoner's movements.
  func wasAsked(about number: String) -> Bool {
    [Caller.gateway, .oldService].contains { prisoners(of: .movements, by: $0).contains(number) }
  }

  private func note(_ call: Call, _ number: String, _ request: ScriptedUpstream.Request) {
    let caller = request.authorization == Self.oldToken ? Caller.oldService : .gateway
    calls.withLock { $0[call, default: [:]][caller, default: []].append(number) }
  }

  // MARK: Answers

  private func answer(_ request: ScriptedUpstream.Request) -> (status: Int, body: String)? {
    let call = request.call
    if let number = Self.discharged(call) {
      note(.discharge, number, request)
      told.yield(number)
      return (201, #"{"offenderNo":"\#(number)"}"#)
    }
    if let number = call.split(separator: "/").last.map(String.init),
      call == ScriptedUpstream.booking(number)
    {
      let isOutside = [Caller.gateway, .oldService].contains {
        prisoners(of: .discharge, by: $0).contains(number)
      }
      return (200, #"{"offenderNo":"\#(number)","bookingId":1,"activeFlag":\#(!isOutside)}"#)
    }
    switch call {
    case ScriptedUpstream.movements:
      guard let number = Self.json(request.body)?[0]?.text else { return nil }
      note(.movements, number, request)
      return (200, "[\(ScriptedUpstream.movement())]")
    case ScriptedUpstream.release:
      guard let number = Self.prisoner(inBookingOf: request.body) else { return nil }
      note(.release, number, request)
      return (200, "{}")
    case ScriptedUpstream.agency("HAZLWD"):
      return (200, ScriptedUpstream.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP"))
    case Self.search:
      guard let number = Self.json(request.body)?["prisonerNumbers"]?[0]?.text else { return nil }
      return (200, "[\(Patients.found(number, booking: Self.booking(number)))]")
    default: return nil
    }
  }

  private static func json(_ body: String) -> JSON? { try? JSON(parsing: Array(body.utf8)) }

  private static func discharged(_ call: String) -> String? {
    let number = call.split(separator: "/").dropLast().last.map(String.init) ?? ""
    return call == ScriptedUpstream.discharge(number) ? number : nil
  }

  /// E1234AA has the booking 691234: the letter's code, and the digits.
  private static func booking(_ number: String) -> String {
    "\(number.utf8.first ?? 0)\(number.dropFirst().prefix(4))"
  }

  private static func prisoner(inBookingOf body: String) -> String? {
    guard let booking = json(body)?["bookingId"]?.number, let code = UInt8(exactly: booking / 10_000)
    else { return nil }
    return "\(Character(UnicodeScalar(code)))\(booking % 10_000)AA"
  }
}
