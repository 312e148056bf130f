import Scenario

extension Claim {
  /// What is claimed in a few words: its own, or "goodput of split over mixed" as its settings say it.
  public var subject: String {
    guard says.isEmpty else { return says }
    let figure = "\(measure.text) of \(Self.list(of))"
    return (taking.map { "\(Self.words($0)) of " } ?? "") + figure + comparedText + placesText
  }

  private var comparedText: String {
    let other = Self.list(over)
    return switch comparison {
    case nil: ""
    case .ratio: " over \(other)"
    case .difference: " less that of \(other)"
    case .saving: " saved from \(other)"
    case .recovery: " between \(over.joined(separator: " and ")), as a part of the gap"
    }
  }

  private var placesText: String {
    at.isEmpty ? "" : " at \(at.map(Self.number).joined(separator: ", "))"
  }

  private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  private static func words(_ taking: Taking) -> String {
    switch taking {
    case .rising: "least step up"
    case .falling: "least step down"
    case .linear: "R^2"
    case .highestAt: "place of the highest"
    case .lowestAt: "place of the lowest"
    default: taking.rawValue
    }
  }
}
