import Foundation
import TestKit
import Testing

@testable import EventLoops
@testable import LocalStack

@Suite("Child processes")
struct ChildProcessTests {
  @Test("Output, input and exit status of a program come back")
  func run() async throws {
    let folder = try TemporaryFolder()
    try Files.write("from a file", to: folder.path + "/input", mode: 0o600)
    var command = ChildProcess.Command(program: "/bin/sh", arguments: ["-c", "cat; echo error >&2; exit 3"])
    command.input = folder.path + "/input"
    let result = try await ChildProcess.run(command)
    #expect(result.ending == .exited(3))
    #expect(result.output == "from a fileerror\n")
  }

  @Test("A child starts with no open file but the standard three and default signals, in a group of its own")
  func clean() async throws {
    let listing = try await ChildProcess.run(
      .init(
        program: "/bin/sh",
        arguments: ["-c", "ls /proc/$$/fd; pwd; exec grep -E '^Sig(Blk|Ign)' /proc/self/status"]
      )
    )
    let lines = listing.output.split(separator: "\n").map(String.init)
    #expect(lines.prefix(3) == ["0", "1", "2"])
    #expect(lines.contains("/"))
    #expect(lines.contains("SigBlk:\t0000000000000000"))
    // glibc keeps two real-time signals, 32 and 33, for itself.
    #expect(lines.contains("SigIgn:\t0000000180000000") || lines.contains("SigIgn:\t0000000000000000"))
  }

  @Test("A program that is not there is an error, not a crash")
  func missing() async throws {
    await #expect(throws: SystemError.self) {
      _ = try await ChildProcess.run(.init(program: "/no/such/program", arguments: []))
    }
  }

  @Test("Waiting gives up at its limit, and sees the signal that ended the child")
  func signals() async throws {
    let command = ChildProcess.Command(program: "/bin/sleep", arguments: ["600"])
    let child = try await ChildProcess.start(command.guarded(account: nil, atOurDeath: "KILL"), output: 2)
    #expect(await child.ending(within: .milliseconds(1)) == nil)
    async let ending = child.ending()
    child.send(SIGTERM)
    #expect(await ending == .signalled(SIGTERM))
    child.send(SIGTERM)
    #expect(await child.ending(within: .zero) == .signalled(SIGTERM))
  }

  @Test("Much output does not block the child")
  func muchOutput() async throws {
    let result = try await ChildProcess.run(
      .init(program: "/bin/sh", arguments: ["-c", "head -c 1000000 /dev/zero | tr '\\0' x"])
    )
    #expect(result.ending == .exited(0))
    #expect(result.output.utf8.count == 65536)
  }
}
