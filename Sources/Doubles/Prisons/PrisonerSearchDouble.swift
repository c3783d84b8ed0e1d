public import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import Synchronization

/// A double of prisoner search for development and tests (docs/contract/upstreams.md §3, §5.1): it answers from the
/// same records as the double of prison API. It wants a bearer token, but any will do.
public final class PrisonerSearchDouble: Sendable {
  /// The restricted patients there are, by prisoner number.
  public typealias Patients = @Sendable () async throws -> [String: SearchedPatient]

  /// Faults that the next requests meet.
  public let faults = FaultPlan()
  private let records: PrisonRecords
  private let inventsPrisoners: Bool
  private let patientsSource: Mutex<Patients?> = Mutex(nil)

  /// How many numbers one request may ask for.
  static let numbersLimit = 1...1000

  /// - Parameter inventsPrisoners: whether somebody is found for every number that is asked for.
  public init(records: PrisonRecords, inventsPrisoners: Bool = false) {
    self.records = records
    self.inventsPrisoners = inventsPrisoners
  }

  /// Where restricted patients are to be found; until it is set there are none.
  public var patients: Patients? {
    get { patientsSource.withLock { $0 } }
    set { patientsSource.withLock { $0 = newValue } }
  }

  /// The HTTP side. Runs on the connection's loop.
  public func respond(to request: ServerRequest) async -> ServerResponse {
    let segments = request.head.target.segments
    if let fault = await faults.meet(path: "/" + segments.joined(separator: "/"), by: request.clock) {
      return fault
    }
    if request.head.method == .get, segments == ["health", "ping"] { return .ping }
    guard request.head.fields[.authorization]?.lowercased().hasPrefix("bearer ") == true else {
      return ServerResponse(status: .unauthorized, fields: [.wwwAuthenticate: "Bearer"])
    }
    let query = request.head.target.query
    switch (request.head.method, segments) {
    case (.post, ["prisoner-search", "prisoner-numbers"]): return await prisonerNumbers(request)
    case (.post, ["prisoner-search", "match-prisoners"]): return await matchPrisoners(request)
    case (.post, ["restricted-patient-search", "match-restricted-patients"]):
      return await matchPatients(request)
    case (.post, ["global-search"]): return await globalSearch(request)
    case (.get, let path) where path.count == 2 && path[0] == "prisoner":
      return await prisoner(path[1], query)
    case (.get, let path) where path.count == 3 && path[0] == "prison" && path[2] == "prisoners":
      return await prisoners(of: path[1], query)
    default: return .notFound
    }
  }

  private func find(_ number: String) -> SamplePrisoner? {
    records.prisoner(number) ?? (inventsPrisoners ? .invented(number) : nil)
  }

  // MARK: By number

  private func prisonerNumbers(_ request: ServerRequest) async -> ServerResponse {
    guard let body = try? await request.body(), let numbers = try? Self.numbers(in: body) else {
      return .badRequest("The body must be an object with a list prisonerNumbers")
    }
    guard Self.numbersLimit.contains(numbers.count) else {
      return .badRequest("Please provide a list of prisoner numbers of 1 to 1000")
    }
    let fields = Self.responseFields(request.head.target.query)
    let patients = await knownPatients(for: fields)
    var seen: Set<String> = []
    var json = JSONWriter(capacity: numbers.count * 160)
    json.beginArray()
    for number in numbers where seen.insert(number).inserted {
      find(number)?.write(to: &json, fields: fields, patient: patients[number])
    }
    json.endArray()
    return .json(.ok, json.bytes)
  }

  private func prisoner(_ number: String, _ query: QueryParameters) async -> ServerResponse {
    guard let prisoner = find(number) else { return .notFound }
    let fields = Self.responseFields(query)
    var json = JSONWriter()
    prisoner.write(to: &json, fields: fields, patient: await knownPatients(for: fields)[number])
    return .json(.ok, json.bytes)
  }

  // MARK: By what is known

  private func prisoners(of prison: String, _ query: QueryParameters) async -> ServerResponse {
    let wanted = PrisonerQuery(term: query["term"] ?? "")
    let found = records.prisoners.filter { $0.prisonID == prison && wanted.matches($0) }
    return page(PrisonerQuery.sorted(found, by: query["sort"]), query, await knownPatients(for: nil))
  }

