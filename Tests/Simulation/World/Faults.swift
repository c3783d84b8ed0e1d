internal import Time

/// What goes wrong at one time. Everything does until ``World/heal()``, then nothing.
struct Faults {
  /// Messages lost, of a hundred, in each direction.
  var loss = 0
  /// The longest that a message takes.
  var delay = Duration.milliseconds(3)
  /// Handlers that fail, and that meet passing trouble of the database, of a hundred.
  var failing = 0
  var troubled = 0
  /// Polls that get messages in another order than they became visible in, of a hundred.
  var reordering = 0
  /// Whether each call of it fails, and if so whether it is answered at all.
  var brokerAway = Outage.none
  var databaseAway = Outage.none
  /// When it ends, of an outage in which nobody answers.
  var databaseReturns = MonotonicInstant(nanoseconds: 0)
  var upstreamAway = Outage.none

  enum Outage {
    case none
    /// It says so, or the connection is refused.
    case refusing
    /// Nobody answers.
    case silent
  }

  /// Those of a bad minute.
  static func chaos(_ random: inout Seed) -> Faults {
    var faults = Faults()
    faults.loss = random.chance(50) ? random.number(below: 15) : 0
    faults.delay = random.chance(30) ? random.duration(.milliseconds(20), .seconds(2)) : .milliseconds(20)
    faults.failing = random.chance(50) ? random.number(below: 30) : 0
    faults.troubled = random.chance(50) ? random.number(below: 30) : 0
    faults.reordering = random.chance(50) ? 50 : 0
    return faults
  }
}
