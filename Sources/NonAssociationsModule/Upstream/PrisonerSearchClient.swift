import EventLoops
import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit
import SharedAuth
internal import Text
internal import Time

/// Asks prisoner search who and where prisoners are (`non-associations.md` §9.1).
struct PrisonerSearchClient: Sendable {
  static let path = "/prisoner-search/prisoner-numbers"
  /// Prisoner search refuses more than 1,000 numbers at once.
  static let chunkSize = 900
  private static let responseFields = "prisonerNumber,firstName,lastName,prisonId,prisonName,cellLocation"

  private let url: HTTPURL
  private let client: HTTPClient
  private let tokens: UpstreamTokens
  private let timeout: Duration

  /// - Parameter timeout: for all chunks of one question together, their tokens among it.
  init(baseURL: HTTPURL, client: HTTPClient, tokens: UpstreamTokens, timeout: Duration) {
    url = baseURL.path(Self.path, query: [("responseFields", Self.responseFields)])
    self.client = client
    self.tokens = tokens
    self.timeout = timeout
  }

  /// The prisoners with these numbers, by number. No numbers, no call.
  /// - Throws: `NonAssociationsError.missingPrisoners` naming every number that prisoner search does not know, in the
  ///   order asked for; `searchRefused`, `searchFailed`.
  func prisoners(_ numbers: [String], deadline: MonotonicInstant) async throws -> [ByteText: Prisoner] {
    var seen: Set<ByteText> = []
    let distinct = numbers.filter { seen.insert(ByteText($0)).inserted }
    let prisoners = try await fetch(distinct, min(deadline, MonotonicInstant.now() + timeout))
    let missing = distinct.filter { prisoners[ByteText($0)] == nil }
    guard missing.isEmpty else { throw NonAssociationsError.missingPrisoners(missing) }
    return prisoners
  }

  private func fetch(_ numbers: [String], _ deadline: MonotonicInstant) async throws -> [ByteText: Prisoner] {
    guard numbers.count > Self.chunkSize else {
      return numbers.isEmpty ? [:] : try await fetch(chunk: numbers[...], deadline)
    }
    return try await withThrowingTaskGroup(of: [ByteText: Prisoner].self) { group in
      for start in stride(from: 0, to: numbers.count, by: Self.chunkSize) {
        let chunk = numbers[start..<min(start + Self.chunkSize, numbers.count)]
        // On this loop: its connections are the ones to use.
        group.addTask(executorPreference: EventLoop.current) { try await fetch(chunk: chunk, deadline) }
      }
      var prisoners: [ByteText: Prisoner] = [:]
      for try await part in group { prisoners.merge(part) { _, later in later } }
      return prisoners
    }
  }

  private func fetch(
    chunk: ArraySlice<String>,
    _ deadline: MonotonicInstant
  ) async throws(NonAssociationsError) -> [ByteText: Prisoner] {
    let body = Self.requestBody(chunk)
    var token = try await self.token(deadline)
    var response = try await send(body, token, deadline)
    // The token may have been withdrawn before its time; another is worth one try.
    if response.status == .unauthorized, tokens.evict(token) {
      token = try await self.token(deadline)
      response = try await send(body, token, deadline)
    }
    guard response.status == .ok else {
      throw .searchRefused(code: response.status.code, reason: response.status.registeredPhrase)
    }
    return try Self.prisoners(in: response.body)
  }

  private func token(_ deadline: MonotonicInstant) async throws(NonAssociationsError) -> String {
    do {
      return try await tokens.token(deadline: deadline)
    } catch {
      throw .searchFailed(error.text, cause: "token: \(error.text)")
    }
  }

  private func send(
    _ body: [UInt8],
    _ token: String,
    _ deadline: MonotonicInstant
  ) async throws(NonAssociationsError) -> ClientResponse {
    let request = ClientRequest(
      method: .post,
      url: url,
      fields: [
        .authorization: "Bearer \(token)", .contentType: "application/json", .accept: "application/json",
      ],
      body: body,
      isIdempotent: true
    )
    do {
      return try await client.send(request, deadline: deadline)
    } catch {
      let text =
        error.isTimeout ? "Timed out waiting for POST \(Self.path)" : "No answer from POST \(Self.path)"
      throw .searchFailed(text, cause: error.description)
    }
  }

  private static func requestBody(_ numbers: ArraySlice<String>) -> [UInt8] {
    var writer = JSONWriter(capacity: 32 + numbers.count * 10)
    writer.beginObject()
    writer.key("prisonerNumbers")
    writer.beginArray()
    for number in numbers { writer.value(number) }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  /// - Throws: `searchFailed` unless the body is an array of prisoners, each with a number and both names.
  static func prisoners(in body: [UInt8]) throws(NonAssociationsError) -> [ByteText: Prisoner] {
    do {
      var reader = JSONReader(body)
      var prisoners: [ByteText: Prisoner] = [:]
      try reader.beginArray()
      while try reader.nextElement() {
        let prisoner = try Prisoner(from: &reader)
        prisoners[ByteText(prisoner.prisonerNumber)] = prisoner
      }
      try reader.end()
      return prisoners
    } catch {
      throw .searchFailed("Unreadable answer from POST \(path)", cause: error.description)
    }
  }
}

extension Prisoner {
  fileprivate init(from reader: inout JSONReader) throws(JSONError) {
    var number: String?
    var firstName: String?
    var lastName: String?
    var (prisonID, prisonName, cellLocation): (String?, String?, String?)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "prisonerNumber": number = try reader.text()
      case "firstName": firstName = try reader.text()
      case "lastName": lastName = try reader.text()
      case "prisonId": prisonID = try reader.optionalText()
      case "prisonName": prisonName = try reader.optionalText()
      case "cellLocation": cellLocation = try reader.optionalText()
      default: try reader.skip()
      }
    }
    guard let number, let firstName, let lastName else {
      throw JSONError(reason: "a prisoner without number or names", offset: 0)
    }
    self.init(
      prisonerNumber: number,
      firstName: firstName,
      lastName: lastName,
      prisonID: prisonID,
      prisonName: prisonName,
      cellLocation: cellLocation
    )
  }
}
