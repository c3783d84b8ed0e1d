/// Things by a `StatementID`: a look-up is one index into an array.
struct SlotTable<Value> {
  private var slots: [(generation: UInt32, value: Value?)] = []
  private var free: [UInt32] = []

  /// Keeps `value` under an id that was never given before.
  mutating func insert(_ value: Value) -> StatementID {
    if let slot = free.popLast() {
      slots[Int(slot)].value = value
      return StatementID(slot, generation: slots[Int(slot)].generation)
    }
    slots.append((0, value))
    return StatementID(UInt32(truncatingIfNeeded: slots.count - 1))
  }

  subscript(id: StatementID) -> Value? {
    let slot = Int(id.slot)
    guard slot < slots.count, slots[slot].generation == id.generation else { return nil }
    return slots[slot].value
  }

  mutating func remove(_ id: StatementID) -> Value? {
    guard let value = self[id] else { return nil }
    let slot = Int(id.slot)
    slots[slot].value = nil
    slots[slot].generation &+= 1
    free.append(id.slot)
    return value
  }
}
