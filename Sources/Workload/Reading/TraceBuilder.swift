import Units

/// Gathers rows into a trace.
struct TraceBuilder: TraceSink {
  private var requests: [Request] = []
  private var blocks = PromptBlocks(unit: 1)
  private var renaming = BlockRenaming()
  private var tenants: [UInt8] = []
  /// The last request of each session so far; -1 where it has none.
  private var lastTurns: [Int32] = []
  /// The requests that follow others, in order.
  private var followers: [(index: Int32, predecessor: Int32, delay: Int64)] = []
  private var isTooLong = false

  /// Most ids of blocks in all.
  static let idLimit = Int(Int32.max)

  var isFull: Bool { isTooLong }

  mutating func accept(_ row: TraceRow, blocks ids: UnsafeBufferPointer<Int32>) {
    let index = Int32(requests.count)
    requests.append(
      Request(
        arrival: Instant(picoseconds: row.arrival), promptTokens: row.promptTokens, outputTokens: row.outputTokens))
    // Clipped prompts keep the blocks of what is left; renaming makes the ids dense again where rows were left out.
    guard blocks.ids.count <= Self.idLimit - ids.count else {
      isTooLong = true
      return
    }
    blocks.append(renaming.names(of: ids))
    tenants.append(row.tenant)
    guard row.session >= 0 else { return }
    while lastTurns.count <= Int(row.session) { lastTurns.append(-1) }
    let previous = lastTurns[Int(row.session)]
    lastTurns[Int(row.session)] = index
    if row.think >= 0, previous >= 0 { followers.append((index, previous, row.think)) }
  }

  /// The trace; requests that follow others stand after all that do not.
  func trace(_ facts: TraceFacts) throws(TraceFaults) -> Trace {
    guard !isTooLong else {
      throw TraceFaults(
        TraceFault(
          line: 0, column: 0, what: "the trace has more than \(Self.idLimit) blocks", why: "they are held at once",
          fix: "choose a window of the trace"))
    }
    var trace = Trace(requests: requests)
    trace.tenantNames = facts.tenants
    if !facts.tenants.isEmpty { trace.tenants = tenants }
    if let unit = facts.blockUnit { trace.blocks = blocks.with(unit: unit) }
    guard !followers.isEmpty else { return trace }
    return trace.reordered(following: followers)
  }
}

/// New names for ids of blocks, dense from 0 in the order of asking.
struct BlockRenaming {
  private var names: [Int32] = []
  private var next: Int32 = 0

  /// The new names of ids.
  mutating func names(of ids: some Collection<Int32>) -> [Int32] {
    var next = next
    defer { self.next = next }
    return names(of: ids, next: &next)
  }

  /// The new names of ids, where names are dense over several renamings, which share the `next` one.
  mutating func names(of ids: some Collection<Int32>, next: inout Int32) -> [Int32] {
    var renamed: [Int32] = []
    renamed.reserveCapacity(ids.count)
    for id in ids {
      while names.count <= Int(id) { names.append(-1) }
      if names[Int(id)] < 0 {
        names[Int(id)] = next
        next += 1
      }
      renamed.append(names[Int(id)])
    }
    return renamed
  }
}

extension Trace {
  /// The trace with `followers` after all other requests, both in the order they had.
  fileprivate func reordered(following followers: [(index: Int32, predecessor: Int32, delay: Int64)]) -> Trace {
    var follows = [Bool](repeating: false, count: requests.count)
    for follower in followers { follows[Int(follower.index)] = true }
    let order = requests.indices.filter { !follows[$0] } + followers.map { Int($0.index) }
    var places = [Int32](repeating: 0, count: requests.count)
    for (place, index) in order.enumerated() { places[index] = Int32(place) }
    var trace = self
    trace.requests = order.map { requests[$0] }
    trace.blocks = blocks?.selecting(order)
    if !tenants.isEmpty { trace.tenants = order.map { tenants[$0] } }
    trace.followers = Followers(
      independent: requests.count - followers.count, predecessors: followers.map { places[Int($0.predecessor)] },
      delays: followers.map { Interval(picoseconds: $0.delay) })
    // The arrival of a follower is not looked at; that of the request before it keeps it within the trace.
    for (offset, follower) in followers.enumerated() {
      let index = requests.count - followers.count + offset
      trace.requests[index].arrival = trace.requests[Int(places[Int(follower.predecessor)])].arrival
    }
    return trace
  }
}
