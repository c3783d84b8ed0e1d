import HTTPTypes
import ServiceKit
import SharedAuth
internal import Time

extension RestrictedPatientsModule {
  static let list = Endpoint(
    .get,
    "/restricted-patients",
    .setting(.list),
    .patients("getRestrictedPatients", "All restricted patients, page by page"),
    takes: .path(.none, query: PageRequest.self),
    answer: .object(Page.Shape.self, "A page of restricted patients"),
    refusals: [.invalid]
  ) { module, call in
    try await module.page(call.query, before: call.deadline)
  }

  private func page(_ query: PageRequest, before deadline: MonotonicInstant) async throws -> Page {
    let (patients, total) = try await store.page(query, deadline: deadline)
    guard !patients.isEmpty else { return Page(patients: [], total: total, query: query) }
    let lists = try await agencyLists(before: deadline) { patients.allSatisfy($0.haveAgencies) }
    let details = patients.map { PatientDetails($0, lists) }
    return Page(patients: details, total: total, query: query)
  }
}

extension PageRequest: RequestQuery {
  /// - Throws: `PlatformFailure.parameterType` for a day that does not exist or a page that is no number,
  ///   `RestrictedPatientsError.invalid` for one out of range.
  init(_ query: inout QueryFields) throws {
    try self.init(
      supportingPrisonID: query.given(
        "supportingPrisonId",
        "Lists only patients whom this prison supports",
        example: "MDI"
      ),
      hospitalLocationCode: query.given(
        "hospitalLocationCode",
        "Lists only patients in this hospital",
        example: "HAZLWD"
      ),
      dischargedFrom: query.day("dischargedFrom", "Lists only patients discharged on this day or later"),
      dischargedTo: query.day("dischargedTo", "Lists only patients discharged on this day or earlier"),
      page: query.number(
        "page",
        "The page, counted from 0",
        default: 0,
        in: 0...Int64(Int32.max)
      ),
      size: query.number(
        "size",
        "How many patients a page has, at most 200",
        default: Self.defaultSize,
        in: 1...Self.maximumSize
      )
    )
  }
}

extension QueryFields {
  /// A text; nil when it is empty or absent.
  fileprivate mutating func given(_ name: String, _ description: String, example: String) -> String? {
    text(name, description, example: example).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A day as `yyyy-MM-dd`.
  fileprivate mutating func day(
    _ name: String,
    _ description: String
  ) throws(PlatformFailure) -> String? {
    guard let day = text(name, description, example: "2021-07-16", format: "date"), !day.isEmpty else {
      return nil
    }
    guard LocalDateTime.isDate(day), !day.hasPrefix("0000") else {
      throw .parameterType(name: name, type: "java.time.LocalDate")
    }
    return day
  }

  fileprivate mutating func number(
    _ name: String,
    _ description: String,
    default value: Int64,
    in range: ClosedRange<Int64>
  ) throws -> Int64 {
    let text = integerText(
      name,
      description,
      default: value,
      minimum: range.lowerBound,
      maximum: range.upperBound,
      format: .int32
    )
    guard let text, !text.isEmpty else { return value }
    guard let number = Int64(text) else { throw PlatformFailure.parameterType(name: name, type: "int") }
    guard range.contains(number) else {
      throw RestrictedPatientsError.invalid(
        "\(name) must be from \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return number
  }
}
