internal import Synchronization
public import Time

/// What NOMIS knows of prisoners, their bookings and movements: the doubles of prison API and prisoner search show it,
/// and the events that others make of its changes go out from here. Who keeps its changes beyond the
/// end of the process sets `keeper`.
public final class PrisonRecords: Sendable {
  /// Tells the world of an event, as prisoner search and prison-offender-events do.
  public typealias Publisher = @Sendable (PrisonEvent) async throws -> Void

  /// Keeps ``changes``, which it is given after each change, one at a time and the latest last.
  public typealias Keeper = @Sendable (_ changes: [UInt8]) -> Void

  private struct State {
    var prisoners: [String: SamplePrisoner]
    var movements: [String: SampleMovement]
    var publisher: Publisher?
  }

  /// All agencies, those too that are no longer in use.
  public let agencies: [SampleAgency]
  /// The time of movements that are made here.
  package let clock: any WallClock
  private let state: Mutex<State>
  private let keeping: Mutex<Keeper?> = Mutex(nil)

  /// - Parameters:
  ///   - movements: by the prisoner's number.
  ///   - clock: the time of movements that are made here.
  public init(
    prisoners: [SamplePrisoner] = SamplePrisoner.all,
    movements: [String: SampleMovement] = SampleMovement.all,
    agencies: [SampleAgency] = SampleAgency.all,
    clock: any WallClock
  ) {
    self.agencies = agencies
    self.clock = clock
    state = Mutex(
      State(
        prisoners: Self.byNumber(prisoners),
        movements: movements
      )
    )
  }

  static func byNumber(_ prisoners: [SamplePrisoner]) -> [String: SamplePrisoner] {
    Dictionary(prisoners.map { ($0.prisonerNumber, $0) }) { first, _ in first }
  }

  /// Who keeps the changes; until it is set, nobody.
  public var keeper: Keeper? {
    get { keeping.withLock { $0 } }
    set { keeping.withLock { $0 = newValue } }
  }

  /// What is known at one moment, by number.
  var now: (prisoners: [String: SamplePrisoner], movements: [String: SampleMovement]) {
    state.withLock { ($0.prisoners, $0.movements) }
  }

  /// After a change. The state is read under the keeper's lock, so that no older one is kept after a newer one.
  private func keep() { keeping.withLock { $0?(changes) } }

  /// Where events go; until it is set, nowhere.
  public var publisher: Publisher? {
    get { state.withLock { $0.publisher } }
    set { state.withLock { $0.publisher = newValue } }
  }

  /// A prisoner as things are now.
  public func prisoner(_ number: String) -> SamplePrisoner? { state.withLock { $0.prisoners[number] } }

  /// A prisoner's latest movement.
  public func movement(of number: String) -> SampleMovement? { state.withLock { $0.movements[number] } }

  /// Everybody, by number.
  public var prisoners: [SamplePrisoner] {
    state.withLock { $0.prisoners.values.sorted { $0.prisonerNumber < $1.prisonerNumber } }
  }

  /// An agency in use; nil for an unknown one and for one that is closed.
  public func activeAgency(_ id: String) -> SampleAgency? {
    agencies.first { $0.id == id && $0.isActive }
  }

  /// Puts a prisoner where a movement has brought them. Nothing happens for an unknown one.
  package func record(_ movement: SampleMovement, of number: String) {
    state.withLock { state in
      guard var prisoner = state.prisoners[number] else { return }
      prisoner.move(movement, to: activeAgency(movement.toAgency))
      state.prisoners[number] = prisoner
      state.movements[number] = movement
    }
    keep()
  }

  /// A release to a hospital: of somebody in prison, or of somebody who was released before. The booking ends.
  /// - Throws: `RecordsRefusal`.
  func discharge(_ number: String, _ movement: SampleMovement) throws(RecordsRefusal) -> SamplePrisoner {
    guard let hospital = activeAgency(movement.toAgency), hospital.isHospital else {
      throw .unknown("Agency with id \(movement.toAgency) not found.")
    }
    return try change(number) { (prisoner, last) throws(RecordsRefusal) in
      guard prisoner.bookingID != nil else { throw .unknown("No bookings found for offender \(number)") }
      if let last, last.moment > movement.moment {
        throw .refused("Movement cannot be before the previous active movement")
      }
      prisoner.move(movement, to: nil)
      return movement
    }
  }

