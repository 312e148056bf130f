/// A list of keys in no order, without the checks of an array.
@usableFromInline
struct KeyList {
  @usableFromInline var keys: UnsafeMutablePointer<UInt128>
  @usableFromInline var count = 0
  @usableFromInline var capacity = 16

  init() { keys = .allocate(capacity: 16) }

  @inlinable @inline(__always)
  mutating func append(_ key: UInt128) {
    if count == capacity { grow() }
    keys[count] = key
    count &+= 1
  }

  @usableFromInline
  mutating func grow() {
    let grown = UnsafeMutablePointer<UInt128>.allocate(capacity: 2 * capacity)
    grown.moveInitialize(from: keys, count: count)
    keys.deallocate()
    keys = grown
    capacity *= 2
  }
}

/// The least of many distinct keys, each a time in its upper half: a heap for the near future, a radix heap beyond.
///
/// Keys with times up to `nearLast` are in the heap, which stays small enough for the first-level cache; later ones
/// wait unsorted in the bucket of the highest bit in which their time differs from `reference`. When the heap is empty
/// the lowest buckets are poured into it, and a bucket too large for that is first spread over those below it, which
/// touches memory in sequence only. When the heap grows too large it is spread over the buckets. Unlike a plain radix
/// heap it takes keys earlier than the first, which go to the heap.
///
/// Complexity: amortised O(log n), with constants of the size of the heap for few keys and nearly flat for many.
/// Memory: 16 bytes a key, up to about four times that while buckets fill and empty.
/// Source: R. K. Ahuja, K. Mehlhorn, J. B. Orlin, R. E. Tarjan, "Faster algorithms for the shortest path problem",
/// JACM 37(2), 1990, for the buckets; the combination is our own.
@usableFromInline
struct KeyQueue: ~Copyable {
  /// The size at which the heap is spread; a pour fills half of it.
  @inlinable static var spread: Int { 1_024 }

  @usableFromInline var near: KeyHeap
  /// The last time whose keys belong to the heap.
  @usableFromInline var nearLast: UInt64 = .max
  @usableFromInline var spreadAbove = KeyQueue.spread
  /// No key beyond the heap is earlier.
  @usableFromInline var reference: UInt64 = 0
  @usableFromInline let buckets: UnsafeMutablePointer<KeyList>
  /// Bit i is set where bucket i, of 0 to 63, is not empty.
  @usableFromInline var occupied: UInt64 = 0
  @usableFromInline var farCount = 0

  @usableFromInline
  init(reserving capacity: Int) {
    near = KeyHeap(reserving: min(capacity, Self.spread + 1))
    buckets = .allocate(capacity: 64)
    for i in 0..<64 { (buckets + i).initialize(to: KeyList()) }
  }

  @inlinable
  deinit {
    for i in 0..<64 { buckets[i].keys.deallocate() }
    buckets.deallocate()
  }

  @inlinable
  var count: Int { near.count &+ farCount }

  /// The least key of a queue that is not empty.
  @inlinable
  var first: UInt128 { near.first }

  @inlinable
  mutating func insert(_ key: UInt128) {
    if UInt64(truncatingIfNeeded: key >> 64) <= nearLast {
      near.insert(key)
      if near.count > spreadAbove { spreadNear() }
    } else {
      push(key)
    }
  }

  @inlinable @inline(__always)
  mutating func push(_ key: UInt128) {
    let index = 64 &- (UInt64(truncatingIfNeeded: key >> 64) ^ reference).leadingZeroBitCount
    buckets[index].append(key)
    occupied |= 1 &<< UInt64(truncatingIfNeeded: index)
    farCount &+= 1
  }

  /// Fills an empty heap from the buckets, if they hold any key that is to be kept; the others are removed.
  @inlinable
  mutating func pour(keep: (UInt128) -> Bool) {
    let half = KeyQueue.spread / 2
    while near.count == 0 && farCount > 0 {
      let all = farCount <= half
      let index = occupied.trailingZeroBitCount
      if all || index == 0 || buckets[index].count <= half {
        repeat {
          let index = occupied.trailingZeroBitCount
          if !all && near.count > 0 && near.count &+ buckets[index].count > half { break }
          nearLast = reference | (1 &<< UInt64(index) &- 1)
          let list = take(index)
          for i in 0..<list.count {
            let key = list.keys[i]
            if keep(key) { near.append(key) }
          }
        } while occupied != 0
        near.order()
      } else {
        let list = take(index)
        var least = UInt64.max
        for i in 0..<list.count { least = min(least, UInt64(truncatingIfNeeded: list.keys[i] >> 64)) }
        reference = least
        for i in 0..<list.count { push(list.keys[i]) }
      }
    }
    if farCount == 0 { nearLast = .max }
    spreadAbove = max(KeyQueue.spread, 2 &* near.count)
  }

  /// Empties a bucket; its keys stay readable until it is next appended to.
  @inlinable @inline(__always)
  mutating func take(_ index: Int) -> KeyList {
    let list = buckets[index]
    buckets[index].count = 0
    occupied &= ~(1 &<< UInt64(truncatingIfNeeded: index))
    farCount &-= list.count
    return list
  }

  /// Spreads a heap that grew too large over the buckets and fills it again with the earliest.
  @usableFromInline
  mutating func spreadNear() {
    let least = UInt64(truncatingIfNeeded: near.first >> 64)
    // Buckets are relative to the reference, which cannot go back while they hold keys.
    if farCount > 0 && least < reference {
      spreadAbove *= 2
      return
    }
    reference = least
    for place in 0..<near.count { push(near.nodes[place]) }
    near.removeAll { _ in true }
    pour { _ in true }
  }

  /// Removes the keys that satisfy a condition. Complexity: O(n).
  @usableFromInline
  mutating func removeAll(where condition: (UInt128) -> Bool) {
    near.removeAll(where: condition)
    for index in 0..<64 where buckets[index].count > 0 {
      let list = take(index)
      for i in 0..<list.count where !condition(list.keys[i]) { push(list.keys[i]) }
    }
  }
}
