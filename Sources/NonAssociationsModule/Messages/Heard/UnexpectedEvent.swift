import Events

/// An event of no concern here.
struct UnexpectedEvent: BusEvent, Equatable {
  let type: String
}
