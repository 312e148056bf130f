import ArgumentParser
import Report
import Scenario
import Units
import Workload

/// `medley trace fit`: a generator like a trace.
struct TraceFit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Writes the workload of a generator whose statistics are near a trace's.",
    discussion: """
      Arrivals: poisson, gamma, weibull, mmpp and, from a day on, diurnal are
      fitted, drawn from and compared with the trace by the variation of gaps,
      the dispersion of counts in windows from 0.1 s to 1 h, and the
      distribution of gaps; the simplest that is nearly the nearest is chosen.
      Lengths: quantiles of each, or weighted pairs where their ranks correlate
      by 0.1 or more. Sessions, shared prefixes and tenants are not fitted.

      The workload goes to standard output, a file that a scenario can extend or
      hold under 'workload'; how far what it draws is from the trace, to
      standard error. Examples:

        medley trace fit traces/mine.csv > fitted.yaml
        zcat trace.csv.gz | medley trace fit - --json
      """)

  @OptionGroup var trace: TraceArgument

  @Flag(help: "Write all as JSON (format medley-trace-fit/1) to standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Write the workload alone.")
  var quiet = false

  func run() throws {
    let file = try trace.read { bytes, format throws(TraceFaults) in try DescribedFile(bytes, format: format) }
    guard case .trace(let profile) = file else {
      throw Diagnostic(
        at: nil, "'\(trace.name)' holds no requests", why: "it holds what ServeGen records of clients",
        fix: "draw requests from it with 'medley trace servegen', and fit those")
    }
    let fit: WorkloadFit
    let comparison: FitComparison
    do {
      fit = try WorkloadFit(profile)
      comparison = FitComparison(profile, try fit.generated())
    } catch let fault as WorkloadFit.Fault {
      throw Self.diagnostic(fault, of: trace.name)
    } catch let fault as Generator.Fault {
      throw Diagnostic(
        at: nil, "what fits '\(trace.name)' cannot be drawn", why: "\(fault)", fix: "fit a part of the trace")
    }
    let console = Session.current.console
    let correlation = profile.pairs.rankCorrelation
    let yaml = "# Fitted by medley trace fit to \(Self.oneLine(trace.name)).\n" + fit.yaml
    guard !json else {
      console.out(fit.json(name: trace.name, yaml: yaml, correlation: correlation, comparison).text)
      return
    }
    console.out(yaml)
    guard !quiet else { return }
    console.err(fit.text(correlation: correlation) + "\n" + comparison.text())
    for note in Self.leftOut(profile) { console.err("note: \(note)\n") }
  }

  /// A name without what would end a comment.
  private static func oneLine(_ name: String) -> String {
    String(
      name.map { $0.isNewline || $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "?" : $0 })
  }

  /// What the trace has and the generator does not.
  private static func leftOut(_ profile: TraceProfile) -> [String] {
    var notes: [String] = []
    if profile.turns > 0 || profile.followers > 0 {
      notes.append("the trace has sessions; their turns are drawn as requests of their own")
    }
    if profile.reuse.lookups > 0 { notes.append("what prompts have in common is not drawn") }
    if profile.facts.tenants.count > 1 {
      notes.append("the trace has \(profile.facts.tenants.count) tenants; they are drawn as one")
    }
    if let clock = profile.coarseClock {
      notes.append("arrivals come in steps of \(Seconds(clock.seconds).text): gaps and short windows are not compared")
    }
    return notes
  }

  private static func diagnostic(_ fault: WorkloadFit.Fault, of name: String) -> Diagnostic {
    switch fault {
    case .tooFew(let requests):
      Diagnostic(
        at: nil, "'\(name)' has too few requests to fit a generator to",
        why: "it has \(requests), and \(WorkloadFit.least) are the least", fix: "replay it as it is")
    case .noArrivals:
      Diagnostic(
        at: nil, "'\(name)' has no arrivals to fit a generator to",
        why: "its rows do not say when requests come, or all come at one moment",
        fix: "generate the arrivals: 'generator: poisson', 'lengths: {resample: {trace: ...}}'")
    }
  }
}
