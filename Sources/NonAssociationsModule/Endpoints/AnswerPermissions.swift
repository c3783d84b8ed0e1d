import HTTPTypes
internal import JSON
import ServiceKit
internal import Text
internal import Time

extension NonAssociationsModule {
  static let permissions = Endpoint(
    .post,
    "/non-associations/permissions",
    .read,
    .described("getPermissions", "What a user may do about two prisoners"),
    takes: .path(.none, body: PermissionQuestion.self),
    answer: .object(PermissionAnswer.Shape.self, "A decision for each action") { _ in 2048 },
    refusals: [.missingPrisoners]
  ) { module, call in
    try await module.permissions(call.body, before: call.deadline)
  }

  /// See docs/contract/permissions.md.
  private func permissions(
    _ question: PermissionQuestion,
    before deadline: MonotonicInstant
  ) async throws -> PermissionAnswer {
    let prisoners = try await prisonerSearch.prisoners([question.first, question.second], deadline: deadline)
    let permissions = UserPermissions(
      roles: question.roles,
      caseloads: question.caseloads,
      policy: question.policy
    )
    return PermissionAnswer(
      question: question,
      permissions: permissions,
      firstPlace: permissions.place(ofPrison: prisoners[ByteText(question.first)]?.prisonID),
      secondPlace: permissions.place(ofPrison: prisoners[ByteText(question.second)]?.prisonID)
    )
  }
}

/// The body of a question what a user may do.
struct PermissionQuestion: ObjectBody, Equatable {
  static let schemaName = "PermissionQuestion"

  let first: String
  /// May be the first again: what could be for that prisoner at all.
  let second: String
  let roles: [String]
  let caseloads: [String]
  let policy: UserPermissions.Policy

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    first = try body.text("firstPrisonerNumber", PrisonerNumber.rule)
    second = try body.text("secondPrisonerNumber", PrisonerNumber.otherRule)
    roles = try body.texts("roles", of: .text("A role of the user", example: "PRISON"))
    caseloads = try body.texts("caseloads", of: .text("A prison among the user's caseloads", example: "MDI"))
    policy = try body.optionalChoice("policy", "Whose rules decide; `documented` if left out") ?? .documented
  }
}

/// The answer: a decision for each action, and where both prisoners were found.
struct PermissionAnswer: Sendable {
  let question: PermissionQuestion
  let permissions: UserPermissions
  let firstPlace: UserPermissions.Place
  let secondPlace: UserPermissions.Place

  /// A prisoner, as the user finds them.
  private struct Found {
    let prisonerNumber: String
    let place: UserPermissions.Place
    let profile: UserPermissions.Decision
  }

  private var first: Found {
    Found(
      prisonerNumber: question.first,
      place: firstPlace,
      profile: permissions.profileDecision(firstPlace)
    )
  }

  private var second: Found {
    Found(
      prisonerNumber: question.second,
      place: secondPlace,
      profile: permissions.profileDecision(secondPlace)
    )
  }

  enum Shape: ObjectShape {
    typealias Value = PermissionAnswer
    static let name: String? = "PermissionAnswer"

    static func declare(_ json: inout some ObjectDescriber<PermissionAnswer>) {
      json.object("view", Decided.self) { $0.decision(.view) }
      json.object("add", Decided.self) { $0.decision(.add) }
      json.object("update", Decided.self) { $0.decision(.update) }
      json.object("close", Decided.self) { $0.decision(.close) }
      json.object("delete", Decided.self) { $0.decision(.delete) }
      json.object("reopen", Decided.self) { $0.decision(.reopen) }
      json.object("firstPrisoner", Prisoner.self) { $0.first }
      json.object("secondPrisoner", Prisoner.self) { $0.second }
    }
  }

  private func decision(_ action: UserPermissions.Action) -> UserPermissions.Decision {
    permissions.decision(action, firstPlace, secondPlace)
  }

  private enum Decided: ObjectShape {
    typealias Value = UserPermissions.Decision
    static let name: String? = "PermissionDecision"

    static func declare(_ json: inout some ObjectDescriber<UserPermissions.Decision>) {
      json.boolean("allowed") { $0.isAllowed }
      json.text("rule", .text("Which rule decided")) { $0.rule }
    }
  }

  private enum Prisoner: ObjectShape {
    typealias Value = Found
    static let name: String? = nil

    static func declare(_ json: inout some ObjectDescriber<Found>) {
      json.text("prisonerNumber", PrisonerNumber.schema) { $0.prisonerNumber }
      json.text(
        "found",
        .choice(UserPermissions.Place.allCases.map(\.rawValue), "Where the prisoner is, for the user")
      ) { $0.place.rawValue }
      json.object("viewProfile", Decided.self) { $0.profile }
    }
  }
}
