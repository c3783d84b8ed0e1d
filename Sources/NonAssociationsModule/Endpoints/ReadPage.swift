import HTTPTypes
import ServiceKit

extension NonAssociationsModule {
  static let page = Endpoint(
    .get,
    "/non-associations",
    .read,
    .described("getNonAssociations", "All non-associations, page by page"),
    takes: .path(.none, query: PageRequest.self),
    answer: .object(Page.Shape.self, "A page of non-associations") { $0.jsonSize },
    refusals: [.pageTooLarge, .neitherOpenNorClosed, .unknownSortField]
  ) { module, call in
    try await module.store.page(call.query, deadline: call.deadline)
  }
}

extension PageRequest: RequestQuery {
  init(_ query: inout QueryFields) throws {
    try self.init(
      filter: StateFilter(&query),
      page: query.integerText(
        "page",
        "The page, counted from 0; 0 too for what is no such number",
        default: 0,
        minimum: 0
      ),
      size: query.integerText(
        "size",
        "How many non-associations a page has, at most 200; 20 too for what is no such number",
        default: Self.defaultSize,
        minimum: 1
      ),
      sort: query.texts(
        "sort",
        "`field`, `field,DESC`, or several fields and a direction, of the properties of a non-association; "
          + "may be repeated",
        default: "id,ASC"
      )
    )
  }
}

extension StateFilter: RequestQuery {
  init(_ query: inout QueryFields) throws {
    self.init(includeOpen: try query.includeOpen(), includeClosed: try query.includeClosed())
  }
}
