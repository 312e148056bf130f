import Foundation
import Ledger
import Scenario
import Support
import Testing
import Units

@testable import Study

/// Every form of a claim, on figures made up so that the arithmetic can be done by hand.
@Suite("Claims")
struct ClaimTests {
  /// What a claim makes of the rows of variants a, b, c and d, and what becomes of it.
  private func check(
    _ claim: String, _ figures: [Double], rates: [Double] = [], row metric: String = "ttft_p50_s",
    scope: String = "cluster"
  ) throws -> ClaimCheck {
    let small = try SmallScenario()
    let names = ["a", "b", "c", "d"].prefix(figures.count)
    let text = try String(contentsOfFile: small.path, encoding: .utf8)
    let head = text.components(separatedBy: "variants:")[0]
    try small.write(
      "claim.yaml",
      head + "variants: {\(names.map { "\($0): {}" }.joined(separator: ", "))}\n"
        + "claims: [{mark: A, source: s, \(claim)}]\n")
    let claims = try ScenarioReader().read(small.folder.appendingPathComponent("claim.yaml").path).scenario.claims
    let variants = zip(names, figures.indices).map { name, index in
      let rows = [
        MetricRow(scope: scope, name: metric, value: figures[index], unit: "s"),
        MetricRow(scope: "cluster", name: "price_usd_per_h", value: 2, unit: "$/h"),
      ]
      return (name, VariantFigures(rows: rows).with(highestRate: rates.isEmpty ? nil : Rate(rates[index])))
    }
    return try #require(ClaimCheck.check(claims, on: Dictionary(uniqueKeysWithValues: variants)).first)
  }

  private func near(_ figure: Double?, _ expected: Double) -> Bool {
    figure.map { abs($0 - expected) < 1e-12 } ?? false
  }

  @Test("A figure, a ratio, a difference, a saving and the recovery of a gap")
  func comparisons() throws {
    let figures = [8.0, 4.0, 2.0]
    let of = "metric: ttft-p50, published: 1, of"
    #expect(near(try check("\(of): b", figures).figure, 4))
    #expect(near(try check("\(of): a, over: b", figures).figure, 2))
    #expect(near(try check("\(of): a, over: b, as: difference", figures).figure, 4))
    #expect(near(try check("\(of): b, over: a, as: saving", figures).figure, 0.5))
    // (8 - 4) / (8 - 2)
    #expect(near(try check("\(of): b, over: [a, c], as: recovery", figures).figure, 4.0 / 6))
    #expect(try check("\(of): b, over: [a, c], as: recovery", [8, 4, 8]).figure == nil)
  }

  @Test("What is taken of several variants, each compared with its own other")
  func takings() throws {
    let figures = [1.0, 2.0, 4.0, 16.0]
    func taken(_ taking: String, of: String = "[a, b, c]", _ rest: String = "") throws -> Double? {
      try check("metric: ttft-p50, published: 1, of: \(of), take: \(taking)\(rest)", figures).figure
    }
    #expect(near(try taken("mean"), 7.0 / 3))
    #expect(near(try taken("geomean"), 2))
    #expect(near(try taken("least"), 1))
    #expect(near(try taken("greatest"), 4))
    #expect(near(try taken("spread"), 4))
    #expect(near(try taken("mean", ", over: d"), 7.0 / 48))
    #expect(near(try taken("mean", of: "[b, d]", ", over: [a, c]"), 3))
    #expect(near(try taken("highest-at", ", at: [10, 20, 30]"), 30))
    #expect(near(try taken("lowest-at", ", at: [10, 20, 30]"), 10))
    // The least of each step: 2/1, 4/2, 16/4; the other way 1/2, 2/4, 4/16.
    #expect(near(try taken("rising", of: "[a, b, c, d]"), 2))
    #expect(near(try taken("falling", of: "[a, b, c, d]"), 0.25))
  }

  @Test("An order holds where every step is strictly its way, and a bound may ask for more")
  func orders() throws {
    let order = "metric: ttft-p50, of: [a, b, c], take: rising"
    #expect(try check(order, [1, 2, 3]).holds == true)
    #expect(try check(order, [1, 2, 2]).holds == false)
    #expect(try check("\(order), at-least: 1.6", [1, 2, 3]).holds == false)
    // The gain of b over a is above that of d over c.
    let gains = "metric: ttft-p50, of: [b, d], over: [a, c], take: falling"
    #expect(try check(gains, [1, 3, 1, 2]).holds == true)
    #expect(try check(gains, [1, 2, 1, 3]).holds == false)
  }

  @Test("A line has an R^2 of 1, and a bent one less")
  func linearity() throws {
    let claim = "metric: ttft-p50, of: [a, b, c], take: linear, at: [7, 13, 19], at-least: 0.95"
    #expect(near(try check(claim, [3, 2, 1]).figure, 1))
    // Deviations of x -6, 0, 6 and of y -2, -1, 3: 30^2 / (72 * 14).
    #expect(near(try check(claim, [0, 1, 5]).figure, 900.0 / 1008))
    #expect(try check(claim, [0, 1, 5]).holds == false)
    #expect(try check(claim, [1, 1, 1]).figure == nil)
  }

