internal import JSON
public import Time

/// What has become of the sample prisoners, as JSON that can be kept beside a database that knows of it too:
/// `{"version":1,"gone":["A1234BC"],"changed":[{"prisonerNumber":"B2345CD",…,"movement":{…}}]}`. Whoever is in neither list
/// is as in a fresh all-in-one profile, so that later samples are there too.
extension PrisonRecords {
  /// Of the JSON. Another one is not read.
  private static let version: Int64 = 1

  /// Why kept changes cannot be taken up again.
  public struct UnreadableChanges: Error, CustomStringConvertible {
    /// In words that name what is wrong.
    public let description: String
  }

  /// The records of a fresh all-in-one profile, with what has become of them.
  /// - Parameter changes: as ``changes`` gave them.
  /// - Throws: `UnreadableChanges`.
  public convenience init(changes: [UInt8], clock: any WallClock) throws(UnreadableChanges) {
    do {
      let object = try JSONObject(JSONValue(parsing: changes))
      guard let version = object.integer("version") else {
        throw JSONObjectError(property: "version", "must be a number")
      }
      guard version == Self.version else {
        throw JSONObjectError(
          property: "version",
          "is \(version), and this program reads \(Self.version) only"
        )
      }
      var prisoners = Self.byNumber(SamplePrisoner.all)
      var movements = SampleMovement.all
      for number in try object.texts("gone") {
        prisoners[number] = nil
        movements[number] = nil
      }
      for fields in try JSONObject.list(try object.required("changed", object["changed"])) {
        let number = try fields.text("prisonerNumber")
        guard var prisoner = prisoners[number] else {
          throw JSONObjectError(property: "changed", "names \(number), who is no sample prisoner")
        }
        try prisoner.take(fields)
        prisoners[number] = prisoner
        movements[number] = try fields["movement"].map { try SampleMovement(JSONObject($0)) }
      }
      self.init(prisoners: Array(prisoners.values), movements: movements, clock: clock)
    } catch {
      throw UnreadableChanges(description: "\(error)")
    }
  }

  /// What has become of the prisoners of a fresh all-in-one profile.
  public var changes: [UInt8] {
    let (prisoners, movements) = now
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    json.field("version", Self.version)
    json.field("gone", SamplePrisoner.all.map(\.prisonerNumber).filter { prisoners[$0] == nil }.sorted())
    json.key("changed")
    json.beginArray()
    for sample in SamplePrisoner.all.sorted(by: { $0.prisonerNumber < $1.prisonerNumber }) {
      let number = sample.prisonerNumber
      guard let prisoner = prisoners[number] else { continue }
      let movement = movements[number]
      if prisoner != sample || movement != SampleMovement.all[number] {
        prisoner.writeState(movement, to: &json)
      }
    }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}

extension SamplePrisoner {
  /// A member of the JSON, and the property that it has the value of.
  private enum Member: Sendable {
    case text(StaticString, any WritableKeyPath<SamplePrisoner, String> & Sendable)
    case optionalText(StaticString, any WritableKeyPath<SamplePrisoner, String?> & Sendable)
    case optionalNumber(StaticString, any WritableKeyPath<SamplePrisoner, Int64?> & Sendable)
    case flag(StaticString, any WritableKeyPath<SamplePrisoner, Bool> & Sendable)
  }

  /// What movements and merges change, in the JSON's order; the rest is the sample's.
  private static let state: [Member] = [
    .optionalText("prisonId", \.prisonID),
    .optionalText("prisonName", \.prisonName),
    .optionalText("cellLocation", \.cellLocation),
    .optionalNumber("bookingId", \.bookingID),
    .optionalText("conditionalReleaseDate", \.conditionalReleaseDate),
    .optionalText("sentenceExpiryDate", \.sentenceExpiryDate),
    .flag("recall", \.isRecall),
    .flag("indeterminateSentence", \.isIndeterminateSentence),
    .text("legalStatus", \.legalStatus),
    .text("lastMovementTypeCode", \.lastMovementTypeCode),
    .text("lastMovementReasonCode", \.lastMovementReasonCode),
  ]

  fileprivate func writeState(_ movement: SampleMovement?, to json: inout JSONWriter) {
    json.beginObject()
    json.field("prisonerNumber", prisonerNumber)
    for member in Self.state {
      switch member {
      case .text(let name, let path): json.field(name, self[keyPath: path])
      case .optionalText(let name, let path): json.fieldIfPresent(name, self[keyPath: path])
      case .optionalNumber(let name, let path):
        if let number = self[keyPath: path] { json.field(name, number) }
      case .flag(let name, let path): json.field(name, self[keyPath: path])
      }
    }
    if let movement {
      json.key("movement")
      movement.write(of: prisonerNumber, to: &json)
    }
    json.endObject()
  }

  fileprivate mutating func take(_ fields: JSONObject) throws(JSONObjectError) {
    for member in Self.state {
      switch member {
      case .text(let name, let path): self[keyPath: path] = try fields.text(name.description)
      case .optionalText(let name, let path): self[keyPath: path] = try fields.optionalText(name.description)
      case .optionalNumber(let name, let path):
        let (name, number) = (name.description, fields.integer(name.description))
        if number == nil, fields[name] != nil { throw JSONObjectError(property: name, "must be a number") }
        self[keyPath: path] = number
      case .flag(let name, let path):
        self[keyPath: path] =
          try fields.required(name.description, fields.boolean(name.description))
      }
    }
  }
}

extension SampleMovement {
  fileprivate init(_ fields: JSONObject) throws(JSONObjectError) {
    self.init(
      fromAgency: try fields.text("fromAgency"),
      toAgency: try fields.text("toAgency"),
      type: try fields.text("movementType"),
      reason: try fields.text("movementReasonCode"),
      date: try fields.text("movementDate"),
      time: try fields.text("movementTime"),
      comment: try fields.optionalText("commentText")
    )
  }
}
