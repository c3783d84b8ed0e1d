internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import SharedAuth
internal import Time

/// `/health` and what is below it (docs/contract/platform.md §3.1, §3.2).
public struct HealthRoutes: Sendable {
  /// The health of a module, by the name under which the union shows it: `nonAssociations`.
  public typealias Part = (name: String, health: Health)

  private let readiness: ReadinessState
  private let showsDetails: Bool

  /// - Parameter showsDetails: whether `details` are written: names of queues, topics and hosts, to anyone who asks.
  public init(_ readiness: ReadinessState, showsDetails: Bool = true) {
    self.readiness = readiness
    self.showsDetails = showsDetails
  }

  /// For one module.
  public func routes(_ health: Health) -> [RouteDeclaration] {
    HealthProbes.routes(readiness) + [
      RouteDeclaration(.get, "/health", .open, produces: .anything) { request in
        return respond(to: request, await health.report(by: request.clock))
      },
      RouteDeclaration(.get, "/health/{component}", .open, produces: .anything) { request in
        guard let component = await health.component(request.path("component"), by: request.clock) else {
          return Self.unknown
        }
        return Self.respond(to: request, component.status) {
          component.write(to: &$0, showsDetails: showsDetails)
        }
      },
    ]
  }

  /// For several modules together. Some of their components share a name and mean different things, so each module's
  /// are in a component of its own.
  public func routes(_ parts: [Part]) -> [RouteDeclaration] {
    HealthProbes.routes(readiness) + [
      RouteDeclaration(.get, "/health", .open, produces: .anything) { request in
        let reports = await reports(of: parts, by: request.clock)
        let status = HealthStatus.worst(reports.map(\.report.status))
        return Self.respond(to: request, status) { writer in
          writer.beginObject()
          writer.field("status", status.rawValue)
          writeGroups(to: &writer)
          writer.key("components")
          writer.beginObject()
          for (name, report) in reports {
            writer.key(name)
            writer.beginObject()
            writer.field("status", report.status.rawValue)
            writeComponents(report, to: &writer)
            writer.endObject()
          }
          writer.endObject()
          writer.endObject()
        }
      },
      RouteDeclaration(.get, "/health/{component}", .open, produces: .anything) { request in
        guard let part = parts.first(where: { $0.name == request.path("component") }) else {
          return Self.unknown
        }
        return respond(to: request, await part.health.report(by: request.clock))
      },
    ]
  }

  private static let unknown = ServerResponse(status: .notFound, fields: [:], body: [])

  private func reports(of parts: [Part], by clock: any MonotonicClock) async -> [(
    name: String, report: Health.Report
  )] {
    let found = await withTaskGroup(of: (String, Health.Report).self) { group in
      for part in parts { group.addTask { (part.name, await part.health.report(by: clock)) } }
      return await group.reduce(into: [String: Health.Report]()) { $0[$1.0] = $1.1 }
    }
    return parts.compactMap { part in found[part.name].map { (part.name, $0) } }
  }

  private func respond(to request: ModuleRequest, _ report: Health.Report) -> ServerResponse {
    Self.respond(to: request, report.status) { writer in
      writer.beginObject()
      writer.field("status", report.status.rawValue)
      writeGroups(to: &writer)
      writeComponents(report, to: &writer)
      writer.endObject()
    }
  }

  private static func respond(
    to request: ModuleRequest,
    _ status: HealthStatus,
    _ write: (inout JSONWriter) -> Void
  ) -> ServerResponse {
    var writer = JSONWriter(capacity: 2048)
    write(&writer)
    let isRefused = status == .down || status == .outOfService
    return ServerResponse(
      status: isRefused ? .serviceUnavailable : .ok,
      fields: [.contentType: HealthProbes.contentType(for: request.server.head)],
      body: writer.bytes
    )
  }

  private func writeGroups(to writer: inout JSONWriter) {
    writer.key("groups")
    writer.beginArray()
    for group in ["liveness", "readiness"] { writer.value(group) }
    writer.endArray()
  }

  private func writeComponents(_ report: Health.Report, to writer: inout JSONWriter) {
    writer.key("components")
    writer.beginObject()
    for (name, component) in report.components {
      writer.key(name)
      component.write(to: &writer, showsDetails: showsDetails)
    }
    writer.endObject()
  }
}
