import ArgumentParser
import Calibration
import Hardware
import Report
import Scenario
import Study
import Units

/// `medley validate`: how far the shipped kernels are from measurements.
struct ValidateVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Holds kernels of devices against measurements that were held out of their fits.",
    discussion: """
      Prints the mean and median of |predicted / measured - 1| for each device,
      operator, framework and regime, on the 3 of 10 shapes that no fit saw, and
      for processors on composed kernels, which micro-benchmarks predict. Without
      --measurements it takes the rows under results/validation (some cited, some
      of `medley measure`) and, if they are here, all under measured in the data
      roots; where it finds none to compare it fails. Examples:

        medley validate
        medley validate --device h100-sxm --perturb
        medley validate --measurements gemm.csv --transfer l40s
        medley validate --write                   results/validation/README.md
        medley validate scenarios/studies/servers/*.yaml --write

      Scenarios with a 'measured' record of a real server are replayed on the
      requests that it got, and compared with it request by request; or, where
      its rows are whole runs, run under the load of each.
      """)

  @Argument(help: "Scenarios of real servers to replay.", completion: Completion.scenario)
  var scenarios: [String] = []

  @Option(
    help: ArgumentHelp("Timings of kernels. May be given often.", valueName: "file.csv"),
    completion: .file(extensions: ["csv"]))
  var measurements: [String] = []

  @Option(help: ArgumentHelp("Validate this device only.", valueName: "name"), completion: Completion.device)
  var device: String?

  @Flag(help: "Move each coefficient by 20 % and show what that does to the error.")
  var perturb = false

  @Flag(help: "Write README.md and plots of predicted against measured into results/validation.")
  var write = false

  @Flag(help: "Show every run of a real server, not only the errors over all.")
  var each = false

  @Option(
    help: ArgumentHelp("Predict this device from the fits of others and its datasheet alone.", valueName: "name"),
    completion: Completion.device)
  var transfer: String?

  func validate() throws {
    guard transfer == nil || !(perturb || write) else {
      throw ValidationError("--transfer goes with neither --perturb nor --write")
    }
  }

  func run() throws {
    let console = Session.current.console
    guard scenarios.isEmpty else { return try replay(console) }
    let catalogue = Catalogue.standard(for: ".")
    let sources = measurements.isEmpty ? ValidationSources(foundBeside: catalogue) : ValidationSources(measurements)
    let groups: [KernelGroup]
    do { groups = try KernelGroup.read(sources.kernels, device: transfer ?? device) } catch { throw Diagnostic(error) }
    var validation = Validation(catalogue: catalogue)
    if let transfer {
      try validation.compareTransfer(groups, to: transfer)
    } else {
      try validation.compare(groups, perturbing: perturb || write)
      try validation.compare(sources.processorAccuracies(device), perturbing: perturb || write)
    }
    guard !validation.rows.isEmpty else {
      throw Diagnostic(
        at: nil, "nothing was compared", why: "\(sources.count) files hold no row of a fitted kernel",
        fix: "give --measurements, or measure and calibrate first")
    }
    if write {
      try validation.files.write(into: Self.results(catalogue))
    }
    console.out(perturb ? validation.perturbationTable(console.style) : validation.table(console.style))
    if validation.without > 0 {
      console.err("\(validation.without) rows are of kernels that were not fitted\n")
    }
    let idle = validation.perturbations.filter { $0.effect == 0 }
    guard idle.isEmpty else {
      for coefficient in idle {
        let key = coefficient.key
        let kernel = [key.device, key.operatorName, key.framework, key.format, key.kernel].joined(separator: "  ")
        console.err("unmet: moves nothing:  \(kernel)  \(coefficient.parameter)\n")
      }
      console.err("\(idle.count) coefficients move nothing: remove them, or calibrate again\n")
      throw Ending(outcome: .unmet)
    }
  }

  private func replay(_ console: Console) throws {
    let reader = ScenarioReader(policies: Session.current.policies)
    var (replays, runs) = ([ServerReplay](), [RunComparison]())
    do {
      for path in scenarios {
        let loaded = try reader.read(path)
        replays += try ServerReplay.of(loaded)
        runs += try RunComparison.of(loaded)
      }
    } catch let fault as MeasurementFault {
      throw Diagnostic(fault)
    }
    guard !(replays.isEmpty && runs.allSatisfy { $0.pairs.isEmpty }) else {
      throw Diagnostic(
        at: nil, "nothing was compared", why: "no scenario names a 'measured' record",
        fix: "write measured: {path: requests.csv}")
    }
    if write {
      try ServerFiles(replays: replays, runs: runs).write(into: Self.results(Catalogue.standard(for: ".")))
    }
    if !replays.isEmpty { console.out(ServerReplay.table(replays, console.style)) }
    if each, !runs.isEmpty { console.out(RunComparison.each(runs, console.style)) }
    if !runs.isEmpty { console.out(RunComparison.table(runs, console.style)) }
    for run in runs {
      for (line, why) in run.unserved { console.err("\(run.name): line \(line) was not run: \(why)\n") }
      if run.unstated > 0 { console.err("\(run.name): \(run.unstated) rows do not state their load\n") }
    }
    let unmet = runs.flatMap(\.unmet)
    for line in unmet { console.err("unmet: \(line)\n") }
    if !unmet.isEmpty { throw Ending(outcome: .unmet) }
  }

  /// The folder of results beside the catalogue.
  private static func results(_ catalogue: Catalogue) throws(Diagnostic) -> String {
    guard let root = catalogue.root else {
      throw Diagnostic(
        at: nil, "there is no catalogue to write beside", why: "none was found", fix: "set MEDLEY_CATALOGUE")
    }
    return "\(root)/../results/validation"
  }
}
