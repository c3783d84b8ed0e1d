internal import JSON
import ServiceKit

/// Every code with its description (`non-associations.md` §5): the same bytes for every caller, made once.
enum Constants {
  static let json: [UInt8] = {
    var writer = JSONWriter()
    writer.beginObject()
    write("roles", Role.allCases, to: &writer)
    write("reasons", Reason.allCases, to: &writer)
    write("restrictionTypes", RestrictionType.allCases, to: &writer)
    writer.endObject()
    return writer.bytes
  }()

  private static func write(_ key: StaticString, _ codes: [some Code], to writer: inout JSONWriter) {
    writer.key(key)
    writer.beginArray()
    for code in codes {
      writer.beginObject()
      writer.field("code", code.rawValue)
      writer.field("description", code.description)
      writer.endObject()
    }
    writer.endArray()
  }
}
