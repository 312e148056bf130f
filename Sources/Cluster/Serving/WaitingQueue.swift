/// Requests that wait at a replica, by class, each class first come first served: the first of the most urgent class
/// that has any is the head.
struct WaitingQueue: ~Copyable {
  private let classes: Column<RequestList>
  /// The most urgent class that has a request, where any has.
  private var top = 0
  /// Requests of all classes.
  private(set) var count = 0

  /// An empty queue of `classes` classes, 0 being the most urgent.
  init(classes count: Int) { classes = Column(repeating: RequestList(), count: count) }

  /// The request that is next; -1 where the queue is empty.
  var head: Int32 {
    @inline(__always)
    get { classes[top].head }
  }

  /// Puts `request` last in its class.
  @inline(__always)
  mutating func pushBack(_ request: Int32, class rank: Int, _ links: borrowing RequestLinks) {
    links.pushBack(request, &classes.base[rank])
    note(rank)
  }

  /// Puts `request` first in its class.
  @inline(__always)
  mutating func pushFront(_ request: Int32, class rank: Int, _ links: borrowing RequestLinks) {
    links.pushFront(request, &classes.base[rank])
    note(rank)
  }

  /// Takes the head; the queue is not empty.
  @inline(__always)
  mutating func popFront(_ links: borrowing RequestLinks) -> Int32 {
    let request = links.popFront(&classes.base[top])
    count -= 1
    while classes[top].count == 0, top < classes.count - 1 { top += 1 }
    return request
  }

  @inline(__always)
  private mutating func note(_ rank: Int) {
    if count == 0 || rank < top { top = rank }
    count += 1
  }
}
