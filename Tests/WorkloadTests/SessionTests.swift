import Kernel
import Statistics
import Testing
import Units

@testable import Workload

/// Sessions, samples, users and what their contents have in common.
@Suite struct SessionTests {
  private static func generator(_ pattern: Generator.Pattern, _ extent: Generator.Extent) -> Generator {
    var generator = Generator(
      arrivals: .poisson(Rate(10)),
      lengths: .independent(prompt: .lognormal(mean: 60, variation: 1, maximum: 500), output: .constant(30)),
      extent: extent)
    generator.pattern = pattern
    generator.systemPrompt = 50
    generator.blockTokens = 16
    return generator
  }

  private static let sessions = Sessions(
    turns: .geometric(mean: 4), think: .exponential(mean: .seconds(20)), maxContext: 5000)

  @Test func everyTurnRepeatsAllThatWasSaid() throws {
    let trace = try Self.generator(.sessions(Self.sessions), .requests(2000)).trace(seed: 1)
    let followers = try #require(trace.followers)
    let blocks = try #require(trace.blocks)
    #expect(trace.requests.count == 2000 && followers.isValid(count: 2000))
    for (offset, predecessor) in followers.predecessors.enumerated() {
      let (turn, before) = (followers.independent + offset, Int(predecessor))
      let said = Int(trace.requests[before].promptTokens) + Int(trace.requests[before].outputTokens)
      #expect(Int(trace.requests[turn].promptTokens) > said)
      // Whole blocks of what was said are the same, and nothing after them.
      let common = zip(blocks[turn], blocks[before]).prefix { $0 == $1 }.count
      #expect(common == said / 16)
    }
    // All prompts begin with three whole blocks of the system prompt; the fourth is already their own.
    for index in trace.requests.indices {
      let tokens = Int(trace.requests[index].promptTokens) + Int(trace.requests[index].outputTokens)
      #expect(blocks[index].count == (tokens + 15) / 16 && Array(blocks[index].prefix(3)) == [0, 1, 2])
    }
    #expect(Set((0..<followers.independent).map { blocks[$0].dropFirst(3).first }).count == followers.independent)
    #expect(trace.tally.endedSessions == 0)
  }

  @Test(
    arguments: [
      (.geometric(mean: 4), 4), (.constant(3), 3),
      (.quantiles([Quantiles.Point(0, 1), Quantiles.Point(0.5, 2), Quantiles.Point(1, 11)]), 4.0),
    ] as [(TurnLaw, Double)])
  func turnsComeAtTheRateOfRequests(_ turns: TurnLaw, _ mean: Double) throws {
    let sessions = Sessions(turns: turns, think: .constant(.seconds(1)))
    let counts = try (1...40).map { seed in
      let trace = try Self.generator(.sessions(sessions), .duration(.seconds(200))).trace(seed: UInt64(seed))
      return (requests: Double(trace.requests.count), sessions: Double(trace.independentCount))
    }
    let requests = try #require(Summary(counts.map { $0.requests / 200 })).meanInterval(confidence: 0.9999)
    let each = try #require(Summary(counts.map { $0.requests / $0.sessions }))
    #expect(requests.contains(10), "\(requests)")
    #expect(each.meanInterval(confidence: 0.9999).contains(mean) || each.deviation == 0, "\(each.mean)")
  }

  @Test func sessionsEndAtTheLongestContext() throws {
    let short = Sessions(turns: .constant(40), think: .constant(.zero), maxContext: 1000)
    let trace = try Self.generator(.sessions(short), .requests(500)).trace(seed: 2)
    #expect(trace.requests.allSatisfy { $0.promptTokens + $0.outputTokens <= 1000 })
    #expect(trace.tally.endedSessions > 0 && trace.tally.notes.contains { $0.contains("sessions ended early") })
  }

  @Test func aSessionIsTheSameWhateverTheOthers() throws {
    let few = try Self.generator(.sessions(Self.sessions), .requests(100)).trace(seed: 5)
    var fast = Self.generator(.sessions(Self.sessions), .requests(1000))
    fast.arrivals = .gamma(Rate(70), variation: 3)
    let many = try fast.trace(seed: 5)
    func chain(_ trace: Trace, _ first: Int) -> [Request] {
      var (at, chain) = (first, [trace.requests[first]])
      while let next = trace.followers?.predecessors.firstIndex(of: Int32(at)) {
        at = trace.independentCount + next
        chain.append(trace.requests[at])
      }
      return chain
    }
    // The last session may be cut by the number of requests.
    for session in 0..<few.independentCount - 1 {
      #expect(chain(few, session).map(\.promptTokens) == chain(many, session).map(\.promptTokens))
    }
  }

