import ArgumentParser
import Foundation
import Report
import Scenario
import Study
import Units

/// `medley capacity`: the highest rate that meets the SLOs.
struct CapacityVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capacity",
    abstract: "Finds the highest request rate at which a scenario meets its SLO.",
    discussion: """
      With --step the rates of a grid are searched by bisection, the rates
      beside the border verified; --every-rate runs the whole grid. Without
      --step the search narrows the border down to --tolerance. The scenario's
      own 'capacity: {from: ..., to: ..., step: ...}' stands in for what is not
      given. A generator draws the same requests closer together, a trace is
      squeezed. Examples:

        medley capacity scenario.yaml
        medley capacity scenario.yaml --variant split --tolerance 0.5%
        medley capacity scenario.yaml --min 30 --max 250 --step 10

      Rates are in requests per second. The code is 2 where no rate passes.
      """)

  @Argument(help: "The scenario; - for standard input.", completion: Completion.scenario)
  var scenario: String

  @Option(help: ArgumentHelp("Search this variant only.", valueName: "name"), completion: Completion.variant)
  var variant: String?

  @Option(help: ArgumentHelp("The lowest rate; 0.1 where the scenario says none.", valueName: "rate"))
  var min: Double?

  @Option(
    help: ArgumentHelp(
      "The highest rate; without it the search doubles the rate until one fails, or a run would have 10 million requests.",
      valueName: "rate"))
  var max: Double?

  @Option(help: ArgumentHelp("The distance of the grid's rates; needs --max.", valueName: "rate"))
  var step: Double?

  @Flag(help: "Run every rate of the grid.")
  var everyRate = false

  @Option(
    help: ArgumentHelp(
      "How far the border may lie above the answer, as a share of it; 1% without a grid.", valueName: "share"))
  var tolerance: Share?

  @Flag(help: "Write JSON (format medley-capacity/1).")
  var json = false

  @OptionGroup(title: "Scenario") var reading: ScenarioOptions
  @OptionGroup(title: "Progress") var telling: ProgressOptions

  func validate() throws {
    let rates = [min, max, step].compactMap { $0 }
    guard rates.allSatisfy({ $0 > 0 && $0.isFinite }) else { throw ValidationError("rates are finite and above 0") }
  }

  /// The plan of the options, and of the scenario for what they leave out.
  private func plan(_ stated: CapacityPlan?) throws -> SearchPlan {
    if min == nil, max == nil, step == nil, tolerance == nil, !everyRate { return SearchPlan(stated) }
    let lowest = min.map { Rate($0) } ?? stated?.lowest ?? SearchPlan.lowest
    let highest = max.map { Rate($0) } ?? stated?.highest
    guard let step = step.map({ Rate($0) }) ?? (tolerance == nil ? stated?.step : nil) else {
      guard !everyRate else { throw ValidationError("--every-rate needs --step") }
      guard highest.map({ $0 > lowest }) ?? true else { throw ValidationError("--min is below --max") }
      return .relative(lowest: lowest, highest: highest, tolerance: tolerance?.value ?? SearchPlan.tolerance)
    }
    guard tolerance == nil else { throw ValidationError("--step and --tolerance exclude each other") }
    guard let highest else { throw ValidationError("--step needs --max") }
    guard let grid = RateGrid(lowest: lowest, highest: highest, step: step) else {
      throw ValidationError("--min, --max and --step give no grid of at most \(RateGrid.limit) rates")
    }
    return everyRate ? .everyRate(grid) : .bisection(grid)
  }

  func run() throws {
    let loaded = try reading.reader().read(argument: scenario, variant: variant)
    let plan = try plan(loaded.scenario.capacity)
    let experiments = try loaded.experiments(variant: variant)
    telling.warn([loaded], experiments)
    let line = telling.line()
    defer { line.end() }
    let findings = try experiments.map { experiment in
      line.set("\(experiment.name): searching")
      return try Capacity.find(experiment, plan, workers: telling.jobs) {
        line.set("\(experiment.name): \($0) of \($1) rates simulated")
      }
    }
    line.end()
    let claims = ClaimCheck.check(
      loaded.scenario.claims, on: zip(experiments, findings).map { ($0.scenario.variant ?? "", $1) })
    show(experiments, findings, claims)
    try claims.faultless()
    if findings.contains(where: { $0.best == nil }) { throw Ending(outcome: .unmet) }
  }

  private func show(_ experiments: [Experiment], _ findings: [CapacityFinding], _ claims: [ClaimCheck]) {
    let console = Session.current.console
    if json {
      console.out(
        JSON.object([
          .init("format", "medley-capacity/1"),
          .init("runs", .array(zip(experiments, findings).map { CapacityText.json($0, $1) })),
          .init("claims", .array(claims.map(RunJSON.document))),
        ]).text)
      return
    }
    for (experiment, finding) in zip(experiments, findings) {
      console.out(CapacityText.text(experiment, finding, style: console.style))
    }
    if !claims.isEmpty { console.out(RunText.claims(claims)) }
  }
}

/// A share on the command line: `0.01` or `1%`.
struct Share: ExpressibleByArgument {
  var value: Double

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? argument.dropLast() : argument[...]) else { return nil }
    value = isPercent ? number / 100 : number
    guard value > 0, value < 1 else { return nil }
  }
}
