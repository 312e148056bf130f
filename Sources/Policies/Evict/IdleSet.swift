/// The keys that may leave, in an order that only what was done decides.
struct IdleSet: Sendable {
  /// The keys.
  private(set) var keys: [Int32] = []
  /// The place of each key in `keys`; -1 where it is not there.
  private var places: [Int32] = []

  /// Whether `key` is there. Complexity: O(1).
  func contains(_ key: Int32) -> Bool { Int(key) < places.count && places[Int(key)] >= 0 }

  /// Adds `key`, which is not there. Complexity: O(1).
  mutating func insert(_ key: Int32) {
    while places.count <= Int(key) { places.append(-1) }
    places[Int(key)] = Int32(keys.count)
    keys.append(key)
  }

  /// Removes `key`, which is there. Complexity: O(1).
  mutating func remove(_ key: Int32) {
    let place = Int(places[Int(key)])
    places[Int(key)] = -1
    let last = keys.removeLast()
    guard place < keys.count else { return }
    keys[place] = last
    places[Int(last)] = Int32(place)
  }
}

/// Numbers by key; the first for keys that have none yet.
struct ByKey<Value: Sendable>: Sendable {
  private var values: [Value] = []
  private let first: Value

  init(_ first: Value) { self.first = first }

  subscript(_ key: Int32) -> Value {
    get { Int(key) < values.count ? values[Int(key)] : first }
    set {
      makeRoom(for: key)
      values[Int(key)] = newValue
    }
  }

  /// Changes the numbers of `keys`, at least one, in place. Complexity: that of `body`.
  mutating func update(_ keys: Range<Int32>, _ body: (UnsafeMutableBufferPointer<Value>) -> Void) {
    makeRoom(for: keys.upperBound - 1)
    values.withUnsafeMutableBufferPointer {
      body(UnsafeMutableBufferPointer(rebasing: $0[Int(keys.lowerBound)..<Int(keys.upperBound)]))
    }
  }

  private mutating func makeRoom(for key: Int32) {
    while values.count <= Int(key) { values.append(first) }
  }
}
