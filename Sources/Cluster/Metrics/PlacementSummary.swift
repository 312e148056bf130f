import Units

/// What the placed engines of a pool did over a run, summed over its replicas.
public struct PlacementSummary: Hashable, Sendable {
  /// The streams.
  public var streams: [PlacedTotals.Stream] = []
  /// What the policy counted.
  public var figures: [PlacedFigure] = []
  /// What the memories of one engine hold.
  public var holdings: [Holding]
  /// Tasks that ran.
  public var tasks: Int64 = 0

  /// Nothing done yet.
  init(_ engine: PlacedEngine?) { holdings = engine?.holdings ?? [] }

  /// The sum with what one more replica did.
  static func + (sum: PlacementSummary, did: PlacedTotals) -> PlacementSummary {
    var sum = sum
    sum.tasks += did.tasks
    guard !sum.streams.isEmpty else {
      sum.streams = did.streams
      sum.figures = did.figures
      return sum
    }
    for (index, stream) in did.streams.enumerated() {
      sum.streams[index].busy += stream.busy
      sum.streams[index].bounds.add(stream.bounds, count: 1)
      sum.streams[index].bytes += stream.bytes
    }
    for (index, figure) in did.figures.enumerated() where index < sum.figures.count {
      sum.figures[index].sum += figure.sum
      if let of = figure.of { sum.figures[index].of = (sum.figures[index].of ?? 0) + of }
    }
    return sum
  }
}

extension PlacedEngine {
  /// The power of every stream integrated over `duration` seconds of `replicas` engines.
  func energy(_ did: PlacementSummary?, replicas: Int, duration: Double) -> Energy {
    var joules = 0.0
    for (index, watts) in power.enumerated() {
      joules += watts.idle.value * duration * Double(replicas)
      if let did, index < did.streams.count {
        let computing = did.streams[index].bounds[.compute]
        joules += (watts.computing.value - watts.idle.value) * computing
        joules += (watts.busy.value - watts.idle.value) * (did.streams[index].busy.seconds - computing)
      }
    }
    return Energy(joules)
  }
}
