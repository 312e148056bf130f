extension Quantity {
  /// The amount as people write it, in the unit that keeps it between 1 and 1000: "138 GB", "12.5 ms", "$2.5/h".
  ///
  /// Up to four significant digits; for tables and diagnostics, never to be read back where exactness matters.
  public var text: String {
    switch D.symbol {
    case "$/h": return "$\(brief(value))/h"
    case "1": return "\(brief(value * 100)) %"
    case "x": return "\(brief(value))x"
    case "s" where value >= 1 || value == 0: return "\(brief(value)) s"
    case "s": return prefixed(["ms", "us", "ns", "ps"])
    case "B", "B/s", "FLOP/s", "J", "W":
      let prefixes = ["", "k", "M", "G", "T", "P", "E"].map {
        $0 == "k" && D.symbol != "J" && D.symbol != "W" ? "K" : $0
      }
      return prefixed(prefixes.reversed().map { $0 + D.symbol })
    default: return "\(brief(value)) \(D.symbol)"
    }
  }

  /// ``text`` where that is read back as this very amount, else all digits in the base unit.
  public var exactText: String {
    if let read = try? Self.parse(text), read == self { return text }
    return D.symbol == "1" ? "\(value * 100) %" : "\(value) \(D.symbol)"
  }

  /// The amount in the first of the units that it reaches, or in the last.
  private func prefixed(_ symbols: [String]) -> String {
    var last = "\(brief(value)) \(D.symbol)"
    for symbol in symbols {
      guard let unit = D.facts.units.first(where: { $0.symbol == symbol }) else { continue }
      let amount = value * unit.divisor / unit.multiplier
      last = "\(brief(amount)) \(symbol)"
      // 999.96 would be shown as 1000.
      if amount >= 0.99995 { return last }
    }
    return last
  }
}

/// ``brief(_:)`` where that is read back as this very number, else all digits.
public func exact(_ number: Double) -> String {
  let short = brief(number)
  return Double(short) == number ? short : "\(number)"
}

/// A number with up to four significant digits and no exponent, whole where it is 1000 or more.
public func brief(_ number: Double) -> String {
  guard number.isFinite else { return "\(number)" }
  guard abs(number) <= 1e15 else { return "\(number)" }
  let magnitude = abs(number)
  var digits = 0
  var scale = 1.0
  while digits < 12, magnitude > 0, magnitude * scale < 1000 {
    digits += 1
    scale *= 10
  }
  let scaled = Int64((magnitude * scale).rounded(.toNearestOrEven))
  var whole = "\(scaled)"
  if digits > 0 {
    while whole.count <= digits { whole = "0" + whole }
    var fraction = String(whole.suffix(digits))
    whole = String(whole.dropLast(digits))
    while fraction.last == "0" { fraction.removeLast() }
    if !fraction.isEmpty { whole += "." + fraction }
  }
  return number < 0 && scaled != 0 ? "-" + whole : whole
}
