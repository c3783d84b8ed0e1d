public import Time

/// The parameters of a query, each named once: the code that reads them also describes them.
public struct QueryFields {
  /// Nil while it describes.
  private let request: ModuleRequest?
  private(set) var declarations: [QueryParameterDeclaration] = []

  @usableFromInline init(reading request: ModuleRequest?) { self.request = request }

  private mutating func describe(_ name: String, _ description: String, _ schema: APISchema) {
    declarations.append(QueryParameterDeclaration(name: name, description: description, schema: schema))
  }

  /// A boolean; empty or blank counts as absent.
  public mutating func boolean(
    _ name: String,
    default value: Bool,
    _ description: String
  ) throws(PlatformFailure) -> Bool {
    guard let request else {
      describe(name, description, .boolean().withDefault(value ? "true" : "false"))
      return value
    }
    return try request.query(name, default: value)
  }

  /// One of an enumeration's names; nil when it is empty or absent.
  /// - Parameter value: what the API's description calls the default.
  public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String,
    _ description: String,
    default value: Choice
  ) throws(PlatformFailure) -> Choice? {
    guard let request else {
      let schema = APISchema.choice(Choice.allCases.map(\.rawValue))
      describe(name, description, schema.withDefault("\"\(value.rawValue)\""))
      return nil
    }
    return try request.query(name, Choice.self)
  }

  /// Any text; nil when it is absent.
  /// - Parameter format: what the API's description calls its format, which nobody has checked.
  public mutating func text(
    _ name: String,
    _ description: String,
    example: String? = nil,
    format: String? = nil
  ) -> String? {
    guard let request else {
      describe(name, description, .text(example: example, format: format))
      return nil
    }
    return request.query(name)
  }

  /// An integer as it was written, which nobody has checked; nil when it is absent.
  /// - Parameters:
  ///   - value: what counts where it is absent, for the API's description.
  ///   - minimum: the least that is of use, for the API's description; nil for none.
  ///   - maximum: the most that is of use, for the API's description, where there is a least.
  ///   - format: what clients read it into; nil for one of which nothing is said.
  public mutating func integerText(
    _ name: String,
    _ description: String,
    default value: Int64,
    minimum: Int64? = nil,
    maximum: Int64 = .max,
    format: APISchema.IntegerFormat? = nil
  ) -> String? {
    guard let request else {
      let schema = APISchema.integer(in: minimum.map { $0...max($0, maximum) }, format: format)
      describe(name, description, schema.withDefault("\(value)"))
      return nil
    }
    return request.query(name)
  }

  /// Any number of texts.
  /// - Parameter value: what counts where there is none, for the API's description.
  public mutating func texts(_ name: String, _ description: String, default value: String) -> [String] {
    guard let request else {
      describe(name, description, .array(.text()).withDefault("[\"\(value)\"]"))
      return []
    }
    return request.queryValues(name)
  }

  /// A day; nil when it is absent.
  public mutating func date(_ name: String, _ description: String) throws(PlatformFailure) -> CivilDate? {
    guard let request else {
      describe(name, description, .text(example: "2023-12-05", format: "date"))
      return nil
    }
    return try request.queryDate(name)
  }
}
