import CGSL

/// A problem as GSL's callback sees it.
final class FitProblem {
  let parameters: [Parameter]
  let count: Int
  private let model: ([Double]) -> [Double]

  init(parameters: [Parameter], count: Int, residuals: @escaping ([Double]) -> [Double]) {
    self.parameters = parameters
    self.count = count
    self.model = residuals
  }

  func values(at place: [Double]) -> [Double] { zip(parameters, place).map { $0.value(at: $1) } }
  func residuals(at place: [Double]) -> [Double] { model(values(at: place)) }
}

/// One search with fixed weights.
struct FitSearch {
  var place: [Double]
  var residuals: [Double]
  var covariance: [[Double]]
  var iterations: Int
  var ending: Fit.Ending

  /// Runs GSL's trust region from a place. Everything that GSL allocates is freed before it returns or throws.
  static func run(
    _ problem: FitProblem, from start: [Double], weights: [Double], by settings: LeastSquares
  ) throws(LeastSquares.Failure) -> FitSearch {
    GSLErrors.returnThem()
    let (n, p) = (problem.count, start.count)
    var method = gsl_multifit_nlinear_default_parameters()
    method.scale = medley_scale_more()
    method.solver = medley_solver_qr()
    method.fdtype = GSL_MULTIFIT_NLINEAR_CTRDIFF
    guard let workspace = gsl_multifit_nlinear_alloc(medley_trust_region(), &method, n, p) else {
      throw .library("out of memory")
    }
    defer { gsl_multifit_nlinear_free(workspace) }
    guard let x = gsl_vector_alloc(p) else { throw .library("out of memory") }
    defer { gsl_vector_free(x) }
    guard let w = gsl_vector_alloc(n) else { throw .library("out of memory") }
    defer { gsl_vector_free(w) }
    guard let covariance = gsl_matrix_alloc(p, p) else { throw .library("out of memory") }
    defer { gsl_matrix_free(covariance) }
    for i in 0..<p { gsl_vector_set(x, i, start[i]) }
    for i in 0..<n { gsl_vector_set(w, i, weights[i]) }

    var function = gsl_multifit_nlinear_fdf()
    function.n = n
    function.p = p
    function.params = Unmanaged.passUnretained(problem).toOpaque()
    function.f = { x, context, f in
      guard let x, let context, let f else { return Int32(GSL_EFAULT) }
      let problem = Unmanaged<FitProblem>.fromOpaque(context).takeUnretainedValue()
      let residuals = problem.residuals(at: (0..<x.pointee.size).map { gsl_vector_get(x, $0) })
      if residuals.count != problem.count { return Int32(GSL_EBADLEN) }
      // GSL takes any residual for granted: a huge one makes it step back.
      for (i, residual) in residuals.enumerated() { gsl_vector_set(f, i, residual.isFinite ? residual : 1e150) }
      return Int32(GSL_SUCCESS)
    }

    return try withExtendedLifetime(problem) { () throws(LeastSquares.Failure) -> FitSearch in
      var status = gsl_multifit_nlinear_winit(x, w, &function, workspace)
      guard status == Int32(GSL_SUCCESS) else { throw .library(GSLErrors.description(of: status)) }
      var info: Int32 = 0
      status = gsl_multifit_nlinear_driver(
        settings.iterationLimit, settings.stepTolerance, settings.gradientTolerance, 0, nil, nil, &info, workspace)
      let ending: Fit.Ending
      switch Int(status) {
      case Int(GSL_SUCCESS): ending = info == 1 ? .smallStep : .smallGradient
      case Int(GSL_ENOPROG): ending = .noProgress
      case Int(GSL_EMAXITER): ending = .iterationLimit
      default: throw .library(GSLErrors.description(of: status))
      }
      let position = gsl_multifit_nlinear_position(workspace)
      let place = (0..<p).map { gsl_vector_get(position, $0) }
      status = gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(workspace), 0, covariance)
      guard status == Int32(GSL_SUCCESS) else { throw .library(GSLErrors.description(of: status)) }
      let residuals = problem.residuals(at: place)
      let squares = zip(residuals, weights).reduce(0) { $0 + $1.1 * $1.0 * $1.0 }
      // The spread of the residuals scales the covariance, the slopes of the bounds carry it to the values.
      let spread = n > p ? squares / Double(n - p) : .nan
      let slopes = zip(problem.parameters, place).map { $0.slope(at: $1) }
      return FitSearch(
        place: place, residuals: residuals,
        covariance: (0..<p).map { i in
          (0..<p).map { j in spread * slopes[i] * slopes[j] * gsl_matrix_get(covariance, i, j) }
        },
        iterations: gsl_multifit_nlinear_niter(workspace), ending: ending)
    }
  }
}
