/// A binary min-heap of keys by two numbers, from which any key can be removed.
struct EvictionHeap: Sendable {
  private struct Entry {
    var first: Int
    var second: Int
    var key: Int32

    static func < (a: Entry, b: Entry) -> Bool {
      a.first < b.first || (a.first == b.first && a.second < b.second)
    }
  }

  private var entries: [Entry] = []
  /// The place of each key in `entries`; -1 where it is not there.
  private var places: [Int32] = []

  /// Whether `key` is there. Complexity: O(1).
  func contains(_ key: Int32) -> Bool { Int(key) < places.count && places[Int(key)] >= 0 }

  /// Adds `key`, which is not there, by `first` and then `second`. Complexity: O(log count).
  mutating func insert(_ key: Int32, _ first: Int, _ second: Int) {
    while places.count <= Int(key) { places.append(-1) }
    entries.append(Entry(first: first, second: second, key: key))
    rise(entries.count - 1)
  }

  /// Removes `key`, which is there. Complexity: O(log count).
  mutating func remove(_ key: Int32) {
    let place = Int(places[Int(key)])
    places[Int(key)] = -1
    let last = entries.removeLast()
    guard place < entries.count else { return }
    entries[place] = last
    sink(place)
    rise(place)
  }

  /// Removes the least key; nil where there is none. Complexity: O(log count).
  mutating func removeFirst() -> Int32? {
    guard let key = entries.first?.key else { return nil }
    remove(key)
    return key
  }

  private mutating func rise(_ start: Int) {
    var place = start
    let entry = entries[place]
    while place > 0, entry < entries[(place - 1) / 2] {
      put(entries[(place - 1) / 2], at: place)
      place = (place - 1) / 2
    }
    put(entry, at: place)
  }

  private mutating func sink(_ start: Int) {
    var place = start
    let entry = entries[place]
    while true {
      var child = 2 * place + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
      guard entries[child] < entry else { break }
      put(entries[child], at: place)
      place = child
    }
    put(entry, at: place)
  }

  private mutating func put(_ entry: Entry, at place: Int) {
    entries[place] = entry
    places[Int(entry.key)] = Int32(place)
  }
}
