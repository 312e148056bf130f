import ArgumentParser

/// `medley trace`: what can be done with traces themselves.
struct TraceVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Describes traces of requests, fits generators to them, and draws them from records.",
    subcommands: [TraceDescribe.self, TraceFit.self, TraceServeGen.self])
}
