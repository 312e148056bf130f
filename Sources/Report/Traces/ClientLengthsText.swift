import Workload

extension ClientLengths {
  private static let shares = [0, 0.1, 0.5, 0.9, 0.99, 0.999, 1]

  /// The lengths as a page of at most 100 columns; ends with a line feed.
  public func text(name: String, style: Style = .plain) -> String {
    let windows = clients.values.reduce(0) { $0 + $1.count }
    let head = [
      "\(style.strong(name)): lengths of \(NumberText.count(clients.count)) clients in \(NumberText.count(windows)) "
        + "windows; format servegen",
      "no arrivals: requests are drawn with the rates beside it by medley trace servegen",
    ]
    var table = Table(["every window the same", "mean", "least", "p10", "p50", "p90", "p99", "p99.9", "most"])
    for field in ClientField.allCases {
      guard let histogram = all(field) else { continue }
      table.add(
        [field.rawValue, NumberText.significant(histogram.mean)]
          + Self.shares.map { NumberText.count(Int(histogram.quantile($0))) })
    }
    var byClient = Table(["client", "windows", "mean prompt", "least", "most", "mean output", "least", "most"])
    for (client, windows) in clients.sorted(by: { $0.key < $1.key }) {
      var cells = [String(client), NumberText.count(windows.count)]
      for means in [windows.map(\.meanPrompt), windows.map(\.meanOutput)] {
        let mean = means.reduce(0, +) / Double(max(1, means.count))
        for value in [mean, means.min() ?? 0, means.max() ?? 0] { cells.append(NumberText.significant(value)) }
      }
      byClient.add(cells)
    }
    return Plot.page([head, table.lines(style), byClient.lines(style)])
  }

  /// The lengths in format `medley-client-lengths/1`.
  public func json(name: String) -> JSON {
    let fields = ClientField.allCases.compactMap { field in
      all(field).map { JSON.Member(field.rawValue, Self.json($0)) }
    }
    let byClient = clients.sorted { $0.key < $1.key }.map { client, windows in
      JSON.object([
        .init("client", .integer(Int(client))),
        .init("window_starts_s", .array(windows.map { .integer(Int($0.start)) })),
        .init("mean_prompt_tokens", .array(windows.map { .number($0.meanPrompt) })),
        .init("mean_output_tokens", .array(windows.map { .number($0.meanOutput) })),
      ])
    }
    return .object([
      .init("format", "medley-client-lengths/1"), .init("file", .string(name)), .init("fields", .object(fields)),
      .init("by_client", .array(byClient)),
    ])
  }

  private static func json(_ histogram: LengthHistogram) -> JSON {
    let quantiles = shares.map { share in
      JSON.Member("p" + JSON.shortest((share * 1000).rounded() / 10), .integer(Int(histogram.quantile(share))))
    }
    return .object([.init("mean", .number(histogram.mean)), .init("quantiles", .object(quantiles))])
  }
}
