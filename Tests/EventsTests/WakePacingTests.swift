import Testing
import Time

@testable import Events

@Suite("How soon a relay looks after it has heard of a change")
struct WakePacingTests {
  private static let start = MonotonicInstant.now()

  @Test(
    "Who gets rows looks at once; who gets none waits longer each time, and at once again when there were some"
  )
  func pauses() {
    var pacing = WakePacing(jitter: .none)
    var pauses: [Duration] = []
    for number in 0..<8 {
      pauses.append(pacing.heard(at: Self.start + .milliseconds(number * 100)))
      pacing.woken()
      pacing.looked(isEmpty: true)
    }
    #expect(pauses == [0, 10, 20, 40, 80, 160, 250, 250].map { Duration.milliseconds($0) })
    pacing.woken()
    pacing.looked(isEmpty: false)
    #expect(pacing.heard(at: Self.start + .milliseconds(900)) == .zero)
  }

  @Test("A quiet second makes all alike; looks that nobody was woken for say nothing")
  func quiet() {
    var pacing = WakePacing(jitter: .none)
    for _ in 0..<5 { pacing.looked(isEmpty: true) }
    #expect(pacing.heard(at: Self.start) == .zero)
    pacing.woken()
    pacing.looked(isEmpty: true)
    #expect(pacing.heard(at: Self.start + .milliseconds(10)) == WakePacing.firstPause)
    #expect(pacing.heard(at: Self.start + .milliseconds(1_011)) == .zero)
  }

  @Test("Pauses are spread, and none is longer than the longest")
  func spread() {
    var pacing = WakePacing(jitter: Jitter(seed: 7))
    var pauses: Set<Duration> = []
    for _ in 0..<100 {
      pauses.insert(pacing.heard(at: Self.start))
      pacing.woken()
      pacing.looked(isEmpty: true)
    }
    #expect(pauses.count > 50)
    #expect(pauses.allSatisfy { $0 <= WakePacing.longestPause })
  }
}
