import HTTPTypes
internal import JSON
import ServiceKit
internal import Time

/// Prisoner search, asked for bookings and sentences (docs/contract/restricted-patients.md §6.2, PS).
struct PrisonerSearchClient: Sendable {
  /// How many numbers one question may hold.
  static let chunkSize = 1000

  private static let responseFields = [
    "prisonerNumber", "bookingId", "conditionalReleaseDate", "sentenceExpiryDate", "recall",
    "indeterminateSentence", "legalStatus", "lastMovementTypeCode", "lastMovementReasonCode",
  ]

  private let upstream: UpstreamClient

  init(_ upstream: UpstreamClient) { self.upstream = upstream }

  /// The prisoners among these whom prisoner search knows. What is no prisoner is passed over, so that one bad entry
  /// hides nobody else.
  /// - Parameter numbers: 1 to 1,000.
  func prisoners(
    _ numbers: some Collection<String>,
    deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> [SentenceFacts] {
    var body = JSONWriter(capacity: 32 + numbers.count * 10)
    body.beginObject()
    body.key("prisonerNumbers")
    body.beginArray()
    for number in numbers { body.value(number) }
    body.endArray()
    body.endObject()
    let call = upstream.call(
      .post,
      ["prisoner-search", "prisoner-numbers"],
      query: Self.responseFields.map { ("responseFields", $0) },
      body: body.bytes
    )
    let answer = try await upstream.send(call, deadline: deadline)
    return try call.read(answer) { (value) throws(JSONObjectError) in
      try JSONObject.list(value).compactMap { SentenceFacts($0) }
    }
  }
}

extension SentenceFacts {
  fileprivate init?(_ object: JSONObject) {
    guard let number = object.scalar("prisonerNumber") else { return nil }
    self.init(
      prisonerNumber: number,
      bookingID: object.integer("bookingId"),
      conditionalReleaseDate: object.date("conditionalReleaseDate"),
      sentenceExpiryDate: object.date("sentenceExpiryDate"),
      isRecall: object.boolean("recall"),
      isIndeterminate: object.boolean("indeterminateSentence"),
      legalStatus: object.scalar("legalStatus")
    )
  }
}

extension JSONObject {
  /// A day as `yyyy-MM-dd`; nil when it is not given, or no day.
  fileprivate func date(_ name: String) -> String? {
    scalar(name).flatMap { LocalDateTime.isDate($0) ? $0 : nil }
  }
}
