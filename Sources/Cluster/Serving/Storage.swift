import Kernel

/// A fixed-size column of plain values on unmanaged memory; indices are checked in debug builds only.
struct Column<Element: BitwiseCopyable>: ~Copyable {
  let base: UnsafeMutablePointer<Element>
  let count: Int

  init(repeating value: Element, count: Int) {
    base = .allocate(capacity: max(1, count))
    base.initialize(repeating: value, count: count)
    self.count = count
  }

  init(_ values: [Element]) {
    count = values.count
    base = .allocate(capacity: max(1, values.count))
    _ = UnsafeMutableBufferPointer(start: base, count: count).initialize(fromContentsOf: values)
  }

  deinit { base.deallocate() }

  /// The values.
  var array: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

  @inline(__always)
  subscript(index: Int) -> Element {
    get {
      assert(index >= 0 && index < count)
      return base[index]
    }
    nonmutating set {
      assert(index >= 0 && index < count)
      base[index] = newValue
    }
  }
}

/// A binary min-heap of requests by (key, request).
struct RequestHeap: ~Copyable {
  struct Entry: BitwiseCopyable {
    var key: Int
    var request: Int32

    @inline(__always)
    static func < (a: Entry, b: Entry) -> Bool { a.key < b.key || (a.key == b.key && a.request < b.request) }
  }

  private var entries = GrowingList<Entry>(capacity: 64)

  var count: Int { entries.count }

  /// The least key, or `Int.max` where the heap is empty.
  var leastKey: Int {
    @inline(__always)
    get { entries.count == 0 ? .max : entries[0].key }
  }

  mutating func insert(key: Int, request: Int32) {
    entries.append(Entry(key: key, request: request))
    rise(entries.count - 1)
  }

  /// Removes and returns the request with the least key. Complexity: O(log count).
  mutating func removeLeast() -> Int32 {
    let request = entries[0].request
    removeEntry(at: 0)
    return request
  }

  /// Removes `request`, which is in the heap. Complexity: O(count).
  mutating func remove(_ request: Int32) {
    for index in 0..<entries.count where entries[index].request == request {
      removeEntry(at: index)
      return
    }
  }

  private mutating func removeEntry(at index: Int) {
    let last = entries.removeLast()
    guard index < entries.count else { return }
    entries[index] = last
    sink(index)
    rise(index)
  }

  private func rise(_ start: Int) {
    var index = start
    let entry = entries[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard entry < entries[parent] else { break }
      entries[index] = entries[parent]
      index = parent
    }
    entries[index] = entry
  }

  private func sink(_ start: Int) {
    var index = start
    let entry = entries[index]
    while true {
      var child = 2 * index + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
      guard entries[child] < entry else { break }
      entries[index] = entries[child]
      index = child
    }
    entries[index] = entry
  }
}

/// A doubly linked list of requests through the columns of ``RequestLinks``; a request is in at most one.
struct RequestList: BitwiseCopyable {
  var head: Int32 = -1
  var tail: Int32 = -1
  var count = 0
}

/// The links of all request lists.
struct RequestLinks: ~Copyable {
  private let next: Column<Int32>
  private let previous: Column<Int32>

  init(count: Int) {
    next = Column(repeating: -1, count: count)
    previous = Column(repeating: -1, count: count)
  }

  @inline(__always)
  func pushBack(_ request: Int32, _ list: inout RequestList) {
    next[Int(request)] = -1
    previous[Int(request)] = list.tail
    if list.tail < 0 { list.head = request } else { next[Int(list.tail)] = request }
    list.tail = request
    list.count += 1
  }

  @inline(__always)
  func pushFront(_ request: Int32, _ list: inout RequestList) {
    previous[Int(request)] = -1
    next[Int(request)] = list.head
    if list.head < 0 { list.tail = request } else { previous[Int(list.head)] = request }
    list.head = request
    list.count += 1
  }

  @inline(__always)
  func remove(_ request: Int32, _ list: inout RequestList) {
    let after = next[Int(request)]
    let before = previous[Int(request)]
    if before < 0 { list.head = after } else { next[Int(before)] = after }
    if after < 0 { list.tail = before } else { previous[Int(after)] = before }
    list.count -= 1
  }

  /// The request before `request` in its list; -1 where it is the first.
  @inline(__always)
  func before(_ request: Int32) -> Int32 { previous[Int(request)] }

  /// The request after `request` in its list; -1 for the last.
  @inline(__always)
  func after(_ request: Int32) -> Int32 { next[Int(request)] }

  @inline(__always)
  func popFront(_ list: inout RequestList) -> Int32 {
    let request = list.head
    remove(request, &list)
    return request
  }
}
