/// The plain alternative: a binary heap of (time, sequence, event) in an array.
final class BinaryHeap {
  private struct Entry {
    var key: UInt64
    var sequence: UInt64
    var event: UInt64

    static func < (a: Entry, b: Entry) -> Bool { a.key != b.key ? a.key < b.key : a.sequence < b.sequence }
  }
  private var entries: [Entry] = []
  private var sequence: UInt64 = 0

  func insert(_ key: UInt64, _ event: UInt64) {
    let entry = Entry(key: key, sequence: sequence, event: event)
    sequence += 1
    entries.append(entry)
    var place = entries.count - 1
    while place > 0, entry < entries[(place - 1) / 2] {
      entries[place] = entries[(place - 1) / 2]
      place = (place - 1) / 2
    }
    entries[place] = entry
  }

  /// Removes the first of a queue that is not empty.
  func removeFirst() -> (UInt64, UInt64) {
    let first = entries[0]
    let moved = entries.removeLast()
    if entries.isEmpty { return (first.key, first.event) }
    var place = 0
    while true {
      var child = 2 * place + 1
      if child >= entries.count { break }
      if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
      if moved < entries[child] { break }
      entries[place] = entries[child]
      place = child
    }
    entries[place] = moved
    return (first.key, first.event)
  }
}
