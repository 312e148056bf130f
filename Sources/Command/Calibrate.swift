import ArgumentParser
import Calibration
import Foundation
import Models
import Scenario
import Units

/// `medley calibrate`: fits a device's efficiencies to measured runs, or its kernels to timings of kernels, and says how
/// well they do.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fits a device's parameters to measured runs of servers, or its kernels to timings.",
    discussion: """
      Runs of servers: prints the errors of the device's own values on the
      measurements, the values that fit them best with their standard errors,
      and the errors on runs held out of the fit. Nothing is written: values
      go into a device file by hand, with their source. The file has the
      columns source, device, parallelism, model, input_len, output_len,
      concurrency, metric (ttft_ms, tpot_ms, e2e_ms) and value.

      Timings of kernels: a file with the columns op, device, dtype, time_us
      and those of the operators, such as m, n and k of op gemm. Prints the
      parameters of each operator, framework and format with intervals of
      95 %, and the errors on shapes held out of the fit. --write puts them
      into the device's file of kernels, scenarios/kernels/NAME.yaml; a new
      file needs --processors and --cache. Examples:

        medley calibrate --device h100-sxm --rows h100-80gb \\
          --measurements ../shared/data/measured/e2e.csv \\
          --source splitwise-sim \\
          --model llama2-70b=llama-2-70b --model bloom-176b=bloom-176b
        medley calibrate --device h100-sxm --write \\
          --measurements ../shared/data/measured/gemm.csv
      """)

  @Option(
    help: ArgumentHelp("The device whose parameters are fitted.", valueName: "name"), completion: Completion.device)
  var device: String

  @Option(
    help: ArgumentHelp("The measured runs, or timings of kernels.", valueName: "file.csv"),
    completion: .file(extensions: ["csv"]))
  var measurements: String

  @OptionGroup var kernels: KernelCalibration

  @Option(help: ArgumentHelp("Use rows whose device is this; the device's own name otherwise.", valueName: "name"))
  var rows: String?

  @Option(help: ArgumentHelp("Use rows whose source begins so.", valueName: "text"))
  var source = ""

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "A model as the rows name it, and its name in the catalogue. May be given often.", valueName: "row=name"))
  var models: [String] = []

  @Option(help: ArgumentHelp("Hold out each of this many parts of the shapes in turn.", valueName: "n"))
  var folds = 4

  func validate() throws {
    guard 2...20 ~= folds else { throw ValidationError("--folds lies in 2 to 20") }
    for pair in models where pair.split(separator: "=").count != 2 {
      throw ValidationError("'\(pair)' is no row=name, such as llama2-70b=llama-2-70b")
    }
  }

  func run() throws {
    if MeasurementFile.isOne(measurements) { return try kernels.run(device, measurements) }
    let console = Session.current.console
    let catalogue = Catalogue.standard(for: ".")
    let shipped = try catalogue.device(named: device)
    var transformers: [String: Transformer] = [:]
    for pair in models {
      let parts = pair.split(separator: "=").map(String.init)
      transformers[parts[0]] = try catalogue.model(named: parts[1])
    }
    let runs = try read().filter { $0.key.device == rows ?? device }
    guard !runs.isEmpty else {
      throw fault("no row is about '\(rows ?? device)'", "give --rows as the file's column 'device' has it")
    }
    do {
      let together = runs.filter(\.ranTogether)
      let predictor = try Predictor(shipped, models: transformers, for: together)
      let own = Accuracy.table(together.compactMap { run in predictor.times(of: run).map { (run, $0) } })
      console.out("\(device) as shipped, on \(together.count) runs\n\(Accuracy.text(own))\n")
      let label = (measurements as NSString).lastPathComponent
      let fit = try EfficiencyFit(shipped, models: transformers, runs: runs, folds: folds, label: label)
      console.out("fitted, held out in \(folds) parts; \(fit.leftOut) runs left out, whose batch did not run at once\n")
      console.out("\(Accuracy.text(fit.heldOut))\n")
      for (parameter, value, error) in fit.values {
        console.out("\(parameter.rawValue) = \(significant(value)) +- \(significant(error))\n")
      }
    } catch let error as Predictor.UnknownModel {
      throw fault("\(error)", "give --model \(error.model)=NAME, where `medley list models` lists NAME")
    } catch let error as EfficiencyFit.Fault {
      throw fault("\(error)", "measure more shapes")
    } catch let error as EngineFault {
      throw fault("\(error)", "correct the rows or the device")
    }
  }

  private func read() throws -> [MeasuredRun] {
    guard let bytes = FileManager.default.contents(atPath: measurements) else {
      throw fault("cannot read '\(measurements)'", "name a CSV file")
    }
    guard let text = String(data: bytes, encoding: .utf8) else {
      throw fault("'\(measurements)' is not UTF-8", "save it as UTF-8")
    }
    do {
      return try MeasuredRun.read(csv: text, source: source)
    } catch {
      throw fault("\(measurements):\(error.line): \(error.why)", "correct the row")
    }
  }

  private func fault(_ what: String, _ fix: String) -> Faults {
    Faults(Diagnostic(at: nil, what, why: "the fit needs measured runs", fix: fix))
  }

  /// Four significant digits.
  private func significant(_ value: Double) -> String { String(format: "%.4g", value) }
}
