import Cluster
import Kernel
import Testing
import Units
import Workload

@testable import Scenario

/// What scenarios say of workloads.
@Suite struct WorkloadLanguageTests {
  private static let cluster = "model: llama-2-7b\ncluster: {pools: {all: {device: a100-sxm}}}\n"

  /// What `use` makes of the resolution of a workload, with a trace `t.csv` beside it.
  @discardableResult
  private func resolved<T>(
    _ workload: String, trace: String = "", more: String = "", set: [(String, String)] = [],
    _ use: (ResolvedScenario) throws -> T
  ) throws -> T {
    try withFolder { folder in
      try write("\(Self.cluster)workload: \(workload)\n\(more)", to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let read = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: []),
        set: set.map { (path: $0.0, value: $0.1) })
      return try use(try read.resolve())
    }
  }

  private func resolved(_ workload: String, more: String = "", set: [(String, String)] = []) throws -> ResolvedScenario
  {
    try resolved(workload, more: more, set: set) { $0 }
  }

  @Test func aTraceBeginsWithTheFirstRequestThatIsTaken() throws {
    let rows = [(1000, 96), (1000.5, 97), (1001, 98), (1002, 99)].map { "\($0.0),\($0.1),8\n" }
    let trace = "arrival_s,prompt_tokens,output_tokens\n" + rows.joined()
    func arrivals(_ settings: String) throws -> [Double] {
      try resolved("{trace: {path: t.csv}\(settings)}", trace: trace) {
        try $0.trace().requests.map(\.arrival.seconds)
      }
    }
    #expect(try arrivals("") == [0, 0.5, 1, 2])
    #expect(try arrivals(", window: {from: 1000.2 s, to: 1005 s}") == [0, 0.5, 1.5])
    // 3 gaps in 2 s are 1.5 a second.
    #expect(try arrivals(", rate: 3 /s") == [0, 0.25, 0.5, 1])
    // A sample that holds none is refused.
    let sampled = (0..<20).compactMap { seed in
      try? resolved("{trace: {path: t.csv}, sample: 50 %}", trace: trace, more: "seed: \(seed)\n") {
        try $0.trace().requests.map(\.arrival.seconds)
      }
    }
    #expect(sampled.allSatisfy { $0.first == 0 } && sampled.contains { $0.count == 2 })
  }

  private func generator(_ workload: String) throws -> GeneratorPlan? {
    guard case .generator(let plan) = try resolved(workload).workload.source else { return nil }
    return plan
  }

  @Test(
    arguments: [
      ("{weibull: {cv: 2}}", .weibull(Rate(4), variation: 2)),
      (
        "{mmpp: {states: [{multiple: 1, dwell: 1 min}, {multiple: 8, dwell: 500 ms}]}}",
        .switching(
          Rate(4),
          states: [RateState(multiple: 1, dwell: .seconds(60)), RateState(multiple: 8, dwell: .milliseconds(500))])
      ),
      (
        "{diurnal: {profile: [1, 2.5], start: 1 h}}",
        .diurnal(Rate(4), RateProfile(period: .seconds(86_400), rates: [1, 2.5], start: .seconds(3600)))
      ),
      (
        "{diurnal: {profile: [1, 2], period: 10 min, cv: 3}}",
        .diurnal(Rate(4), RateProfile(period: .seconds(600), rates: [1, 2], variation: 3))
      ),
    ] as [(String, ArrivalProcess)])
  func arrivals(_ written: String, _ process: ArrivalProcess) throws {
    let plan = try generator("{generator: \(written), rate: 4 /s, requests: 5, lengths: azure-2023-conv-like}")
    #expect(plan?.arrivals == process)
  }

  @Test func usersSessionsAndSamples() throws {
    let users = try generator(
      "{generator: {closed-loop: {users: 7, think: {lognormal: {mean: 5 s, cv: 2}}}}, requests: 50, "
        + "lengths: {pairs: [[10 tokens, 5 tokens], [20 tokens, 7 tokens, 3]]}, system-prompt: 100 tokens}")
    #expect(
      users?.arrivals == .closedLoop(ClosedLoop(users: 7, think: .lognormal(mean: .seconds(5), variation: 2))))
    #expect(
      users?.lengths
        == .pairs([LengthPair(prompt: 10, output: 5), LengthPair(prompt: 20, output: 7, weight: 3)]))
    #expect(users?.systemPrompt == 100)
    let sessions = try generator(
      "{generator: poisson, rate: 4 /s, requests: 50, "
        + "lengths: {prompt: {quantiles: {p100: 9 tokens, p0: 1 tokens, p99.9: 5 tokens}}, output: 3 tokens}, "
        + "sessions: {turns: {quantiles: {p0: 1, p100: 9}}, think: {quantiles: {p0: 0 s, p100: 1 min}}}}")
    #expect(
      sessions?.pattern
        == .sessions(
          Sessions(
            turns: .quantiles([Quantiles.Point(0, 1), Quantiles.Point(1, 9)]),
            think: .quantiles([Quantiles.Point(0, 0), Quantiles.Point(1, 60)]))))
    #expect(
      sessions?.lengths
        == .laws(
          prompt: .quantiles([Quantiles.Point(0, 1), Quantiles.Point(0.999, 5), Quantiles.Point(1, 9)]),
          output: .constant(3)))
    let samples = try generator(
      "{generator: poisson, rate: 4 /s, requests: 5, lengths: azure-2023-conv-like, samples: 4}")
    #expect(samples?.pattern == .samples(4))
  }

  private static let mixture = """
    {tenants: {
      chat: {workload: {generator: poisson, rate: 3 /s, requests: 30, lengths: azure-2023-conv-like}, priority: 2,
             slo: {ttft: 1 s}},
      code: {workload: {generator: poisson, rate: 1 /s, requests: 10, lengths: azure-2023-code-like}}}}
    """

  @Test func tenantsWithWorkloadsOfTheirOwn() throws {
    let resolved = try resolved(Self.mixture, more: "slo: {ttft: 9 s}\n")
    let trace = try resolved.trace()
    let tenants = resolved.tenants(of: trace)
    #expect(tenants.map(\.name) == ["chat", "code"] && tenants.map(\.priority) == [2, 0])
    #expect(tenants.map { $0.slo?.clauses.map(\.bound) } == [[.absolute(Seconds(1))], [.absolute(Seconds(9))]])
    #expect(trace.tenants.count { $0 == 0 } == 30 && trace.tenants.count { $0 == 1 } == 10)
    // At twice the rate of both together each has the same requests at twice its own.
    #expect(resolved.workload.meanRate == Rate(4) && resolved.workload.canChangeRate)
    let fast = try resolved.at(Rate(8)).trace()
    #expect(fast.requests.map(\.promptTokens).sorted() == trace.requests.map(\.promptTokens).sorted())
    let ends = [trace, fast].map { ($0.requests[39].arrival - .start).seconds }
    #expect(abs(ends[0] / ends[1] - 2) < 1e-6)
  }

  @Test func aTenantsRequestsDoNotDependOnTheOthers() throws {
    let both = try resolved(Self.mixture).trace()
    let alone = try resolved(Self.mixture, set: [("workload.tenants.chat", "~")]).trace()
    let code = both.requests.indices.filter { both.tenants[$0] == 1 }
    #expect(code.map { both.requests[$0] } == alone.requests)
    // Nor do they on the order of the file.
    let turned = """
      {tenants: {
        code: {workload: {lengths: azure-2023-code-like, requests: 10, rate: 1 /s, generator: poisson}},
        chat: {slo: {ttft: 1 s}, workload: {generator: poisson, rate: 3 /s, requests: 30, lengths: azure-2023-conv-like}}}}
      """
    #expect(try resolved(turned).trace() == both)
  }

  @Test func sharesOfOneWorkload() throws {
    let resolved = try resolved(
      "{generator: poisson, rate: 4 /s, requests: 4000, lengths: azure-2023-conv-like, "
        + "tenants: {a: {share: 25 %}, b: {share: 75 %, priority: -1}}}")
    let trace = try resolved.trace()
    // 5 standard deviations of a binomial count.
    #expect(abs(trace.tenants.count { $0 == 0 } - 1000) < 137 && trace.tenantNames == ["a", "b"])
    let alone = try self.resolved("{generator: poisson, rate: 4 /s, requests: 4000, lengths: azure-2023-conv-like}")
    #expect(try alone.trace().requests == trace.requests)
  }

  private static let named = """
    arrival_s,prompt_tokens,output_tokens,tenant
    0,100,20,paid
    1,100,20,free
    2,100,20,paid

    """

  @Test func tenantsThatATraceNames() throws {
    try resolved("{trace: t.csv}", trace: Self.named) { plain in
      let trace = try plain.trace()
      #expect(plain.tenants(of: trace) == [Tenant(name: "paid"), Tenant(name: "free")])
    }
    try resolved("{trace: t.csv, tenants: {paid: {priority: 3}}}", trace: Self.named) { told in
      let trace = try told.trace()
      #expect(told.tenants(of: trace) == [Tenant(name: "paid", priority: 3), Tenant(name: "free")])
      #expect(trace.tenants == [0, 1, 0])
    }
    try resolved("{trace: t.csv, tenants: {piad: {priority: 3}}}", trace: Self.named) { wrong in
      let faults = #expect(throws: Faults.self) { try wrong.trace() }
      #expect(faults?.description.contains("fix: did you mean 'paid'?") == true)
    }
    let one = "arrival_s,prompt_tokens,output_tokens\n0,1,1\n"
    let other = "{generator: poisson, rate: 1 /s, requests: 2, lengths: azure-2023-conv-like}"
    try resolved("{trace: t.csv, tenants: {b: {workload: \(other)}}}", trace: one) { nobody in
      #expect(throws: Faults.self) { try nobody.trace() }
    }
  }

  @Test func aTraceAndAGeneratorMix() throws {
    let workload =
      "{trace: t.csv, max-prompt: 60 tokens, tenants: {more: {workload: "
      + "{generator: constant, rate: 2 /s, requests: 4, lengths: azure-2023-conv-like}}}}"
    try resolved(workload, trace: Self.named) { mixed in
      let trace = try mixed.trace()
      #expect(trace.tenantNames == ["more", "paid", "free"] && trace.requests.count == 7)
      #expect(trace.tally.notes == ["3 prompts cut to max-prompt"])
      #expect(!mixed.workload.canChangeRate)
    }
  }

  @Test func aVariantChoosesAnotherLaw() throws {
    let text = """
      \(Self.cluster)workload: {generator: poisson, rate: 4 /s, requests: 5, lengths: azure-2023-conv-like,
        sessions: {turns: {geometric: {mean: 3}}, think: {exponential: {mean: 1 s}}},
        tenants: {a: {share: 100 %}}}
      variants:
        first: {}
        other: {workload: {sessions: {turns: {quantiles: {p0: 1, p100: 2}}, think: 2 s}}}
        own: {workload: {generator: ~, rate: ~, requests: ~, lengths: ~, sessions: ~, tenants: {a: {share: ~, workload: {generator: constant, rate: 1 /s, requests: 2, lengths: azure-2023-conv-like}}}}}
      """
    let read = try scenario(["s.yaml": text])
    guard case .generator(let other) = try read.resolve(variant: "other").workload.source else {
      Issue.record("no generator")
      return
    }
    #expect(
      other.pattern
        == .sessions(
          Sessions(
            turns: .quantiles([Quantiles.Point(0, 1), Quantiles.Point(1, 2)]), think: .constant(.seconds(2)))))
    #expect(try read.resolve(variant: "own").workload.source == .tenants)
  }
}
