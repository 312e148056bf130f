import Foundation
import Hardware
import Statistics

/// The parameters of a kernel model that were fitted to a group of measurements.
public struct KernelFit: Sendable {
  /// A fit that cannot be made.
  public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Too few rows to identify anything.
    case tooFewRows(Int)
    /// The search found no parameters.
    case search(String)

    /// One line.
    public var description: String {
      switch self {
      case .tooFewRows(let count):
        "\(count) rows cannot identify parameters (at least \(KernelFit.leastRows)): datasheet and class constants only"
      case .search(let words): words
      }
    }
  }

  /// A fitted parameter.
  public struct Value: Sendable {
    /// What it is.
    public var parameter: KernelParameter
    /// Its value.
    public var value: Double
    /// Where it lies with a confidence of 95 %, as if the model were linear in its logarithm.
    public var interval: ClosedRange<Double>
  }

  /// What was fitted to.
  public var group: KernelGroup
  /// The variant that fits best.
  public var variant: String
  /// The parameters that matter.
  public var values: [Value]
  /// Correlations of the logarithms of ``values``.
  public var correlations: [[Double]]
  /// The names of parameters that were removed, since they move nothing.
  public var removed: [String]

  /// Fewest rows to fit to.
  public static let leastRows = 10
  /// Logarithm of predicted over measured time from which on a residual counts as its size (Huber).
  static let scale = 0.05
  /// How far a parameter that is a factor of e from where fits begin counts like a row: what rows do not identify stays
  /// near the class constants.
  static let pull = 0.03
  /// A parameter is removed where 20 % more or less of it moves the mean error by less than this share of the times.
  static let leastEffect = 2e-4

  /// Fits the operator class of `group` on `chip` to the rows that are not held out.
  ///
  /// All variants that its kernels may have are tried. Residuals are logarithms of predicted over measured seconds; parameters are searched in
  /// their logarithms within their bounds, with a weak pull towards the class constants (``pull``). Parameters without
  /// effect are removed one by one, and the rest fitted again.
  public init(_ group: KernelGroup, on chip: Chip) throws(Fault) {
    let rows = group.rows
    let indices = rows.isHeldOut.indices.filter { !rows.isHeldOut[$0] }
    guard indices.count >= Self.leastRows else { throw .tooFewRows(indices.count) }
    var best: Search?
    var reason = "no variant could be fitted"
    for variant in rows.model.variants(of: group.key.kernel, in: group.format, on: chip) {
      let parameters = rows.model.parameters(variant, group.format)
      let search = Search(group: group, chip: chip, indices: indices, variant: variant, parameters: parameters)
      do {
        let found = try search.run(from: Dictionary(parameters.map { ($0.name, $0.start) }) { a, _ in a })
        if found.loss < best?.loss ?? .infinity { best = found }
      } catch { reason = error.description }
    }
    guard var found = best else { throw .search(reason) }
    removed = []
    while found.parameters.count > 1, let name = found.leastEffective {
      var fewer = found
      fewer.parameters.removeAll { $0.name == name }
      guard let next = try? fewer.run(from: found.values), next.loss < found.loss * 1.02 else { break }
      removed.append(name)
      found = next
    }
    self.group = group
    variant = found.variant
    correlations = found.fit?.correlations ?? []
    values = found.parameters.enumerated().map { index, parameter in
      let value = found.values[parameter.name] ?? parameter.start
      let bounds = found.fit?.interval(index)
      return Value(
        parameter: parameter, value: value,
        interval: exp(bounds?.lowerBound ?? -.infinity)...exp(bounds?.upperBound ?? .infinity))
    }
  }

  /// The fit as a device's file holds it, with `source`.
  public func kernel(source: String) -> FittedKernel {
    FittedKernel(
      operatorName: group.key.operatorName, framework: group.key.framework, format: group.format,
      kernel: group.key.kernel, variant: variant,
      values: Dictionary(values.map { ($0.parameter.name, $0.value) }) { a, _ in a }, source: source)
  }
}

/// One search for the values of some parameters.
private struct Search {
  let group: KernelGroup
  let chip: Chip
  let indices: [Int]
  let variant: String
  var parameters: [KernelParameter]
  var values: [String: Double] = [:]
  var fit: Fit?
  var loss = Double.infinity

  init(group: KernelGroup, chip: Chip, indices: [Int], variant: String, parameters: [KernelParameter]) {
    self.group = group
    self.chip = chip
    self.indices = indices
    self.variant = variant
    self.parameters = parameters
  }

  private func residuals(_ values: [String: Double]) -> [Double] {
    let all = group.rows.model.parameters(variant, group.format)
    let predicted = group.rows.predict(KernelValues(all, given: values), variant, group.format, chip, indices)
    return zip(predicted, indices).map { log($0 / group.rows.seconds[$1]) }
  }

  /// The search from the values `start`.
  func run(from start: [String: Double]) throws(KernelFit.Fault) -> Search {
    let names = parameters.map(\.name)
    let unknowns = parameters.map { parameter in
      // Strictly inside, or the search has no slope to follow.
      let (low, high) = (log(parameter.lower), log(parameter.upper))
      let begin = log(min(max(start[parameter.name] ?? parameter.start, parameter.lower), parameter.upper))
      return Parameter(
        parameter.name, start: min(max(begin, low + 0.01 * (high - low)), high - 0.01 * (high - low)), lower: low,
        upper: high)
    }
    func named(_ logs: [Double]) -> [String: Double] {
      Dictionary(zip(names, logs.map { exp($0) })) { a, _ in a }
    }
    do {
      var found = self
      let fit = try LeastSquares(
        loss: .huber(scale: KernelFit.scale), iterationLimit: 30, stepTolerance: 1e-4, roundLimit: 5
      ).fit(unknowns, count: indices.count + names.count) { logs in
        let pulls = zip(logs, parameters).map { ($0 - log($1.start)) * KernelFit.pull }
        return residuals(named(logs)) + pulls
      }
      found.fit = fit
      found.values = named(fit.values)
      found.loss = Self.loss(fit.residuals)
      return found
    } catch { throw .search(error.description) }
  }

  private static func loss(_ residuals: [Double]) -> Double {
    residuals.reduce(0) { sum, residual in
      let size = abs(residual)
      return sum + (size <= KernelFit.scale ? size * size : KernelFit.scale * (2 * size - KernelFit.scale))
    }
  }

  /// The parameter that matters least, where it does not matter; nil where all do.
  var leastEffective: String? {
    let own = error(values)
    var least: (name: String, effect: Double)?
    for parameter in parameters {
      guard let value = values[parameter.name] else { continue }
      let effect =
        [0.8, 1.2].map { factor in
          var moved = values
          moved[parameter.name] = value * factor
          return abs(error(moved) - own)
        }.max() ?? 0
      if effect < least?.effect ?? KernelFit.leastEffect { least = (parameter.name, effect) }
    }
    return least?.name
  }

  private func error(_ values: [String: Double]) -> Double {
    let errors = residuals(values).map { abs(exp($0) - 1) }
    return errors.reduce(0, +) / Double(errors.count)
  }
}
