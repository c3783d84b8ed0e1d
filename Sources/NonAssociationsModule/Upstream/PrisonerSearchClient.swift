import HTTPTypes
internal import JSON
import ServiceKit
import SharedAuth
internal import Text
internal import Time

/// Asks prisoner search who and where prisoners are (docs/contract/non-associations.md §9.1).
struct PrisonerSearchClient: Sendable {
  private static let segments = ["prisoner-search", "prisoner-numbers"]
  /// What errors call the question.
  static let place = "POST /\(segments.joined(separator: "/"))"
  /// Prisoner search refuses more than 1,000 numbers at once.
  static let chunkSize = 900
  private static let responseFields = "prisonerNumber,firstName,lastName,prisonId,prisonName,cellLocation"

  private let upstream: UpstreamClient
  /// The question, still without its numbers.
  private let question: UpstreamCall

  init(_ upstream: UpstreamClient) {
    self.upstream = upstream
    question = upstream.call(
      .post,
      Self.segments,
      query: [("responseFields", Self.responseFields)],
      wantsOK: true,
      // The host is nobody's business outside (docs/contract/non-associations.md §14 row 9).
      place: Self.place
    )
  }

  /// The prisoners with these numbers, by number. No numbers, no call.
  /// - Throws: `NonAssociationsError.missingPrisoners` naming every number that prisoner search does not know, in the
  ///   order asked for; `upstream`.
  func prisoners(_ numbers: [String], deadline: MonotonicInstant) async throws -> [ByteText: Prisoner] {
    var seen = Set<ByteText>(minimumCapacity: numbers.count)
    let distinct = numbers.filter { seen.insert(ByteText($0)).inserted }
    let prisoners = try await fetch(distinct, deadline)
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
        // Child tasks stay on this loop, whose connections are the ones to use.
        group.addTask { try await fetch(chunk: chunk, deadline) }
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
    var call = question
    call.body = Self.requestBody(chunk)
    do {
      return try Self.prisoners(in: await upstream.send(call, deadline: deadline), of: call)
    } catch {
      throw .upstream(error)
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
    return writer.finish()
  }

  /// - Throws: `unreadable` unless the body is an array of prisoners, each with a number and both names.
  static func prisoners(
    in body: [UInt8],
    of call: UpstreamCall
  ) throws(UpstreamFailure) -> [ByteText: Prisoner] {
    try call.decode(body) { (bytes) throws(JSONError) in
      var reader = JSONReader(bytes)
      // A prisoner takes some 150 bytes.
      var prisoners = [ByteText: Prisoner](minimumCapacity: min(bytes.count / 128, chunkSize))
      try reader.beginArray()
      while try reader.nextElement() {
        let prisoner = try Prisoner(from: &reader)
        prisoners[ByteText(prisoner.prisonerNumber)] = prisoner
      }
      try reader.end()
      return prisoners
    }
  }
}

extension Prisoner {
  /// In the order in which prisoner search gives them.
  private static let keys: [StaticString] = [
    "prisonerNumber", "firstName", "lastName", "prisonId", "prisonName", "cellLocation",
  ]

  fileprivate init(from reader: inout JSONReader) throws(JSONError) {
    var number: String?
    var firstName: String?
    var lastName: String?
    var (prisonID, prisonName, cellLocation): (String?, String?, String?)
    try reader.beginObject()
    var last = -1
    while let place = try reader.nextKey(of: Self.keys, expecting: last + 1) {
      switch place {
      case 0: number = try reader.text()
      case 1: firstName = try reader.text()
      case 2: lastName = try reader.text()
      case 3: prisonID = try reader.optionalText()
      case 4: prisonName = try reader.optionalText()
      case 5: cellLocation = try reader.optionalText()
      default:
        try reader.skip()
        continue
      }
      last = place
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
