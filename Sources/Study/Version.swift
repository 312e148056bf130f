/// The version of medley.
public enum Version {
  /// As `medley --version` prints it and the ledger stores it.
  public static let current = "0.1.0"
}
