public import ServiceKit

/// A module's way to the services that its manifest names.
public struct ModuleUpstreams: Sendable {
  /// By the service's ``UpstreamDeclaration/id`` and the bulkhead's ``Bulkhead/name``.
  private let clients: [String: [String: UpstreamClient]]

  /// - Parameter clients: one for each service and each bulkhead, by ``UpstreamDeclaration/id`` and ``Bulkhead/name``.
  public init(_ clients: [String: [String: UpstreamClient]]) { self.clients = clients }

  /// A client of a service.
  /// - Parameters:
  ///   - upstream: the service.
  ///   - bulkhead: over whose connections it is called.
  /// - Throws: ``ManifestError`` when the manifest does not name one of the two.
  public func client(
    of upstream: UpstreamDeclaration,
    over bulkhead: Bulkhead
  ) throws(ManifestError) -> UpstreamClient {
    guard let clients = clients[upstream.id] else { throw .unknownUpstream(upstream.id) }
    guard let client = clients[bulkhead.name] else { throw .unknownBulkhead(bulkhead.name) }
    return client
  }
}
