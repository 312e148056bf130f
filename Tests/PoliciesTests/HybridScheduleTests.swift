import Testing

@testable import Policies

/// Worked examples of the schedule of a device, a processor and the link between.
@Suite("Hybrid schedules of experts")
struct HybridScheduleTests {
  /// An expert takes the device 2 s whatever its tokens, the processor 1 s before the first and 1 s a token, the link 3 s.
  static let costs = HybridSeconds(gpu: { _ in 2 }, cpu: { Double($0) }, cpuStart: 1, copy: 3)
  /// Experts 0 and 1 are held; 2 to 5 are not.
  static let experts = [(1, true), (4, true), (8, false), (1, false), (2, false), (1, false)].enumerated().map {
    HybridExpert(expert: Int32($0), tokens: $1.0, ready: $1.1 ? 0 : nil)
  }

  static func plan(_ rule: HybridSchedule.Rule, backlog: Double = 0) -> HybridSchedule {
    var (schedule, costs) = (HybridSchedule(), costs)
    schedule.plan(experts, rule, &costs, backlog: backlog)
    return schedule
  }

  @Test("Whoever would be done first takes the next expert")
  func dynamic() {
    // In order: 1 (4 tokens, held), 0 (1, held), 2 (8), 4 (2), 3 (1), 5 (1). Device 1 at 2 <= processor 5 at 1 + 1 = 2:
    // device. Device 0 at 4 > 2: processor takes 5. Device 0 at 4 > processor 3 at 3: processor. Device 0 at 4 <= processor
    // 4 at 5: device. Device 2, copied at 3, at 4 + 2 = 6 > 5: processor takes 4. Device 2 at 6 <= processor 13: device.
    let schedule = Self.plan(.dynamic)
    #expect(schedule.onGPU.map(\.expert) == [1, 0, 2])
    #expect(schedule.onCPU.map(\.expert) == [5, 3, 4])
    #expect(schedule.copied.map(\.expert) == [2])
    #expect(schedule.seconds == 6 && schedule.linkFree == 3)
  }

  @Test("A link that is busy brings an expert later")
  func backlog() {
    // Expert 2 comes at 5 + 3 = 8 and is done at 10, before the processor's 13.
    let schedule = Self.plan(.dynamic, backlog: 5)
    #expect(schedule.copied.map(\.expert) == [2] && schedule.seconds == 10 && schedule.linkFree == 8)
  }

  @Test("A fixed mapping leaves to the processor all that is not held, a device alone copies it")
  func baselines() {
    // Device 2 + 2; processor 1 + 1 + 1 + 2 + 8.
    #expect(Self.plan(.fixed).seconds == 13 && Self.plan(.fixed).copied.isEmpty)
    // Four copies end at 3, 6, 9 and 12; the last is computed by 14.
    #expect(Self.plan(.gpu).seconds == 14 && Self.plan(.gpu).linkFree == 12)
  }

  @Test("Shared experts keep the device busy, and the processor begins meanwhile")
  func shared() {
    var (schedule, costs) = (HybridSchedule(), Self.costs)
    costs.shared = 10
    // Device 10 + 2 + 2, after the processor's 13.
    schedule.plan(Self.experts, .fixed, &costs, backlog: 0)
    #expect(schedule.seconds == 14 && schedule.onCPU.count == 4)
    // The processor takes 5 (2 s), 3 (3) and 4 (5); device 1 at 12 <= processor 2 at 13: device. Device 0 at 14 > 13: processor
    // 2. Device 0 at 14 <= processor 0 at 14: device.
    schedule.plan(Self.experts, .dynamic, &costs, backlog: 0)
    #expect(schedule.onGPU.map(\.expert) == [1, 0] && schedule.onCPU.map(\.expert) == [5, 3, 4, 2])
    #expect(schedule.seconds == 14 && schedule.copied.isEmpty)
  }

  @Test("The expert that is fetched ahead is the one that shortens its layer most")
  func gain() {
    var (layer, costs, trial) = (HybridAhead(layer: 3, experts: Self.experts), Self.costs, HybridSchedule())
    // With 2 held the device has 2 (8 tokens), 1 and 0: 2 at 2 <= 2; processor takes 5 (2), 3 (3); 1 at 4 <= 5; 4 goes to
    // the processor (5 < 6); 0 at 6 = processor 6: 6 as before, so that nothing is gained there. With 4 held: 1, 4, 0, 2, 3, 5:
    // 1 at 2; 5 at 2, 3 at 3; 4 at 4 <= 11; 0 at 6; 2, copied at 3, at 8.
    layer.weigh(.dynamic, &costs, &trial)
    #expect(layer.best == nil && layer.gain == 0)
    // Fixed: 13 without; 5 with 2 held, the most (device 2 + 2 + 2 = 6).
    layer.weigh(.fixed, &costs, &trial)
    #expect(layer.best == 2 && layer.gain == 7)
  }
}
