internal import Time

/// Takes what the API's description says of a shape's properties.
struct SchemaDescriber<Value>: ObjectDescriber {
  private(set) var properties: [APISchema.Property] = []
  private let isAllRequired: Bool

  /// - Parameter isAllRequired: whether what is always there is called required.
  init(isAllRequired: Bool) { self.isAllRequired = isAllRequired }

  private mutating func add(_ name: StaticString, _ schema: APISchema, isRequired: Bool = true) {
    properties.append(APISchema.Property("\(name)", schema, isRequired: isRequired && isAllRequired))
  }

  /// What may be null or missing is called both, whichever of them answers have: clients that are generated from the
  /// description then take either.
  private mutating func addOptional(_ name: StaticString, _ schema: APISchema) {
    add(name, .nullable(schema), isRequired: false)
  }

  mutating func text(_ name: StaticString, _ schema: @autoclosure () -> APISchema, _: (Value) -> String) {
    add(name, schema())
  }

  mutating func optionalText(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _: (Value) -> String?
  ) { addOptional(name, schema()) }

  mutating func omittableText(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _: (Value) -> String?
  ) { addOptional(name, schema()) }

  mutating func integer(_ name: StaticString, _ schema: @autoclosure () -> APISchema, _: (Value) -> Int64) {
    add(name, schema())
  }

  mutating func boolean(_ name: StaticString, _ schema: @autoclosure () -> APISchema, _: (Value) -> Bool) {
    add(name, schema())
  }

  mutating func omittableBoolean(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _: (Value) -> Bool?
  ) { addOptional(name, schema()) }

  mutating func optionalLocalTime(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _: (Value) -> LocalDateTime?
  ) { addOptional(name, schema()) }

  mutating func localTime(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _: (Value) -> LocalDateTime
  ) { add(name, schema()) }

  mutating func instant(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _: (Value) -> Timestamp
  ) { add(name, schema()) }

  mutating func optionalInstant(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _: (Value) -> Timestamp?
  ) { addOptional(name, schema()) }

  mutating func object<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _: (Value) -> Shape.Value
  ) { add(name, shape.schema) }

  mutating func optionalObject<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _: (Value) -> Shape.Value?
  ) { addOptional(name, shape.schema) }

  mutating func omittableObject<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _: (Value) -> Shape.Value?
  ) { addOptional(name, shape.schema) }

  mutating func array<Shape: ObjectShape>(
    _ name: StaticString,
    of shape: Shape.Type,
    _: (Value) -> [Shape.Value]
  ) { add(name, .array(shape.schema)) }

  mutating func texts(
    _ name: StaticString,
    of element: @autoclosure () -> APISchema,
    _: (Value) -> [String]
  ) { add(name, .array(element())) }
}
