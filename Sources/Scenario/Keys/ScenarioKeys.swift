import Hardware
import Units

/// The keys of every kind of document: adding one takes a line here.
public enum KeyTable {
  /// The keys at the root of a document whose scenarios may name `policies`.
  public static func keys(_ document: Document, policies: PolicyCatalogue = .standard) -> [Key] {
    switch document {
    case .scenario: scenario(policies)
    case .device: device
    case .link: link
    case .tier: tier
    case .kernel: kernels
    }
  }

  /// The keys that variants, sweeps and `--set` may change.
  static func changeable(_ policies: PolicyCatalogue) -> [Key] {
    [
      Key("seed", .count(0...Int.max), "What every random draw of a run follows from."),
      Key("model", .either([.name(.model), .section(model)]), "The model that is served.", isRequired: true),
      Key("cluster", .section(cluster(policies)), "The devices and how they are joined.", isRequired: true),
      Key("policy", .section(policy(policies)), "How requests are routed and batched."),
      Key("workload", .section(workload), "Where the requests come from.", isRequired: true),
      Key("slo", .section(objectives), "What is asked of the latencies."),
      Key("measured", .section(measured), "The record of a real server, which medley validate holds runs against."),
    ]
  }

  private static let measured = [
    Key("path", .name(.file), "A file of requests, beside the scenario or under a data root.", isRequired: true),
    Key(
      "rows", .entries(named: "", .either([.text, .list(.text)])),
      "Only rows whose columns of these names hold these texts, one of each list; one that ends in * is what they begin with."
    ),
    Key("runs", .section(benchmark), "Each row is a figure of a whole run, loaded so."),
  ]

  private static func figures(_ shape: Shape, _ summary: String) -> Shape {
    .section(BenchmarkLoad.figures.map { Key($0, shape, summary) })
  }

  private static let stated = [
    Key(
      "rows", .entries(named: "", .either([.text, .list(.text)])), "The rows that say so, as above.", isRequired: true),
    Key("set", .entries(named: "", .open), "Paths of settings, with their values.", isRequired: true),
  ]

  private static let benchmark = [
    Key("requests-per-user", .count(1...10_000), "Requests for each that is in flight at a time."),
    Key("prompt", .quantity(TokenCount.self), "Tokens of a prompt, where the record states none."),
    Key("output", .quantity(TokenCount.self), "Tokens of an answer, where the record states none."),
    Key(
      "settings", .entries(named: "", .section(stated)), "What rows say of the server beside its load, by any names."),
    Key("at-once", .count(1...1_000_000), "Requests of a run that begins with all of them."),
    Key(
      "within", figures(.quantity(Fraction.self), "The most that the mean error of this figure may be."),
      "What medley validate holds the errors to."),
    Key(
      "target", figures(.quantity(Fraction.self), "What the mean error of this figure is to be."),
      "The goal that errors are stated beside."),
    Key(
      "bounded-by", figures(.text, "What bounds the error of this figure."), "Why a goal is missed; a figure each."),
    Key(
      "step-margin", .quantity(TokenCount.self),
      "Where a step held at most a prompt, a token of each user and so many more: these."),
    Key(
      "shortest", .quantity(Fraction.self),
      "The shortest length over the stated one, between which lengths are drawn evenly."),
  ]

  static func scenario(_ policies: PolicyCatalogue) -> [Key] {
    let changeable = changeable(policies)
    return [
      Key("question", .text, "What the scenario asks; it is shown above the results."),
      Key("extends", .name(.file), "A scenario beside this one, which this one is laid over."),
    ] + changeable + [
      Key(
        "variants", .entries(named: "", .section(changeable)),
        "Named changes to compare; the first is the baseline."),
      Key("sweep", .axes, "Paths of settings, each with the list of values it takes."),
      Key("capacity", .section(capacity), "The rates at which medley capacity looks for the highest within the SLO."),
      Key("claims", .list(.section(claim)), "Published results that runs are compared with."),
      Key(
        "free", .list(.section(free)),
        "Settings that the source of the claims does not state, with what they may have been."),
      Key("notes", .list(.text), "What to know about the results, a sentence or several each."),
    ]
  }

  private static let model =
    [
      Key("name", .name(.model), "A model of the catalogue, or models/NAME/config.json beside the scenario."),
      Key("config", .name(.file), "A config.json of Hugging Face, beside the scenario."),
      Key("kv-cache", format, "The format of keys and values."),
    ] + formats

  /// Names without parts, then those with a group or a codebook.
  private static let format = Shape.either([
    .choice(StorageFormat.named.map(\.name)),
    .spelled("^((fp8|fp4|int8|int4|int3|int2)-g[0-9]+(-[sz][a-z0-9]+)*|codebook-[0-9]+x[0-9]+-v[0-9]+)$"),
  ])

  /// Formats by the names of storage formats: `bf16`, `fp8`, `mxfp4`, `int4-g128`, `codebook-1x16-v8`.
  static let formats = [
    Key("weights", format, "The format of all weights whose kind has none of its own."),
    Key("attention", format, "The format of the projections of attention and other mixers."),
    Key("feed-forward", format, "The format of dense feed-forward blocks."),
    Key("experts", format, "The format of experts, shared ones included."),
    Key("shared-experts", format, "The format of shared experts, in place of that of experts."),
    Key("embedding", format, "The format of the embeddings, and of a head that shares them."),
    Key("head", format, "The format of the output projection."),
    Key("norms", format, "The format of norms and routers; 16 bits where the weights are narrower."),
    Key("activations", format, "The format of the activations, and of arithmetic unless told."),
    Key(
      "arithmetic", format,
      "The format that products with weights of less than 16 bits compute in, where the device has it."),
    Key(
      "conversion-operations", .number(0...1000),
      "Vector operations that convert one weight the device does not compute with as it is stored."),
  ]

  private static func policy(_ policies: PolicyCatalogue) -> [Key] {
    [
      Key("route", .oneOf(policies.routeOptions), "Which replicas prefill and decode a request."),
      Key("batch", .oneOf(policies.batchOptions), "What a step of an engine holds."),
    ]
  }

  private static let capacity = [
    Key("from", .quantity(Rate.self), "The lowest rate.", isRequired: true),
    Key("to", .quantity(Rate.self), "The highest rate.", isRequired: true),
    Key("step", .quantity(Rate.self), "The distance between two rates; without it the search bisects."),
  ]
}
