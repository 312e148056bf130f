import Workload

/// Traces in Medley's own format, as comma-separated values.
public enum NativeCSV {
  /// Writes the requests of a trace that arrive at moments of their own, with their tenants' names; times are exact to
  /// the picosecond. Bytes go to `sink` in pieces.
  public static func write(_ trace: Trace, to sink: ([UInt8]) throws -> Void) rethrows {
    let hasTenants = !trace.tenants.isEmpty
    var csv = CSV(["arrival_s", "prompt_tokens", "output_tokens"] + (hasTenants ? ["tenant"] : []))
    for (index, request) in trace.requests.enumerated() {
      csv.add(picoseconds: request.arrival.picoseconds)
      csv.add(Int(request.promptTokens))
      csv.add(Int(request.outputTokens))
      if hasTenants { csv.add(trace.tenantNames[Int(trace.tenants[index])]) }
      csv.endLine()
      try csv.flush(to: sink)
    }
    try csv.flush(ifOver: 0, to: sink)
  }
}
