import ArgumentParser
import Cluster
import Report
import Scenario
import Units
import Workload

/// `medley trace servegen`: requests from ServeGen's records of clients.
struct TraceServeGen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "servegen",
    abstract: "Draws requests from ServeGen's rates and lengths of clients.",
    discussion: """
      Every client asks as often in every ten minutes as it was recorded to,
      with gaps of the law and shape found there, scaled to fill the window, and
      for lengths drawn from its histograms. The trace has a tenant for each
      client; clients without lengths are left out, and counted. The same seed
      gives the same requests. Examples:

        medley trace servegen rates.csv lengths.json --to 3600 > hour.csv
        medley trace servegen <(zcat m-small_client_rates.csv.gz) \\
          <(zcat m-small_top_clients_lengths.json.gz) --from 36000 --to 37800
      """)

  @Argument(help: "Rates of clients: client,window_start_s,rate,cv,pattern,param1.", completion: .file())
  var rates: String

  @Argument(help: "Lengths of clients: one JSON object of histograms.", completion: .file())
  var lengths: String

  @Option(help: ArgumentHelp("Where in the records the requests begin.", valueName: "seconds"))
  var from: Int64 = 0

  @Option(help: ArgumentHelp("Where in the records they end.", valueName: "seconds"))
  var to: Int64

  @Option(help: ArgumentHelp("The seed of all draws.", valueName: "n"))
  var seed: UInt64 = 1

  func validate() throws {
    guard from >= 0, to <= ClientRates.latestStart, from < to else {
      throw ValidationError("--from and --to are seconds from 0 to \(ClientRates.latestStart), in this order")
    }
  }

  func run() throws {
    let console = Session.current.console
    let workload = ClientWorkload(
      rates: try read(rates) { source throws(TraceFaults) in try ClientRates(source) },
      lengths: try read(lengths) { source throws(TraceFaults) in try ClientLengths(source) }, part: from..<to)
    let trace: Trace
    do {
      trace = try workload.trace(seed: seed)
    } catch {
      throw Faults(
        Diagnostic(at: nil, "no requests can be drawn", why: error.why, fix: "choose another --from and --to"))
    }
    NativeCSV.write(trace) { console.out(String(decoding: $0, as: UTF8.self)) }
    if workload.leftOut > 0 {
      console.err("note: \(workload.leftOut) requests of clients without lengths are left out\n")
    }
  }

  private func read<Result>(
    _ path: String, _ body: (ByteSource) throws(TraceFaults) -> Result
  ) throws(Faults) -> Result {
    do {
      return try body(ByteSource(argument: path))
    } catch {
      throw error.faults(of: path == "-" ? Scenario.standardInput : path)
    }
  }
}

extension ClientWorkload.Fault {
  /// The fault in words.
  var why: String {
    switch self {
    case .nobody: "no client whose lengths are known asks there"
    case .tooMany(let count): "there would be \(count), more than \(TraceReader.rowLimit)"
    case .tooManyClients(let count): "\(count) clients ask there, and a trace tells no more than \(Tenant.limit) apart"
    }
  }
}
