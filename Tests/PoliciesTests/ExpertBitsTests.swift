import Models
import Testing
import Timeline
import Units

@testable import Cluster
@testable import Policies

/// A worked example of experts that are read in nested bits.
@Suite("Experts in nested bits")
struct ExpertBitsTests {
  /// One layer of two experts of 3 x 1024 x 4096 parameters, to both of which every token goes, with all four bits of each.
  static let model: Transformer = {
    var model = Transformer.toy
    let layer = Layer(
      mixer: model.layers[0].mixer,
      feedForward: FeedForward(width: 4096, experts: Experts(count: 2, perToken: 2)))
    model.layers = [layer]
    return model
  }()
  /// Seconds to read a plane of one bit at 10 GB/s, the link's rate: of 12.6 million parameters 157 us.
  static let unit = 3.0 * 1024 * 4096 / 8 / 10e9

  /// The seconds of expert layers, of which bubbles, in units after each of two steps of one token, and by how much the
  /// first step is longer than the second.
  static func run(_ words: [String: String], overlap: Bool = true) throws -> (
    seconds: [Double], bubbles: [Double], longer: Double
  ) {
    // An expert takes three units, longer than its 25 us of bytes: 1.5 for its first plane, 0.75 for each other.
    var settings = ToySettings(
      numbers: ["budget": 100e6, "four-bits": 1, "three-bits": 0, "group": 3 * unit, "scale-group": 0],
      flags: ["overlap": overlap],
      words: words)
    settings.model = model
    let placed = try #require(ExpertBits.plan(settings))
    var policy = placed.engine.policy
    var timeline = Timeline(placed.engine.resources)
    var plan = StepPlan()
    policy.begin(&plan)
    var (seconds, bubbles, lengths, now) = ([Double](), [Double](), [Double](), Instant.start)
    for step in 0..<2 {
      plan.removeAll()
      let sequences = [StepSequence(request: 0, position: 0, tokens: 1, isPrompt: false)]
      sequences.withUnsafeBufferPointer {
        policy.place(StepView(shape: StepShape(decodes: 1, context: 1), sequences: $0, step: step), into: &plan)
      }
      let end = timeline.run(&plan, release: now)
      lengths.append(Double(end.picoseconds - now.picoseconds) * 1e-12 / unit)
      now = end
      let share = policy.figures.first { $0.name == "bubble-share" }
      seconds.append((share?.of ?? 0) / unit)
      bubbles.append((share?.sum ?? 0) / unit)
    }
    return (seconds, bubbles, lengths[0] - lengths[1])
  }

  @Test("Planes are multiplied as they come, and what is held does not wait")
  func bubbles() throws {
    // The planes of expert 0 come after 2, 3 and 4 units and are multiplied until 3.5, 4.25 and 5; those of expert 1 come after
    // 6, 7 and 8 and are until 7.5, 8.25 and 9: one unit more than the 8 of reads. In the second step all is held: 6 units, so
    // that 15 are 3 more than the 12 of kernels. The timeline says the same: 9 - 6.
    for words in [["order": "by-number"], ["order": "hottest-first"]] {
      let run = try Self.run(words)
      #expect(abs(run.seconds[0] - 9) < 0.001 && abs(run.bubbles[0] - 1) < 0.001, "\(words)")
      #expect(abs(run.seconds[1] - 15) < 0.001 && abs(run.bubbles[1] - 3) < 0.001, "\(words)")
      #expect(abs(run.longer - 3) < 0.001, "\(words)")
    }
  }

  @Test("An expert of one width waits for all of its bits")
  func whole() throws {
    // Expert 0 has come after 4 units and computes until 7, expert 1 after 8 and until 11: 3 more than the reads. Then 17 are 5
    // more than the 12 of kernels.
    let run = try Self.run(["order": "by-number", "widths": "static"])
    #expect(abs(run.seconds[0] - 11) < 0.001 && abs(run.bubbles[0] - 3) < 0.001)
    #expect(abs(run.seconds[1] - 17) < 0.001 && abs(run.bubbles[1] - 5) < 0.001)
    #expect(abs(run.longer - 5) < 0.001)
  }

  @Test("Without overlap a layer computes when all of it has come")
  func noOverlap() throws {
    // 8 units of reads, and then 3 + 3: 6 more than the reads.
    let run = try Self.run(["order": "by-number", "widths": "static"], overlap: false)
    #expect(abs(run.seconds[0] - 14) < 0.001 && abs(run.bubbles[0] - 6) < 0.001)
    #expect(abs(run.longer - 8) < 0.001)
  }
}
