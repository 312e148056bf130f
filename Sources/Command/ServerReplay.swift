import Calibration
import Cluster
import Report
import Scenario
import Study
import Units
import Workload

/// A scenario that describes a real server, replayed on the requests that the server got.
struct ServerReplay {
  /// The scenario, with its variant where it has some.
  let name: String
  /// How far the simulation is from the record.
  let accuracy: ReplayAccuracy

  /// The replays of a scenario's variants that name a record.
  /// - Throws: `Faults`, ``MeasurementFault`` or the simulation's errors.
  static func of(_ loaded: LoadedScenario) throws -> [ServerReplay] {
    try loaded.experiments().compactMap { experiment in
      guard let plan = experiment.scenario.measured, plan.runs == nil else { return nil }
      let served = try ServedRecord.read(plan.path, rows: plan.rows)
      guard !served.isEmpty else {
        throw Diagnostic(
          at: nil, "the record of \(experiment.name) has no request",
          why: "no row of \(plan.name) has what 'measured.rows' asks for",
          fix: "write what its columns hold, or leave 'rows' away")
      }
      return ServerReplay(
        name: experiment.name,
        accuracy: ReplayAccuracy(served: served, predicted: try predicted(experiment, served)))
    }
  }

  private static func predicted(_ experiment: Experiment, _ served: [ServedRequest]) throws -> [ServedRequest] {
    let outcomes = try experiment.replay(
      Trace(
        requests: served.map { request in
          Request(
            arrival: Instant(picoseconds: Int64(request.arrival * 1e12)), promptTokens: Int32(request.promptTokens),
            outputTokens: Int32(request.outputTokens))
        })
    ).outcomes
    return zip(served.indices, served).compactMap { index, request in
      // A rejected request has no times to compare.
      guard outcomes.done[index] != Outcomes.never else { return nil }
      var request = request
      request.firstToken = Double(outcomes.firstToken[index].picoseconds) * 1e-12
      request.lastToken = Double(outcomes.done[index].picoseconds) * 1e-12
      return request
    }
  }

  /// The replays as text.
  static func table(_ replays: [ServerReplay], _ style: Style) -> String {
    var table = Table(
      ["scenario", "latency", "requests", "mean", "measured", "off", "p99", "measured", "off", "MAPE"], leading: [0, 1])
    for replay in replays {
      for row in replay.accuracy.rows {
        let (mean, tail) = (row.mean, row.tail)
        table.add([
          "\(replay.name)", "\(row.name)", "\(row.requests)", "\(Seconds(mean.predicted).text)",
          "\(Seconds(mean.served).text)", "\(KernelText.percent(mean.predicted / mean.served - 1))",
          "\(Seconds(tail.predicted).text)", "\(Seconds(tail.served).text)",
          "\(KernelText.percent(tail.predicted / tail.served - 1))", "\(KernelText.percent(row.error))",
        ])
      }
    }
    return table.text(style: style)
  }
}
