/// What verbs assume unless they are told otherwise.
enum Defaults {
  /// The ledger, in the working directory.
  static let ledger = "medley.sqlite"
}
