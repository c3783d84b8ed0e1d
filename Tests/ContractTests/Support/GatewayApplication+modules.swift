import EventLoops
import Events
import HTTPTransport
import ModuleKit
import Postgres
import ServiceKit

@testable import Gateway
@testable import RestrictedPatientsModule

/// The two modules of the program, by their names: what a test of one of them asks for.
extension Configuration {
  var nonAssociations: ModuleConfiguration {
    get { modules[0] }
    set { modules[0] = newValue }
  }
  var restrictedPatients: ModuleConfiguration {
    get { modules[1] }
    set { modules[1] = newValue }
  }
}

extension GatewayApplication {
  /// The database of non-associations, or of the one module that is hosted.
  var database: PostgresDatabase { composition.modules[0].database }

  func restrictedPatients() throws -> RestrictedPatientsModule {
    let instances = composition.modules.map(\.instance)
    guard let patients = instances.lazy.compactMap({ $0 as? RestrictedPatientsModule }).first else {
      throw SocketFailure(description: "restricted patients is not hosted")
    }
    return patients
  }

  var server: HTTPServer { composition.listener.server }
  var metricsAddress: SocketAddress? { composition.metricsListener?.address }
  var events: EventsRuntime { composition.events }
  var bus: EventBus { composition.platform.bus }
  var mount: Mount { composition.mount }
  var observability: GatewayObservability { composition.platform.observability }
  var certificates: Certificates { composition.certificates }
}
