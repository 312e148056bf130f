import Foundation

/// The processor that this runs on.
public enum Processor {
  /// Threads that it runs at once.
  public static var threads: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Its name and, where Linux tells them, family, model and stepping: clouds call many processors the same.
  public static var name: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    func field(_ name: String) -> String? {
      text.split(separator: "\n").first { $0.hasPrefix(name + "\t") || $0.hasPrefix(name + " ") }
        .flatMap { $0.split(separator: ":", maxSplits: 1).last }
        .map { $0.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "\"", with: "") }
    }
    guard let model = field("model name") ?? field("CPU part") else { return "unknown processor" }
    let numbers = ["cpu family", "model", "stepping"].compactMap(field)
    return numbers.count == 3 ? "\(model) (family \(numbers[0]) model \(numbers[1]) stepping \(numbers[2]))" : model
  }

  /// Processes that were ready to run, averaged over the last minute; nil where the system does not tell.
  public static var load: Double? {
    var loads = [0.0, 0.0, 0.0]
    return getloadavg(&loads, 3) >= 1 ? loads[0] : nil
  }
}
