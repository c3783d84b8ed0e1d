public import JSON
public import Time

/// The properties of a request's body, each named once: the code that reads a body also describes it, so that the API's
/// description and the reading cannot differ.
///
/// While it describes, every text is empty, every code the first of its type and every optional nil; violations count for
/// nothing.
public struct BodyFields: Sendable {
  /// Nil while it describes.
  @usableFromInline let fields: JSONObject?
  /// Whether what is left out, or null, stays as it is.
  public let isPartial: Bool
  private(set) var properties: [APISchema.Property] = []
  /// The rules that the body breaks, in the order of the properties.
  public private(set) var violations: [FieldViolation] = []

  /// - Throws: `JSONObjectError` for anything else than an object.
  init(reading body: JSONValue, isPartial: Bool) throws(JSONObjectError) {
    fields = try JSONObject(body)
    self.isPartial = isPartial
  }

  init(describing isPartial: Bool) {
    fields = nil
    self.isPartial = isPartial
  }

  @usableFromInline mutating func describe(
    _ name: String,
    _ schema: APISchema,
    isOptional: Bool = false,
    isRequired: Bool = false
  ) {
    properties.append(
      APISchema.Property(
        name,
        isOptional ? .nullable(schema) : schema,
        isRequired: isRequired || !isOptional
      )
    )
  }

  /// Notes a rule that the body breaks.
  public mutating func violate(_ field: String, _ message: String) {
    violations.append(FieldViolation(field: field, message: message))
  }

  private mutating func check(_ text: String, _ name: String, _ rule: TextRule) {
    if let message = rule.violation(text) { violate(name, message) }
  }

  // MARK: Kinds of properties

  /// A text that must be given.
  public mutating func text(_ name: String, _ rule: TextRule) throws(JSONObjectError) -> String {
    guard let fields else {
      describe(name, rule.schema)
      return ""
    }
    let text = try fields.text(name)
    check(text, name, rule)
    return text
  }

  /// A text; nil when it is `null` or absent.
  /// - Parameter isCalledRequired: whether the API's description says that it must be there, null or not, as it always has.
  public mutating func optionalText(
    _ name: String,
    _ rule: TextRule,
    isCalledRequired: Bool = false
  ) throws(JSONObjectError) -> String? {
    guard let fields else {
      describe(name, rule.schema, isOptional: true, isRequired: isCalledRequired)
      return nil
    }
    let text = try fields.optionalText(name)
    if let text { check(text, name, rule) }
    return text
  }

  /// A text that must be given, unless the body is partial.
  /// - Parameter current: what it stays where a partial body leaves it out.
  public mutating func text(
    _ name: String,
    _ rule: TextRule,
    else current: String?
  ) throws(JSONObjectError) -> String {
    isPartial ? try optionalText(name, rule) ?? current ?? "" : try text(name, rule)
  }

  /// A list of texts that must be given.
  public mutating func texts(_ name: String, of element: APISchema) throws(JSONObjectError) -> [String] {
    guard let fields else {
      describe(name, .array(element))
      return []
    }
    return try fields.texts(name)
  }

  /// One of an enumeration's names, which must be given.
  @inlinable public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String,
    _ description: String? = nil
  ) throws(JSONObjectError) -> Choice {
    guard let fields else {
      describe(name, .choice(Choice.allCases.map(\.rawValue), description))
      guard let first = Choice.allCases.first else {
        throw JSONObjectError(property: name, "has no choices")
      }
      return first
    }
    return try fields.choice(name)
  }

  /// One of an enumeration's names; nil when it is `null` or absent.
  /// - Parameter listsNull: whether the API's description has null among the names.
  @inlinable public mutating func optionalChoice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String,
    _ description: String? = nil,
    listsNull: Bool = true
  ) throws(JSONObjectError) -> Choice? {
    guard let fields else {
      let schema = APISchema.choice(Choice.allCases.map(\.rawValue), description, listsNull: listsNull)
      describe(name, schema, isOptional: true)
      return nil
    }
    return try fields.optionalChoice(name)
  }

  /// A code that must be given, unless the body is partial.
  /// - Parameter current: what it stays where a partial body leaves it out.
  @inlinable public mutating func code<Known: Code>(
    _ name: String,
    else current: StoredCode<Known>?
  ) throws(JSONObjectError) -> StoredCode<Known> {
    guard isPartial else { return .known(try choice(name, Known.summary)) }
    // Clients were generated from a description without null in the list.
    let given: Known? = try optionalChoice(name, Known.summary, listsNull: false)
    return given.map(StoredCode.known) ?? current ?? .unknown("")
  }

  /// A local date-time; nil when it is `null`, absent, blank or an empty array.
  public mutating func optionalDateTime(
    _ name: String,
    _ schema: APISchema
  ) throws(JSONObjectError) -> LocalDateTime? {
    guard let fields else {
      describe(name, schema, isOptional: true)
      return nil
    }
    return try fields.optionalDateTime(name)
  }
}
