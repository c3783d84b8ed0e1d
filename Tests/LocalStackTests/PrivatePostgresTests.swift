import Foundation
import TestKit
import Testing

@testable import LocalStack

/// With real PostgreSQL programs, sockets and signals.
@Suite("Private PostgreSQL")
struct PrivatePostgresTests {
  @Test("The first start makes a cluster in UTF-8 that only a private unix socket leads to")
  func firstStart() async throws {
    let folder = try TemporaryFolder()
    try await Cluster.with(folder.path + "/data") { server async throws in
      let settings = try await Cluster.ask(
        server,
        """
        select current_database(), current_setting('server_encoding'), current_setting('listen_addresses'), \
        pg_encoding_to_char(encoding) from pg_database where datname = 'gateway'
        """
      )
      #expect(settings == "gateway|UTF8||UTF8")
      let attributes = try FileManager.default.attributesOfItem(atPath: server.folder + "/socket")
      #expect(attributes[.posixPermissions] as? Int == 0o700)
      #expect(FileManager.default.fileExists(atPath: server.folder + "/socket/.s.PGSQL.5432"))
      let processID = try #require(server.processID)
      let listening = try await ChildProcess.run(
        .init(program: "/bin/sh", arguments: ["-c", "ls -l /proc/\(processID)/fd | grep -c socket: || true"])
      )
      // The unix socket, and on some builds one more for statistics, which is connected to itself.
      #expect((Int(listening.output.split(separator: "\n").first ?? "") ?? 99) <= 2)
    }
  }

  @Test("A restart keeps the data, and a stop leaves no process, though a session is busy")
  func restartKeepsData() async throws {
    let folder = try TemporaryFolder()
    let (dataFolder, server) = try await Cluster.start(folder.path)
    _ = try await Cluster.ask(server, "create table kept (id int); insert into kept values (7)")
    let psql = try await Cluster.programs().folder + "/psql"
    let connection = server.connectionString
    async let sleeper = ChildProcess.run(
      .init(program: psql, arguments: ["-X", "-c", "select pg_sleep(600)", connection])
    )
    try await waitForSession(server, running: "select pg_sleep(600)")
    await server.stop()
    #expect(LeftOverServer(data: server.folder + "/data").processes().isEmpty)
    #expect(try await sleeper.ending != .exited(0))
    dataFolder.unlock()
    try await Cluster.with(folder.path) { server async throws in
      #expect(try await Cluster.ask(server, "select id from kept") == "7")
    }
  }

  private func waitForSession(_ server: PrivatePostgres, running query: String) async throws {
    let end = ContinuousClock.now + .seconds(20)
    let count = "select count(*) from pg_stat_activity where query = '\(query)' and state = 'active'"
    while try await Cluster.ask(server, count) != "1" { try #require(ContinuousClock.now < end) }
  }

  @Test("A postmaster that is killed is started again, with all that was committed")
  func killedPostmaster() async throws {
    let folder = try TemporaryFolder()
    try await Cluster.with(folder.path) { server async throws in
      _ = try await Cluster.ask(server, "create table kept (id int); insert into kept values (7)")
      let killed = try #require(server.processID)
      kill(pid_t(killed), SIGKILL)
      try await eventually("PostgreSQL is started again") { server.processID != killed }
      #expect(try await Cluster.ask(server, "select id from kept") == "7")
    }
  }

  @Test("When the gateway is killed, PostgreSQL stops by itself, and the next start has the data")
  func killedGateway() async throws {
    let result = try await #require(
      processExitsWith: .signal(SIGKILL),
      observing: [\.standardOutputContent]
    ) {
      let path = try TemporaryFolder().path
      let (_, server) = try await Cluster.start(path)
      _ = try await Cluster.ask(server, "create table kept (id int); insert into kept values (7)")
      let report = "REPORT \(path) \(server.processID ?? 0) \n"
      write(1, report, report.utf8.count)
      kill(getpid(), SIGKILL)
    }
    let output = String(decoding: result.standardOutputContent, as: UTF8.self)
    let report = try #require(output.split(separator: "\n").first { $0.hasPrefix("REPORT") })
    let words = report.split(separator: " ")
    let path = String(words[1])
    let processID = try #require(pid_t(words[2]))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await eventually("the postmaster of the killed gateway ends") { kill(processID, 0) != 0 }
    try await Cluster.with(path) { server async throws in
      #expect(try await Cluster.ask(server, "select id from kept") == "7")
    }
  }

