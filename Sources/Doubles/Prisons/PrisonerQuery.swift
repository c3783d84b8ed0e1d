internal import JSON

/// Whom somebody is looking for (docs/contract/upstreams.md §5.1).
struct PrisonerQuery: Sendable {
  private var number: String?
  private var firstName: String?
  private var lastName: String?
  /// Words of which each must begin a name or be the number.
  private var words: [String] = []
  /// `IN`, `OUT`; any other for both.
  private var location = "ALL"
  /// Empty for everywhere.
  private var prisons: Set<String> = []
  private var supportingPrisons: Set<String> = []

  /// By words typed into one field.
  init(term: String) {
    words = term.split(separator: " ").map { $0.uppercased() }
  }

  /// By a search's body.
  init(_ fields: JSONObject) throws(JSONObjectError) {
    func text(_ name: String) throws(JSONObjectError) -> String? {
      let given = try fields.optionalText(name)?.uppercased()
      return given.flatMap { $0.isEmpty ? nil : $0 }
    }
    number = try text("prisonerIdentifier")
    firstName = try text("firstName")
    lastName = try text("lastName")
    if let location = try text("location") { self.location = location }
    prisons = Set((try? fields.texts("prisonIds")) ?? [])
    supportingPrisons = Set((try? fields.texts("supportingPrisonIds")) ?? [])
  }

  /// Whether a number or a name was given.
  var asksForSomething: Bool { number != nil || firstName != nil || lastName != nil }

  func matches(_ prisoner: SamplePrisoner) -> Bool { matches(prisoner, patient: nil) }

  /// - Parameter patient: a restricted patient is found under the supporting prison too.
  func matches(_ prisoner: SamplePrisoner, patient: SearchedPatient?) -> Bool {
    if let number, prisoner.prisonerNumber != number { return false }
    if let firstName, !prisoner.firstName.hasPrefix(firstName) { return false }
    if let lastName, !prisoner.lastName.hasPrefix(lastName) { return false }
    guard words.allSatisfy({ prisoner.isCalled($0) }) else { return false }
    let isOutside = prisoner.prisonID == SamplePrisoner.Place.outside.prisonID || prisoner.prisonID == nil
    if location == "IN", isOutside { return false }
    if location == "OUT", !isOutside { return false }
    let places = [prisoner.prisonID, patient?.supportingPrisonID].compactMap(\.self)
    if !prisons.isEmpty, prisons.isDisjoint(with: places) { return false }
    if !supportingPrisons.isEmpty {
      guard let patient, supportingPrisons.contains(patient.supportingPrisonID) else { return false }
    }
    return true
  }

  /// - Parameter sort: `lastName,ASC` and the like; by number for what is not known.
  static func sorted(_ prisoners: [SamplePrisoner], by sort: String?) -> [SamplePrisoner] {
    let parts = (sort ?? "").split(separator: ",").map(String.init)
    let ordered: [SamplePrisoner] =
      switch parts.first {
      case "lastName":
        prisoners.sorted { ($0.lastName, $0.prisonerNumber) < ($1.lastName, $1.prisonerNumber) }
      case "firstName":
        prisoners.sorted { ($0.firstName, $0.prisonerNumber) < ($1.firstName, $1.prisonerNumber) }
      case "cellLocation":
        prisoners.sorted {
          ($0.cellLocation ?? "", $0.prisonerNumber) < ($1.cellLocation ?? "", $1.prisonerNumber)
        }
      default: prisoners.sorted { $0.prisonerNumber < $1.prisonerNumber }
      }
    return parts.dropFirst().first?.uppercased() == "DESC" ? ordered.reversed() : ordered
  }
}

extension SamplePrisoner {
  fileprivate func isCalled(_ word: String) -> Bool {
    prisonerNumber == word || firstName.hasPrefix(word) || lastName.hasPrefix(word)
  }
}
