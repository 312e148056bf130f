import Units

/// The record of a real server that a scenario describes.
public struct MeasuredPlan: Hashable, Sendable {
  /// The name in the scenario.
  public var name: String
  /// The file to read.
  public var path: String
  /// What the rows that count have in these columns, one text of each list; a text that ends in `*` is what they begin
  /// with.
  public var rows: [String: [String]]
  /// How each row's run was loaded; nil where a row is a request.
  public var runs: BenchmarkLoad?
}

/// What a record of whole runs does not say of how a benchmark loads a server.
public struct BenchmarkLoad: Hashable, Sendable {
  /// Requests for each that is in flight at a time.
  public var requestsPerUser = 10
  /// Requests of a run that begins with all of them at once.
  public var atOnce = 1000
  /// Tokens that a step may hold beside a prompt and one of each user, where the engine was set so; nil where the scenario
  /// says what a step holds.
  public var stepMargin: Int?
  /// The shortest length over the stated one, between which lengths are drawn evenly.
  public var shortest = 1.0
  /// Tokens of a prompt where the record states none; nil where such runs are not compared.
  public var promptTokens: Int?
  /// Tokens of an answer where the record states none; nil where such runs are not compared.
  public var outputTokens: Int?
  /// What rows say of the server beside its load, and the settings that this stands for, by name.
  public var settings: [Setting] = []
  /// The most that the mean of |predicted / measured - 1| may be, by figure: `tpot`.
  public var within: [String: Double] = [:]
  /// What that mean is to be, by figure: a goal, which may be missed.
  public var targets: [String: Double] = [:]
  /// What keeps figures above their targets, in words.
  public var bounds: [String: String] = [:]

  /// Settings of the runs whose columns hold given texts: `{rows: {dtype: F16}, set: {model.weights: fp16}}`.
  public struct Setting: Hashable, Sendable {
    /// What the columns hold, one text of each list; a text that ends in `*` is what they begin with.
    public var rows: [String: [String]]
    /// Paths of settings, as `--set` takes them, and their values, as in a file.
    public var values: [Value]

    /// A setting and its value.
    public struct Value: Hashable, Sendable {
      /// The path: "model.weights".
      public var path: String
      /// The value: "fp16".
      public var text: String
    }
  }

  /// Figures that runs have, as scenarios spell them.
  public static let figures = ["ttft", "tpot", "e2e", "throughput", "decode-rate", "prefill-rate"]
}

/// Reads `measured: {path: FILE, rows: {COLUMN: TEXT}, runs: {requests-per-user: 10, shortest: 80 %}}`.
struct MeasuredSection {
  let reading: Reading
  let lookup: Lookup

  /// The record under the key `measured`; nil where there is none, or with diagnostics.
  func plan(_ root: Fields) -> MeasuredPlan? {
    guard root.has("measured") else { return nil }
    let fields = root.fields("measured")
    let path = fields.required("path", example: "requests.csv").flatMap { _ in fields.text("path") }
    let rows = rows(fields)
    let load = fields.has("runs") ? load(fields.fields("runs")) : nil
    fields.finish()
    guard let path else { return nil }
    let found = lookup.data(
      path, name: path, hint: "give the path from the scenario's folder or a data root",
      at: fields.valuePlace(of: "path"))
    return found.map { MeasuredPlan(name: path, path: $0.path, rows: rows, runs: load) }
  }

  /// The text under a key, or those of a list.
  private func texts(_ fields: Fields, _ key: String) -> [String] {
    guard case .sequence = fields.element(key)?.content else { return fields.text(key).map { [$0] } ?? [] }
    return fields.elements(key).compactMap { element, path in
      guard let text = element.text else {
        reading.diagnostics.error(
          at: element.place, "'\(path)' is \(element.kind), not a text", why: "columns are compared with texts",
          fix: "write what the column holds")
        return nil
      }
      return text
    }
  }

  /// The settings under their names, in the order of the names.
  private func settings(_ fields: Fields) -> [BenchmarkLoad.Setting] {
    defer { fields.finish() }
    return fields.keys.map { name in
      let entry = fields.fields(name)
      let set = entry.fields("set")
      let values = set.keys.compactMap { path in
        set.element(path).map { BenchmarkLoad.Setting.Value(path: path, text: $0.spelled) }
      }
      set.finish()
      defer { entry.finish() }
      return BenchmarkLoad.Setting(rows: rows(entry), values: values)
    }
  }

  /// The texts of columns under the key `rows`.
  private func rows(_ fields: Fields) -> [String: [String]] {
    let columns = fields.fields("rows")
    defer { columns.finish() }
    return columns.keys.reduce(into: [:]) { $0[$1] = texts(columns, $1) }
  }

  private func load(_ fields: Fields) -> BenchmarkLoad {
    var load = BenchmarkLoad()
    if let count = fields.count("requests-per-user", in: 1...10_000, default: load.requestsPerUser) {
      load.requestsPerUser = count
    }
    if let count = fields.count("at-once", in: 1...1_000_000, default: load.atOnce) { load.atOnce = count }
    if let share = fields.quantity("shortest", Fraction.self, in: Fraction(0.01)...Fraction(1), default: Fraction(1)) {
      load.shortest = share.value
    }
    load.settings = settings(fields.fields("settings"))
    func tokens(_ key: String) -> Int? {
      fields.quantity(key, TokenCount.self, in: TokenCount(1)...TokenCount(1e6)).map { Int($0.value) }
    }
    (load.promptTokens, load.outputTokens) = (tokens("prompt"), tokens("output"))
    load.stepMargin = fields.quantity("step-margin", TokenCount.self, in: TokenCount(0)...TokenCount(1e6))
      .map { Int($0.value) }
    (load.within, load.targets) = (shares(fields.fields("within")), shares(fields.fields("target")))
    let bounds = fields.fields("bounded-by")
    for figure in BenchmarkLoad.figures where bounds.has(figure) { load.bounds[figure] = bounds.text(figure) }
    bounds.finish()
    fields.finish()
    return load
  }

  /// The shares under the keys of figures.
  private func shares(_ fields: Fields) -> [String: Double] {
    defer { fields.finish() }
    return BenchmarkLoad.figures.reduce(into: [:]) { shares, figure in
      guard fields.has(figure) else { return }
      shares[figure] = fields.quantity(figure, Fraction.self, in: Fraction(0)...Fraction(10))?.value
    }
  }
}
