internal import Time

/// What a connection is doing, and how well it can be done without when there is room for no further one, or when the
/// connections hold too much memory.
struct ConnectionStanding: Sendable {
  enum Activity: Sendable {
    /// Waiting for a request, with no byte of it.
    case idle
    /// A part of a head, or of a TLS handshake, has come.
    case readingHead
    /// A further request of a stranger waits for its turn in a crowd.
    case queued
    /// The client does not take its answer as fast as it comes.
    case sending
    /// The last answer is sent; see `LingeringClose`.
    case ending
    /// A request is being answered.
    case working
  }

  var activity: Activity
  /// Whether a request of this connection brought a token that was good.
  var isKnown: Bool
  /// Since when it has been at it, or has last got on with it.
  var since: MonotonicInstant

  /// Who goes first: what is over anyway, then strangers who wait, then those who are slow, then known callers who wait.
  /// nil for what is never ended for others: a request being answered, and a known caller's half head or half answer.
  var rank: Int? {
    switch (activity, isKnown) {
    case (.ending, _): 0
    case (.idle, false): 1
    case (.readingHead, false), (.queued, _): 2
    case (.sending, false): 3
    case (.idle, true): 4
    case (.working, _), (.readingHead, true), (.sending, true): nil
    }
  }

  /// The highest rank of a stranger's connection.
  static let lastStranger = 3

  /// The numbers of the most dispensable connections, the most dispensable last; of equals, who has waited longest.
  static func mostDispensable(
    _ all: some Sequence<(Int, ConnectionStanding)>,
    upTo highest: Int = .max,
    limit: Int
  ) -> [Candidate] {
    let candidates = all.compactMap { number, standing in
      standing.rank.flatMap { $0 <= highest ? $0 : nil }.map {
        Candidate(number: number, rank: $0, since: standing.since)
      }
    }
    return candidates.sorted().prefix(limit).reversed()
  }

  /// A connection that may be ended, as it was when it was looked at.
  struct Candidate: Comparable, Sendable {
    let number: Int
    let rank: Int
    let since: MonotonicInstant

    static func < (left: Candidate, right: Candidate) -> Bool {
      (left.rank, left.since, left.number) < (right.rank, right.since, right.number)
    }
  }
}
