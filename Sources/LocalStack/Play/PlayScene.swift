internal import JSON
internal import ServiceKit
internal import Text

/// One thing that happens in the prisons, to be played on the doubles of a local gateway.
public struct PlayScene: Sendable, Equatable {
  /// What happens.
  public enum Event: String, Sendable, CaseIterable {
    /// Two numbers turn out to be one person: `prisoner` is merged into `other`.
    case merge
    /// A booking of `prisoner` goes over to `other`.
    case bookingMoved = "booking-moved"
    /// `prisoner` leaves prison: to `hospital` if one is given, to another prison with the reason `TRANSFERRED`, else
    /// home.
    case released
    /// `prisoner` comes into `prison`; NOMIS says so at once.
    case reception
    /// `prisoner` comes into `prison`; prison-offender-events says so, as it does 45 minutes after a reception.
    case received
    /// A user of the front end moves `prisoner` to `hospital`.
    case discharge
    /// A user of the front end removes `prisoner` from the restricted patients.
    case removal
  }

  /// What happens.
  public var event: Event
  /// A prisoner's number.
  public var prisoner: String
  /// The other number of a merge or a booking move.
  public var other: String?
  /// A prison's code; `MDI` if not given.
  public var prison: String?
  /// A hospital's code; `HAZLWD` for a discharge if not given.
  public var hospital: String?
  /// Of a release: `RELEASED_TO_HOSPITAL`, `TRANSFERRED`, `RELEASED` …
  public var reason: String?
  /// The sample user who discharges or removes; one who may, if not given.
  public var user: String?

  /// - Parameters:
  ///   - prisoner: a prisoner's number.
  ///   - other: the other number of a merge or a booking move.
  ///   - prison: a prison's code.
  ///   - hospital: a hospital's code.
  ///   - reason: of a release.
  ///   - user: the sample user who discharges or removes.
  public init(
    _ event: Event,
    _ prisoner: String,
    other: String? = nil,
    prison: String? = nil,
    hospital: String? = nil,
    reason: String? = nil,
    user: String? = nil
  ) {
    self.event = event
    self.prisoner = prisoner
    self.other = other
    self.prison = prison
    self.hospital = hospital
    self.reason = reason
    self.user = user
  }

  /// Reads the body of `POST /play`: `{"event":"merge","prisoner":"A1234BC","other":"B2345CD"}` and the like.
  /// - Throws: `PlayFailure.refused` with a text that says what is wrong.
  public init(json bytes: [UInt8]) throws(PlayFailure) {
    guard let value = try? JSONValue(parsing: bytes) else { throw .refused("the body must be JSON") }
    try self.init(value)
  }

  /// As ``init(json:)``, of a body that was parsed.
  init(_ value: JSONValue) throws(PlayFailure) {
    guard let fields = try? JSONObject(value) else { throw .refused("the body must be a JSON object") }
    func text(_ name: String) throws(PlayFailure) -> String? {
      do {
        return try fields.optionalText(name).flatMap { $0.isEmpty ? nil : $0 }
      } catch {
        throw .refused("\(name) must be a text")
      }
    }
    guard let event = try text("event").flatMap({ Event(code: $0) }) else {
      let names = Event.allCases.map(\.rawValue).joined(separator: ", ")
      throw .refused("event must be one of \(names)")
    }
    guard let prisoner = try text("prisoner") else { throw .refused("prisoner must be a prisoner's number") }
    self.init(
      event,
      prisoner,
      other: try text("other"),
      prison: try text("prison"),
      hospital: try text("hospital"),
      reason: try text("reason"),
      user: try text("user")
    )
  }

  /// As ``init(json:)`` reads it.
  public var json: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.field("event", event.rawValue)
    json.field("prisoner", prisoner)
    if let other { json.field("other", other) }
    if let prison { json.field("prison", prison) }
    if let hospital { json.field("hospital", hospital) }
    if let reason { json.field("reason", reason) }
    if let user { json.field("user", user) }
    json.endObject()
    return json.bytes
  }
}

/// Why a scene could not be played. The texts are for the person who asked for it.
public enum PlayFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// It makes no sense: an unknown prisoner, a prison that is none.
  case refused(String)
  /// Something did not work that should have.
  case failed(String)

  public var description: String {
    switch self {
    case .refused(let text), .failed(let text): text
    }
  }
}
