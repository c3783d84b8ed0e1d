internal import HTTPTransport
internal import HTTPTypes
internal import JSON
public import SharedAuth
internal import Time

/// `GET /subject-access-request` (docs/contract/platform.md §6).
public struct SubjectAccessRoutes: Sendable {
  /// Who may ask: holders of `SAR_DATA_ACCESS`, or of an additional role that is configured.
  public let access: AccessRule

  /// - Parameter additionalRole: another role that may ask, with or without `ROLE_`; nil for none.
  public init(additionalRole: String? = nil) {
    access = .requiresAny(roles: ["SAR_DATA_ACCESS"] + (additionalRole.map { [$0] } ?? []))
  }

  /// For one module.
  public func route(_ source: any SubjectAccessSource) -> RouteDeclaration {
    RouteDeclaration(.get, "/subject-access-request", access, operation: Self.operation) { request in
      switch try Self.parse(request) {
      case .refused(let response): return response
      case .asked(let asked):
        switch try await source.content(for: asked, deadline: request.deadline) {
        case .document(let document): return Self.answer { $0.json(document) }
        case .nothing, .unheldUnverified: return Self.empty(.noContent)
        case .notRecognised: return Self.error(.notHeld, Self.notRecognised)
        }
      }
    }
  }

  /// `GET /subject-access-request/template`, for a service that has one.
  /// - Parameter template: sent byte by byte: a hash of it is registered elsewhere.
  public func route(template: [UInt8]) -> RouteDeclaration {
    RouteDeclaration(
      .get,
      "/subject-access-request/template",
      access,
      produces: .anything,
      operation: APIOperation(
        "getServiceTemplate",
        "How the content is laid out in a report",
        tag: Self.tag,
        // Clients know the type spelt so; the answer is `text/plain`.
        responses: [.init(200, "A mustache template", .text(), mediaType: "plain/text")]
      )
    ) { _ in
      ServerResponse(status: .ok, fields: [.contentType: "text/plain"], body: template)
    }
  }

  /// For several modules together: what each has to tell, under its name. 209 only if each of them alone would say so;
  /// one that fails fails the whole, because nobody may take a part of what is held about a person for all of it.
  public func route(of parts: [(name: String, source: any SubjectAccessSource)]) -> RouteDeclaration {
    RouteDeclaration(.get, "/subject-access-request", access, operation: Self.operation) { request in
      switch try Self.parse(request) {
      case .refused(let response): return response
      case .asked(let asked):
        var contents: [(name: String, content: SubjectAccessContent)] = []
        for part in parts {
          contents.append((part.name, try await part.source.content(for: asked, deadline: request.deadline)))
        }
        let documents = contents.compactMap { part in
          if case .document(let document) = part.content {
            (name: part.name, document: document)
          } else {
            nil
          }
        }
        if !documents.isEmpty {
          return Self.answer { writer in
            writer.beginObject()
            for (name, document) in documents {
              writer.key(name)
              writer.json(document)
            }
            writer.endObject()
          }
        }
        return contents.allSatisfy { $0.content == .notRecognised }
          ? Self.error(.notHeld, Self.notRecognised) : Self.empty(.noContent)
      }
    }
  }

  // MARK: Parameters

  private struct Query: RequestQuery {
    /// Nil where it is absent or blank.
    let prisonerNumber: String?
    /// Nil where it is absent or blank.
    let caseReference: String?
    let from: CivilDate?
    let to: CivilDate?

    init(_ query: inout QueryFields) throws {
      func given(_ text: String?) -> String? { text.flatMap { $0.trimmingBlanks.isEmpty ? nil : $0 } }
      prisonerNumber = given(query.text("prn", "Prisoner number", example: "A1234BC"))
      caseReference = given(query.text("crn", "Case reference number; nothing is held under one"))
      from = try query.date("fromDate", "The first day that is asked about")
      to = try query.date("toDate", "The last day that is asked about")
    }
  }

  private static let tag = "Subject Access Request"
  private static let operation = APIOperation(
    "getSarContentByReference",
    "What is held about a person",
    tag: tag,
    query: Query.declarations,
    responses: [
      .init(
        200,
        "What is held about the person",
        .named(
          "HmppsSubjectAccessRequestContent",
          .object([
            .init("content", .any),
            .init("attachments", .nullable(.array(attachment)), isRequired: false),
          ])
        )
      ),
      .init(
        204,
        "Nothing is held about the person, or nothing of the days asked about; without a body",
        .object([])
      ),
      .init(
        209,
        "The person is not known here; with a body only if that is because of the prisoner number",
        .object([])
      ),
    ]
  )

  /// The library's shape. None is ever sent.
  private static let attachment = APISchema.named(
    "Attachment",
    .object([
      .init("attachmentNumber", .integer(format: .int32)), .init("name", .text()),
      .init("contentType", .text()), .init("url", .text()),
      .init("filesize", .nullable(.integer(format: .int32)), isRequired: false),
      .init("filename", .text()),
      .init("headers", .nullable(.array(attachmentHeader)), isRequired: false),
    ])
  )
  private static let attachmentHeader = APISchema.named(
    "AttachmentHeader",
    .object([.init("name", .text()), .init("value", .text())])
  )

  private enum Question {
    case asked(SubjectAccessRequest)
    case refused(ServerResponse)
  }

  private static func parse(_ request: ModuleRequest) throws -> Question {
    let query = try Query(of: request)
    guard let prisonerNumber = query.prisonerNumber else {
      return .refused(
        query.caseReference == nil
          ? error(.badRequest, "One of prn or crn must be supplied.") : empty(.notHeld)
      )
    }
    return .asked(SubjectAccessRequest(prisonerNumber: prisonerNumber, from: query.from, to: query.to))
  }

  // MARK: Answers

  private static let notRecognised = "Subject Identifier is not recognised by this service"

  private static func answer(_ writeContent: (inout JSONWriter) -> Void) -> ServerResponse {
    var writer = JSONWriter(capacity: 4096)
    writer.beginObject()
    writer.key("content")
    writeContent(&writer)
    writer.field("attachments", nil as String?)
    writer.endObject()
    return .json(writer)
  }

  private static func empty(_ status: HTTPResponse.Status) -> ServerResponse {
    ServerResponse(status: status, fields: [:], body: [])
  }

  /// The library's shape, which both services use here.
  private static func error(_ status: HTTPResponse.Status, _ message: String) -> ServerResponse {
    var writer = JSONWriter()
    writer.beginObject()
    writer.field("status", Int64(status.code))
    writer.field("userMessage", message)
    writer.field("developerMessage", message)
    writer.field("errorCode", nil as String?)
    writer.field("moreInfo", nil as String?)
    writer.endObject()
    return .json(writer, status: status)
  }
}

extension HTTPResponse.Status {
  /// HMPPS's own: the service knows nothing under this identifier.
  fileprivate static let notHeld = HTTPResponse.Status(
    code: 209,
    reasonPhrase: "Subject Identifier Not Recognised"
  )
}
