import Foundation
import LocalStack
import Testing

@testable import Gateway

@Suite("The pages of the doubles, in a browser")
struct DoublePageTests {
  /// `GATEWAY_TEST_PICTURES` may name a folder for pictures of them.
  @Test("Digital Prison Services and the sign-in: keyboard alone, on a telephone and on a screen")
  func pages() async throws {
    try await LocalGateway.with { (local) async throws in
      let pictures = ProcessInfo.processInfo.environment["GATEWAY_TEST_PICTURES"].map { [$0] } ?? []
      let use = try await Python.run("browse_doubles", [local.environment.userServicesURL] + pictures)
      #expect(use.status == 0, "\(use.output)")
    }
  }
}
