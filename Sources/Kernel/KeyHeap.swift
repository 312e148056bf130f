/// The least of many distinct 128-bit keys: a heap with four children a node, a cache line holding all children.
///
/// The key `UInt128.max` is reserved: it fills the places behind the last key, so that a node always has four
/// children to compare. Removing the first key walks the hole to a leaf along the least children and lifts the last
/// key from there, since the last key nearly always belongs near the leaves.
/// Complexity: insert and remove O(log4 n), `first` O(1). Memory: 16 bytes a key.
/// Source: A. LaMarca and R. E. Ladner, "The influence of caches on the performance of heaps", ACM JEA 1, 1996.
@usableFromInline
struct KeyHeap: ~Copyable {
  /// Node i is at place i + 3, so that children 4i + 1 to 4i + 4 begin at a multiple of four: a cache line.
  @usableFromInline var nodes: UnsafeMutablePointer<UInt128>
  @usableFromInline var capacity: Int
  @usableFromInline var count = 0

  @usableFromInline
  init(reserving capacity: Int) {
    self.capacity = max(capacity, 1)
    nodes = Self.allocate(self.capacity)
  }

  @inlinable
  deinit { UnsafeMutableRawPointer(nodes - 3).deallocate() }

  /// Places for `capacity` nodes and the full families of their last, all reserved keys.
  static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt128> {
    let places = 4 * ((capacity + 3 + 4) / 4 + 1)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: 16 * places, alignment: 64)
    let keys = raw.bindMemory(to: UInt128.self, capacity: places)
    keys.initialize(repeating: .max, count: places)
    return keys + 3
  }

  @usableFromInline
  mutating func grow() {
    let grown = Self.allocate(2 * capacity)
    grown.update(from: nodes, count: count)
    UnsafeMutableRawPointer(nodes - 3).deallocate()
    nodes = grown
    capacity *= 2
  }

  /// The least key; the reserved one where there is none.
  @inlinable
  var first: UInt128 { nodes[0] }

  @inlinable
  mutating func insert(_ key: UInt128) {
    if count == capacity { grow() }
    lift(key, from: count)
    count += 1
  }

  /// Puts a key at the hole `place` or above.
  @inlinable @inline(__always)
  func lift(_ key: UInt128, from place: Int) {
    let nodes = nodes
    var place = place
    while place > 0 {
      let parent = (place &- 1) >> 2
      let above = nodes[parent]
      if above < key { break }
      nodes[place] = above
      place = parent
    }
    nodes[place] = key
  }

  /// The least child of a node and its place.
  @inlinable @inline(__always)
  func leastChild(_ place: Int) -> (UInt128, Int) {
    let child = 4 &* place &+ 1
    let (a, b, c, d) = (nodes[child], nodes[child &+ 1], nodes[child &+ 2], nodes[child &+ 3])
    let left = b < a
    let right = d < c
    let leftKey = left ? b : a
    let rightKey = right ? d : c
    let leftPlace = left ? child &+ 1 : child
    let rightPlace = right ? child &+ 3 : child &+ 2
    let isRight = rightKey < leftKey
    return (isRight ? rightKey : leftKey, isRight ? rightPlace : leftPlace)
  }

  /// Removes the least key of a heap that is not empty.
  @inlinable
  mutating func removeFirst() {
    let nodes = nodes
    count &-= 1
    let last = nodes[count]
    nodes[count] = .max
    var place = 0
    while 4 &* place &+ 1 < count {
      let (key, child) = leastChild(place)
      nodes[place] = key
      place = child
    }
    if place < count { lift(last, from: place) }
  }

  /// Adds a key without order, until ``order()``.
  @inlinable @inline(__always)
  mutating func append(_ key: UInt128) {
    if count == capacity { grow() }
    nodes[count] = key
    count &+= 1
  }

  /// Makes a heap of keys in any order. Complexity: O(n).
  @usableFromInline
  mutating func order() {
    for place in stride(from: (count + 2) / 4, through: 0, by: -1) { sink(place) }
  }

  /// Removes the keys that satisfy a condition. Complexity: O(n).
  @usableFromInline
  mutating func removeAll(where condition: (UInt128) -> Bool) {
    var kept = 0
    for place in 0..<count where !condition(nodes[place]) {
      nodes[kept] = nodes[place]
      kept += 1
    }
    for place in kept..<count { nodes[place] = .max }
    count = kept
    order()
  }

  /// Moves the key at a place down to where its children are greater.
  func sink(_ place: Int) {
    let moved = nodes[place]
    var place = place
    while 4 * place + 1 < count {
      let (key, child) = leastChild(place)
      if moved < key { break }
      nodes[place] = key
      place = child
    }
    nodes[place] = moved
  }
}
