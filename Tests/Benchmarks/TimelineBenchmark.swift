import Timeline
import Units

/// The timeline: plans of 32 layers, each copied from two sides while the layer before computes.
func benchmarkTimeline() {
  print("timeline, M tasks/s")
  let steps = 2_000
  let layers = 32
  func rate(_ name: String, isShared: Bool, body: @escaping (inout StepPlan, StreamID, StreamID, RingID) -> Void) {
    var resources = Resources()
    let bus = resources.channel("bus", rate: 10e9)
    let gpu = resources.stream("gpu", route: isShared ? [bus] : [])
    let pcie = resources.stream("pcie", route: [bus])
    let ring = resources.ring(2)
    var tasks = 0
    let seconds = best(of: 5, operations: 1) { repetition in
      var timeline = Timeline(resources)
      var plan = StepPlan()
      var moment = Instant(picoseconds: Int64(repetition))
      for _ in 0..<steps {
        plan.removeAll()
        body(&plan, gpu, pcie, ring)
        moment = timeline.run(&plan, release: moment)
      }
      tasks = Int(timeline.totals(until: moment).tasks)
      return UInt64(bitPattern: moment.picoseconds)
    }
    print(name.padded(34) + column(Double(tasks) * seconds))
  }
  func layer(_ plan: inout StepPlan, _ gpu: StreamID, _ pcie: StreamID, _ ring: RingID, _ index: Int) {
    let (copy, read, compute) = (plan.label("copy"), plan.label("read"), plan.label("compute"))
    let copied = plan.move(copy, over: pcie, bytes: Double(1_000_000 + index * 1_000), after: .last(of: ring, back: 2))
    let loaded = plan.move(read, over: gpu, bytes: 0, least: 1e-5)
    plan.run(compute, on: gpu, for: 9e-5, after: copied, loaded, into: ring)
  }
  rate("layers that differ", isShared: false) { plan, gpu, pcie, ring in
    for index in 0..<layers { layer(&plan, gpu, pcie, ring, index) }
  }
  rate("equal layers, folded", isShared: false) { plan, gpu, pcie, ring in
    plan.repeating(layers) { layer(&$0, gpu, pcie, ring, 0) }
  }
  rate("on a shared bus", isShared: true) { plan, gpu, pcie, ring in
    for index in 0..<layers { layer(&plan, gpu, pcie, ring, index) }
  }
}
