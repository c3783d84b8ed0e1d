import TestKit
import Testing

@testable import LocalStack

@Suite("Finding PostgreSQL")
struct PostgresProgramsTests {
  @Test("Without PostgreSQL, one line says which package to install")
  func missing() async throws {
    let none = await PostgresPrograms.installed(debianFolder: "/nowhere", searchPath: "/nowhere")
    let error = #expect(throws: PrivatePostgresError.self) {
      try PostgresPrograms.choose(from: none, cluster: nil, folder: "/data")
    }
    let text = try #require(error).description
    #expect(text.contains("apt-get install postgresql") && !text.contains("\n"))
  }

  @Test("The newest of Debian's versions goes first")
  func newestFirst() async throws {
    let folder = try TemporaryFolder()
    for version in ["9", "15", "17"] {
      for program in version == "17" ? ["postgres"] : ["postgres", "initdb"] {
        try Files.makeFolder("\(folder.path)/\(version)/bin", mode: 0o755)
        try Files.write("#!/bin/sh\n", to: "\(folder.path)/\(version)/bin/\(program)", mode: 0o755)
      }
    }
    let found = await PostgresPrograms.installed(debianFolder: folder.path, searchPath: "")
    #expect(found.map(\.major) == [15, 9], "17 lacks initdb")
  }

  @Test("The search path and pg_config lead to an installation, once")
  func searchPath() async throws {
    let real = try await Cluster.programs()
    let folder = try TemporaryFolder()
    try Files.write("#!/bin/sh\necho \(real.folder)\n", to: folder.path + "/pg_config", mode: 0o755)
    let byConfig = await PostgresPrograms.installed(debianFolder: "/nowhere", searchPath: folder.path)
    #expect(byConfig == [real])
    let byPath = await PostgresPrograms.installed(
      debianFolder: PostgresPrograms.debianFolder,
      searchPath: "\(real.folder):\(folder.path)"
    )
    #expect(byPath.filter { $0 == real }.count == 1)
  }

  @Test("A cluster gets the version that made it, or an error that says which to install")
  func version() throws {
    let installed = [
      PostgresPrograms(folder: "/17", major: 17), PostgresPrograms(folder: "/15", major: 15),
    ]
    #expect(try PostgresPrograms.choose(from: installed, cluster: nil, folder: "/data").major == 17)
    #expect(try PostgresPrograms.choose(from: installed, cluster: 15, folder: "/data").major == 15)
    let error = #expect(throws: PrivatePostgresError.self) {
      try PostgresPrograms.choose(from: installed, cluster: 13, folder: "/data")
    }
    #expect(try #require(error).description.contains("Install postgresql-13"))
  }

  @Test(
    "The major version is read from what the program prints",
    arguments: [
      ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", 15), ("postgres (PostgreSQL) 17beta1\n", 17),
      ("something else", nil), ("", nil),
    ]
  )
  func major(text: String, expected: Int?) {
    #expect(PostgresPrograms.major(ofVersion: text) == expected)
  }
}
