public import JSON
public import Time

/// The shape of a JSON object: its properties, each declared once with its name, its schema and how its value is taken of
/// a `Value`. One function declares them to whoever asks: to the writer of an object, or to the API's description. It is
/// compiled for each of them, so that a declaration costs no more than code that writes the properties by hand.
public protocol ObjectShape: SendableMetatype {
  /// What is written as the object.
  associatedtype Value

  /// Names the schema in the API's description; nil for one that stands where it is used.
  static var name: String? { get }

  /// What the API's description says of the object.
  static var summary: String? { get }

  /// Whether the API's description calls the properties required that are always there.
  static var isAllRequired: Bool { get }

  /// Declares the properties in their order.
  static func declare(_ json: inout some ObjectDescriber<Value>)
}

extension ObjectShape {
  /// Nothing, unless a shape says otherwise.
  public static var summary: String? { nil }

  /// It does, unless a shape says otherwise.
  public static var isAllRequired: Bool { true }

  /// What the API's description says of the object.
  public static var schema: APISchema {
    var describer = SchemaDescriber<Value>(isAllRequired: isAllRequired)
    declare(&describer)
    let object = APISchema.object(describer.properties, description: summary)
    return name.map { .named($0, object) } ?? object
  }

  /// Writes one object.
  @inlinable public static func write(_ value: Value, to writer: inout JSONWriter, _ london: LondonTime) {
    writer.beginObject()
    var object = ObjectWriter(value, taking: &writer, london)
    declare(&object)
    object.giveBack(&writer)
    writer.endObject()
  }

  /// Writes an array of objects.
  @inlinable public static func write(_ values: [Value], to writer: inout JSONWriter, _ london: LondonTime) {
    writer.beginArray()
    for value in values { write(value, to: &writer, london) }
    writer.endArray()
  }
}
