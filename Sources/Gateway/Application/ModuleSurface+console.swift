internal import Console
internal import Events
internal import ServiceKit

extension ModuleSurface {
  /// The page for operators and what it asks for, beside the endpoints of the services. Only the union has it: a host of
  /// one service answers as that service did.
  func console(_ all: [HostedModule]) -> [RouteDeclaration] {
    let groups = all.map { (module: $0.module.name, group: $0.part.adminGroup) }
    let queues = QueueRoutes(groups)
    let stream = EventStreamRoutes(london: shared.london)
    let streams = groups.compactMap { module, group in
      events.feed(of: module).map { stream.route(module, role: group.role, feed: $0) }
    }
    let common = streams + [queues.list]
    guard let local = shared.localRoutes else { return ConsolePages.routes(.standard) + common }
    return ConsolePages.routes(.allInOne) + common + [queues.send] + local
  }
}
