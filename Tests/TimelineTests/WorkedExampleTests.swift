import Testing
import Timeline
import Units

/// Timelines whose arithmetic fits in a comment.
@Suite struct WorkedExampleTests {
  @Test func aLayerIsCopiedWhileTheOneBeforeComputes() {
    // Copies of 40 MB at 10 GB/s take 4 ms, layers compute for 3 ms, two buffers. The first layer waits 4 ms; then every
    // copy hides 3 ms of computing, so that a layer ends every 4 ms: 4 * 4 + 3 = 19 ms for four.
    var resources = Resources()
    let gpu = resources.stream("gpu")
    let pcie = resources.link("pcie", rate: 10e9)
    let buffers = resources.ring(2)
    var plan = StepPlan()
    let (copy, compute) = (plan.label("copy"), plan.label("layer"))
    plan.repeating(4) { plan in
      let copied = plan.move(copy, over: pcie, bytes: 40e6, after: .last(of: buffers, back: 2))
      plan.run(compute, on: gpu, for: 3e-3, after: copied, into: buffers)
    }
    var timeline = Timeline(resources)
    let end = timeline.run(&plan, release: .start)
    #expect(end == Instant(picoseconds: 19_000_000_000))
    #expect(timeline.totals(until: end).busy(gpu.index) == 12_000_000_000)
    #expect(timeline.totals(until: end).bytes(pcie.index) == 160_000_000)
  }

  @Test(arguments: [false, true])
  func aStreamDoesNoMoreThanFitsInTheSteps(isShared: Bool) {
    // A copy of 40 MB in 4 ms ahead begins with a step of 3 ms: 3 ms and 30 MB of it are within.
    var resources = Resources()
    let bus = resources.channel("bus", rate: 10e9)
    let gpu = resources.stream("gpu", route: isShared ? [bus] : [])
    let pcie = resources.stream("pcie", route: [bus])
    var plan = StepPlan()
    plan.run(plan.label("layer"), on: gpu, for: 3e-3)
    plan.move(plan.label("copy"), over: pcie, bytes: 40e6, ahead: true)
    var timeline = Timeline(resources)
    var recording = Recording()
    #expect(timeline.record(&plan, release: .start, into: &recording) == Instant(picoseconds: 3_000_000_000))
    #expect(recording.busy(pcie.index).picoseconds == 3_000_000_000)
    #expect(recording.bytes(pcie.index) == 30_000_000)
    #expect(recording.busy(gpu.index).picoseconds == 3_000_000_000)
    // A millisecond on all of it is done, and the next step has none of it left.
    plan.removeAll()
    plan.run(plan.label("layer"), on: gpu, for: 2e-3)
    _ = timeline.record(&plan, release: Instant(picoseconds: 3_000_000_000), into: &recording)
    #expect(recording.busy(pcie.index).picoseconds == 4_000_000_000 && recording.bytes(pcie.index) == 40_000_000)
    recording.keep(1)
    #expect(recording.busy(pcie.index).picoseconds == 3_000_000_000 && recording.bytes(pcie.index) == 30_000_000)
  }

  @Test func oneBufferTakesTurns() {
    // With one buffer nothing overlaps: 4 * (4 + 3) = 28 ms.
    var resources = Resources()
    let gpu = resources.stream("gpu")
    let pcie = resources.link("pcie", rate: 10e9)
    let buffers = resources.ring(1)
    var plan = StepPlan()
    let (copy, compute) = (plan.label("copy"), plan.label("layer"))
    plan.repeating(4) { plan in
      let copied = plan.move(copy, over: pcie, bytes: 40e6, after: .last(of: buffers))
      plan.run(compute, on: gpu, for: 3e-3, after: copied, into: buffers)
    }
    var timeline = Timeline(resources)
    #expect(timeline.run(&plan, release: .start) == Instant(picoseconds: 28_000_000_000))
  }

  @Test func twoFlowsShareAChannelUntilOneEnds() {
    // Both at 5 GB/s: the one of 10 MB ends after 2 ms. The other has 30 - 10 = 20 MB left and 10 GB/s: 2 ms more.
    var resources = Resources()
    let dram = resources.channel("dram", rate: 10e9)
    let cpu = resources.stream("cpu", route: [dram])
    let npu = resources.stream("npu", route: [dram])
    var plan = StepPlan()
    let read = plan.label("read")
    plan.move(read, over: cpu, bytes: 10e6)
    plan.move(read, over: npu, bytes: 30e6)
    var timeline = Timeline(resources)
    var recording = Recording()
    #expect(timeline.record(&plan, release: .start, into: &recording) == Instant(picoseconds: 4_000_000_000))
    #expect(recording.tasks.map(\.end.picoseconds) == [2_000_000_000, 4_000_000_000])
  }

  @Test func aNarrowStreamLeavesTheRestToTheOther() {
    // The npu cannot draw more than 3 GB/s of 10: the cpu has 7 GB/s. 21 MB and 9 MB both take 3 ms.
    var resources = Resources()
    let dram = resources.channel("dram", rate: 10e9)
    let port = resources.channel("port", rate: 3e9)
    let cpu = resources.stream("cpu", route: [dram])
    let npu = resources.stream("npu", route: [port, dram])
    var plan = StepPlan()
    let read = plan.label("read")
    plan.move(read, over: cpu, bytes: 21e6)
    plan.move(read, over: npu, bytes: 9e6)
    var timeline = Timeline(resources)
    #expect(timeline.run(&plan, release: .start) == Instant(picoseconds: 3_000_000_000))
  }

