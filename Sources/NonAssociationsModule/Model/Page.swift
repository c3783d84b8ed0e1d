internal import JSON
import ServiceKit
internal import Time

/// A part of all non-associations, with the totals of the whole (`non-associations.md` §5).
struct Page: Sendable {
  var items: [NonAssociation]
  /// Of all pages.
  var total: Int64
  var request: PageRequest

  private var pages: Int64 { (total + request.size - 1) / request.size }

  /// The shape that Spring Data gives a page: all keys, in alphabetical order.
  func write(to writer: inout JSONWriter, _ london: LondonTime) {
    writer.beginObject()
    writer.key("content")
    writer.beginArray()
    for item in items { item.write(to: &writer, london) }
    writer.endArray()
    writer.field("empty", items.isEmpty)
    writer.field("first", request.number == 0)
    writer.field("last", request.number + 1 >= pages)
    writer.field("number", request.number)
    writer.field("numberOfElements", Int64(items.count))
    writer.key("pageable")
    writer.beginObject()
    writer.field("offset", request.offset)
    writer.field("pageNumber", request.number)
    writer.field("pageSize", request.size)
    writer.field("paged", true)
    Self.writeSort(to: &writer)
    writer.field("unpaged", false)
    writer.endObject()
    writer.field("size", request.size)
    Self.writeSort(to: &writer)
    writer.field("totalElements", total)
    writer.field("totalPages", pages)
    writer.endObject()
  }

  private static func writeSort(to writer: inout JSONWriter) {
    writer.key("sort")
    writer.beginObject()
    writer.field("empty", false)
    writer.field("sorted", true)
    writer.field("unsorted", false)
    writer.endObject()
  }
}
