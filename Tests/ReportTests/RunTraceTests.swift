import Cluster
import Foundation
import Report
import Support
import Testing
import Units

/// Runs as files for Perfetto.
@Suite struct RunTraceTests {
  private typealias Event = [String: Any]

  private func trace(_ seed: UInt64, most: Int = 100_000) throws -> RunTrace? {
    let scenario = try RandomScenario(seed: seed, router: .allCases[Int(seed) % 5])
    let cluster = scenario.cluster.description(\.policy, evict: \.policy)
    let result = try? Simulation.run(
      cluster, trace: scenario.trace, tenants: scenario.tenants, route: scenario.router.policy,
      recording: RecordedWindow(most: most))
    return result.flatMap { RunTrace("run", cluster, $0.served(scenario.trace), $0, process: 1) }
  }

  private func events(_ traces: [RunTrace]) throws -> [Event] {
    let object = try JSONSerialization.jsonObject(with: Data(RunTrace.json(traces).utf8))
    return try #require((object as? Event)?["traceEvents"] as? [Event])
  }

  private func number(_ event: Event, _ key: String) -> Double { (event[key] as? NSNumber)?.doubleValue ?? .nan }

  @Test("Slices of a track do not overlap, and what a request does nests within it")
  func wellFormed() throws {
    var (slices, spans, phases) = (0, 0, Set<String>())
    for seed in 0..<40 as Range<UInt64> {
      guard let trace = try trace(seed) else { continue }
      let events = try events([trace])
      var tracks: [String: [(Double, Double)]] = [:]
      var open: [String: [(name: String, at: Double)]] = [:]
      for event in events {
        let process = Int(number(event, "pid"))
        switch event["ph"] as? String {
        case "X":
          tracks["\(process).\(Int(number(event, "tid")))", default: []].append(
            (number(event, "ts"), number(event, "dur")))
        case "b", "e":
          let id = try #require((event["id2"] as? Event)?["local"] as? String)
          let name = try #require(event["name"] as? String)
          let key = "\(process).\(id)"
          if event["ph"] as? String == "b" {
            #expect(open[key]?.last?.at ?? 0 <= number(event, "ts"), "seed \(seed)")
            open[key, default: []].append((name, number(event, "ts")))
            spans += 1
            if !name.hasPrefix("request") { phases.insert(name) }
          } else {
            let last = open[key]?.popLast()
            let begun = try #require(last)
            #expect(begun.name == name && begun.at <= number(event, "ts"), "seed \(seed)")
          }
        default: break
        }
      }
      let left = open.values.count { !$0.isEmpty }
      #expect(left == 0, "seed \(seed)")
      for track in tracks.values {
        let sorted = track.sorted { $0.0 < $1.0 }
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.0 + $0.1 <= $1.0 + 1e-6 }, "seed \(seed)")
        slices += track.count
      }
    }
    #expect(slices > 1000 && spans > 500 && phases == ["queue", "prefill", "transfer", "decode"])
  }

  @Test("The same run is the same bytes; what does not fit is said")
  func bounded() throws {
    let first20 = 0..<20 as Range<UInt64>
    let seed = try #require(try first20.first { try trace($0) != nil })
    let (first, second) = (try #require(try trace(seed)), try #require(try trace(seed)))
    #expect(RunTrace.json([first]) == RunTrace.json([second]) && first.omissions.isEmpty)
    let cut = try #require(try trace(seed, most: 3))
    #expect(cut.omissions.count == 2)
    let (some, all) = (try events([cut]).count, try events([first]).count)
    #expect(some < all)
  }
}
