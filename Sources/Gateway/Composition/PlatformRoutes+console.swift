internal import Console
internal import Events
internal import ModuleKit
internal import ServiceKit

extension PlatformRoutes {
  /// The page for operators and what it asks for, beside the endpoints of the modules. Only the union has it: a host of
  /// one module answers as the service replaced did.
  func console(_ modules: [ComposedModule]) -> [RouteDeclaration] {
    let groups = modules.compactMap { module in
      events.modules.first { $0.name == module.name }.map { (module: module.name, group: $0.adminGroup) }
    }
    let queues = QueueRoutes(groups)
    let stream = EventStreamRoutes(london: platform.london)
    let streams = groups.compactMap { module, group in
      events.feed(of: module).map { stream.route(module, role: group.role, feed: $0) }
    }
    let common = streams + [queues.list]
    guard let localRoutes else { return ConsolePages.routes(.standard) + common }
    return ConsolePages.routes(.allInOne) + common + [queues.send] + localRoutes
  }
}
