internal import JSON

extension APISchema {
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writeMembers(to: &writer, isNullable: false)
    writer.endObject()
  }

  private func writeMembers(to writer: inout JSONWriter, isNullable: Bool) {
    switch self {
    case .any: break
    case .value(let value): value.writeMembers(to: &writer, isNullable: isNullable)
    case .list(let list): list.writeMembers(to: &writer, isNullable: isNullable)
    case .map(let values):
      Self.writeType("object", isNullable, to: &writer)
      writer.key("additionalProperties")
      values.write(to: &writer)
    case .object(let object): object.writeMembers(to: &writer, isNullable: isNullable)
    case .named(let named):
      if isNullable {
        writer.key("oneOf")
        writer.beginArray()
        write(to: &writer)
        writer.beginObject()
        writer.field("type", "null")
        writer.endObject()
        writer.endArray()
      } else {
        writer.field("$ref", "#/components/schemas/\(named.name)")
      }
    case .nullable(let schema): schema.writeMembers(to: &writer, isNullable: true)
    }
  }

  fileprivate static func writeType(_ type: String, _ isNullable: Bool, to writer: inout JSONWriter) {
    guard isNullable else { return writer.field("type", type) }
    writer.key("type")
    writer.beginArray()
    writer.value(type)
    writer.value("null")
    writer.endArray()
  }
}

extension APISchema.Value {
  fileprivate func writeMembers(to writer: inout JSONWriter, isNullable: Bool) {
    APISchema.writeType(type, isNullable, to: &writer)
    if let format { writer.field("format", format) }
    if let description { writer.field("description", description) }
    if !choices.isEmpty {
      writer.key("enum")
      writer.beginArray()
      for choice in choices { writer.value(choice) }
      if isNullable, listsNull { writer.null() }
      writer.endArray()
    }
    if let pattern { writer.field("pattern", pattern) }
    if let minimum { writer.field("minimum", minimum) }
    if let maximum { writer.field("maximum", maximum) }
    if let minimumLength { writer.field("minLength", Int64(minimumLength)) }
    if let maximumLength { writer.field("maxLength", Int64(maximumLength)) }
    if let fallback {
      writer.key("default")
      writer.json(Array(fallback.utf8))
    }
    if let example {
      writer.key("example")
      writer.json(Array(example.utf8))
    }
  }
}

extension APISchema.List {
  fileprivate func writeMembers(to writer: inout JSONWriter, isNullable: Bool) {
    APISchema.writeType("array", isNullable, to: &writer)
    if let description { writer.field("description", description) }
    writer.key("items")
    items.write(to: &writer)
    if let minimumItems { writer.field("minItems", Int64(minimumItems)) }
    if isUnique { writer.field("uniqueItems", true) }
    if let fallback {
      writer.key("default")
      writer.json(Array(fallback.utf8))
    }
  }
}

extension APISchema.Object {
  fileprivate func writeMembers(to writer: inout JSONWriter, isNullable: Bool) {
    APISchema.writeType("object", isNullable, to: &writer)
    if let description { writer.field("description", description) }
    let required = properties.filter(\.isRequired).map(\.name)
    if !required.isEmpty {
      writer.key("required")
      writer.beginArray()
      for name in required { writer.value(name) }
      writer.endArray()
    }
    if !properties.isEmpty {
      writer.key("properties")
      writer.beginObject()
      for property in properties {
        writer.key(property.name)
        property.schema.write(to: &writer)
      }
      writer.endObject()
    }
    if isClosed { writer.field("additionalProperties", false) }
  }
}
