import ArgumentParser
import Calibration
import Foundation
import Kernels
import Units

/// `medley measure`: times kernels on this machine.
struct MeasureVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Times micro-benchmarks and a transformer's kernels on this machine.",
    discussion: """
      Runs in rounds over all kernels: peaks of arithmetic, reads by working
      set, streams, fork and join, and then products, attention, feed-forward
      blocks, mixtures of experts and whole layers in fp32, bf16, int8 and
      int4, on one thread and on all. Each row of the CSV is the median of its
      samples; samples that another process interrupted do not count where
      three others are left. Sources/Kernels/TIMINGS.md explains the columns.
      Then a file is read by request size and depth, past the page cache.

      --predict fits a model of twelve parameters for each format and number
      of threads to the micro-benchmarks of such a file alone, and prints how
      far its predictions of products, attention, blocks and layers are from
      what the same run measured; it measures nothing.

      Measuring takes a minute or two and 2 GB of memory; --quick takes
      seconds and is for a first look. Leave the machine alone. Examples:

        medley measure --out timings.csv
        medley measure --predict timings.csv
        medley measure --quick --threads 1
        medley measure --out timings.csv --disk /mnt/nvme --path avx2
      """)

  @Option(help: ArgumentHelp("Write the rows there; to standard output otherwise.", valueName: "file.csv"))
  var out: String?

  @Flag(help: "Take seconds, with few samples and small working sets.")
  var quick = false

  @Option(help: ArgumentHelp("Threads; 1 and all otherwise. May be given often.", valueName: "n"))
  var threads: [Int] = []

  @Option(help: ArgumentHelp("Rounds over all kernels.", valueName: "n"))
  var rounds: Int?

  @Option(help: ArgumentHelp("The instruction set; the fastest otherwise.", valueName: "name"))
  var path: String?

  @Option(help: ArgumentHelp("A folder on the drive to read; that of temporary files otherwise.", valueName: "folder"))
  var disk: String?

  @Option(
    help: ArgumentHelp("Predict the composed kernels of this file from its micro-benchmarks.", valueName: "file.csv"),
    completion: .file(extensions: ["csv"]))
  var predict: String?

  @Flag(
    help: "Time work that overlaps instead: layers read from a file while others compute, a copy beside a product.")
  var overlap = false

  func validate() throws {
    guard threads.allSatisfy({ 1...256 ~= $0 }) else { throw ValidationError("--threads lies in 1 to 256") }
    guard rounds.map({ 1...1000 ~= $0 }) ?? true else { throw ValidationError("--rounds lies in 1 to 1000") }
    if let path, !Path.supported.contains(where: { $0.name == path }) {
      let names = Path.supported.map(\.name).joined(separator: ", ")
      throw ValidationError("this processor has no '\(path)'; it has \(names)")
    }
  }

  func run() throws {
    if let predict { return try Self.predict(predict) }
    if overlap { return try measureOverlap() }
    let console = Session.current.console
    var plan = quick ? Timings.Plan.quick : Timings.Plan()
    if !threads.isEmpty { plan.threads = Array(Set(threads)).sorted() }
    if let rounds { plan.rounds = rounds }
    if let path, let found = Path.supported.first(where: { $0.name == path }) { plan.path = found }
    // Two minutes of measuring shall not end at a file that cannot be written.
    try out.map(Interruption.check)
    if let load = Processor.load, load > 0.5 {
      console.err("note: the load of this machine is \(String(format: "%.1f", load)); times will spread\n")
    }
    let date = Date.now.ISO8601Format()
    let progress = ProgressLine(.automatic, console)
    defer { progress.end() }
    do {
      var timings = try Timings(plan, date: date) { progress.set($0) }
      progress.set("reading a file")
      Interruption.scratch("measure", in: disk ?? FileManager.default.temporaryDirectory.path) {
        timings.addDisk($0, bytes: quick ? 64 << 20 : 512 << 20, rounds: quick ? 1 : 5, date: date)
      }
      progress.end()
      let text = ([Timing.header] + timings.rows.map(\.csv)).joined(separator: "\n") + "\n"
      if let out {
        try Interruption.write(out) { try $0(Array(text.utf8)) }
        console.err("\(timings.rows.count) rows in \(out)\n")
      } else {
        console.out(text)
      }
      for absence in timings.absences { console.err("note: no rows for \(absence)\n") }
    } catch let fault as Timings.Fault {
      throw Faults(
        Diagnostic(at: nil, "the kernels cannot be timed", why: fault.description, fix: "free memory, or --threads 1"))
    }
  }

  /// Times work that overlaps and prints what a timeline predicts beside it.
  private func measureOverlap() throws {
    let console = Session.current.console
    let progress = ProgressLine(.automatic, console)
    defer { progress.end() }
    let instructions = path.flatMap { name in Path.supported.first { $0.name == name } } ?? Path.best()
    do {
      let folder = disk ?? FileManager.default.temporaryDirectory.path
      let trials = try Interruption.scratch("layers", in: folder) { file in
        try OverlapTrials(file: file, path: instructions, rounds: rounds ?? (quick ? 3 : 9)) { progress.set($0) }
      }
      progress.end()
      console.out(OverlapText.text(trials, style: console.style))
    } catch let fault as OverlapTrials.Fault {
      throw Faults(
        Diagnostic(
          at: nil, "overlapping work cannot be timed", why: fault.description,
          fix: "free memory, or --disk with a folder that has 400 MB left"))
    }
  }

  private static func predict(_ file: String) throws {
    func fault(_ what: String, _ fix: String) -> Faults {
      Faults(Diagnostic(at: nil, what, why: "a prediction needs the rows of `medley measure`", fix: fix))
    }
    guard let bytes = FileManager.default.contents(atPath: file), let text = String(data: bytes, encoding: .utf8) else {
      throw fault("cannot read '\(file)'", "name a CSV file in UTF-8")
    }
    do {
      let timings = try Timing.read(csv: text)
      Session.current.console.out(ProcessorText.text(timings, try ProcessorFit(timings)))
    } catch let error as Timing.ReadError {
      throw fault("\(file):\(error)", "correct the row")
    } catch let error as ProcessorFit.Fault {
      throw fault("\(error)", "measure without --quick")
    }
  }
}
