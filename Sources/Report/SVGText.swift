import Foundation

/// What pictures have in common.
enum SVGText {
  /// Paul Tol's bright and muted colours, which most eyes tell apart.
  static let colours = [
    "#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#882255", "#999933", "#117733", "#332288",
    "#BBBBBB",
  ]

  /// A coordinate.
  static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  /// A text without what XML would take for its own.
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
