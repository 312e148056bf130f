import Dispatch
import Foundation
import Synchronization

/// Work spread over the cores of this machine.
public enum Parallel {
  /// Cores that are online.
  public static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// `transform` of every item, in the order of the items whatever the order of finishing.
  ///
  /// `finished` is called once for each item that is done, with their number so far, one call at a time. After an
  /// error no item is begun, and since they are begun in order the error that is thrown does not depend on timing.
  /// - Throws: the error of the first item, in their order, among those that failed.
  public static func map<Item: Sendable, Value: Sendable>(
    _ items: [Item], workers: Int = cores, finished: @Sendable (Int) -> Void = { _ in },
    _ transform: @Sendable (Item) throws -> Value
  ) throws -> [Value] {
    let state = Mutex(Progress<Value>(count: items.count))
    DispatchQueue.concurrentPerform(iterations: max(1, min(workers, items.count))) { _ in
      while true {
        let index: Int? = state.withLock {
          guard $0.next < items.count, !$0.failed else { return nil }
          $0.next += 1
          return $0.next - 1
        }
        guard let index else { return }
        let result = Result { try transform(items[index]) }
        state.withLock {
          $0.results[index] = result
          if case .failure = result { $0.failed = true }
          $0.done += 1
          finished($0.done)
        }
      }
    }
    let results = state.withLock { $0.results }
    for case .failure(let error)? in results { throw error }
    return try results.compactMap { try $0?.get() }
  }

  private struct Progress<Value> {
    var next = 0
    var failed = false
    var done = 0
    var results: [Result<Value, any Error>?]

    init(count: Int) { results = Array(repeating: nil, count: count) }
  }
}
