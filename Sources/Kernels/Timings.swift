import Foundation

/// Times all kernels of a processor in rounds, so that micro-benchmarks and what is predicted from them see the same
/// minutes of a machine that drifts.
public struct Timings {
  /// How much to measure.
  public struct Plan: Sendable {
    /// Rounds over all trials; each gives every trial one sample.
    public var rounds = 9
    /// Least seconds of a sample.
    public var sample = 0.004
    /// The instruction set.
    public var path = Path.best()
    /// Numbers of threads.
    public var threads = Array(Set([1, Processor.threads])).sorted()
    /// The largest working set that is read, in bytes.
    public var memory = 512 << 20

    /// The plan of a full run.
    public init() {}

    /// A plan of a few seconds, for a first look.
    public static var quick: Plan {
      var plan = Plan()
      (plan.rounds, plan.sample, plan.memory) = (3, 0.001, 128 << 20)
      return plan
    }
  }

  /// What could not be measured.
  public struct Fault: Error, CustomStringConvertible {
    /// One sentence.
    public var description: String
  }

  /// The rows.
  public private(set) var rows: [Timing] = []
  /// What has no rows, and why.
  public private(set) var absences: [String] = []

  /// Runs `plan` and tells `progress` the share that is done and the round.
  /// - Throws: ``Fault`` without memory or threads.
  public init(_ plan: Plan, date: String, progress: (_ what: String) -> Void) throws {
    progress("allocating operands")
    var trials: [Trial] = []
    let operands = try WeightFormat.allCases.map { format in
      guard let operands = OperatorTrials.Operands(format) else {
        throw Fault(description: "there is no memory for the operands, about 1.5 GB")
      }
      return operands
    }
    guard let memory = Floats(plan.memory / 4) else {
      throw Fault(description: "there is no memory for streams of \(plan.memory) bytes")
    }
    for threads in plan.threads {
      guard let pool = Pool(threads: threads, path: plan.path) else {
        throw Fault(description: "\(threads) threads on \(plan.path.name) cannot be started")
      }
      trials += MicroTrials(pool: pool, memory: memory).all
      for operand in operands { trials += OperatorTrials(pool: pool, operands: operand).all }
    }
    var samples = trials.map { trial in
      progress("warming up \(trial.timing.operator.rawValue) \(trial.timing.format) x\(trial.timing.threads)")
      return Samples(calls: Self.calls(trial, least: plan.sample))
    }
    for round in 0..<plan.rounds {
      for (index, trial) in trials.enumerated() {
        if index % 16 == 0 { progress("round \(round + 1) of \(plan.rounds), \(100 * index / trials.count) %") }
        // What the trial before left in the caches goes.
        trial.run(samples[index].calls > 1 ? max(1, samples[index].calls / 4) : 1)
        let (seconds, disturbed) = Stopwatch.time(threads: trial.timing.threads) { trial.run(samples[index].calls) }
        let each = seconds / Double(samples[index].calls)
        samples[index].all.append(each)
        if !disturbed { samples[index].quiet.append(each) }
      }
    }
    let name = Processor.name
    let provenance =
      "medley measure \(date) \(plan.path.name) \(plan.rounds) rounds on \(Processor.threads) threads"
      + (Processor.load.map { " load " + String(format: "%.1f", $0) } ?? "")
    rows = zip(trials, samples).compactMap { trial, samples in
      samples.finish(trial.timing).map { Self.named($0, name, provenance) }
    }
    tellAbsences(plan)
  }

  /// Adds reads of a file at `path`, which is removed again, or says why there are none.
  public mutating func addDisk(_ path: String, bytes: Int, rounds: Int, date: String) {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    do {
      let read = try DiskTrials.measure(path, bytes: bytes, rounds: rounds)
      rows += read.map { Self.named($0, Processor.name, "medley measure \(date) \(rounds) rounds of \(folder)") }
      if read.contains(where: { $0.format == "buffered" }) {
        absences.append("direct reads: the file system of \(folder) refuses O_DIRECT; rows are of buffered reads")
      }
    } catch {
      absences.append("disk: \(error)")
    }
  }

  private static func named(_ timing: Timing, _ device: String, _ provenance: String) -> Timing {
    var timing = timing
    timing.device = device
    timing.provenance = provenance
    return timing
  }

  /// Calls that fill a sample; the trial is warm afterwards.
  private static func calls(_ trial: Trial, least: Double) -> Int {
    trial.run(1)
    var calls = 1
    while calls < 1 << 24 {
      let (seconds, _) = Stopwatch.time(threads: trial.timing.threads) { trial.run(calls) }
      if seconds >= least / 2 { return max(1, Int(Double(calls) * least / seconds)) }
      calls *= 4
    }
    return calls
  }

  private mutating func tellAbsences(_ plan: Plan) {
    for format in [WeightFormat.bf16, .int8]
    where !rows.contains(where: { $0.operator == .peak && $0.format == format.rawValue }) {
      absences.append("peak \(format.rawValue): \(plan.path.name) has no multiply-add of its own for it")
    }
    if !plan.threads.contains(where: { $0 > 1 }) { absences.append("all-reduce: only one thread was asked for") }
    let unused = Path.supported.last.flatMap { $0 == plan.path ? nil : $0 }
    if let unused { absences.append("\(unused.name): measured on \(plan.path.name), which is as fast or faster here") }
  }
}
