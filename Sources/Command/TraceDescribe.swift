import ArgumentParser
import Report
import Workload

/// `medley trace describe`: what a trace looks like.
struct TraceDescribe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Shows the rates, bursts, lengths and shared prefixes of a trace.",
    discussion: """
      Arrivals: gaps and their coefficient of variation (cv: 1 for memoryless
      arrivals), the highest rate and the dispersion (variance over mean) of the
      counts in windows, and the rate over time. Lengths: quantiles and counts
      by powers of two, and how prompt and output go together. What blocks,
      sessions and tenants say is shown where rows have them.

      ServeGen's rates and lengths of clients are told as what they are.

      Rows are read one by one and not kept, so a trace may be longer than
      memory. Examples:

        medley trace describe traces/mine.csv
        medley trace describe azure-2023-conv
        zcat trace.csv.gz | medley trace describe - --json
        zcat m-small_client_rates.csv.gz | medley trace describe -
      """)

  @OptionGroup var trace: TraceArgument

  @Flag(help: "Write JSON.")
  var json = false

  func run() throws {
    let file = try trace.read { bytes, format throws(TraceFaults) in try DescribedFile(bytes, format: format) }
    let console = Session.current.console
    let (name, style) = (trace.name, console.style)
    switch file {
    case .trace(let it): console.out(json ? it.json(name: name).text : it.text(name: name, style: style))
    case .clientRates(let it): console.out(json ? it.json(name: name).text : it.text(name: name, style: style))
    case .clientLengths(let it): console.out(json ? it.json(name: name).text : it.text(name: name, style: style))
    }
  }
}
