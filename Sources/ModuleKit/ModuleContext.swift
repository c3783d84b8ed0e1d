public import Events
public import Logging
public import Postgres
public import ServiceKit
public import Time

/// What the host gives a module to work with.
public struct ModuleContext: Sendable {
  /// The module's alone; migrated before anything is asked of the instance.
  public let database: PostgresDatabase
  /// Where a change leaves its domain event and audit message, in its own transaction.
  public let outbox: any Outbox
  /// Gets the module's custom events.
  public let telemetry: any Telemetry
  /// The way to the services that the manifest names.
  public let upstreams: ModuleUpstreams
  /// The time of day in London, which is what the API tells.
  public let london: LondonTime
  /// The time of day, for records.
  public let clock: any WallClock
  /// Of the module.
  public let logger: Logger

  /// What a host has made for one module.
  public init(
    database: PostgresDatabase,
    outbox: any Outbox,
    telemetry: any Telemetry,
    upstreams: ModuleUpstreams,
    london: LondonTime,
    clock: any WallClock,
    logger: Logger
  ) {
    self.database = database
    self.outbox = outbox
    self.telemetry = telemetry
    self.upstreams = upstreams
    self.london = london
    self.clock = clock
    self.logger = logger
  }
}
