/// A list of plain values that grows on unmanaged memory, and is written over from its start once it is emptied.
///
/// Indices are checked in debug builds only.
@frozen
public struct GrowingList<Element: BitwiseCopyable>: ~Copyable {
  /// Where the elements stand; moves as the list grows.
  @inlinable public var base: UnsafeMutablePointer<Element> { storage }
  /// How many they are.
  @inlinable public var count: Int { used }
  @usableFromInline var storage: UnsafeMutablePointer<Element>
  @usableFromInline var used = 0
  @usableFromInline var capacity: Int

  /// No elements, with room for `capacity`, at least 1.
  @inlinable
  public init(capacity: Int = 8) {
    self.capacity = max(1, capacity)
    storage = .allocate(capacity: self.capacity)
  }

  @inlinable
  deinit { storage.deallocate() }

  /// The element at `index`, below ``count``.
  @inlinable
  public subscript(index: Int) -> Element {
    @inline(__always)
    get {
      assert(index >= 0 && index < used)
      return storage[index]
    }
    @inline(__always)
    nonmutating set {
      assert(index >= 0 && index < used)
      storage[index] = newValue
    }
  }

  /// Puts `element` behind the others. Complexity: O(1) on average.
  @inlinable
  @inline(__always)
  public mutating func append(_ element: Element) {
    if used == capacity { grow() }
    storage[used] = element
    used &+= 1
  }

  @usableFromInline
  @inline(never)
  mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    larger.update(from: storage, count: used)
    storage.deallocate()
    storage = larger
    capacity *= 2
  }

  /// Removes the last element, of at least one.
  @inlinable
  @inline(__always)
  public mutating func removeLast() -> Element {
    assert(used > 0)
    used &-= 1
    return storage[used]
  }

  /// Removes the element at `index`, keeping the order of the others. Complexity: O(count).
  @inlinable
  public mutating func remove(at index: Int) {
    assert(index >= 0 && index < used)
    for i in index..<(used - 1) { storage[i] = storage[i + 1] }
    used -= 1
  }

  /// Removes all elements and keeps their room.
  @inlinable
  @inline(__always)
  public mutating func removeAll() { used = 0 }
}

extension GrowingList where Element: Comparable {
  /// Sorts by insertion: for lists of a few elements, mostly in order. Complexity: O(count^2), O(count) if sorted.
  @inlinable
  public func sort() {
    for index in 1..<max(1, used) {
      let element = storage[index]
      var place = index
      while place > 0, element < storage[place - 1] {
        storage[place] = storage[place - 1]
        place -= 1
      }
      storage[place] = element
    }
  }
}