  /// A movement of somebody whose booking has ended (XM).
  /// - Throws: `RecordsRefusal`.
  func moveInactive(booking: Int64, _ movement: SampleMovement) throws(RecordsRefusal) -> SamplePrisoner {
    let number = prisoners.first { $0.bookingID == booking }?.prisonerNumber
    guard let number else { throw .unknown("Booking with id \(booking) not found.") }
    return try change(number) { (prisoner, _) throws(RecordsRefusal) in
      guard !prisoner.isActive else { throw .refused("Booking with id \(booking) is active") }
      prisoner.move(movement, to: nil)
      return movement
    }
  }

  /// Two numbers turn out to be one person: `removed` is known no more, and `kept` is where either of them was in
  /// prison.
  /// - Returns: the booking that `kept` has now.
  /// - Throws: `RecordsRefusal`.
  package func merge(removed: String, kept: String) throws(RecordsRefusal) -> Int64? {
    guard removed != kept else { throw .refused("\(removed) cannot be merged with itself") }
    return try both(removed, kept) { (state, old, new) in
      if old.isActive, !new.isActive || new.bookingID == nil {
        new.takeBooking(of: old)
        state.movements[kept] = state.movements[removed]
      }
      state.prisoners[removed] = nil
      state.movements[removed] = nil
      state.prisoners[kept] = new
      return new.bookingID
    }
  }

  /// A booking, with the place where it is served, goes over to another number.
  /// - Returns: the booking.
  /// - Throws: `RecordsRefusal`.
  package func moveBooking(from old: String, to new: String) throws(RecordsRefusal) -> Int64 {
    guard old != new else { throw .refused("the booking of \(old) is theirs already") }
    guard let booking = prisoner(old)?.bookingID else {
      throw .unknown("\(old) is unknown, or has no booking")
    }
    return try both(old, new) { (state, from, to) in
      to.takeBooking(of: from)
      from.loseBooking()
      state.movements[new] = state.movements[old]
      state.movements[old] = nil
      state.prisoners[old] = from
      state.prisoners[new] = to
      return booking
    }
  }

  private func change(
    _ number: String,
    _ body: (inout SamplePrisoner, SampleMovement?) throws(RecordsRefusal) -> SampleMovement
  ) throws(RecordsRefusal) -> SamplePrisoner {
    let result: Result<SamplePrisoner, RecordsRefusal> = state.withLock { state in
      guard var prisoner = state.prisoners[number] else {
        return .failure(.unknown("Resource with id [\(number)] not found."))
      }
      do throws(RecordsRefusal) {
        let movement = try body(&prisoner, state.movements[number])
        state.movements[number] = movement
        state.prisoners[number] = prisoner
        return .success(prisoner)
      } catch {
        return .failure(error)
      }
    }
    if case .success = result { keep() }
    return try result.get()
  }

  private func both<Value: Sendable>(
    _ first: String,
    _ second: String,
    _ body: (inout State, inout SamplePrisoner, inout SamplePrisoner) -> Value
  ) throws(RecordsRefusal) -> Value {
    let value: Value? = state.withLock { state in
      guard var one = state.prisoners[first], var other = state.prisoners[second] else { return nil }
      return body(&state, &one, &other)
    }
    guard let value else {
      throw .unknown("\(prisoner(first) == nil ? first : second) is not a prisoner here")
    }
    keep()
    return value
  }
}

/// Why a change of the records is not possible.
package enum RecordsRefusal: Error, Equatable {
  /// Answered with 404.
  case unknown(String)
  /// Answered with 400.
  case refused(String)

  /// Why, for whoever asked for the change.
  package var text: String {
    switch self {
    case .unknown(let text), .refused(let text): text
    }
  }
}
