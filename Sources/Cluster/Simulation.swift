import Units
import Workload

/// A run that cannot be finished.
public enum SimulationError: Error, Hashable {
  /// The requests are not in order of arrival, or a count is below 1; the index of the first bad one.
  case badRequest(Int)
  /// Nothing is left to happen while requests are unfinished: a policy waits for what never comes.
  case stalled(unfinished: Int, at: Instant)
  /// The cluster has no replica, or an engine's limits are below 1.
  case badCluster(String)
}

/// Runs workloads on clusters.
public enum Simulation {
  /// Serves `requests` (in order of arrival) on `cluster` and returns all that happened.
  ///
  /// The same arguments give the same result on any machine. Complexity: O((requests + changes) log replicas).
  /// - Throws: ``SimulationError`` or ``PolicyError``.
  public static func run(
    _ cluster: ClusterDescription, requests: [Request], route: any RoutePolicy
  ) throws -> RunResult {
    throw SimulationError.badCluster("the serving core is not built yet")
  }
}
