import ArgumentParser
import Cluster
import Foundation
import Hardware
import Models
import Scenario
import Study
import Units

/// `medley experts`: how often an expert cache has what decoding asks for.
struct ExpertsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experts",
    abstract: "Shows the hit rates of expert caches by size and eviction policy.",
    discussion: """
      Requests decode, and every mixture layer asks a cache for the experts of
      the step's tokens: drawn by a synthetic router, or as --routing recorded
      them (CSV: request,token,layer,expert,expert... below a header). A hit
      found its expert there. What is in use keeps its slot until its layer has
      been computed; a missed expert takes the slot of another only where the
      policy wants it to, or with --keep-all always. belady knows the future.
      The bound is what no policy can exceed, not even one that gives up an
      expert as soon as it was asked for. Examples:

        medley experts mixtral-8x7b
        medley experts deepseek-v2-lite --cache 25%,50% --evict lru,mrs,belady
        medley experts qwen2-57b-a14b --parameter skew=0.5 --batch 16 --json
      """)

  @Argument(help: "A model of the catalogue that is a mixture of experts.", completion: Completion.model)
  var model: String

  @Option(help: ArgumentHelp("Shares of the experts that the cache holds.", valueName: "shares"))
  var cache = "25%,50%,75%"

  @Option(help: ArgumentHelp("Eviction policies; all unless given.", valueName: "names"))
  var evict: String?

  @Option(help: ArgumentHelp("The seed of routing and policies.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Requests.", valueName: "n"))
  var requests = 16

  @Option(help: ArgumentHelp("Tokens of each prompt, which passes the cache in one step.", valueName: "n"))
  var prompt = 0

  @Option(help: ArgumentHelp("Tokens that each request decodes.", valueName: "n"))
  var tokens = 256

  @Option(help: ArgumentHelp("Requests that decode together.", valueName: "n"))
  var batch = 1

  @Option(
    help: ArgumentHelp("A file of recorded routing in place of the drawn one.", valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var routing: String?

  @Option(
    name: .customLong("parameter"),
    help: ArgumentHelp(
      "A parameter of the synthetic router: topics, \(RoutingParameters.ranges.map(\.name).joined(separator: ", ")). "
        + "May be given often.", valueName: "name=value"))
  var parameters: [String] = []

  @Option(help: ArgumentHelp("The format of the experts' weights; as published otherwise.", valueName: "format"))
  var weights: String?

  @Flag(help: "Let all layers share the slots.")
  var shared = false

  @Flag(help: "Let every missed expert take a slot.")
  var keepAll = false

  @Flag(help: "Write JSON.")
  var json = false

  @Option(name: .shortAndLong, help: ArgumentHelp("Run at most this many caches at once.", valueName: "n"))
  var jobs = Parallel.cores

  func validate() throws {
    _ = try shares()
    if let evict, evict.split(separator: ",").isEmpty {
      throw ValidationError("--evict names no policy, such as lru,mrs")
    }
    _ = try routingParameters()
    guard 1...100_000 ~= requests, 1...1_000_000 ~= tokens, 0...1_000_000 ~= prompt, 1...10_000 ~= batch else {
      throw ValidationError(
        "--requests is from 1 to 100,000, --tokens from 1 to 1,000,000, --prompt from 0, --batch from 1 to 10,000")
    }
    guard jobs >= 1 else { throw ValidationError("--jobs is at least 1") }
    guard parameters.isEmpty || routing == nil else {
      throw ValidationError("--parameter is of the drawn routing that --routing replaces")
    }
    if let weights, (try? StorageFormat(name: weights)) == nil {
      let words = (StorageFormat.named.map(\.name) + StorageFormat.patterns).joined(separator: ", ")
      throw ValidationError("'\(weights)' is no format; there are \(words)")
    }
  }

  func run() throws {
    let console = Session.current.console
    let transformer = try Catalogue.standard(for: ".").model(named: model, beside: ".")
    let place = Place(source: SourceText(name: "command line", text: model), line: 1, column: 1)
    guard let shape = ExpertShape(transformer) else {
      throw Diagnostic(
        at: place, "\(model) has no experts to cache", why: "its layers are dense, or its mixtures differ",
        fix: "name a mixture of experts, such as mixtral-8x7b")
    }
    let load = ExpertCaching.Load(requests: requests, prompt: prompt, tokens: tokens, batch: batch)
    guard ExpertCaching.size(shape, load) <= 5e8 else {
      throw Diagnostic(
        at: place, "the routing of that many tokens is not held", why: "it is drawn before the first cache sees it",
        fix: "fewer --requests or --tokens")
    }
    let caching = ExpertCaching(try source(shape), load)
    let shares = try shares()
    let points = try caching.points(
      shares: shares, policies: try policies(place), isShared: shared, streams: !keepAll, workers: jobs)
    let format = weights.flatMap { try? StorageFormat(name: $0) }
    let bytes = shape.bytes(format ?? ModelFormats(publishedOf: transformer)[.experts])
    let report = ExpertsText(
      model: model, shape: shape, load: load, seed: seed, isRecorded: routing != nil, bytes: bytes, points: points,
      bounds: caching.mostHits(shares: shares, isShared: shared))
    console.out(json ? report.json.text : report.text(style: console.style))
  }

  private func source(_ shape: ExpertShape) throws -> ExpertRouter {
    guard let routing else { return ExpertRouter(shape, try routingParameters(), seed: seed) }
    let text = try Data(contentsOf: URL(filePath: routing))
    do throws(RoutingFaults) {
      return ExpertRouter(try RecordedRouting(text, shape))
    } catch {
      throw Faults(error.faults.map { $0.diagnostic(of: routing, text) })
    }
  }

  private func policies(_ place: Place) throws -> [(name: String, policy: any EvictPolicy)] {
    let catalogue = Session.current.policies
    let names = evict?.split(separator: ",").map(String.init) ?? catalogue.evicts.keys.sorted()
    return try names.map { name in
      guard let policy = catalogue.evict(named: name, seed: seed) else {
        throw Diagnostic(
          at: Place(source: SourceText(name: "--evict", text: evict ?? name), line: 1, column: 1),
          "no eviction policy is named '\(name)'",
          why: "the eviction policies are \(wordList(catalogue.evicts.keys.sorted(), or: "and"))",
          fix: didYouMean(name, among: catalogue.evicts.keys.sorted(), else: "choose one of them"))
      }
      return (name, policy)
    }
  }

  /// The shares of `--cache`, percent or plain.
  private func shares() throws -> [Double] {
    try cache.split(separator: ",", omittingEmptySubsequences: false).map { word in
      let isPercent = word.hasSuffix("%")
      let number = Double(word.filter { $0 != "%" && $0 != " " })
      guard let number, number.isFinite, number > 0, number <= (isPercent ? 100 : 1) else {
        throw ValidationError("'\(word)' is no share above 0 and up to 100 %, such as 25%")
      }
      return isPercent ? number / 100 : number
    }
  }

  private func routingParameters() throws -> RoutingParameters {
    var result = RoutingParameters()
    for parameter in parameters {
      let words = parameter.split(separator: "=", maxSplits: 1).map(String.init)
      guard words.count == 2, let number = Double(words[1]) else {
        throw ValidationError("'\(parameter)' is no name=value, such as skew=0.5")
      }
      if words[0] == "topics", let count = Int(words[1]) {
        result.topics = count
      } else if let known = RoutingParameters.ranges.first(where: { $0.name == words[0] }) {
        result[keyPath: known.field] = number
      } else {
        let names = ["topics"] + RoutingParameters.ranges.map(\.name)
        throw ValidationError("the router has no parameter '\(words[0])'; it has \(names.joined(separator: ", "))")
      }
    }
    guard result.isValid else {
      let ranges = RoutingParameters.ranges.map { "\($0.name) \($0.range.lowerBound) to \($0.range.upperBound)" }
      throw ValidationError(
        "a parameter is outside its range: topics 1 to 1024, \(ranges.joined(separator: ", ")), "
          + "temporal and inter-layer at most 1 together")
    }
    return result
  }
}

extension RoutingFault {
  /// The fault with its line of the file.
  func diagnostic(of path: String, _ text: Data) -> Diagnostic {
    guard line > 0 else { return Diagnostic(at: nil, "'\(path)': \(what)", why: why, fix: fix) }
    let lines = text.split(separator: UInt8(ascii: "\n"), maxSplits: line, omittingEmptySubsequences: false)
    let own = lines.indices.contains(line - 1) ? String(decoding: lines[line - 1].prefix(1000), as: UTF8.self) : ""
    let source = SourceText(name: path, lines: [own], firstLine: line)
    return Diagnostic(at: Place(source: source, line: line, column: column), what, why: why, fix: fix)
  }
}
