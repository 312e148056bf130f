/// The max-min fair rates of flows over channels, by progressive filling: see TIMELINE.md.
struct FairShares {
  private let channels: [Int64]
  private var rest: [Int64]
  private var waiting: [Int]

  init(_ resources: Resources) {
    channels = resources.channels.map(\.rate)
    rest = channels
    waiting = channels.map { _ in 0 }
  }

  /// The rates of flows over `routes`, in the same order. Complexity: O(channels * flows).
  mutating func rates(_ routes: [[Int]], into rates: inout [Int64]) {
    for channel in channels.indices {
      rest[channel] = channels[channel]
      waiting[channel] = 0
    }
    rates.removeAll(keepingCapacity: true)
    for route in routes {
      rates.append(0)
      for channel in route { waiting[channel] += 1 }
    }
    while true {
      var least: (share: Int64, channel: Int)?
      for channel in channels.indices where waiting[channel] > 0 {
        let share = rest[channel] / Int64(waiting[channel])
        if share < least?.share ?? .max { least = (share, channel) }
      }
      guard let least else { return }
      let share = max(1, least.share)
      for flow in routes.indices where rates[flow] == 0 && routes[flow].contains(least.channel) {
        rates[flow] = share
        for channel in routes[flow] {
          rest[channel] = max(0, rest[channel] - share)
          waiting[channel] -= 1
        }
      }
    }
  }
}
