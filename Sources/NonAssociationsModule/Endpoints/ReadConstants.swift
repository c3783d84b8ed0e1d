import HTTPTypes
internal import JSON
import ServiceKit
import SharedAuth

extension NonAssociationsModule {
  static let constants = Endpoint(
    .get,
    "/constants",
    .rule(.authenticated),
    .described("constants", "Every code with its description"),
    takes: .path(.none),
    answer: .json(Constants.schema, "The codes")
  ) { _, _ in Constants.json }
}

/// Every code with its description (docs/contract/non-associations.md §5): the same bytes for every caller, made once.
enum Constants {
  private static let lists = NonAssociation.record.table.codeLists

  static let json: [UInt8] = {
    var writer = JSONWriter()
    writer.beginObject()
    for list in lists {
      writer.key(list.name)
      writer.beginArray()
      for (code, description) in list.codes {
        writer.beginObject()
        writer.field("code", code)
        writer.field("description", description)
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
    return writer.finish()
  }()

  static let schema = APISchema.map(
    .array(.named("Constant", .object([.init("code", .text()), .init("description", .text())])))
  )
}
