import Timeline
import Units

/// A recording of a few steps in the format that ui.perfetto.dev and chrome://tracing open: a track for each stream.
public enum PerfettoText {
  /// The JSON of `recording`, whose streams are called `streams`.
  public static func json(_ recording: Recording, streams: [String], process: String) -> String {
    let steps = streams.count + 1
    var events = [TraceEvent.name(process, process: 1)]
    events += tracks(streams, process: 1, after: 0)
    events.append(TraceEvent.name("steps", process: 1, thread: steps))
    for (index, step) in recording.steps.enumerated() {
      events.append(TraceEvent.slice("step \(index)", process: 1, thread: steps, step.release, step.end))
    }
    events += tasks(recording, process: 1, after: 0)
    return document(events)
  }

  /// The whole file of `events`.
  static func document(_ events: [JSON]) -> String {
    JSON.object([JSON.Member("traceEvents", .array(events)), JSON.Member("displayTimeUnit", "ns")]).text
  }

  /// The names of the tracks of `streams`, which follow track `thread`.
  static func tracks(_ streams: [String], process: Int, after thread: Int) -> [JSON] {
    streams.enumerated().map { TraceEvent.name($1, process: process, thread: thread + $0 + 1) }
  }

  /// The tasks of `recording` on the tracks of their streams. A task that had not begun is left out.
  static func tasks(_ recording: Recording, process: Int, after thread: Int) -> [JSON] {
    recording.tasks.filter { $0.end > .start }.map { task in
      TraceEvent.slice(
        task.label, process: process, thread: thread + task.stream + 1, task.start, task.end,
        arguments: [
          JSON.Member("step", .integer(task.plan)), JSON.Member("repetition", .integer(task.repetition)),
          JSON.Member("bytes", .integer(Int(task.bytes))), JSON.Member("ahead", .bool(task.isAhead)),
        ])
    }
  }
}
