import Events

@testable import Gateway
@testable import RestrictedPatientsModule

/// The requests and the clock of docs/contract/restricted-patients.md §15.
enum Patients {
  /// 2020-10-10T00:00 in London, which is an hour ahead of UTC then.
  static let clock = "2020-10-09T23:00:00Z"

  static func dischargeBody(
    _ number: String = "A12345",
    _ changes: [String: String] = [:]
  ) -> String {
    var members = [
      "offenderNo": "\"\(number)\"", "fromLocationId": "\"MDI\"", "hospitalLocationCode": "\"HAZLWD\"",
      "supportingPrisonId": "\"MDI\"", "dischargeTime": "\"2020-10-10T00:00:00\"",
      "commentText": "\"Prisoner was released to hospital\"",
    ]
    for (name, value) in changes { members[name] = value.isEmpty ? nil : value }
    return "{" + members.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
  }

  static func error(
    _ status: Int,
    code: JSON = nil,
    user: JSON = nil,
    developer: JSON = nil
  ) -> JSON {
    [
      "status": .number(status), "errorCode": code, "userMessage": user, "developerMessage": developer,
      "moreInfo": nil,
    ]
  }

  static func rule(_ code: String, _ message: String) -> JSON {
    error(400, code: .text(code), user: .text(message), developer: .text("Validation failure: \(message)"))
  }

  static let existing = rule("EXISTING_PATIENT", "Prisoner (A12345) is already a restricted patient")

  static func found(_ number: String, booking: String = "1138058", _ more: String = "") -> String {
    #"{"prisonerNumber":"\#(number)","bookingId":"\#(booking)"\#(more)}"#
  }

  /// Sentenced, and the date of conditional release was yesterday.
  static let pastRelease =
    #","recall":false,"indeterminateSentence":false,"legalStatus":"SENTENCED","conditionalReleaseDate":"2020-10-09""#
  /// Recalled, and the sentence ended yesterday.
  static let pastExpiry =
    #","recall":true,"indeterminateSentence":false,"legalStatus":"RECALL","sentenceExpiryDate":"2020-10-09""#
}

extension RunningGateway {
  /// A user's token without any role.
  func user(_ name: String = "ITAG_USER") throws -> String { try token(roles: [], user: name) }

  func discharge(_ body: String = Patients.dischargeBody(), user: String = "ITAG_USER") async throws
    -> Answer
  {
    try await post("/discharge-to-hospital", body, token: self.user(user))
  }

  func migrate(_ number: String = "A12345") async throws -> Answer {
    try await post(
      "/migrate-in-restricted-patient",
      #"{"offenderNo":"\#(number)","hospitalLocationCode":"HAZLWD"}"#,
      token: user()
    )
  }

  func patient(_ number: String) async throws -> Answer {
    try await get("/restricted-patient/prison-number/\(number)", token: user())
  }

  func removePatient(_ number: String) async throws -> Answer {
    try await send("DELETE", "/restricted-patient/prison-number/\(number)", token: user())
  }

  func changePrison(_ number: String = "A12345", to prison: String = "MDI") async throws -> Answer {
    try await post(
      "/change-supporting-prison",
      #"{"offenderNo":"\#(number)","supportingPrisonId":"\#(prison)"}"#,
      token: user()
    )
  }
}

extension TestDatabase {
  /// How often the row of an external change was tried to be written.
  func rowsTried() async throws -> Int {
    Int(try await row("select last_value from restricted_patients_attempt_id_seq where is_called")) ?? 0
  }

  /// The rows of external changes: what they are of, why they are unknown, and what has settled them, for whom.
  func attempts() async throws -> String {
    try await row(
      """
      select coalesce(string_agg(concat_ws(' ', operation, prisoner_number, unknown_because, settled_because, settled_by),
        ', ' order by id), '')
      from restricted_patients_attempt
      """
    )
  }
}

extension RunningGateway {
  /// A token that may decide.
  func administrator() throws -> String { try token(roles: ["RESTRICTED_PATIENTS_ADMIN"], user: "ADMIN") }

  func unknownOutcomes() async throws -> JSON {
    try await get("/restricted-patients/unknown-outcomes", token: administrator()).json
  }

  func settleOutcome(_ number: String = "A12345", token: String? = nil) async throws -> Answer {
    try await send(
      "POST",
      "/restricted-patients/unknown-outcomes/\(number)/settle",
      token: token ?? administrator()
    )
  }
}

extension RunningGateway {
  /// What handles the messages of the queue `domainevents`.
  var domainEvents: BusBridge { BusBridge(.domainEvents, to: application.bus) }

  /// What handles the messages of the queue `offenderevents`.
  var offenderEvents: BusBridge { BusBridge(.offenderEvents, to: application.bus) }
}
