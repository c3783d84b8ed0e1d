import Foundation
import Subprocess
import Testing

@testable import Gateway

@Suite("The process")
struct ProcessLifeTests {
  private enum Step {
    case willReload
    case serves(reloads: Bool)
    case signal(Int32)
  }

  /// What a plan answers step by step: an action for a signal, `.reload` for a start that has one to make up for.
  private func play(_ steps: [Step]) -> (actions: [TerminationPlan.Action], plan: TerminationPlan) {
    var plan = TerminationPlan()
    var actions: [TerminationPlan.Action] = []
    for step in steps {
      switch step {
      case .willReload: plan.willReload()
      case .serves(let reloads): if plan.serves(reloads: reloads) { actions.append(.reload) }
      case .signal(let signal): actions.append(plan.received(signal))
      }
    }
    return (actions, plan)
  }

  @Test("A command is ended by the first signal; a server drains, and is ended by the second")
  func plan() {
    let command = play([.signal(SIGINT), .signal(SIGTERM)])
    #expect(command.actions == [.cancel, .nothing])
    #expect(command.plan.stage == .ending(SIGINT))

    let server = play([.serves(reloads: false), .signal(SIGTERM), .signal(SIGINT), .signal(SIGINT)])
    #expect(server.actions == [.drain, .end, .nothing])
    #expect(server.plan.stage == .ending(SIGINT))

    var drained = play([.serves(reloads: false), .signal(SIGHUP)])
    #expect(drained.actions == [.drain])
    let signal = drained.plan.finished()
    #expect(signal == nil)
    let late = drained.plan.received(SIGTERM)
    #expect(late == .nothing)
  }

  @Test("SIGHUP reloads where there is something to reload, and is not lost while the server starts")
  func hangUp() {
    let reloading = play([
      .willReload, .signal(SIGHUP), .serves(reloads: true), .signal(SIGHUP), .signal(SIGTERM),
      .signal(SIGHUP),
      .signal(SIGTERM),
    ])
    #expect(reloading.actions == [.nothing, .reload, .reload, .drain, .reload, .end])
    #expect(play([.signal(SIGHUP)]).actions == [.cancel])
    let ended = play([.willReload, .signal(SIGTERM), .serves(reloads: true)])
    #expect(ended.actions == [.cancel])
    #expect(ended.plan.stage == .ending(SIGTERM))
  }

  @Test("The command line is the kernel's where Swift has none")
  func arguments() {
    let kernel = Array("./gateway\0serve\0\0--config\0a b\0".utf8)
    #expect(ProcessArguments.choose(["x", "y"]) { kernel } == ["x", "y"])
    #expect(ProcessArguments.choose([]) { kernel } == ["./gateway", "serve", "", "--config", "a b"])
    #expect(ProcessArguments.choose([]) { Array("gateway".utf8) } == ["gateway"])
    #expect(ProcessArguments.choose([], kernel: { nil }) == ["gateway"])
    #expect(ProcessArguments.choose([]) { [] } == ["gateway"])
  }

  /// What monitoring products do; and, because only a program with its own copy of Swift loses its arguments by that, what
  /// comes of it there.
  private static let injector = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <stdlib.h>
    __attribute__((constructor)) static void begin(void) {
      setenv("INJECTED_BY_A_MONITOR", "1", 1);
      void (*lose)(char **, int) = dlsym(RTLD_DEFAULT, "_swift_stdlib_overrideUnsafeArgvArgc");
      static char *none[] = {0};
      if (lose) lose(none, 0);
    }
    """

  @Test(
    "A library that is loaded before it and sets a variable costs no command its arguments",
    arguments: [
      ("version", 0, "0."), ("config --describe", 0, "| `SERVER_PORT` |"), ("serve", 1, "is not set"),
      ("migrate", 1, "is not set"), ("migrate --dry-run", 1, "is not set"), ("adopt", 2, "is not set"),
      ("doctor --json", 1, #""findings""#), ("batch past-date-check", 1, "is not set"),
      ("token --list", 0, "RP_TRANSFER_USER"), ("token --minutes -1 --user X", 64, "--minutes"),
      ("play merge A1234BC B2345CD --data /nowhere", 1, "/nowhere"), ("serve --help", 0, "until SIGTERM"),
    ]
  )
  func preloaded(command: String, status: Int32, words: String) async throws {
    let library = try PreloadedLibrary(Self.injector)
    defer { library.remove() }
    let program = try Program(
      command.split(separator: " ").map(String.init),
      ["LD_PRELOAD": library.path]
    )
    #expect(try await program.ending() == .exited(status), "\(program.text)")
    #expect(program.text.contains(words), "\(program.text)")
  }

  @Test("Without a command it says what there is, and fails", arguments: ["", "play"])
  func noCommand(arguments: String) async throws {
    let program = try Program(arguments.split(separator: " ").map(String.init))
    #expect(try await program.ending() == .exited(64))
    #expect(program.text.contains("SUBCOMMANDS"), "\(program.text)")
  }

  @Test("A batch without a job, or with one that there is not, says which there are, and fails")
  func noJob() async throws {
    for arguments in [["batch"], ["batch", "tidy-up"]] {
      let program = try Program(arguments)
      #expect(try await program.ending() == .exited(64))
      #expect(program.text.contains("past-date-check"), "\(program.text)")
    }
  }
}
