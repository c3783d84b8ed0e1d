public import Time

/// Whom a shape declares its properties to. A schema is made only where it is wanted.
public protocol ObjectDescriber<Value> {
  /// What the properties are taken of.
  associatedtype Value

  /// A text.
  mutating func text(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ text: (Value) -> String
  )

  /// A text, or null.
  mutating func optionalText(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ text: (Value) -> String?
  )

  /// A text, or no such property.
  mutating func omittableText(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ text: (Value) -> String?
  )

  /// A 64-bit integer.
  mutating func integer(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ integer: (Value) -> Int64
  )

  /// A boolean.
  mutating func boolean(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ boolean: (Value) -> Bool
  )

  /// A boolean, or no such property.
  mutating func omittableBoolean(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ boolean: (Value) -> Bool?
  )

  /// A time on London's clock, or null.
  mutating func optionalLocalTime(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ time: (Value) -> LocalDateTime?
  )

  /// A time on London's clock.
  mutating func localTime(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ time: (Value) -> LocalDateTime
  )

  /// An instant, as London's clock shows it.
  mutating func instant(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ instant: (Value) -> Timestamp
  )

  /// An instant as London's clock shows it, or null.
  mutating func optionalInstant(
    _ name: StaticString,
    _ schema: @autoclosure () -> APISchema,
    _ instant: (Value) -> Timestamp?
  )

  /// An object.
  mutating func object<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _ part: (Value) -> Shape.Value
  )

  /// An object, or null.
  mutating func optionalObject<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _ part: (Value) -> Shape.Value?
  )

  /// An object, or no such property.
  mutating func omittableObject<Shape: ObjectShape>(
    _ name: StaticString,
    _ shape: Shape.Type,
    _ part: (Value) -> Shape.Value?
  )

  /// An array of objects.
  mutating func array<Shape: ObjectShape>(
    _ name: StaticString,
    of shape: Shape.Type,
    _ elements: (Value) -> [Shape.Value]
  )

  /// An array of texts.
  mutating func texts(
    _ name: StaticString,
    of element: @autoclosure () -> APISchema,
    _ texts: (Value) -> [String]
  )
}

extension ObjectDescriber {
  /// A text of which nothing else is said.
  @inlinable public mutating func text(_ name: StaticString, _ text: (Value) -> String) {
    self.text(name, .text(), text)
  }

  /// A text of which nothing else is said, or null.
  @inlinable public mutating func optionalText(_ name: StaticString, _ text: (Value) -> String?) {
    optionalText(name, .text(), text)
  }

  /// An integer of which nothing else is said.
  @inlinable public mutating func integer(_ name: StaticString, _ integer: (Value) -> Int64) {
    self.integer(name, .integer(), integer)
  }

  /// A boolean of which nothing else is said.
  @inlinable public mutating func boolean(_ name: StaticString, _ boolean: (Value) -> Bool) {
    self.boolean(name, .boolean(), boolean)
  }

  /// A text of which nothing else is said, or no such property.
  @inlinable public mutating func omittableText(_ name: StaticString, _ text: (Value) -> String?) {
    omittableText(name, .text(), text)
  }

  /// A boolean of which nothing else is said, or no such property.
  @inlinable public mutating func omittableBoolean(_ name: StaticString, _ boolean: (Value) -> Bool?) {
    omittableBoolean(name, .boolean(), boolean)
  }

  /// A code, and under another name the words for it.
  @inlinable public mutating func code<Known: Code>(
    _ name: StaticString,
    words: StaticString,
    _ code: (Value) -> StoredCode<Known>
  ) {
    text(name, .codes(Known.self)) { code($0).rawValue }
    text(words, .text()) { code($0).description }
  }
}