  @Test("A crossing lies on the line between two figures, and two of them are compared")
  func crossings() throws {
    let claim = "metric: ttft-p50, published: 1, of: [a, b, c], take: crossing, at: [1, 2, 4], level"
    #expect(near(try check("\(claim): 3", [1, 2, 6]).figure, 2.5))
    #expect(near(try check("\(claim): 1.5x", [2, 4, 6]).figure, 1.5))
    #expect(try check("\(claim): 9", [1, 2, 6]).figure == nil)
    let pair = "metric: ttft-p50, published: 1, of: [a, b], over: [c, d], take: crossing, at: [1, 2], level: 2x"
    // 1 to 3 crosses 2 at 1.5; 1 to 2 at 2.
    #expect(near(try check(pair, [1, 3, 1, 2]).figure, 0.75))
    let best = "metric: ttft-p50, published: 1, of: [a, b], over: [c, d], take: highest-at, at: [1, 2]"
    #expect(near(try check(best, [3, 1, 1, 2]).figure, 0.5))
  }

  @Test("A row of a pool, path or tenant is found, divided by another of its own or of the cluster")
  func scopes() throws {
    let hits = "metric: expert-hit-rate, published: 1, of: a"
    #expect(near(try check("\(hits), pool: all", [0.9], row: "expert-hit-rate", scope: "pool all").figure, 0.9))
    #expect(
      near(try check("\(hits), pool: all, per: price", [0.9], row: "expert_hit_rate", scope: "pool all").figure, 0.45))
    #expect(
      near(
        try check("\(hits), pool: all, times: price", [0.9], row: "expert_hit_rate", scope: "pool all").figure, 1.8))
    #expect(near(try check("\(hits), path: a -> b", [2], row: "expert-hit-rate", scope: "path a -> b").figure, 2))
    let fault = try #require(
      try check(
        "metric: expert-hit-rat, published: 1, of: a, pool: all", [1], row: "expert-hit-rate", scope: "pool all"
      )
      .fault)
    #expect(fault.what == "'pool all' of 'a' has no figure 'expert-hit-rat'")
    #expect(fault.why == "it has expert-hit-rate" && fault.fix.contains("expert-hit-rate"))
    let pool = try #require(try check("\(hits), pool: other", [1], row: "expert-hit-rate", scope: "pool all").fault)
    #expect(pool.what == "the results of 'a' have no 'pool other'")
  }

  @Test("A highest rate takes every form that other figures take")
  func searched() throws {
    let rates = [30.0, 20.0]
    let claim = "metric: max-rate, published: 1.4, within: [1.4, 1.6], of: a, over: b"
    #expect(near(try check(claim, [1, 1], rates: rates).figure, 1.5))
    #expect(near(try check("\(claim), per: price", [1, 1], rates: rates).figure, 1.5))
    #expect(try check(claim, [1, 1]).figure == nil)
    #expect(try check(claim, [1, 1]).verdict == .none)
  }

  @Test("What counts is a range, a share of the published figure, a bound, or nothing")
  func accepted() throws {
    let of = "metric: ttft-p50, of: a, published: 2"
    #expect(try check("\(of), within: 10 %", [2.2]).holds == true)
    #expect(try check("\(of), within: 10 %", [2.3]).holds == false)
    #expect(try check("\(of), at-least: 2", [2]).holds == true)
    #expect(try check("\(of), at-least: 2", [1]).holds == false)
    #expect(try check("\(of), at-most: 2", [9]).holds == false)
    #expect(try check(of, [9]).holds == nil)
    #expect(try check("metric: ttft-p50, of: a, at-least: 1, at-most: 3", [2]).holds == true)
  }

  @Test("Outside, but on the published side of no change, is the direction only")
  func verdicts() throws {
    let ratio = "metric: ttft-p50, of: a, over: b, published: 1.4, within: [1.2, 1.6]"
    #expect(try check(ratio, [3, 2]).verdict == .within)
    #expect(try check(ratio, [2, 1]).verdict == .directionOnly)
    #expect(try check(ratio, [1, 2]).verdict == .outside)
    let saving = "metric: ttft-p50, of: a, over: b, as: saving, published: 0.25, within: [0.2, 0.3]"
    #expect(try check(saving, [9, 10]).verdict == .directionOnly)
    #expect(try check(saving, [11, 10]).verdict == .outside)
    #expect(try check("metric: ttft-p50, of: a, published: 1.4, within: [1, 2]", [3]).verdict == .outside)
  }

  @Test("A claim says in words what it compares, and other versions of its figure stand beside it")
  func words() throws {
    let claim = try check(
      "metric: ttft-p50, of: [a, b], over: c, take: geomean, published: 1.4, also: [{value: 1.7, mark: P, source: v3}]",
      [1, 2, 3]
    ).claim
    #expect(claim.subject == "geomean of ttft-p50 of a, b over c")
    #expect(claim.also == [Claim.Citation(value: 1.7, mark: .paper, source: "v3")])
  }
}
