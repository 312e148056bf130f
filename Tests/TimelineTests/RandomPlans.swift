import Kernel
import Support
import Timeline

/// Random resources and plans, each plan both as a `StepPlan` and as the tasks of the reference.
struct RandomPlans {
  var resources = Resources()
  var plans: [Built] = []
  var tasks: [ReferenceTimeline.Task] = []

  /// A plan, which can't stand in an array by itself.
  final class Built {
    var plan = StepPlan()
  }

  /// What graphs are drawn.
  enum Kind {
    /// Tasks of any streams that wait for any others.
    case any
    /// A task on each stream in turn, at a pace of its own, that waits for the one before or for a ring, after tasks that
    /// keep some streams busy for long.
    case pipeline
  }

  /// Plans drawn from `seed`; streams share channels where `isShared`, and parts repeat up to `repeats` times.
  init(seed: UInt64, isShared: Bool, repeats: UInt64, ahead: Bool, kind: Kind = .any) {
    var draw = RandomStream(seed: seed, consumer: Consumer(rawValue: 1_001))
    let channels = Int(1 + draw.below(3))
    for index in 0..<channels { _ = resources.channel("channel \(index)", rate: Double(1 + draw.below(40)) * 1e9) }
    let streams = Int(1 + draw.below(4))
    for index in 0..<streams {
      var route: [Int] = []
      if isShared {
        for channel in 0..<channels where draw.chance(0.6) { route.append(channel) }
      } else if index < channels, draw.chance(0.7) {
        route = [index]
      }
      _ = resources.stream("stream \(index)", route: route)
    }
    let rings = (0..<2).map { _ in resources.ring(Int(1 + draw.below(3))) }
    var remembered: [[Int]] = [[], []]
    for plan in 0..<Int(1 + draw.below(3)) {
      let built = Built()
      let label = built.plan.label("task")
      // The place, among all tasks, of each task of the plan in its last repetition.
      var places: [Int] = []
      for part in 0..<Int(1 + draw.below(3)) {
        let isHead = kind == .pipeline && part == 0
        let count = isHead ? 1 : Int(1 + draw.below(repeats))
        let size = kind == .pipeline ? streams : Int(1 + draw.below(5))
        let outside = places.count
        let parts = (0..<size).map { own in
          switch kind {
          case .any: Drawn(&draw, streams: streams, named: outside + own, rings: resources.rings, ahead: ahead)
          case .pipeline:
            Drawn(&draw, stage: own, named: outside + own, rings: resources.rings, ahead: ahead, isHead: isHead)
          }
        }
        built.plan.repeating(count) { plan in
          var refs: [TaskRef] = []
          for part in parts { refs.append(part.issue(&plan, label, rings)) }
        }
        places += parts.map { _ in -1 }
        for _ in 0..<count {
          for (own, part) in parts.enumerated() {
            let after = part.after.compactMap { name -> Int? in
              switch name {
              case .task(let index): return places[index]
              case .ring(let ring, let back):
                let known = remembered[ring]
                return back <= known.count ? known[known.count - back] : nil
              }
            }
            places[outside + own] = tasks.count
            if let ring = part.ring { remembered[ring].append(tasks.count) }
            tasks.append(
              ReferenceTimeline.Task(
                plan: plan, stream: part.stream, latency: part.latency, least: part.least, bytes: part.bytes,
                isAhead: part.isAhead, after: after))
          }
        }
      }
      plans.append(built)
    }
  }

  /// One task as it was drawn.
  private struct Drawn {
    enum Name {
      case task(Int)
      case ring(Int, back: Int)
    }
    var stream: Int
    var latency: Int64
    var least: Int64
    var bytes: Int64
    var isAhead: Bool
    var ring: Int?
    var after: [Name] = []

    init(_ draw: inout RandomStream, streams: Int, named: Int, rings: [Int], ahead: Bool) {
      stream = Int(draw.below(UInt64(streams)))
      // Small lengths, so that ends coincide often.
      latency = draw.chance(0.5) ? 0 : Int64(draw.below(4)) * 1_000
      least = draw.chance(0.3) ? 0 : Int64(draw.below(6)) * 1_000
      bytes = draw.chance(0.4) ? 0 : Int64(draw.below(200))
      isAhead = ahead && draw.chance(0.2)
      ring = draw.chance(0.4) ? Int(draw.below(2)) : nil
      for _ in 0..<draw.below(4) {
        if draw.chance(0.3) {
          let ring = Int(draw.below(2))
          after.append(.ring(ring, back: Int(1 + draw.below(UInt64(rings[ring])))))
        } else if named > 0 {
          after.append(.task(Int(draw.below(UInt64(named)))))
        }
      }
    }

    /// The task on stream `stage` of a pipeline, or of what stands before it.
    init(_ draw: inout RandomStream, stage: Int, named: Int, rings: [Int], ahead: Bool, isHead: Bool) {
      stream = stage
      latency = isHead && draw.chance(0.5) ? Int64(draw.below(200)) * 1_000 : 0
      // Often a pace near that of the others, so that one overtakes another after many repetitions.
      least = Int64(draw.chance(0.5) ? draw.below(9) : 12 + draw.below(2)) * 1_000
      bytes = draw.chance(0.5) ? 0 : Int64(draw.below(200))
      isAhead = ahead && draw.chance(0.1)
      ring = draw.chance(0.3) ? Int(draw.below(2)) : nil
      if stage > 0, draw.chance(0.7) { after.append(.task(named - 1)) }
      if draw.chance(0.4) {
        let ring = Int(draw.below(2))
        after.append(.ring(ring, back: Int(1 + draw.below(UInt64(rings[ring])))))
      }
    }

    /// Issues the task; every task of a plan is named by its place in it.
    func issue(_ plan: inout StepPlan, _ label: TaskLabel, _ rings: [RingID]) -> TaskRef {
      var refs = after.map { name -> TaskRef in
        switch name {
        case .task(let index): plan.ref(of: index)
        case .ring(let ring, let back): .last(of: rings[ring], back: back)
        }
      }
      while refs.count < 4 { refs.append(.none) }
      return plan.move(
        label, over: StreamID(stream), bytes: Double(bytes), latency: Double(latency) * 1e-12,
        least: Double(least) * 1e-12, after: refs[0], refs[1], refs[2], refs[3], into: ring.map { rings[$0] },
        ahead: isAhead)
    }
  }
}
