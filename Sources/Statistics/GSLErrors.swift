import CGSL

/// GSL's errors as values: its own handler would end the process.
enum GSLErrors {
  /// Turns the handler off, once.
  private static let off: Void = { _ = gsl_set_error_handler_off() }()

  /// Must run before any call that can fail.
  static func returnThem() { off }

  /// GSL's words for a status.
  static func description(of status: Int32) -> String {
    gsl_strerror(status).map { String(cString: $0) } ?? "status \(status)"
  }
}
