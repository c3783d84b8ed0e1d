import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit
import SharedAuth
internal import Time

/// The module's paths, what they ask of a caller, and how a request becomes a call of a service
/// (`restricted-patients.md` §2 and §7).
struct Routes: Sendable {
  let service: RestrictedPatientsService
  let removal: RemovalService
  let pastDateCheck: PastDateCheck
  let access: AccessRules

  var table: [RouteDeclaration] {
    [
      RouteDeclaration(
        .post,
        "/discharge-to-hospital",
        access[.discharge],
        consumes: .json,
        operation: Operations.discharge,
        handler: discharge
      ),
      RouteDeclaration(
        .post,
        "/migrate-in-restricted-patient",
        access[.migrate],
        consumes: .json,
        operation: Operations.migrate,
        handler: migrate
      ),
      RouteDeclaration(
        .get,
        "/restricted-patient/prison-number/{prisonNumber}",
        access[.read],
        operation: Operations.read,
        handler: read
      ),
      RouteDeclaration(
        .delete,
        "/restricted-patient/prison-number/{prisonNumber}",
        access[.remove],
        operation: Operations.remove,
        handler: remove
      ),
      RouteDeclaration(
        .get,
        "/restricted-patient/prison-number/{prisonNumber}/history",
        access[.history],
        operation: Operations.history,
        handler: history
      ),
      RouteDeclaration(
        .post,
        "/change-supporting-prison",
        access[.changeSupportingPrison],
        consumes: .json,
        operation: Operations.changeSupportingPrison,
        handler: changeSupportingPrison
      ),
      RouteDeclaration(
        .post,
        "/process-past-date-restricted-patients",
        access[.pastDateCheck],
        produces: .anything,
        handler: checkPastDates
      ),
      RouteDeclaration(
        .get,
        "/restricted-patients",
        access[.list],
        operation: Operations.list,
        handler: list
      ),
    ]
  }

  @Sendable private func discharge(_ request: ModuleRequest) async throws -> ServerResponse {
    let body = try DischargeRequest(try await request.body())
    let patient = try await service.discharge(body, by: caller(request), deadline: request.deadline)
    return json(.created) { PatientDetails(unresolved: patient).write(to: &$0) }
  }

  @Sendable private func migrate(_ request: ModuleRequest) async throws -> ServerResponse {
    let body = try MigrateRequest(try await request.body())
    let patient = try await service.migrate(body, by: caller(request), deadline: request.deadline)
    return json(.created) { PatientDetails(unresolved: patient).write(to: &$0) }
  }

  @Sendable private func read(_ request: ModuleRequest) async throws -> ServerResponse {
    let details = try await service.patient(request.path("prisonNumber"), deadline: request.deadline)
    return json(.ok) { details.write(to: &$0) }
  }

  @Sendable private func remove(_ request: ModuleRequest) async throws -> ServerResponse {
    let caller = caller(request)
    let patient = try await removal.remove(
      request.path("prisonNumber"),
      by: caller.name,
      subject: caller.subject,
      cause: .user,
      deadline: request.deadline
    )
    return json(.ok) { patient.write(to: &$0) }
  }

  @Sendable private func changeSupportingPrison(_ request: ModuleRequest) async throws -> ServerResponse {
    let body = try SupportingPrisonRequest(try await request.body())
    let details = try await service.changeSupportingPrison(
      body,
      by: caller(request),
      deadline: request.deadline
    )
    return json(.ok) { details.write(to: &$0) }
  }

  /// What was removed stays removed when a question was not answered; the caller is told of that one.
  @Sendable private func checkPastDates(_ request: ModuleRequest) async throws -> ServerResponse {
    let (_, failure) = try await pastDateCheck.run(for: caller(request), deadline: request.deadline)
    if let failure { throw RestrictedPatientsError.upstream(failure) }
    return ServerResponse(status: .ok, fields: [:], body: [])
  }

  @Sendable private func history(_ request: ModuleRequest) async throws -> ServerResponse {
    let number = request.path("prisonNumber")
    let (current, removed) = try await service.history(of: number, deadline: request.deadline)
    return json(.ok) { writer in
      writer.beginObject()
      writer.field("prisonerNumber", number)
      writer.key("current")
      if let current { current.write(to: &writer) } else { writer.null() }
      writer.key("removed")
      writer.beginArray()
      for record in removed { record.write(to: &writer) }
      writer.endArray()
      writer.endObject()
    }
  }

  @Sendable private func list(_ request: ModuleRequest) async throws -> ServerResponse {
    let query = try PatientQuery(request)
    let (patients, total) = try await service.patients(query, deadline: request.deadline)
    let pages = (total + query.size - 1) / query.size
    return json(.ok) { writer in
      writer.beginObject()
      writer.key("content")
      writer.beginArray()
      for patient in patients { patient.write(to: &writer) }
      writer.endArray()
      writer.field("first", query.page == 0)
      writer.field("last", query.page + 1 >= pages)
      writer.field("number", query.page)
      writer.field("numberOfElements", Int64(patients.count))
      writer.field("size", query.size)
      writer.field("totalElements", total)
      writer.field("totalPages", pages)
      writer.endObject()
    }
  }

  private func caller(_ request: ModuleRequest) -> Caller { Caller(request.principal) }

  private func json(_ status: HTTPResponse.Status, _ write: (inout JSONWriter) -> Void) -> ServerResponse {
    ServerResponse.json(status, write)
  }
}

extension ServerResponse {
  static func json(_ status: HTTPResponse.Status, _ write: (inout JSONWriter) -> Void) -> ServerResponse {
    var writer = JSONWriter()
    write(&writer)
    return ServerResponse(status: status, fields: [.contentType: "application/json"], body: writer.bytes)
  }
}

extension Caller {
  /// No route of the module is open, so there is a principal whenever this is asked.
  init(_ principal: Principal?) {
    self.init(name: principal?.name ?? "", subject: principal?.subject)
  }
}

extension PatientQuery {
  /// - Throws: `PlatformFailure.parameterType` for a day that does not exist or a page that is no number,
  ///   `RestrictedPatientsError.invalid` for one out of range.
  fileprivate init(_ request: ModuleRequest) throws {
    func text(_ parameter: QueryParameter<String?>) throws -> String? {
      try request.query(parameter).flatMap { $0.isEmpty ? nil : $0 }
    }
    func day(_ parameter: QueryParameter<String?>) throws -> String? {
      guard let day = try text(parameter) else { return nil }
      let name = parameter.declaration.name
      guard LocalDateTime.isDate(day), !day.hasPrefix("0000") else {
        throw PlatformFailure.parameterType(name: name, type: "java.time.LocalDate")
      }
      return day
    }
    func number(
      _ parameter: QueryParameter<String?>,
      default value: Int64,
      in range: ClosedRange<Int64>
    ) throws -> Int64 {
      guard let text = try text(parameter) else { return value }
      let name = parameter.declaration.name
      guard let number = Int64(text) else { throw PlatformFailure.parameterType(name: name, type: "int") }
      guard range.contains(number) else {
        throw RestrictedPatientsError.invalid(
          "\(name) must be from \(range.lowerBound) to \(range.upperBound)"
        )
      }
      return number
    }
    self.init(
      supportingPrisonID: try text(Parameters.supportingPrison),
      hospitalLocationCode: try text(Parameters.hospital),
      dischargedFrom: try day(Parameters.from),
      dischargedTo: try day(Parameters.to),
      page: try number(Parameters.page, default: 0, in: 0...Int64(Int32.max)),
      size: try number(Parameters.size, default: Self.defaultSize, in: 1...Self.maximumSize)
    )
  }
}
