import Units

/// Events of the trace-event format that ui.perfetto.dev and chrome://tracing open.
///
/// Times are in microseconds, with the picoseconds of start and end among each slice's arguments. Source: "Trace Event
/// Format", Google, 2016.
enum TraceEvent {
  /// The name of a process, or with `thread` of one of its tracks.
  static func name(_ name: String, process: Int, thread: Int? = nil) -> JSON {
    .object([
      JSON.Member("name", .string(thread == nil ? "process_name" : "thread_name")), JSON.Member("ph", "M"),
      JSON.Member("pid", .integer(process)), JSON.Member("tid", .integer(thread ?? 0)),
      JSON.Member("args", .object([JSON.Member("name", .string(name))])),
    ])
  }

  /// Something that a track does from `start` to `end`.
  static func slice(
    _ name: String, process: Int, thread: Int, _ start: Instant, _ end: Instant, arguments: [JSON.Member] = []
  ) -> JSON {
    .object([
      JSON.Member("name", .string(name)), JSON.Member("ph", "X"), JSON.Member("pid", .integer(process)),
      JSON.Member("tid", .integer(thread)), JSON.Member("ts", microseconds(start)),
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

  /// The begin and the end of something that overlaps others of its kind, such as a request; those of one `id` nest.
  static func span(
    _ name: String, process: Int, id: Int, _ start: Instant, _ end: Instant, arguments: [JSON.Member] = [],
    inside: [JSON] = []
  ) -> [JSON] {
    func edge(_ phase: String, _ moment: Instant, _ arguments: [JSON.Member]) -> JSON {
      .object([
        JSON.Member("name", .string(name)), JSON.Member("ph", .string(phase)), JSON.Member("cat", "request"),
        JSON.Member("id2", .object([JSON.Member("local", .string("\(id)"))])), JSON.Member("pid", .integer(process)),
        JSON.Member("tid", 0), JSON.Member("ts", microseconds(moment)), JSON.Member("args", .object(arguments)),
      ])
    }
    return [edge("b", start, arguments)] + inside + [edge("e", end, [])]
  }

  /// The value of a counter from `moment` on.
  static func level(_ name: String, process: Int, _ moment: Instant, _ value: Int) -> JSON {
    .object([
      JSON.Member("name", .string(name)), JSON.Member("ph", "C"), JSON.Member("pid", .integer(process)),
      JSON.Member("ts", microseconds(moment)),
      JSON.Member("args", .object([JSON.Member("used", .integer(value))])),
    ])
  }

  private static func microseconds(_ moment: Instant) -> JSON { .number(Double(moment.picoseconds) / 1e6) }
}
