import Units
import Workload

/// The rates of a service's clients in figures.
struct ClientRatesFigures {
  /// One client over all windows.
  struct Client {
    var number: Int32
    var windows = 0
    var requests = 0
    var highest = 0.0
    /// The coefficient of variation of its gaps, every request counting the same.
    var variation = 0.0
  }

  /// Requests, windows with any, and the seconds from the first window to the end of the last.
  let requests: Int
  let rows: Int
  let seconds: Double
  /// Requests a second in each window of the span.
  let curve: [Double]
  /// The clients, those with the most requests first.
  let clients: [Client]
  /// Client-windows by the law of their gaps.
  let patterns: [(name: String, rows: Int)]
  /// Coefficients of variation of client-windows in ascending order.
  let variations: [Double]

  init(_ rates: ClientRates) {
    rows = rates.rows.count
    requests = rates.requests
    seconds = Double(rates.span)
    let first = rates.rows.first?.start ?? 0
    var counts = [Int](repeating: 0, count: Int(rates.span / ClientRates.window))
    var byNumber: [Int32: Client] = [:]
    for row in rates.rows {
      counts[Int((row.start - first) / ClientRates.window)] += row.requests
      var client = byNumber[row.client] ?? Client(number: row.client)
      client.windows += 1
      client.requests += row.requests
      client.highest = max(client.highest, row.rate)
      client.variation += row.variation * Double(row.requests)
      byNumber[row.client] = client
    }
    curve = counts.map { Double($0) / Double(ClientRates.window) }
    clients = byNumber.values.map { client in
      var client = client
      client.variation /= Double(max(1, client.requests))
      return client
    }.sorted { ($1.requests, $0.number) < ($0.requests, $1.number) }
    patterns = ClientRate.Pattern.allCases.map { law in
      (law.rawValue, rates.rows.count { $0.pattern == law })
    }
    variations = rates.rows.map(\.variation).sorted()
  }

  /// The share of requests that the first `count` clients send.
  func share(ofFirst count: Int) -> Double {
    Double(clients.prefix(count).reduce(0) { $0 + $1.requests }) / Double(max(1, requests))
  }

  /// The least coefficient of variation that a share of the client-windows does not exceed.
  func variation(_ share: Double) -> Double {
    variations[min(variations.count - 1, max(0, Int((share * Double(variations.count)).rounded(.up)) - 1))]
  }
}

extension ClientRates {
  /// The rates as a page of at most 100 columns; ends with a line feed.
  public func text(name: String, style: Style = .plain) -> String {
    let figures = ClientRatesFigures(self)
    let span = NumberText.duration(figures.seconds)
    let mean = NumberText.significant(Double(figures.requests) / max(1, figures.seconds))
    let highest = NumberText.significant(figures.curve.max() ?? 0)
    let head = [
      "\(style.strong(name)): rates of \(NumberText.count(figures.clients.count)) clients over \(span); format servegen",
      "no requests and no tokens: they are drawn with the lengths beside it by medley trace servegen",
    ]
    let laws = figures.patterns.map { "\($0.name) in \(NumberText.count($0.rows))" }.joined(separator: ", ")
    let cvs = [0.1, 0.5, 0.9, 0.99].map { "p\(Int($0 * 100)) \(NumberText.fixed(figures.variation($0), 2))" }
    var table = Table(["arrivals", ""], leading: [0, 1])
    table.add(["requests", "\(NumberText.count(figures.requests)), \(mean) a second, \(highest) in the busiest 10 min"])
    table.add([
      "clients",
      "the busiest sends \(NumberText.percent(figures.share(ofFirst: 1))), ten of them "
        + "\(NumberText.percent(figures.share(ofFirst: 10)))",
    ])
    table.add(["windows", "\(NumberText.count(figures.rows)) of 10 min with requests of a client; gaps \(laws)"])
    table.add(["cv of gaps", cvs.joined(separator: ", ")])
    var busiest = Table(["client", "windows", "requests", "share", "a second", "highest", "cv"])
    for client in figures.clients.prefix(10) {
      busiest.add([
        String(client.number), NumberText.count(client.windows), NumberText.count(client.requests),
        NumberText.percent(Double(client.requests) / Double(max(1, figures.requests))),
        NumberText.significant(Double(client.requests) / max(1, figures.seconds)),
        "\(NumberText.significant(client.highest))/s", NumberText.fixed(client.variation, 2),
      ])
    }
    let sections = [
      head, table.lines(style), Plot.overTime(figures.curve, seconds: Double(Self.window), style: style),
      busiest.lines(style),
    ]
    return Plot.page(sections)
  }

  /// The rates in format `medley-client-rates/1`, clients with the most requests first.
  public func json(name: String) -> JSON {
    let figures = ClientRatesFigures(self)
    return .object([
      .init("format", "medley-client-rates/1"), .init("file", .string(name)),
      .init("clients", .integer(figures.clients.count)), .init("span_s", .number(figures.seconds)),
      .init("requests", .integer(figures.requests)),
      .init("rate_per_s", .number(Double(figures.requests) / max(1, figures.seconds))),
      .init("client_windows", .integer(figures.rows)),
      .init("patterns", .object(figures.patterns.map { .init($0.name, .integer($0.rows)) })),
      .init(
        "gap_cv",
        .object([0.1, 0.5, 0.9, 0.99].map { .init("p\(Int($0 * 100))", .number(figures.variation($0))) })),
      .init("window_s", .integer(Int(Self.window))),
      .init("rates_per_s", .array(figures.curve.map { .number($0) })),
      .init(
        "by_client",
        .array(
          figures.clients.map { client in
            .object([
              .init("client", .integer(Int(client.number))), .init("windows", .integer(client.windows)),
              .init("requests", .integer(client.requests)), .init("highest_per_s", .number(client.highest)),
              .init("gap_cv", .number(client.variation)),
            ])
          })),
    ])
  }
}
