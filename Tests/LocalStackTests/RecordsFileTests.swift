import Doubles
import Foundation
import TestKit
import Testing
import Time

@testable import LocalStack

@Suite("The file of the doubles' records")
struct RecordsFileTests {
  @Test("There is none until something changes; what has changed is so in the next process")
  func nextProcess() throws {
    let folder = try TemporaryFolder()
    let file = RecordsFile(in: folder.path)
    #expect(try file.records(clock: SystemClock()) == nil)
    let records = PrisonRecords(clock: SystemClock())
    file.keep(records, logger: Cluster.quiet)
    #expect(!Files.exists(file.path))
    _ = try records.merge(removed: "A1234BC", kept: "B2345CD")
    let next = try #require(try file.records(clock: SystemClock()))
    #expect(next.prisoner("A1234BC") == nil && next.prisoner("B2345CD") != nil)
    #expect(Files.names(in: folder.path) == ["prisons.json"])
  }

  @Test(
    "One that holds something else stops the start, and says which file it is and what to do",
    arguments: ["", "{\"version\":1,\"go", "{\"version\":9}"]
  )
  func corrupt(text: String) async throws {
    let folder = try TemporaryFolder()
    try Files.write(text, to: folder.path + "/prisons.json", mode: 0o644)
    var configuration = LocalEnvironment.Configuration()
    configuration.dataFolder = folder.path
    let group = try Loops.shared.get()
    let error = await #expect(throws: RecordsFile.Unreadable.self) {
      try await LocalEnvironment.start(
        configuration,
        group: group,
        logger: Cluster.quiet,
        clock: SystemClock()
      )
    }
    let words = try #require(error).description
    #expect(words.contains(folder.path + "/prisons.json") && words.contains("remove it"), "\(words)")
    // Nothing was left running, and the folder is free.
    try DataFolder(folder.path).unlock()
    let examination = await LocalEnvironment.examine(configuration, clock: SystemClock())
    let problem = try #require(examination.recordsProblem)
    #expect(problem.text.contains(folder.path + "/prisons.json") && problem.advice.contains("remove it"))
    #expect(examination.folderProblem == nil)
  }
}
