public import HTTPTypes

/// The fields of a message head: ordered, names without regard to case, duplicates kept (RFC 9110 §5).
///
/// Names and values lie in one array of bytes; a look-up makes a String, nothing else does. A request's
/// fields share the bytes of its head.
public struct HeaderFields: Sendable, ExpressibleByDictionaryLiteral {
  /// Where a name and its value lie in `storage`; 32 bits each, because heads are far smaller than 4 GiB.
  struct Entry: Sendable {
    var nameStart: UInt32
    var nameLength: UInt32
    var valueStart: UInt32
    var valueLength: UInt32

    init(name: Range<Int>, value: Range<Int>) {
      nameStart = UInt32(truncatingIfNeeded: name.lowerBound)
      nameLength = UInt32(truncatingIfNeeded: name.count)
      valueStart = UInt32(truncatingIfNeeded: value.lowerBound)
      valueLength = UInt32(truncatingIfNeeded: value.count)
    }

    var name: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameLength) }
    var value: Range<Int> { Int(valueStart)..<Int(valueStart) + Int(valueLength) }
  }

  private(set) var storage: [UInt8]
  private(set) var entries: [Entry]
  /// Which of the names that the transport acts on are here.
  private(set) var known: KnownField
  /// Whether `storage` is exactly the lines `name: value` CRLF of `entries`, ready to be sent.
  private(set) var isWireFormat: Bool

  /// No fields.
  public init() {
    storage = []
    entries = []
    known = []
    isWireFormat = true
  }

  /// Fields in the order of the literal; a name may come twice.
  public init(dictionaryLiteral elements: (HTTPField.Name, String)...) {
    self.init()
    for (name, value) in elements { append(name, value) }
  }

  /// Fields parsed from a head. Every entry must lie within `storage`.
  init(storage: [UInt8], entries: [Entry], known: KnownField) {
    self.storage = storage
    self.entries = entries
    self.known = known
    isWireFormat = false
  }

  /// How many fields there are, duplicates counted.
  public var count: Int { entries.count }
  /// Whether there are no fields.
  public var isEmpty: Bool { entries.isEmpty }

  /// All values of a name joined by `, ` (RFC 9110 §5.3), nil if there is none. Setting replaces all of them
  /// by one; setting nil removes them.
  public subscript(_ name: HTTPField.Name) -> String? {
    get {
      var first: Range<Int>?
      var joined: [UInt8] = []
      let canonical = name.canonicalName
      let wanted = canonical.utf8Span.span
      for entry in entries where isNamed(entry, wanted) {
        guard let found = first else {
          first = entry.value
          continue
        }
        if joined.isEmpty { joined.append(contentsOf: storage[found]) }
        joined.append(0x2c)
        joined.append(0x20)
        joined.append(contentsOf: storage[entry.value])
      }
      guard let first else { return nil }
      return joined.isEmpty ? text(first) : String(decoding: joined, as: UTF8.self)
    }
    set {
      remove(name)
      if let newValue { append(name, newValue) }
    }
  }

  /// All values of a name joined by `, `, if they are of an ordinary length; nil when there is none, and when there are
  /// more than `limit` bytes of it, for which nobody has a use and a stranger would have us work.
  public func value(_ name: HTTPField.Name, atMost limit: Int) -> String? {
    var length = 0
    let canonical = name.canonicalName
    let wanted = canonical.utf8Span.span
    for entry in entries where isNamed(entry, wanted) { length += Int(entry.valueLength) + 2 }
    return length > limit + 2 ? nil : self[name]
  }

  /// A field that is a list, to be read with `FieldList`: nil also when it is longer than `FieldList.maximumBytes`.
  public func list(_ name: HTTPField.Name) -> String? { value(name, atMost: FieldList.maximumBytes) }

  /// The end of a list that every proxy on the way adds to: its last elements, as many as go into
  /// `FieldList.maximumBytes`; nil if there is none.
  public func listEnd(_ name: HTTPField.Name) -> String? {
    var rest = FieldList.maximumBytes
    var end: [ArraySlice<UInt8>] = []
    let canonical = name.canonicalName
    let wanted = canonical.utf8Span.span
    for entry in entries.reversed() where isNamed(entry, wanted) {
      let value = storage[entry.value]
      guard value.count > rest else {
        end.append(value)
        rest -= value.count
        continue
      }
      // The first element of what is left may be the rest of one.
      let part = value.suffix(rest)
      if let comma = part.firstIndex(of: 0x2c) { end.append(part[(comma + 1)...]) }
      break
    }
    return end.isEmpty
      ? nil : String(decoding: Array(end.reversed().joined(separator: [0x2c])), as: UTF8.self)
  }

  /// Whether the only value of a name is this text, byte by byte.
  public func isOnly(_ name: HTTPField.Name, _ text: StaticString) -> Bool {
    var values = 0
    var isEqual = false
    let canonical = name.canonicalName
    let wanted = canonical.utf8Span.span
    for entry in entries where isNamed(entry, wanted) {
      values += 1
      isEqual = storage.span.extracting(entry.value).equals(text)
    }
    return values == 1 && isEqual
  }

  /// Whether a field has one of these names, which are in lower case, or one that begins with `prefix`.
  public func containsAny(_ names: [StaticString], orPrefix prefix: StaticString) -> Bool {
    entries.contains { entry in
      let name = storage.span.extracting(entry.name)
      let start = name.extracting(0..<min(name.count, prefix.utf8CodeUnitCount))
      return start.equalsLowercase(prefix) || names.contains { name.equalsLowercase($0) }
    }
  }

  /// All values of a name, in order.
  public func values(_ name: HTTPField.Name) -> [String] {
    var values: [String] = []
    let canonical = name.canonicalName
    let wanted = canonical.utf8Span.span
    for entry in entries where isNamed(entry, wanted) { values.append(text(entry.value)) }
    return values
  }

  /// The bytes of a name's only value, without a copy; nil if it has none or several.
  public func onlyValue(_ name: HTTPField.Name) -> ArraySlice<UInt8>? {
    var found: Range<Int>?
    let canonical = name.canonicalName
    let wanted = canonical.utf8Span.span
    for entry in entries where isNamed(entry, wanted) {
      guard found == nil else { return nil }
      found = entry.value
    }
    return found.map { storage[$0] }
  }

  /// Whether there is a field of that name.
  public func contains(_ name: HTTPField.Name) -> Bool {
    let canonical = name.canonicalName
    let wanted = canonical.utf8Span.span
    for entry in entries where isNamed(entry, wanted) { return true }
    return false
  }

  /// All fields, in order, names as received or given.
  public var all: [(name: String, value: String)] { entries.map { (text($0.name), text($0.value)) } }

  /// Adds a field behind those there are. A control character in `value` becomes a blank, so that no value
  /// can end its line or the head.
  public mutating func append(_ name: HTTPField.Name, _ value: String) {
    if !isWireFormat { self = rewritten { _ in true } }
    let nameStart = storage.count
    let (nameBytes, valueBytes) = (name.rawName.utf8Span.span, value.utf8Span.span)
    let needed = nameStart + nameBytes.count + valueBytes.count + 4
    if storage.capacity < needed { storage.reserveCapacity(max(needed, storage.capacity * 2, 96)) }
    nameBytes.withUnsafeBufferPointer { storage.append(contentsOf: $0) }
    let nameEnd = storage.count
    storage.append(0x3a)
    storage.append(0x20)
    let valueStart = storage.count
    valueBytes.withUnsafeBufferPointer { storage.append(contentsOf: $0) }
    let valueEnd = storage.count
    if !ByteScan.areFieldValue(storage.span.extracting(valueStart..<valueEnd)) {
      for index in valueStart..<valueEnd where !ByteSet.isFieldValue(storage[index]) { storage[index] = 0x20 }
    }
    storage.append(0x0d)
    storage.append(0x0a)
    known.formUnion(KnownField.classify(storage.span.extracting(nameStart..<nameEnd)))
    entries.append(Entry(name: nameStart..<nameEnd, value: valueStart..<valueEnd))
  }

  /// The first value of a name the transport knows, nil if there is none.
  func first(_ field: KnownField) -> String? { firstRange(field).map { text($0) } }

  /// Where in `storage` the first value of a name the transport knows is, nil if there is none.
  func firstRange(_ field: KnownField) -> Range<Int>? {
    guard known.contains(field) else { return nil }
    return entries.first { KnownField.classify(storage.span.extracting($0.name)) == field }?.value
  }

  private mutating func remove(_ name: HTTPField.Name) {
    guard contains(name) else { return }
    self = rewritten { !isNamed($0, name.canonicalName.utf8Span.span) }
  }

  /// The entries that `isKept` accepts in fresh storage, in wire format.
  private func rewritten(keeping isKept: (Entry) -> Bool) -> HeaderFields {
    var fresh = HeaderFields()
    fresh.storage.reserveCapacity(storage.count)
    for entry in entries where isKept(entry) { fresh.appendLine(of: entry, from: storage) }
    return fresh
  }

  private mutating func appendLine(of entry: Entry, from source: [UInt8]) {
    var moved = entry
    moved.nameStart = UInt32(truncatingIfNeeded: storage.count)
    storage.append(contentsOf: source[entry.name])
    storage.append(0x3a)
    storage.append(0x20)
    moved.valueStart = UInt32(truncatingIfNeeded: storage.count)
    storage.append(contentsOf: source[entry.value])
    storage.append(0x0d)
    storage.append(0x0a)
    known.formUnion(KnownField.classify(source.span.extracting(entry.name)))
    entries.append(moved)
  }

  /// - Parameter wanted: in lower case. Taken from the name once for a look-up, however many fields there are.
  @inline(__always)
  private func isNamed(_ entry: Entry, _ wanted: Span<UInt8>) -> Bool {
    guard entry.nameLength == wanted.count else { return false }
    let start = Int(entry.nameStart)
    for index in wanted.indices where lowercased(storage[start + index]) != wanted[index] { return false }
    return true
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: storage[range], as: UTF8.self) }
}
