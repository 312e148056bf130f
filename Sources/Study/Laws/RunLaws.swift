import Cluster
import Units
import Workload

/// What holds of every run, whatever its policies.
public enum RunLaws {
  /// Of decisions.
  static let decisions = "every decision can be carried out, and every request comes to an end"
  /// Of requests.
  static let requests = "every request is completed or rejected, and some are completed"
  static let order = "a request arrives, starts, has its first token and ends, in this order"
  static let tokens = "every token of a request but its first makes a gap"
  /// Of time.
  static let time = "a replica is idle, prefilling or decoding at every moment"
  static let streams = "no stream is busier than the run is long"
  /// Of memory.
  static let capacity = "no cache or memory holds more than it can"
  static let shares = "a share is from 0 to 1"
  /// Of energy.
  static let energy = "the energy lies between that of idling and of full load throughout"
  /// Of chance.
  static let repetition = "the same scenario and seed give the same run"

  /// The laws that `experiment`, which is run twice, does not keep.
  /// - Throws: `Faults` of its workload, `SLO.Fault` of its objectives.
  public static func violations(of experiment: Experiment) throws -> [Violation] {
    var log = ViolationLog(experiment.name)
    do {
      let run = try experiment.run { trace, result, summary in
        check(trace, result, summary, experiment.scenario.cluster, &log)
      }
      let again = try experiment.run().summary.fingerprints
      let prints = run.summary.fingerprints
      log.expect(repetition, again == prints, "\(prints) and then \(again)")
    } catch let fault as PolicyError {
      log.expect(decisions, false, "\(fault)")
    } catch let fault as SimulationError {
      log.expect(decisions, false, "\(fault)")
    }
    return log.all
  }

  private static func check(
    _ trace: Trace, _ result: RunResult, _ summary: Summary, _ cluster: ClusterDescription, _ log: inout ViolationLog
  ) {
    let ended = summary.completed + summary.rejected
    log.expect(
      requests, ended == trace.requests.count && summary.completed > 0,
      "of \(trace.requests.count) requests \(summary.completed) are completed and \(summary.rejected) rejected")
    checkOrder(trace, result.outcomes, &log)
    if cluster.pools.allSatisfy({ ($0.engine.placed?.policy.largestGain ?? 1) == 1 }) {
      let gaps = trace.requests.indices.reduce(0) {
        result.outcomes.done[$1] == Outcomes.never ? $0 : $0 + Int(trace.requests[$1].outputTokens) - 1
      }
      log.expect(
        tokens, Int(result.gaps.totalCount) == gaps, "\(result.gaps.totalCount) gaps where \(gaps) are to be")
    }
    for (index, replica) in result.replicas.enumerated() {
      let sum = replica.idleTime + replica.prefillTime + replica.decodeTime
      log.expect(
        time, sum == result.end - .start, "replica \(index): \(sum.seconds) s of \((result.end - .start).seconds) s")
    }
    for (pool, description) in zip(summary.pools, cluster.pools) {
      check(pool, description.engine, duration: summary.duration.value, &log)
    }
  }

  private static func checkOrder(_ trace: Trace, _ outcomes: Outcomes, _ log: inout ViolationLog) {
    for (index, request) in trace.requests.enumerated() where outcomes.done[index] != Outcomes.never {
      let stamps = [request.arrival, outcomes.scheduled[index], outcomes.firstToken[index], outcomes.done[index]]
      log.expect(
        order, stamps == stamps.sorted() && stamps[1] < stamps[2],
        "request \(index): \(stamps.map { "\($0.seconds) s" }.joined(separator: ", "))")
    }
  }

  private static func check(
    _ pool: PoolSummary, _ engine: EngineDescription, duration: Double, _ log: inout ViolationLog
  ) {
    let time = duration * Double(pool.replicas)
    log.expect(capacity, pool.peakOccupancy <= 1, "the KV cache of pool '\(pool.name)' is \(pool.peakOccupancy) full")
    for (name, share) in [("MFU", pool.mfu), ("MBU", pool.mbu)] {
      log.expect(shares, (0...1).contains(share ?? 0), "the \(name) of pool '\(pool.name)' is \(share ?? 0)")
    }
    let watts = (idle: engine.power.idle.value, most: max(engine.power.prefill.value, engine.power.decode.value))
    let joules = pool.energy.value
    log.expect(
      energy, joules >= watts.idle * time * 0.999 && joules <= watts.most * time * 1.001,
      "pool '\(pool.name)': \(joules) J in \(time) s at \(watts.idle) W to \(watts.most) W")
    guard let placement = pool.placement else { return }
    for holding in placement.holdings {
      log.expect(
        capacity, holding.bytes <= holding.capacity * 1.000_001,
        "'\(holding.memory)' holds \(Memory(holding.bytes).text) of \(Memory(holding.capacity).text)")
    }
    for stream in placement.streams {
      log.expect(
        streams, stream.busy.seconds <= time * 1.000_001, "'\(stream.name)': \(stream.busy.seconds) s of \(time) s")
    }
    for figure in placement.figures where figure.unit == "share" {
      guard let value = figure.value else { continue }
      log.expect(shares, (0...1.000_001).contains(value), "'\(figure.name)' is \(value)")
    }
  }
}
