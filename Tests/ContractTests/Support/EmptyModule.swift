import Events
import HTTPTransport
import HTTPTypes
import JSON
import Logging
import ModuleKit
import Postgres
import ServiceKit
import SharedAuth
import Time

/// A module without a rule of its own, in one file: all that a host knows of it is its manifest.
struct EmptyModule: ModuleInstance {
  private struct NothingHeld: SubjectAccessSource {
    func content(
      for request: SubjectAccessRequest,
      deadline: MonotonicInstant
    ) async throws -> SubjectAccessContent { .nothing }
  }

  static let errorSchema = APISchema.object([.init("status", .any)])

  static let manifest = ModuleManifest(
    name: "empty-cells",
    basePath: "empty-cells-api",
    key: "emptyCells",
    title: "empty cells",
    service: ServiceDescription(
      app: "hmpps-empty-cells-api",
      title: "Empty Cells API",
      summary: "Cells that nobody is in.",
      errorSchema: errorSchema
    ),
    settings: ModuleSettings(
      prefix: "EMPTY_CELLS",
      title: "empty cells",
      calls: "nobody",
      queueAdminRole: "ROLE_EMPTY_CELLS_QUEUE_ADMIN",
      errorVisibility: "0"
    ),
    schema: ModuleSchema(
      migrations: [Migration(version: "1", name: "cells", sql: "create table empty_cell (id bigint)")]
    ),
    publishes: TopicDeclaration(
      "cells",
      emulated: BrokerARN.topic("cells"),
      allInOne: BrokerARN.topic("cells"),
      "ARN of the topic that empty cells publishes to."
    ),
    hears: [
      HeardQueueDeclaration(
        "cells",
        emulated: (queue: "cells", deadLetters: "cells-dlq"),
        allInOne: "cells",
        from: .publishedTopic,
        ConsumedEvents([]) { (_) throws(UnreadableMessage) in
          throw UnreadableMessage(reason: "nothing is heard")
        },
        "Queue of nothing for empty cells"
      )
    ],
    health: [.database, .auth(component: "auth")],
    jobs: [JobDeclaration("sweep", batchType: "SWEEP", "Sweep the cells.")],
    read: { _ in },
    make: { _, context in EmptyModule(misfits: MisfitValues(logger: context.logger)) }
  )

  /// What an operator sets for it, beside the prefix alone.
  static let environment = [
    "EMPTY_CELLS_API_CLIENT_ID": "cells", "EMPTY_CELLS_API_CLIENT_SECRET": "secret",
    "EMPTY_CELLS_HOSTS": "cells.test",
  ]

  let name = "empty-cells"
  let misfits: MisfitValues
  let subjectAccess: any SubjectAccessSource = NothingHeld()
  let routes = [
    RouteDeclaration(
      .get,
      "/empty-cells",
      .authenticated,
      operation: APIOperation(
        "getEmptyCells",
        "All of them",
        tag: "Cells",
        responses: [.init(200, "None", .array(.any))]
      )
    ) { _ in
      var json = JSONWriter()
      json.beginArray()
      json.endArray()
      return .json(json)
    }
  ]
  var jobs: [ModuleJob] {
    [ModuleJob("sweep", run: { "swept" }, schedule: nil)]
  }

  func response(to failure: PlatformFailure) -> ServerResponse { ServerResponse(status: failure.status) }
  func response(to error: any Error) -> ServerResponse? { nil }
}
