import Timeline
import Units

/// A recording in the trace-event format that ui.perfetto.dev and chrome://tracing open.
///
/// A track for each stream; times in microseconds, with the picoseconds of start and end among each slice's arguments.
/// Source: "Trace Event Format", Google, 2016.
public enum PerfettoText {
  /// The JSON of `recording`, whose streams are called `streams`.
  public static func json(_ recording: Recording, streams: [String], process: String) -> String {
    var events: [JSON] = [metadata("process_name", thread: 0, process)]
    for (index, name) in streams.enumerated() { events.append(metadata("thread_name", thread: index + 1, name)) }
    events.append(metadata("thread_name", thread: streams.count + 1, "steps"))
    for (index, step) in recording.steps.enumerated() {
      events.append(slice("step \(index)", thread: streams.count + 1, step.release, step.end, arguments: []))
    }
    for task in recording.tasks {
      events.append(
        slice(
          task.label, thread: task.stream + 1, task.start, task.end,
          arguments: [
            JSON.Member("step", .integer(task.plan)), JSON.Member("repetition", .integer(task.repetition)),
            JSON.Member("bytes", .integer(Int(task.bytes))), JSON.Member("ahead", .bool(task.isAhead)),
          ]))
    }
    return JSON.object([JSON.Member("traceEvents", .array(events)), JSON.Member("displayTimeUnit", "ns")]).text
  }

  private static func metadata(_ kind: String, thread: Int, _ name: String) -> JSON {
    .object([
      JSON.Member("name", .string(kind)), JSON.Member("ph", "M"), JSON.Member("pid", 1),
      JSON.Member("tid", .integer(thread)), JSON.Member("args", .object([JSON.Member("name", .string(name))])),
    ])
  }

  private static func slice(
    _ name: String, thread: Int, _ start: Instant, _ end: Instant, arguments: [JSON.Member]
  ) -> JSON {
    .object([
      JSON.Member("name", .string(name)), JSON.Member("ph", "X"), JSON.Member("pid", 1),
      JSON.Member("tid", .integer(thread)), JSON.Member("ts", .number(Double(start.picoseconds) / 1e6)),
      JSON.Member("dur", .number(Double((end - start).picoseconds) / 1e6)),
      JSON.Member(
        "args",
        .object(
          arguments + [
            JSON.Member("start-ps", .integer(Int(start.picoseconds))),
            JSON.Member("end-ps", .integer(Int(end.picoseconds))),
          ])),
    ])
  }
}