  @Test func whatIsFetchedAheadIsReadyInTheNextStep() {
    // The step computes for 5 ms; the copy of 40 MB that it leaves ahead began with it and ends at 4 ms, before the next
    // step, which then starts at once: it ends at 5 + 5 = 10 ms, and not at 5 + 4 + 5.
    var resources = Resources()
    let gpu = resources.stream("gpu")
    let pcie = resources.link("pcie", rate: 10e9)
    let loaded = resources.ring(1)
    var timeline = Timeline(resources)
    var moment = Instant.start
    for step in 1...2 {
      var plan = StepPlan()
      let (copy, compute) = (plan.label("copy"), plan.label("layer"))
      plan.run(compute, on: gpu, for: 5e-3, after: .last(of: loaded))
      plan.move(copy, over: pcie, bytes: 40e6, into: loaded, ahead: true)
      moment = timeline.run(&plan, release: moment)
      #expect(moment.picoseconds == Int64(step) * 5_000_000_000)
    }
  }

  @Test func theCriticalPathNamesWhatTheStepWaitedFor() {
    // As in the first example: 16 ms of copies and the last layer's 3 ms. The gpu idles 1 ms before each of three layers.
    var resources = Resources()
    let gpu = resources.stream("gpu")
    let pcie = resources.link("pcie", rate: 10e9)
    let buffers = resources.ring(2)
    var plan = StepPlan()
    let (copy, compute) = (plan.label("copy"), plan.label("layer"))
    plan.repeating(4) { plan in
      let copied = plan.move(copy, over: pcie, bytes: 40e6, after: .last(of: buffers, back: 2))
      plan.run(compute, on: gpu, for: 3e-3, after: copied, into: buffers)
    }
    var timeline = Timeline(resources)
    var recording = Recording()
    _ = timeline.record(&plan, release: .start, into: &recording)
    let found = recording.explanation(streams: 2)
    #expect(found.path == [3_000_000_000, 16_000_000_000])
    #expect(found.bubbles[gpu.index][pcie.index] == 3_000_000_000)
    #expect(found.bubbles[pcie.index].allSatisfy { $0 == 0 })
  }

  /// Steps of 3 ms of which the second is released 7 ms after the first has ended: the path has both, the stream waited
  /// for the second step, and what is forgotten is neither.
  @Test func thePathCrossesTheTimeInWhichNothingWasToDo() {
    var resources = Resources()
    let gpu = resources.stream("gpu")
    var timeline = Timeline(resources)
    var recording = Recording()
    for release in [0, 10, 20] as [Int64] {
      var plan = StepPlan()
      plan.run(plan.label("layer"), on: gpu, for: 3e-3)
      _ = timeline.record(&plan, release: .start + .milliseconds(release), into: &recording)
    }
    recording.keep(2)
    #expect(recording.tasks.count == 2 && recording.steps.count == 2)
    let found = recording.explanation(streams: 1)
    #expect(found.path == [6_000_000_000] && found.bubbles[0] == [0, 7_000_000_000])
  }

  @Test func aHostRunsAheadUntilTheDeviceHasCaughtUp() {
    // The device is busy for 10 us, then takes 1 us for each of 100 layers, which the host issues every 2 us. Layer i is
    // issued at 2 i and computed by 10 + i at first. From the tenth layer on the device waits for the host and ends layer
    // i at 2 i + 1: 201 us.
    var resources = Resources()
    let gpu = resources.stream("gpu")
    let host = resources.stream("host")
    var plan = StepPlan()
    let label = plan.label("layer")
    plan.run(label, on: gpu, for: 10e-6)
    plan.repeating(100) { plan in
      let issued = plan.run(label, on: host, for: 2e-6)
      plan.run(label, on: gpu, for: 1e-6, after: issued)
    }
    var timeline = Timeline(resources)
    let end = timeline.run(&plan, release: .start)
    #expect(end == Instant(picoseconds: 201_000_000))
    let totals = timeline.totals(until: end)
    #expect(totals.busy(host.index) == 200_000_000 && totals.busy(gpu.index) == 110_000_000)
    #expect(totals.tasks == 201)
    // Two layers before the device has caught up, and few after.
    #expect(timeline.computedTasks <= 1 + 2 * 5)
  }

  @Test func layersThatShareAChannelAreFolded() {
    // As above two reads take 4 ms together, and the next layer waits for both: 200 ms for 50 layers. A few layers
    // at the beginning and at the end are computed.
    var resources = Resources()
    let dram = resources.channel("dram", rate: 10e9)
    let cpu = resources.stream("cpu", route: [dram])
    let npu = resources.stream("npu", route: [dram])
    let done = resources.ring(2)
    var plan = StepPlan()
    let read = plan.label("read")
    plan.repeating(50) { plan in
      let (one, other) = (TaskRef.last(of: done), TaskRef.last(of: done, back: 2))
      let first = plan.move(read, over: cpu, bytes: 10e6, after: one, other)
      plan.move(read, over: npu, bytes: 30e6, after: one, other, into: done)
      plan.run(read, on: cpu, for: 0, after: first, into: done)
    }
    var timeline = Timeline(resources)
    let end = timeline.run(&plan, release: .start)
    #expect(end == Instant(picoseconds: 200_000_000_000))
    #expect(timeline.totals(until: end).bytes(npu.index) == 1_500_000_000)
    #expect(timeline.totals(until: end).tasks == 150 && timeline.computedTasks <= 6 * 3)
  }

  @Test func timesBeyondTheHorizonDoNotOverflow() {
    var resources = Resources()
    let slow = resources.link("slow", rate: 0)
    let ring = resources.ring(1)
    var plan = StepPlan()
    let label = plan.label("copy")
    plan.repeating(1_000) { $0.move(label, over: slow, bytes: 1e30, after: .last(of: ring), into: ring) }
    var timeline = Timeline(resources)
    #expect(timeline.run(&plan, release: .start).picoseconds > 1 << 62)
  }
}