  private func globalSearch(_ request: ServerRequest) async -> ServerResponse {
    guard let wanted = await Self.query(in: request), wanted.asksForSomething else {
      return .badRequest("Please provide a prisonerIdentifier, firstName or lastName")
    }
    let found = records.prisoners.filter(wanted.matches)
    return page(found, request.head.target.query, await knownPatients(for: nil))
  }

  private func matchPrisoners(_ request: ServerRequest) async -> ServerResponse {
    guard let wanted = await Self.query(in: request), wanted.asksForSomething else {
      return .badRequest("Please provide a prisonerIdentifier, firstName or lastName")
    }
    let patients = await knownPatients(for: nil)
    var json = JSONWriter()
    json.beginArray()
    for prisoner in records.prisoners
    where wanted.matches(prisoner, patient: patients[prisoner.prisonerNumber]) {
      prisoner.write(to: &json, fields: nil, patient: patients[prisoner.prisonerNumber])
    }
    json.endArray()
    return .json(.ok, json.bytes)
  }

  private func matchPatients(_ request: ServerRequest) async -> ServerResponse {
    guard let wanted = await Self.query(in: request) else { return .badRequest("The body must be an object") }
    let patients = await knownPatients(for: nil)
    let found = records.prisoners.filter { prisoner in
      patients[prisoner.prisonerNumber].map { wanted.matches(prisoner, patient: $0) } ?? false
    }
    return page(found, request.head.target.query, patients)
  }

  /// One page in the form of Spring's `Page`: `page` counts from 0.
  private func page(
    _ found: [SamplePrisoner],
    _ query: QueryParameters,
    _ patients: [String: SearchedPatient]
  ) -> ServerResponse {
    let size = min(max(1, query["size"].flatMap { Int($0) } ?? 10), 3000)
    let number = min(max(0, query["page"].flatMap { Int($0) } ?? 0), 1_000_000)
    let shown = found.dropFirst(number * size).prefix(size)
    let pages = (found.count + size - 1) / size
    var json = JSONWriter(capacity: 512 + shown.count * 512)
    json.beginObject()
    json.key("content")
    json.beginArray()
    for prisoner in shown {
      prisoner.write(to: &json, fields: nil, patient: patients[prisoner.prisonerNumber])
    }
    json.endArray()
    json.field("totalElements", Int64(found.count))
    json.field("totalPages", Int64(pages))
    json.field("numberOfElements", Int64(shown.count))
    json.field("size", Int64(size))
    json.field("number", Int64(number))
    json.field("first", number == 0)
    json.field("last", number + 1 >= pages)
    json.field("empty", shown.isEmpty)
    json.endObject()
    return .json(.ok, json.bytes)
  }

  /// None when nobody asks for what only they have, and when they cannot be had.
  private func knownPatients(for fields: Set<String>?) async -> [String: SearchedPatient] {
    guard fields?.contains("restrictedPatient") ?? true, let patients else { return [:] }
    return (try? await patients()) ?? [:]
  }

  // MARK: Requests

  /// Both styles: one list with commas, and the parameter repeated. Nil when it is not given: all fields.
  static func responseFields(_ query: QueryParameters) -> Set<String>? {
    let values = query.all("responseFields")
    guard !values.isEmpty else { return nil }
    return Set(values.flatMap { $0.split(separator: ",").map(String.init) })
  }

  private static func query(in request: ServerRequest) async -> PrisonerQuery? {
    guard let body = try? await request.body(), let value = try? JSONValue(parsing: body),
      let fields = try? JSONObject(value)
    else { return nil }
    return try? PrisonerQuery(fields)
  }

  private static func numbers(in body: [UInt8]) throws(JSONError) -> [String] {
    var json = JSONReader(body)
    var numbers: [String] = []
    try json.beginObject()
    while let key = try json.nextKey() {
      guard key == "prisonerNumbers" else {
        try json.skip()
        continue
      }
      try json.beginArray()
      while try json.nextElement() { numbers.append(try json.string()) }
    }
    try json.end()
    return numbers
  }
}

extension ServerResponse {
  fileprivate static func badRequest(_ text: String) -> ServerResponse {
    .json(.badRequest, #"{"status":400,"userMessage":"\#(text)","developerMessage":"\#(text)"}"#)
  }
}
