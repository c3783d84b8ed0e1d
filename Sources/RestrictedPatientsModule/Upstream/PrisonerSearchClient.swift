import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit
internal import Time

/// Prisoner search, asked for bookings and sentences (`restricted-patients.md` §6.2, PS).
struct PrisonerSearchClient: Sendable {
  /// How many numbers one question may hold.
  static let chunkSize = 1000

  private static let responseFields = [
    "prisonerNumber", "bookingId", "conditionalReleaseDate", "sentenceExpiryDate", "recall",
    "indeterminateSentence", "legalStatus", "lastMovementTypeCode", "lastMovementReasonCode",
  ]

  let service: UpstreamService

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
    let call = UpstreamService.Call(
      method: .post,
      url: service.baseURL.path(
        segments: ["prisoner-search", "prisoner-numbers"],
        query: Self.responseFields.map { ("responseFields", $0) }
      ),
      body: body.bytes
    )
    let answer = try await service.send(call, deadline: deadline)
    return try service.read(answer, of: call) { (value) throws(UnreadableObject) in
      try LenientObject.list(value).compactMap { SentenceFacts($0) }
    }
  }
}

extension SentenceFacts {
  fileprivate init?(_ object: LenientObject) {
    guard let number = object.text("prisonerNumber") else { return nil }
    self.init(
      prisonerNumber: number,
      bookingID: object.integer("bookingId"),
      conditionalReleaseDate: object.date("conditionalReleaseDate"),
      sentenceExpiryDate: object.date("sentenceExpiryDate"),
      isRecall: object.boolean("recall"),
      isIndeterminate: object.boolean("indeterminateSentence"),
      legalStatus: object.text("legalStatus")
    )
  }
}
