public import JSON
public import Time

/// Writes a shape's properties of one value. Everything is inlinable: it is compiled into the code of each shape.
@frozen public struct ObjectWriter<Value>: ObjectDescriber {
  @usableFromInline let value: Value
  @usableFromInline var writer: JSONWriter
  @usableFromInline let london: LondonTime

  /// Takes the writer over until ``giveBack(_:)``: two that hold the same bytes would copy them.
  @inlinable init(_ value: Value, taking writer: inout JSONWriter, _ london: LondonTime) {
    self.value = value
    self.writer = JSONWriter(capacity: 0)
    self.london = london
    swap(&self.writer, &writer)
  }

  @inlinable mutating func giveBack(_ writer: inout JSONWriter) { swap(&self.writer, &writer) }

  @inlinable public mutating func text(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ text: (Value) -> String
  ) { writer.field(name, text(value)) }

  @inlinable public mutating func optionalText(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ text: (Value) -> String?
  ) { writer.field(name, text(value)) }

  @inlinable public mutating func omittableText(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ text: (Value) -> String?
  ) { if let text = text(value) { writer.field(name, text) } }

  @inlinable public mutating func integer(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ integer: (Value) -> Int64
  ) { writer.field(name, integer(value)) }

  @inlinable public mutating func boolean(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ boolean: (Value) -> Bool
  ) { writer.field(name, boolean(value)) }

  @inlinable public mutating func omittableBoolean(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ boolean: (Value) -> Bool?
  ) { if let boolean = boolean(value) { writer.field(name, boolean) } }

  @inlinable public mutating func optionalLocalTime(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ time: (Value) -> LocalDateTime?
  ) { writer.field(name, time(value)) }

  @inlinable public mutating func localTime(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ time: (Value) -> LocalDateTime
  ) { writer.field(name, time(value)) }

  @inlinable public mutating func instant(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ instant: (Value) -> Timestamp
  ) { writer.field(name, london.local(instant(value))) }

  @inlinable public mutating func optionalInstant(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ instant: (Value) -> Timestamp?
  ) { writer.field(name, instant(value).map(london.local)) }

  @inlinable public mutating func object<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _ part: (Value) -> Shape.Value
  ) {
    writer.key(name)
    shape.write(part(value), to: &writer, london)
  }

  @inlinable public mutating func optionalObject<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _ part: (Value) -> Shape.Value?
  ) {
    writer.key(name)
    if let part = part(value) { shape.write(part, to: &writer, london) } else { writer.null() }
  }

  @inlinable public mutating func omittableObject<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _ part: (Value) -> Shape.Value?
  ) {
    guard let part = part(value) else { return }
    writer.key(name)
    shape.write(part, to: &writer, london)
  }

  @inlinable public mutating func array<Shape: ObjectShape>(
    _ name: StaticString,
    of shape: Shape.Type,
    _ elements: (Value) -> [Shape.Value]
  ) {
    writer.key(name)
    shape.write(elements(value), to: &writer, london)
  }

  @inlinable public mutating func texts(
    _ name: StaticString,
    of element: @autoclosure () -> APISchema,
    _ texts: (Value) -> [String]
  ) {
    writer.key(name)
    writer.beginArray()
    for text in texts(value) { writer.value(text) }
    writer.endArray()
  }
}
