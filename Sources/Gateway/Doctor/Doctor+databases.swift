internal import ModuleKit
internal import Postgres
internal import Time

extension Doctor {
  /// Reachable, of a version that will do, migrated, and with the rights that are needed.
  func databases() async -> [Finding] {
    var opened: [(manifest: ModuleManifest, database: PostgresDatabase)] = []
    var findings: [Finding] = []
    for module in configuration.modules {
      do {
        var postgres = module.database.postgres
        postgres.leaseTimeout = Self.patience
        let database = try PostgresDatabase(configuration: postgres, group: group, logger: logger)
        opened.append((manifest: module.manifest, database: database))
        findings += try await look(at: database, module.name)
      } catch {
        findings.append(
          Finding(
            .fail,
            "database",
            "\(module.name): \(Self.explain(error))",
            advice:
              "check \(module.manifest.settings.database.url.name) or the settings in its place, the network, and "
              + "whether PostgreSQL runs there; gateway config shows them"
          )
        )
      }
    }
    if opened.count == configuration.modules.count, findings.level < .fail {
      findings += await migrations(of: opened)
    }
    for (_, database) in opened { await database.shutdown() }
    return findings
  }

  /// For an operator, who has to know what the server said of the connection.
  private static func explain(_ error: any Error) -> String {
    guard let error = error as? PostgresError else { return "\(error)" }
    return error.kind == .connectionFailed ? error.detail : error.message
  }

  /// Whether a database answers at all; why not, its own line says.
  func isReachable(_ database: PostgresDatabase) async -> Bool {
    (try? await database.query(DoctorStatements.server, deadline: now() + Self.patience)) != nil
  }

  private func look(at database: PostgresDatabase, _ name: String) async throws -> [Finding] {
    let deadline = now() + Self.patience
    guard let row = try await database.query(DoctorStatements.server, deadline: deadline).first else {
      return []
    }
    let version = try row.text(0)
    let major = try row.int64(1) / 10_000
    var findings = try await database.unsuitability(deadline: deadline).map { fault in
      Finding(.fail, "database", "\(name): \(fault)", advice: "the server does not start on such a database")
    }
    if major < 14 {
      findings.append(
        Finding(
          .warn,
          "database",
          "\(name): PostgreSQL \(version) is older than what the gateway is tested with",
          advice: "use PostgreSQL 14 or newer"
        )
      )
    } else {
      findings.append(Finding(.ok, "database", "\(name): PostgreSQL \(version) as \(try row.text(2))"))
    }
    if try row.bool(3) {
      findings.append(
        Finding(
          .fail,
          "database",
          "\(name): this server is a read-only replica",
          advice: "connect to the primary"
        )
      )
    }
    let lacking = try await database.query(DoctorStatements.tables, deadline: deadline).map { try $0.text(0) }
    if !lacking.isEmpty {
      findings.append(
        Finding(
          .fail,
          "database",
          "\(name): not all of select, insert, update and delete are granted on \(lacking.joined(separator: ", "))",
          advice: "grant them to this user, or connect as the owner of the tables"
        )
      )
    }
    if try !row.bool(4) {
      findings.append(
        Finding(
          .warn,
          "database",
          "\(name): this user may not make tables, so no migration can be applied",
          advice: "grant create on the schema, or run gateway migrate as a user who may"
        )
      )
    }
    return findings
  }

  private func migrations(
    of databases: [(manifest: ModuleManifest, database: PostgresDatabase)]
  ) async -> [Finding] {
    let migrations = DatabaseMigrations(databases, logger: logger)
    do {
      let outlook = try await migrations.outlook()
      var findings = outlook.newer.map { line in
        Finding(.warn, "migrations", line, advice: "this is fine in a roll-out or after a roll-back")
      }
      if !outlook.pending.isEmpty {
        findings.append(
          Finding(
            .warn,
            "migrations",
            "\(outlook.pending.count) to apply: \(outlook.pending.joined(separator: "; "))",
            advice: "the server applies them when it starts; gateway migrate does it before"
          )
        )
      }
      return findings.isEmpty ? [Finding(.ok, "migrations", "every schema is up to date")] : findings
    } catch {
      return [
        Finding(
          .fail,
          "migrations",
          "\((error as? PostgresError)?.message ?? "\(error)")",
          advice: "gateway migrate --dry-run shows more; a person must look at this database"
        )
      ]
    }
  }
}

private enum DoctorStatements {
  static let server = PostgresStatement(
    name: "doctor_server",
    sql: """
      select current_setting('server_version'), current_setting('server_version_num')::bigint, current_user::text,
        pg_is_in_recovery(), has_schema_privilege(coalesce(current_schema(), 'public'), 'create')
      """
  )

  /// Our tables on which something is missing.
  static let tables = PostgresStatement(
    name: "doctor_tables",
    sql: """
      select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = current_schema() and c.relkind in ('r', 'p')
        and c.relname ~ '^(non_association|restricted_patients|gateway_)'
        and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
          and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete'))
      order by 1
      """
  )
}
