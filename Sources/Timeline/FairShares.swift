/// The max-min fair rates of flows over channels, by progressive filling: see TIMELINE.md.
struct FairShares {
  private let channels: [Int64]
  /// What is left of each channel, and its flows that have no rate yet.
  private var rest: [Int64]
  private var waiting: [Int]
  private var flows: [Int] = []

  init(_ resources: Resources) {
    channels = resources.channels.map(\.rate)
    rest = channels
    waiting = channels.map { _ in 0 }
  }

  /// Forgets the flows.
  mutating func begin() {
    flows.removeAll(keepingCapacity: true)
    for channel in channels.indices {
      rest[channel] = channels[channel]
      waiting[channel] = 0
    }
  }

  /// Adds the flow `flow` over `route`.
  mutating func add(_ flow: Int, _ route: [Int]) {
    flows.append(flow)
    for channel in route { waiting[channel] += 1 }
  }

  /// Gives each flow its rate; the route of flow i is `routes[i]`. Complexity: O(channels * flows).
  mutating func share(_ routes: [[Int]], _ give: (_ flow: Int, _ rate: Int64) -> Void) {
    while !flows.isEmpty {
      var least = Int64.max
      var narrowest = -1
      for channel in channels.indices where waiting[channel] > 0 {
        let share = rest[channel] / Int64(waiting[channel])
        if share < least { (least, narrowest) = (share, channel) }
      }
      guard narrowest >= 0 else { return }
      let rate = max(1, least)
      var kept = 0
      for place in flows.indices {
        let flow = flows[place]
        guard routes[flow].contains(narrowest) else {
          flows[kept] = flow
          kept += 1
          continue
        }
        give(flow, rate)
        for channel in routes[flow] {
          rest[channel] = max(0, rest[channel] - rate)
          waiting[channel] -= 1
        }
      }
      flows.removeLast(flows.count - kept)
    }
  }
}
