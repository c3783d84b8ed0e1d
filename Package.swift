// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: Swift 6 mode, existentials spelt out, and async functions that stay on
/// their caller's executor, so that a request never leaves its event loop unless the code says so.
///
/// Warnings are errors in debug builds, which tests are; a release build with a newer compiler may warn.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error, .when(configuration: .debug)),
]

func module(
  _ name: String,
  _ dependencies: [Target.Dependency],
  resources: [Resource] = [],
  _ more: [SwiftSetting] = []
) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings + more)
}

/// Without the checks that Swift makes while a program runs, when it reads a property of an object, that nobody is changing
/// it: a tenth of all instructions, in release builds. For targets whose objects belong to one loop or stand behind a
/// lock, and which change a property of an object only in code that calls nothing which could come back to the object:
/// no property is passed `inout` across a callback, an `await` or a closure of somebody else's. Debug builds, and with
/// them all tests, the simulator and the fuzzer's target, make the checks, so that a change which breaks the rule fails.
let withoutExclusivityChecks: [SwiftSetting] = [
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

/// What the browser gets of the console.
let consolePages = [
  "console.html", "about.html", "base.css", "parts.css", "icon.svg", "main.js", "page.js", "elements.js",
  "forms.js", "session.js", "calls.js", "samples.js", "sign-in.js", "overview.js", "prisoners.js",
  "non-associations.js", "patients.js", "discharge.js", "events.js", "queues.js", "decisions.js", "try.js",
  "play.js",
]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let instrumentation = Target.Dependency.product(name: "Instrumentation", package: "swift-distributed-tracing")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "gateway",
  products: [
    .executable(name: "gateway", targets: ["Gateway"]), .executable(name: "simulate", targets: ["Simulate"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "CLinux"),
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    module("Time", ["CLinux"]),
    module("Text", ["CLinux"]),
    module("JSON", ["CLinux", "Text"]),
    module("Crypto", ["COpenSSL"]),
    module("Concurrency", ["Time"]),
    module(
      "EventLoops",
      ["Concurrency", "Text", "Time", "CLinux", "COpenSSL", deque, heap],
      withoutExclusivityChecks
    ),
    module(
      "HTTPTransport",
      ["Text", "EventLoops", "Concurrency", "Time", "CZlib", "CLinux", httpTypes, logging],
      withoutExclusivityChecks
    ),
    module(
      "Postgres",
      ["Text", "EventLoops", "Concurrency", "Time", "CLibPQ", "CLinux", deque, logging],
      withoutExclusivityChecks
    ),
    module(
      "SharedAuth",
      ["Text", "JSON", "Crypto", "HTTPTransport", "EventLoops", "Concurrency", "Time", httpTypes, logging]
    ),
    module(
      "ServiceKit",
      [
        "Text", "JSON", "Crypto",
        "SharedAuth", "HTTPTransport", "Postgres", "EventLoops", "Concurrency", "Time", httpTypes, logging,
        tracing, instrumentation,
      ],
      resources: ["apidocs.html", "apidocs.css", "apidocs.js", "redirect.html"].map {
        .embedInCode("Pages/\($0)")
      }
    ),
    module(
      "Observability",
      [
        "Text", "JSON", "Crypto",
        "ServiceKit", "SharedAuth", "HTTPTransport", "Postgres", "EventLoops", "Concurrency", "Time",
        "CLinux", deque, httpTypes, logging, tracing, instrumentation,
      ]
    ),
    module(
      "Events",
      [
        "Text", "JSON", "Crypto",
        "ServiceKit", "SharedAuth", "Postgres", "HTTPTransport", "EventLoops", "Concurrency", "Time",
        httpTypes,
        logging, tracing,
      ]
    ),
    module(
      "ModuleKit",
      [
        "Text", "Events", "ServiceKit", "SharedAuth", "Postgres", "Concurrency", "Time", logging,
      ]
    ),
    module(
      "NonAssociationsModule",
      [
        "Text", "JSON", "ModuleKit",
        "ServiceKit", "SharedAuth", "Events", "Postgres", "Concurrency", "Time", httpTypes,
        logging,
      ]
    ),
    module(
      "RestrictedPatientsModule",
      [
        "Text", "JSON", "ModuleKit",
        "ServiceKit", "SharedAuth", "Events", "Postgres", "Concurrency",
        "Time", httpTypes, logging,
      ]
    ),
    module(
      "Console",
      [
        "Text", "JSON", "Crypto", "ServiceKit", "SharedAuth", "Events", "HTTPTransport", "Time",
        httpTypes,
      ],
      resources: consolePages.map { .embedInCode("Pages/\($0)") }
    ),
    module(
      "Doubles",
      ["Text", "JSON", "Crypto", "HTTPTransport", "EventLoops", "Concurrency", "Time", httpTypes, logging]
    ),
    module(
      "LocalStack",
      [
        "Text", "JSON", "Crypto",
        "Doubles", "ServiceKit", "SharedAuth", "HTTPTransport", "Postgres", "EventLoops", "Concurrency",
        "Time", "CLinux", httpTypes, logging,
      ]
    ),
    .executableTarget(
      name: "Gateway",
      dependencies: [
        "Text", "JSON", "Crypto",
        "NonAssociationsModule", "RestrictedPatientsModule", "Console", "Doubles", "LocalStack",
        "Observability",
        "ModuleKit", "Events", "ServiceKit",
        "SharedAuth",
        "HTTPTransport", "Postgres", "EventLoops", "Concurrency", "Time", "CLinux", argumentParser,
        serviceLifecycle, httpTypes, logging,
      ],
      swiftSettings: settings
    ),
    .target(
      name: "Subprocess",
      dependencies: ["CLinux"],
      path: "Tests/Support/Subprocess",
      swiftSettings: settings
    ),
    .target(
      name: "TestKit",
      dependencies: ["Subprocess", "EventLoops", "Time"],
      path: "Tests/Support/TestKit",
      resources: [.copy("verify_token.py")],
      swiftSettings: settings
    ),
    .target(
      name: "ServerTestKit",
      dependencies: ["HTTPTransport", "EventLoops", httpTypes, logging],
      path: "Tests/Support/ServerTestKit",
      swiftSettings: settings
    ),
    .target(
      name: "PlatformTestKit",
      dependencies: [
        "ServerTestKit", "Subprocess", "Crypto", "Events", "ServiceKit", "SharedAuth", "HTTPTransport",
        "Postgres", "EventLoops", "Time", logging,
      ],
      path: "Tests/Support/PlatformTestKit",
      swiftSettings: settings
    ),
    tests(
      "SharedAuthTests",
      [
        "TestKit", "ServerTestKit", "Text", "JSON", "Crypto", "Subprocess", "SharedAuth", "HTTPTransport",
        "EventLoops",
        "Time",
        httpTypes, logging,
      ],
      resources: [.copy("Support/make_tokens.py")]
    ),
    .executableTarget(
      name: "HTTPEcho",
      dependencies: ["HTTPTransport", "EventLoops", "Time", "CZlib", httpTypes, logging],
      path: "Tests/Support/HTTPEcho",
      swiftSettings: settings
    ),
    tests(
      "HTTPTransportTests",
      [
        "TestKit", "Text", "Subprocess", "HTTPTransport", "EventLoops", "Time", "CLinux", "CZlib", httpTypes,
        logging,
      ]
    ),
    tests(
      "DoublesTests",
      [
        "TestKit", "Text", "JSON", "Crypto", "Doubles", "ServiceKit", "HTTPTransport", "EventLoops", "Time",
        httpTypes, logging,
      ]
    ),
    tests(
      "LocalStackTests",
      [
        "TestKit", "Crypto", "Doubles", "LocalStack", "HTTPTransport", "EventLoops", "Time", httpTypes,
        logging,
      ]
    ),
    tests("TimeTests", ["Time", "JSON", "ServiceKit"]),
    tests("TextTests", ["Text"]),
    tests("JSONTests", ["JSON", "ServiceKit", "Time"]),
    tests("CryptoTests", ["Crypto"]),
    tests("ConcurrencyTests", ["TestKit", "Concurrency", "Time"]),
    tests("EventLoopsTests", ["TestKit", "Subprocess", "EventLoops", "Time", "CLinux"]),
    tests("ArchitectureTests", []),
    tests(
      "ServiceKitTests",
      [
        "TestKit", "ServerTestKit", "PlatformTestKit", "Text", "JSON", "Crypto",
        "ServiceKit", "SharedAuth", "HTTPTransport", "Postgres", "EventLoops", "Time", httpTypes, logging,
        instrumentation, tracing,
      ]
    ),
    tests(
      "NonAssociationsModuleTests",
      [
        "Text", "JSON", "Crypto",
        "TestKit", "ServerTestKit", "PlatformTestKit", "Subprocess", "ModuleKit", "NonAssociationsModule",
        "ServiceKit",
        "SharedAuth", "Events",
        "HTTPTransport",
        "Postgres",
        "EventLoops", "Time",
        httpTypes, logging, .product(name: "InMemoryLogging", package: "swift-log"),
      ]
    ),
    tests(
      "ObservabilityTests",
      [
        "Text", "JSON", "Crypto",
        "TestKit", "ServerTestKit", "Observability", "ServiceKit", "HTTPTransport", "EventLoops", "Time",
        httpTypes,
        logging,
        tracing,
        instrumentation,
      ]
    ),
    tests(
      "RestrictedPatientsModuleTests",
      [
        "Text", "JSON", "Crypto",
        "TestKit", "ServerTestKit", "PlatformTestKit", "ModuleKit", "RestrictedPatientsModule", "Events",
        "ServiceKit",
        "SharedAuth", "HTTPTransport", "Postgres", "EventLoops", "Time", httpTypes, logging,
        .product(name: "InMemoryLogging", package: "swift-log"),
      ]
    ),
    .target(
      name: "PrivateCluster",
      dependencies: ["Subprocess"],
      path: "Tests/Support/PrivateCluster",
      swiftSettings: settings
    ),
    tests(
      "PostgresTests",
      ["TestKit", "Subprocess", "PrivateCluster", "Postgres", "EventLoops", "Time", logging]
    ),
    .target(
      name: "AWSPeer",
      dependencies: ["Subprocess", "ServiceKit", "HTTPTransport", "EventLoops", "Time", "JSON"],
      path: "Tests/Support/AWSPeer",
      resources: [.copy("aws_peer.py")],
      swiftSettings: settings
    ),
    .target(
      name: "Simulation",
      dependencies: ["RestrictedPatientsModule", "Events", "Postgres", "Time", heap, deque],
      path: "Tests/Simulation",
      exclude: ["Command"],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "Simulate",
      dependencies: ["Simulation", argumentParser],
      path: "Tests/Simulation/Command",
      swiftSettings: settings
    ),
    tests("SimulationTests", ["Simulation"]),
    tests(
      "EventsTests",
      [
        "Text", "JSON", "Crypto",
        "TestKit", "ServerTestKit", "PlatformTestKit", "Simulation", "Subprocess", "AWSPeer",
        "PrivateCluster",
        "Events", "ServiceKit", "SharedAuth", "HTTPTransport", "Postgres", "EventLoops", "Time",
        httpTypes, logging, instrumentation, .product(name: "InMemoryLogging", package: "swift-log"),
      ]
    ),
    tests(
      "ContractTests",
      [
        "Text", "JSON", "Crypto",
        "TestKit", "Subprocess", "AWSPeer", "ServerTestKit", "PrivateCluster", "Gateway",
        "NonAssociationsModule",
        "RestrictedPatientsModule", "ModuleKit",
        "Doubles", "LocalStack",
        "Observability", "Events", "ServiceKit", "SharedAuth", "HTTPTransport", "Postgres", "EventLoops",
        "Time",
        httpTypes, logging, .product(name: "InMemoryLogging", package: "swift-log"), instrumentation,
      ],
      resources: [
        .copy("Support/check_api.py"), .copy("Support/acceptance.py"), .copy("Support/front_end.py"),
        .copy("Support/front_end_client.py"), .copy("AllInOne/front_end_journeys.py"),
        .copy("Support/read_metrics.py"),
        .copy("Browser/browser.py"), .copy("Browser/browse_docs.py"), .copy("Browser/console.py"),
        .copy("Browser/browse_console.py"), .copy("Browser/browse_doubles.py"), .copy("Messaging/Samples"),
        .copy("Shapes"),
      ]
    ),
  ]
)
