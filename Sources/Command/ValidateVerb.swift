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
        medley validate scenarios/studies/servers/*.yaml

      Scenarios with a 'measured' record of a real server are replayed on the
      requests that it got, and compared with it request by request.
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
      guard let root = catalogue.root else {
        throw Diagnostic(
          at: nil, "there is no catalogue to write beside", why: "none was found", fix: "set MEDLEY_CATALOGUE")
      }
      try validation.files.write(into: "\(root)/../results/validation")
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
    let replays: [ServerReplay]
    do {
      replays = try scenarios.flatMap { try ServerReplay.of(try reader.read($0)) }
    } catch let fault as MeasurementFault {
      throw Diagnostic(fault)
    }
    guard !replays.isEmpty else {
      throw Diagnostic(
        at: nil, "nothing was compared", why: "no scenario names a 'measured' record",
        fix: "write measured: {path: requests.csv}")
    }
    console.out(ServerReplay.table(replays, console.style))
  }
}
