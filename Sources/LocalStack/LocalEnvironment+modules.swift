public import Doubles
public import HTTPTransport
public import Postgres
internal import ServiceKit
public import Time

/// What the profile has for the modules, by their names.
extension LocalEnvironment {
  /// The client as which a module calls the doubles; nil for a module that they do not know.
  public func client(of module: String) -> SampleClient? {
    switch module {
    case SampledModule.nonAssociations: .nonAssociationsAPI
    case SampledModule.restrictedPatients: .restrictedPatientsAPI
    default: nil
    }
  }

  /// Where the doubles answer, by the ids of the services for which they stand.
  public var upstreamURLs: [String: String] {
    ["prisonerSearch": prisonerSearchURL, "prisonAPI": prisonAPIURL]
  }

  /// Puts the samples into databases that are empty, and tells the doubles of the patients there are.
  /// - Parameter databases: of the hosted modules, by their names; migrated.
  /// - Throws: `PostgresError`.
  public func fill(_ databases: [String: PostgresDatabase], deadline: MonotonicInstant) async throws {
    if let database = databases[SampledModule.nonAssociations] {
      try await SampleData.load(into: database, deadline: deadline)
    }
    guard let patients = databases[SampledModule.restrictedPatients] else { return }
    try await SamplePatients.load(into: patients, deadline: deadline)
    if !recordsWereKept {
      try await SamplePatients.restore(records, from: patients, deadline: deadline)
    }
    prisonerSearch.patients = SearchedPatients.source(patients, records)
  }

  /// Lets the doubles' events flow into the gateway's queues, and scenes be played.
  /// - Parameters:
  ///   - databases: of the hosted modules, by their names; migrated.
  ///   - client: for calling the gateway as a front end does.
  /// - Throws: `LondonTimeError`.
  public func play(
    on databases: [String: PostgresDatabase],
    broker: PlayBroker,
    client: HTTPClient,
    gatewayURL: String
  ) throws {
    records.publisher = { _ = try await broker.publish($0) }
    play = LocalPlay(
      records,
      auth: auth,
      databases: databases,
      broker: broker,
      client: client,
      gatewayURL: gatewayURL,
      london: try LondonTime()
    )
  }
}
