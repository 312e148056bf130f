import Foundation
import Hardware
import Models
import Statistics

/// A device whose parameters were fitted to measured runs, and how well it predicts them.
public struct EfficiencyFit: Sendable {
  /// A fit that cannot be made.
  public enum Fault: Error, Hashable, CustomStringConvertible {
    /// The search found no parameters, in its words.
    case search(LeastSquares.Failure)
    /// Too few different shapes to hold some of them out.
    case tooFewShapes(Int)

    /// One line.
    public var description: String {
      switch self {
      case .search(let failure): failure.description
      case .tooFewShapes(let count): "\(count) shapes are too few to hold some of them out"
      }
    }
  }

  /// The device with the fitted values, whose sources say how they came about.
  public var device: Device
  /// The fitted values, in the order of ``DeviceParameter``.
  public var values: [(parameter: DeviceParameter, value: Double, standardError: Double)]
  /// Accuracy of the device on the runs it was fitted to.
  public var fitted: [Accuracy]
  /// Accuracy on each run of a device fitted without the runs of its fold.
  public var heldOut: [Accuracy]
  /// Runs left out because their batch did not run at once.
  public var leftOut: Int

  /// Fits `parameters` of `base` to all of `runs`, and to all but each of `folds` parts to see how well it predicts
  /// what it has not seen.
  ///
  /// The residuals are logarithms of predicted over measured time, for both metrics; beyond 5 % they count as their
  /// size and not as its square (Huber), so that a few odd runs do not bend the rest. The runs of one model,
  /// parallelism, prompt and batch are one shape and are in one fold. `models` are by the names that the runs use;
  /// `label` names the data in the sources of the fitted values.
  /// - Throws: ``Fault``, `Predictor.UnknownModel` or `EngineFault`.
  public init(
    _ base: Device, models: [String: Transformer], runs all: [MeasuredRun],
    parameters: [DeviceParameter] = DeviceParameter.allCases, folds: Int = 4, label: String
  ) throws {
    let runs = all.filter(\.ranTogether).sorted { $0.key < $1.key }
    let parameters = parameters.filter { $0.value(in: base) != nil }
    let parts = try Self.folds(runs, folds)
    let fit = try Self.search(base, models, runs, parameters, dispatch: [1, 1.5])
    let fittedDevice = Self.apply(parameters, fit.values, "", base)
    var predictions: [(run: MeasuredRun, times: Predictor.Times)] = []
    for fold in 0..<folds {
      let seen = zip(runs, parts).filter { $1 != fold }.map(\.0)
      let unseen = zip(runs, parts).filter { $1 == fold }.map(\.0)
      let part = try Self.search(fittedDevice, models, seen, parameters, dispatch: [1])
      let predictor = try Predictor(Self.apply(parameters, part.values, "", base), models: models, for: unseen)
      predictions += unseen.compactMap { run in predictor.times(of: run).map { (run, $0) } }
    }
    let heldOut = Accuracy.table(predictions)
    let errors = Metric.allCases.compactMap { metric in
      Accuracy.meanError(heldOut, metric).map { "\(metric.rawValue) \(($0 * 1000).rounded() / 10) %" }
    }
    let source =
      "fit to \(label), \(runs.count) runs; MAPE in \(folds)-fold validation: \(errors.joined(separator: ", "))"
    device = Self.apply(parameters, fit.values, source, base)
    values = zip(parameters, zip(fit.values, fit.standardErrors)).map { ($0, $1.0, $1.1) }
    let predictor = try Predictor(device, models: models, for: runs)
    fitted = Accuracy.table(runs.compactMap { run in predictor.times(of: run).map { (run, $0) } })
    self.heldOut = heldOut
    leftOut = all.count - runs.count
  }

  /// The fold of each run: shapes in ascending order are dealt out one after another.
  static func folds(_ runs: [MeasuredRun], _ folds: Int) throws(Fault) -> [Int] {
    var shape: MeasuredRun.Key?
    var shapes = 0
    let parts = runs.map { run in
      var key = run.key
      key.output = 0
      if key != shape { shapes += 1 }
      shape = key
      return (shapes - 1) % max(1, folds)
    }
    guard folds >= 2, shapes >= folds else { throw .tooFewShapes(shapes) }
    return parts
  }

  /// The best of searches that start from the base's own values with the decode dispatch time multiplied by each of
  /// `dispatch`, since a floor that does not bind has no slope to follow.
  private static func search(
    _ base: Device, _ models: [String: Transformer], _ runs: [MeasuredRun], _ parameters: [DeviceParameter],
    dispatch: [Double]
  ) throws -> Fit {
    _ = try Predictor(base, models: models, for: runs)
    func residuals(_ values: [Double]) -> [Double] {
      guard let predictor = try? Predictor(apply(parameters, values, "", base), models: models, for: runs) else {
        return Array(repeating: .infinity, count: runs.count * Metric.allCases.count)
      }
      return runs.flatMap { run in
        let times = predictor.times(of: run)
        return Metric.allCases.map { log((times.map($0.of) ?? .infinity) / $0.of(run)) }
      }
    }
    var best: (fit: Fit, loss: Double)?
    for factor in dispatch {
      let unknowns = parameters.map { parameter in
        let value = parameter.value(in: base) ?? 0
        return parameter.unknown(startingAt: parameter == .decodeDispatch ? value * factor : value)
      }
      do {
        let found = try LeastSquares(
          loss: .huber(scale: Self.scale), iterationLimit: 40, stepTolerance: 1e-5, roundLimit: 6
        ).fit(unknowns, count: runs.count * Metric.allCases.count, residuals: residuals)
        let loss = found.residuals.reduce(0) { $0 + Self.huber($1) }
        if loss < best?.loss ?? .infinity { best = (found, loss) }
      } catch { throw Fault.search(error) }
    }
    guard let best else { throw Fault.search(.badResiduals) }
    return best.fit
  }

  /// Logarithm of predicted over measured time from which on a residual counts as its size.
  private static let scale = 0.05

  private static func huber(_ residual: Double) -> Double {
    let size = abs(residual)
    return size <= scale ? size * size : scale * (2 * size - scale)
  }

  private static func apply(
    _ parameters: [DeviceParameter], _ values: [Double], _ source: String, _ base: Device
  ) -> Device {
    var device = base
    for (parameter, value) in zip(parameters, values) { parameter.set(value, source: source, in: &device) }
    return device
  }
}