  @Test func samplesShareTheirPromptAndItsBlocks() throws {
    let trace = try Self.generator(.samples(4), .requests(402)).trace(seed: 3)
    let blocks = try #require(trace.blocks)
    #expect(trace.requests.count == 402 && trace.followers == nil)
    for index in trace.requests.indices where index % 4 > 0 {
      let (own, first) = (trace.requests[index], trace.requests[index - index % 4])
      #expect(own.arrival == first.arrival && own.promptTokens == first.promptTokens)
      let common = zip(blocks[index], blocks[index - index % 4]).prefix { $0 == $1 }.count
      #expect(common == Int(own.promptTokens) / 16)
    }
    var varied = Self.generator(.samples(4), .requests(4000))
    varied.lengths = .independent(prompt: .constant(9), output: .lognormal(mean: 100, variation: 1, maximum: 900))
    let outputs = try varied.trace(seed: 3).requests.map(\.outputTokens)
    #expect(Set(outputs.prefix(4)).count == 4)
    // Further samples count in the rate: 4000 requests at 10 /s.
    #expect(try varied.trace(seed: 3).requests[3999].arrival > .start + .seconds(330))
  }

  @Test func usersFollowTheirOwnRequests() throws {
    var generator = Self.generator(.single, .requests(100))
    generator.arrivals = .closedLoop(
      ClosedLoop(users: 8, think: .quantiles([Quantiles.Point(0, 1), Quantiles.Point(1, 3)])))
    let trace = try generator.trace(seed: 1)
    let followers = try #require(trace.followers)
    #expect(followers.independent == 8 && followers.isValid(count: 100))
    #expect(followers.predecessors == (0..<92).map { Int32($0) })
    #expect(
      (followers.delays + trace.requests.prefix(8).map { $0.arrival - .start }).allSatisfy {
        .seconds(1)...(.seconds(3)) ~= $0
      })
    generator.extent = .requests(5)
    #expect(try generator.trace(seed: 1).followers == nil)
    generator.extent = .duration(.seconds(10))
    #expect(throws: Generator.Fault.badPattern("how long users take follows from how they are served")) {
      try generator.trace(seed: 1)
    }
  }

  @Test func pairsAreDrawnByTheirWeights() throws {
    let pairs = [
      LengthPair(prompt: 10, output: 1), LengthPair(prompt: 20, output: 2, weight: 3),
      LengthPair(prompt: 7, output: 7, weight: 0),
    ]
    let drawn = try Generator(arrivals: .constant(Rate(1)), lengths: .weighted(pairs), extent: .requests(10_000))
      .trace(seed: 1).requests
    let second = drawn.count { $0.promptTokens == 20 && $0.outputTokens == 2 }
    // 4 standard deviations of a binomial count.
    #expect(abs(Double(second) - 7500) < 4 * 43.4 && drawn.allSatisfy { $0.promptTokens != 7 })
  }

  @Test func mixturesKeepEachPartWhole() throws {
    let sessions = try Self.generator(.sessions(Self.sessions), .requests(300)).trace(seed: 1).owned(by: 1)
    let samples = try Self.generator(.samples(3), .requests(200)).trace(seed: 2).owned(by: 0)
    let plain = try Generator(
      arrivals: .constant(Rate(3)), lengths: .independent(prompt: .constant(5), output: .constant(6)),
      extent: .requests(50)
    ).trace(seed: 3).owned(by: 2)
    let mixed = try Trace(mixing: [sessions, samples, plain])
    #expect(mixed.requests.count == 550 && mixed.followers?.isValid(count: 550) == true)
    let arrivals = mixed.requests.prefix(mixed.independentCount).map(\.arrival)
    #expect(arrivals == arrivals.sorted() && mixed.tenants.count { $0 == 2 } == 50)
    for (part, tenant) in [(sessions, UInt8(1)), (samples, 0), (plain, 2)] {
      let own = mixed.requests.indices.filter { mixed.tenants[$0] == tenant }
      #expect(own.map { mixed.requests[$0].promptTokens } == part.requests.map(\.promptTokens))
      // Blocks are the same but for their names, and none is another part's.
      let blocks = try #require(mixed.blocks)
      if let before = part.blocks { #expect(blocks.selecting(own) == before.selecting(part.requests.indices)) }
    }
    let ids = [UInt8(0), 1].map { tenant in
      Set(mixed.requests.indices.filter { mixed.tenants[$0] == tenant }.flatMap { mixed.blocks?[$0] ?? [] })
    }
    #expect(ids[0].isDisjoint(with: ids[1]))
  }

  @Test func sharesAreWholeSessionsOfEachTenant() throws {
    let trace = try Self.generator(.sessions(Self.sessions), .requests(20_000)).trace(seed: 1)
      .shared(among: [(4, 0.75), (9, 0.25)], seed: 1)
    let heads = trace.tenants.prefix(trace.independentCount)
    let share = Double(heads.count { $0 == 9 }) / Double(heads.count)
    #expect(abs(share - 0.25) < 4 * (0.25 * 0.75 / Double(heads.count)).squareRoot() && Set(trace.tenants) == [4, 9])
    for (offset, predecessor) in (trace.followers?.predecessors ?? []).enumerated() {
      #expect(trace.tenants[trace.independentCount + offset] == trace.tenants[Int(predecessor)])
    }
  }
}
