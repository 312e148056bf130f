import Cluster
import Timeline
import Units
import Workload

/// A run in the format that ui.perfetto.dev opens: a process for each replica, with its requests, its KV cache, the steps
/// of its engine, the KV that it receives, and the tasks of a placed engine on the tracks of their streams.
///
/// A request stands at the replica that prefills it, and from its first token on at the one that decodes it, with its
/// phases inside: queue, prefill, transfer, decode.
public struct RunTrace: Sendable {
  /// What was left out of the file, a sentence each; empty where all of the window is there.
  public private(set) var omissions: [String] = []
  /// The events, in an order that depends on the run alone.
  private(set) var events: [JSON] = []

  private let process: Int
  private let window: RecordedWindow

  /// The events of a run named `title`, whose replicas are processes `process` and on; nil where it recorded nothing.
  public init?(_ title: String, _ cluster: ClusterDescription, _ trace: Trace, _ result: RunResult, process: Int) {
    guard let recording = result.recording else { return nil }
    self.process = process
    window = recording.window
    var replica = 0
    for pool in cluster.pools {
      for index in 0..<pool.replicas {
        add("\(title): \(pool.name) \(index)", replica, pool.engine, recording, result)
        replica += 1
      }
    }
    addSteps(recording)
    addTransfers(cluster, recording)
    addRequests(trace, result.outcomes, recording)
    if recording.isCut { omissions.append("steps, transfers or tasks after the first \(window.most) of the window") }
  }

  /// The file of several runs.
  public static func json(_ traces: [RunTrace]) -> String { PerfettoText.document(traces.flatMap(\.events)) }

  /// The track of a replica's KV that arrives: after those of its lanes.
  private static func inbound(_ engine: EngineDescription) -> Int { engine.cost.stageCount + 1 }

  /// The names of a replica's tracks, the blocks in use, and the tasks of its placed engine.
  private mutating func add(
    _ name: String, _ replica: Int, _ engine: EngineDescription, _ recording: RunRecording, _ result: RunResult
  ) {
    let (own, lanes) = (process + replica, engine.cost.stageCount)
    events.append(TraceEvent.name(name, process: own))
    for lane in 0..<lanes {
      events.append(TraceEvent.name(lanes == 1 ? "steps" : "steps, lane \(lane)", process: own, thread: lane + 1))
    }
    for sample in result.replicas[replica].occupancy where window.shows(sample.instant, sample.instant) {
      events.append(TraceEvent.level("KV blocks", process: own, sample.instant, Int(sample.blocks)))
    }
    guard let placed = engine.placed, replica < recording.tasks.count, let tasks = recording.tasks[replica] else {
      return
    }
    let streams = placed.resources.streams.map(\.name)
    events += PerfettoText.tracks(streams, process: own, after: Self.inbound(engine))
    events += PerfettoText.tasks(tasks, process: own, after: Self.inbound(engine))
  }

  private mutating func addSteps(_ recording: RunRecording) {
    for step in recording.steps {
      let parts = [
        step.promptTokens > 0 ? "prefill \(step.promptTokens)" : nil, step.decodes > 0 ? "decode \(step.decodes)" : nil,
      ].compactMap(\.self)
      events.append(
        TraceEvent.slice(
          parts.joined(separator: " + "), process: process + Int(step.replica), thread: Int(step.lane) + 1, step.start,
          step.end,
          arguments: [
            JSON.Member("prompt-tokens", .integer(Int(step.promptTokens))),
            JSON.Member("decodes", .integer(Int(step.decodes))),
          ]))
    }
  }

  private mutating func addTransfers(_ cluster: ClusterDescription, _ recording: RunRecording) {
    let tracks = cluster.pools.flatMap { pool in Array(repeating: Self.inbound(pool.engine), count: pool.replicas) }
    for replica in Set(recording.transfers.map(\.destination)).sorted() {
      events.append(
        TraceEvent.name("KV in", process: process + Int(replica), thread: tracks[Int(replica)]))
    }
    for transfer in recording.transfers {
      events.append(
        TraceEvent.slice(
          "KV of request \(transfer.request)", process: process + Int(transfer.destination),
          thread: tracks[Int(transfer.destination)], transfer.start, transfer.end,
          arguments: [
            JSON.Member("bytes", .number(transfer.bytes)),
            JSON.Member("landing-ps", .integer(Int(transfer.landing.picoseconds))),
          ]))
    }
  }

  private mutating func addRequests(_ trace: Trace, _ outcomes: Outcomes, _ recording: RunRecording) {
    let landings = Dictionary(
      recording.transfers.map { (Int($0.request), $0.landing) }, uniquingKeysWith: { first, _ in first })
    var shown = 0
    for (index, request) in trace.requests.enumerated() where outcomes.scheduled[index] != Outcomes.never {
      guard window.shows(request.arrival, outcomes.done[index]) else { continue }
      guard shown < window.most else {
        omissions.append("requests after the first \(window.most) of the window")
        break
      }
      shown += 1
      let id = index + 1
      let (prefill, decode) = (Int(outcomes.prefillReplica[index]), Int(outcomes.decodeReplica[index]))
      func phase(_ name: String, _ replica: Int, _ start: Instant, _ end: Instant) -> [JSON] {
        end > start ? TraceEvent.span(name, process: process + replica, id: id, start, end) : []
      }
      let (first, done) = (outcomes.firstToken[index], outcomes.done[index])
      var before =
        phase("queue", prefill, request.arrival, outcomes.scheduled[index])
        + phase("prefill", prefill, outcomes.scheduled[index], first)
      let landed = max(first, landings[index] ?? first)
      let after = phase("transfer", decode, first, landed) + phase("decode", decode, landed, done)
      if decode == prefill { before += after }
      let arguments = [
        JSON.Member("prompt-tokens", .integer(Int(request.promptTokens))),
        JSON.Member("output-tokens", .integer(Int(request.outputTokens))),
        JSON.Member("preemptions", .integer(Int(outcomes.preemptions[index]))),
      ]
      events += TraceEvent.span(
        "request \(index)", process: process + prefill, id: id, request.arrival, decode == prefill ? done : first,
        arguments: arguments, inside: before)
      guard decode != prefill, done > first else { continue }
      events += TraceEvent.span(
        "request \(index)", process: process + decode, id: id, first, done, arguments: arguments, inside: after)
    }
  }
}
