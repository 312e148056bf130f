import Cluster
import Scenario
import Units

/// What became of a published result.
public struct ClaimCheck: Sendable {
  /// What our figure says of the published one.
  public enum Verdict: String, Codable, CaseIterable, Sendable {
    /// It lies where it counts as reproduced.
    case within
    /// It does not, but on the published side of no change.
    case directionOnly = "direction only"
    /// It does not.
    case outside
    /// Nothing says what counts, or something was not measured.
    case none = "-"
  }

  /// The claim.
  public var claim: Claim
  /// Our figure: that of the variant, or what is taken of several and compared; nil where one of them was not measured.
  public var figure: Double?
  /// Why it could not be told; nil where nothing is wrong.
  public var fault: Diagnostic?

  /// Whether the figure lies where it counts as reproduced; nil where nothing says what counts, or nothing was
  /// measured.
  public var holds: Bool? {
    guard let within = claim.within, let figure else { return nil }
    return within.contains(figure)
  }

  /// What our figure says of the published one.
  public var verdict: Verdict {
    guard let holds, let figure else { return .none }
    if holds { return .within }
    guard let neutral = claim.comparison?.neutral, let published = claim.published.value, figure != neutral,
      claim.taking.map({ !$0.isPosition && $0 != .linear && $0 != .spread }) ?? true
    else { return .outside }
    return (figure > neutral) == (published > neutral) && published != neutral ? .directionOnly : .outside
  }

  /// The claims whose variants are among `runs`, but those that take a search.
  public static func check(_ claims: [Claim], on runs: [Run]) -> [ClaimCheck] {
    let variants = Dictionary(
      runs.compactMap { run in run.experiment.scenario.variant.map { ($0, VariantFigures(run)) } },
      uniquingKeysWith: { $1 })
    return check(claims.filter { !$0.isSearched }, on: variants)
  }

  /// The claims of a highest rate whose variants are among those of `findings`.
  public static func check(_ claims: [Claim], on findings: [(variant: String, finding: CapacityFinding)])
    -> [ClaimCheck]
  {
    let variants = Dictionary(
      findings.map { ($0.variant, VariantFigures(highestRate: $0.finding.best)) }, uniquingKeysWith: { $1 })
    let searched = claims.filter { claim in
      [claim.measure, claim.overMeasure].allSatisfy {
        $0.figures.allSatisfy { $0 == Claim.searched }
      }
    }
    return check(searched, on: variants)
  }

  /// The claims whose variants were all measured.
  public static func check(_ claims: [Claim], on variants: [String: VariantFigures]) -> [ClaimCheck] {
    claims.filter { $0.variants.allSatisfy { variants[$0] != nil } }.map { claim in
      do throws(Diagnostic) {
        return ClaimCheck(claim: claim, figure: try ClaimFigure(claim: claim, variants: variants).value())
      } catch {
        return ClaimCheck(claim: claim, figure: nil, fault: error)
      }
    }
  }
}

extension [ClaimCheck] {
  /// Tells the first figure that a claim names and no result has.
  /// - Throws: its `Diagnostic`.
  public func faultless() throws(Diagnostic) {
    if let fault = lazy.compactMap(\.fault).first { throw fault }
  }
}
