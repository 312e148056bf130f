import Units

extension ResolvedScenario {
  /// What makes the figures of `scenarios`, or of the pools of one, hard to hold against each other though each is
  /// right: devices whose times were measured with engines of different years, prices of different years.
  ///
  /// Complexity: O(pools x settings).
  public static func comparisonDoubts(_ scenarios: [ResolvedScenario]) -> [Diagnostic] {
    let pools = scenarios.flatMap { scenario in scenario.pools.map { ComparedPool(pool: $0, scenario: scenario) } }
    return [otherEngines(pools), otherPrices(pools)].compactMap { $0 }
  }

  private static func otherEngines(_ pools: [ComparedPool]) -> Diagnostic? {
    let measured = pools.filter { !$0.isGiven("host") }
    guard let old = measured.first(where: { $0.engine != nil }), let engine = old.engine,
      let other = measured.first(where: { $0.engine != engine })
    else { return nil }
    let (a, b) = (old.pool.deviceName, other.pool.deviceName)
    let others = other.engine.map { "those of \(b) of \($0)" } ?? "those of \(b) are not"
    return Diagnostic(
      .warning, at: old.place, "\(a) and \(b) have the times of different engines",
      why:
        "host times and efficiencies of \(a) are of \(engine), \(others): what they differ by is not the devices' alone",
      fix:
        "compare devices of one engine (h100-sxm-graphs and a100-sxm-graphs have a current one's), or give the pools "
        + "a 'host' of their own")
  }

  private static func otherPrices(_ pools: [ComparedPool]) -> Diagnostic? {
    let dated = pools.filter { !$0.isGiven("price") }.compactMap { pool in pool.priceMonth.map { (pool, month: $0) } }
    guard let (old, oldest) = dated.min(by: { $0.month < $1.month }),
      let (new, newest) = dated.max(by: { $0.month < $1.month }), newest - oldest >= ComparedPool.priceAge
    else { return nil }
    let (a, b) = (old.pool.deviceName, new.pool.deviceName)
    return Diagnostic(
      .warning, at: old.place, "\(a) and \(b) have prices of different years",
      why: "\(a) is let at its price of \(old.priceDate ?? ""), \(b) at that of \(new.priceDate ?? "")",
      fix: "give the pools a 'price' of one time")
  }
}

/// A pool among those that a comparison shows.
private struct ComparedPool {
  /// Months from which on two prices are of different times.
  static let priceAge = 12

  let pool: ResolvedPool
  let scenario: ResolvedScenario

  /// The engine of the past that its times are of; nil for a current one.
  var engine: String? { pool.device.execution.engine }

  /// When the price of its device was asked.
  var priceDate: String? { pool.device.price?.date }

  /// Months from the year 0 to a date that begins as "2023-11" does.
  var priceMonth: Int? {
    let parts = (priceDate ?? "").split(separator: "-").prefix(2).map { Int($0) }
    guard parts.count == 2, let year = parts[0], let month = parts[1], (0...9999).contains(year),
      (1...12).contains(month)
    else { return nil }
    return year * 12 + month
  }

  /// Whether the scenario gives the pool this setting, or one below it.
  func isGiven(_ key: String) -> Bool { givenPlace(of: key) != nil }

  /// Where its device is named.
  var place: Place? { givenPlace(of: "device") }

  private func givenPlace(of key: String) -> Place? {
    let path = "cluster.pools.\(pool.name).\(key)"
    return scenario.settings.lazy.compactMap { setting in
      guard setting.path == path || setting.path.hasPrefix(path + "."), case .given(let place) = setting.origin else {
        return nil
      }
      return place
    }.first
  }
}
