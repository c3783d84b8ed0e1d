public import HTTPTransport
internal import HTTPTypes
internal import ServiceKit

/// A double of prisoner search for development and tests (upstreams.md §3): it answers from a directory of its own. It
/// wants a bearer token, but any will do.
public final class DevelopmentPrisonerSearch: Sendable {
  /// Finds a prisoner by number, nil for an unknown one. Called on the connection's loop, so it must not block.
  public typealias Directory = @Sendable (_ prisonerNumber: String) -> SamplePrisoner?

  public let faults = FaultPlan()
  private let directory: Directory

  /// How many numbers one request may ask for.
  static let numbersLimit = 1...1000

  public init(directory: @escaping Directory) { self.directory = directory }

  /// With a directory of these prisoners.
  public convenience init(prisoners: [SamplePrisoner] = SamplePrisoner.all) {
    let byNumber = Dictionary(prisoners.map { ($0.prisonerNumber, $0) }) { first, _ in first }
    self.init { byNumber[$0] }
  }

  /// The HTTP side. Runs on the connection's loop.
  public func respond(to request: ServerRequest) async -> ServerResponse {
    let segments = request.head.target.segments
    if let fault = await faults.meet(path: "/" + segments.joined(separator: "/")) { return fault }
    if request.head.method == .get, segments == ["health", "ping"] { return .ping }
    guard request.head.fields[.authorization]?.lowercased().hasPrefix("bearer ") == true else {
      return ServerResponse(status: .unauthorized, fields: [.wwwAuthenticate: "Bearer"])
    }
    switch (request.head.method, segments.first, segments.count) {
    case (.post, "prisoner-search", 2) where segments[1] == "prisoner-numbers":
      return await prisonerNumbers(request)
    case (.get, "prisoner", 2): return prisoner(segments[1], query: request.head.target.query)
    default: return .notFound
    }
  }

  private func prisonerNumbers(_ request: ServerRequest) async -> ServerResponse {
    guard let body = try? await request.body(), let numbers = try? Self.numbers(in: body) else {
      return .badRequest("The body must be an object with a list prisonerNumbers")
    }
    guard Self.numbersLimit.contains(numbers.count) else {
      return .badRequest("Please provide a list of prisoner numbers of 1 to 1000")
    }
    let fields = Self.responseFields(request.head.target.query)
    var seen: Set<String> = []
    var json = JSONWriter(capacity: numbers.count * 160)
    json.beginArray()
    for number in numbers where seen.insert(number).inserted {
      directory(number)?.write(to: &json, fields: fields)
    }
    json.endArray()
    return .json(.ok, json.bytes)
  }

  private func prisoner(_ number: String, query: QueryParameters) -> ServerResponse {
    guard let prisoner = directory(number) else { return .notFound }
    var json = JSONWriter()
    prisoner.write(to: &json, fields: Self.responseFields(query))
    return .json(.ok, json.bytes)
  }

  /// Both styles: one list with commas, and the parameter repeated. Nil when it is not given: all fields.
  static func responseFields(_ query: QueryParameters) -> Set<String>? {
    let values = query.all("responseFields")
    guard !values.isEmpty else { return nil }
    return Set(values.flatMap { $0.split(separator: ",").map(String.init) })
  }

  private static func numbers(in body: [UInt8]) throws(JSONParseError) -> [String] {
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