  @Test("A server that an earlier gateway left running is stopped, and the next start has the data")
  func leftOverServer() async throws {
    let folder = try TemporaryFolder()
    let clusterFolder = try await Cluster.with(folder.path) { server async throws in
      _ = try await Cluster.ask(server, "create table kept (id int); insert into kept values (7)")
    }
    let programs = try await Cluster.programs()
    let data = clusterFolder + "/data"
    let nowhere = open("/dev/null", O_WRONLY)
    defer { close(nowhere) }
    let leftOver = try await ChildProcess.start(
      ChildProcess.Command(
        program: programs.postgres,
        arguments: ["-D", data, "-c", "listen_addresses=", "-k", clusterFolder + "/socket"]
      ).guarded(account: try Account.forPostgres(cluster: clusterFolder), atOurDeath: "KILL"),
      output: nowhere
    )
    try await eventually("the left-over server is up") {
      Files.text(data + "/postmaster.pid")?.contains("ready") == true
    }
    try await Cluster.with(folder.path) { server async throws in
      #expect(await leftOver.ending(within: .zero) == .exited(0))
      #expect(try await Cluster.ask(server, "select id from kept") == "7")
    }
  }

  @Test("A postmaster.pid that names a process of somebody else does not stop the start")
  func reusedProcessNumber() async throws {
    let folder = try TemporaryFolder()
    let clusterFolder = try await Cluster.with(folder.path) { _ in }
    let account = try Account.forPostgres(cluster: clusterFolder)
    let other = try await ChildProcess.start(
      ChildProcess.Command(program: "/bin/sleep", arguments: ["600"])
        .guarded(account: account, atOurDeath: "KILL"),
      output: 2
    )
    let data = clusterFolder + "/data"
    try Files.write(
      "\(other.processID)\n\(data)\n1700000000\n5432\n\(clusterFolder)/socket\n\n",
      to: data + "/postmaster.pid",
      mode: 0o600
    )
    if let account { try Files.giveAway(data + "/postmaster.pid", uid: account.uid, gid: account.gid) }
    try await Cluster.with(folder.path) { server async throws in
      #expect(try await Cluster.ask(server, "select 1") == "1")
    }
    #expect(await other.ending(within: .zero) == nil, "the other process was left alone")
    other.send(SIGKILL)
    _ = await other.ending()
  }

  @Test("A second gateway on the folder is refused in one line that names folder and process")
  func secondGateway() async throws {
    let folder = try TemporaryFolder()
    let first = try DataFolder(folder.path)
    let error = #expect(throws: PrivatePostgresError.self) { try DataFolder(folder.path) }
    let text = try #require(error).description
    #expect(text.contains("process \(getpid())") && text.contains(first.path) && !text.contains("\n"))
    first.unlock()
    _ = try DataFolder(folder.path)
  }

  @Test("A folder whose path is too long for a socket gets one under /tmp, reachable by its owner only")
  func longPath() async throws {
    let folder = try TemporaryFolder(named: String(repeating: "-long", count: 20))
    try await Cluster.with(folder.path) { server async throws in
      #expect(server.connectionString.contains("host=%2Ftmp%2Fgateway-"))
      #expect(try await Cluster.ask(server, "select 1") == "1")
      let socketFolder = PostgresCluster.socketFolder(for: server.folder)
      let attributes = try FileManager.default.attributesOfItem(atPath: socketFolder)
      #expect(attributes[.posixPermissions] as? Int == 0o700)
      try? FileManager.default.removeItem(atPath: socketFolder)
    }
  }

  @Test(
    "Below a folder that only root can pass, the cluster goes to /var/lib/gateway",
    .enabled(if: geteuid() == 0)
  )
  func unreachableFolder() async throws {
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o700)
    for start in 1...2 {
      let cluster = try await Cluster.with(folder.path) { server async throws in
        #expect(server.folder.hasPrefix("/var/lib/gateway/"))
        if start == 1 { _ = try await Cluster.ask(server, "create table kept (id int)") }
        #expect(try await Cluster.ask(server, "select count(*) from kept") == "0")
      }
      if start == 2 { try Files.remove(cluster) }
    }
  }

  @Test(
    "What an interrupted first start left is made again; other files in the cluster's place are not touched"
  )
  func interruptedFirstStart() async throws {
    let folder = try TemporaryFolder()
    let clusterFolder = try await Cluster.with(folder.path) { _ in }
    try Files.move(clusterFolder + "/data", to: clusterFolder + "/data.new")
    try Files.remove(clusterFolder + "/data.new/global")
    try await Cluster.with(folder.path) { server async throws in
      #expect(try await Cluster.ask(server, "select 1") == "1")
    }
    try Files.remove(clusterFolder + "/data/PG_VERSION")
    await #expect(throws: PrivatePostgresError.self) { try await Cluster.with(folder.path) { _ in } }
    #expect(Files.exists(clusterFolder + "/data/global"))
  }

  @Test("A server that cannot start says why, with the end of its log")
  func cannotStart() async throws {
    let folder = try TemporaryFolder()
    let clusterFolder = try await Cluster.with(folder.path) { _ in }
    try Files.write("no_such_setting = 1\n", to: clusterFolder + "/data/postgresql.auto.conf", mode: 0o644)
    let error = await #expect(throws: PrivatePostgresError.self) {
      try await Cluster.with(folder.path) { _ in }
    }
    #expect(try #require(error).description.contains("no_such_setting"))
  }
}
