import Foundation
import Testing
import Units

@testable import Scenario

private let scenarios = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../scenarios")
  .standardized.path

/// The schemas that `medley schema` writes, held against an independent validator: Python's jsonschema.
@Suite("The JSON Schema", .enabled(if: Validator.isHere, "needs python3 with the package jsonschema"))
struct SchemaTests {
  @Test("Every file that ships conforms", arguments: Document.allCases)
  func shippedFiles(_ document: Document) throws {
    let files = FileManager.default.enumerator(atPath: scenarios)
    var documents: [String: Any] = [:]
    while let file = files?.nextObject() as? String {
      guard file.hasSuffix(".yaml"), !file.hasPrefix("broken/") else { continue }
      let folder = file.split(separator: "/").dropLast().last.map(String.init) ?? ""
      let kind = Document.allCases.first { "\($0.rawValue)s" == folder } ?? .scenario
      if kind == document {
        documents[file] = try parsed(String(contentsOfFile: "\(scenarios)/\(file)", encoding: .utf8))
      }
    }
    #expect(documents.count >= 10)
    #expect(try Validator.faults(of: documents, schema: document) == [:])
  }

  /// What an editor can find without arithmetic.
  private static let wrong = [
    "an unknown key": "modle: llama-2-7b",
    "a missing model": "cluster: {pools: {a: {device: a10}}}\nworkload: {trace: t.csv}",
    "a number without unit": "\(whole)slo: {ttft: 2}",
    "another dimension": "\(whole)slo: {ttft: 2 GB}",
    "a misspelt unit": "\(whole)slo: {ttft: 2 sec}",
    "a negative time": "\(whole)slo: {ttft: -2 s}",
    "a misspelt policy": "\(whole)policy: {route: least-laoded}",
    "two policies": "\(whole)policy: {route: {least-loaded: {}, round-robin: {}}}",
    "a policy's unknown setting": "\(whole)policy: {batch: {chunked: {token-bugdet: 5}}}",
    "an unknown format": "extends: a.yaml\nmodel: {name: llama-2-7b, weights: fp17}",
    "a count with a point": "extends: a.yaml\ncluster: {pools: {a: {replicas: 1.5}}}",
    "a count out of range": "extends: a.yaml\ncluster: {pools: {a: {replicas: 0}}}",
    "a list for a mapping": "extends: a.yaml\ncluster: {pools: [a]}",
    "an unknown generator": "extends: a.yaml\nworkload: {generator: poison}",
    "a percentile that is none": "extends: a.yaml\nslo: {ttft: {q50: 2 s}}",
    "a slowdown of gaps": "extends: a.yaml\nslo: {itl: 2x}",
    "a claim without source": "\(whole)claims: [{metric: goodput, of: a, published: 1, mark: A}]",
    "a claim's unknown form": "\(whole)claims: [{metric: goodput, of: a, take: men, published: 1, mark: A, source: s}]",
    "a variant's unknown key": "\(whole)variants: {a: {polcy: {}}}",
    "a price without currency": "extends: a.yaml\ncluster: {pools: {a: {price: 2.5 /h}}}",
    "an axis without values": "\(whole)sweep: {seed: 1}",
  ]
  private static let whole =
    "model: llama-2-7b\ncluster: {pools: {a: {device: a10}}}\nworkload: {trace: {path: t.csv}}\n"

  @Test("Wrong scenarios are refused, and a right one is not")
  func wrongScenarios() throws {
    var documents = try Self.wrong.mapValues { try parsed($0) }
    documents["right"] = try parsed(Self.whole + "slo: {ttft: 2 s}\npolicy: {route: ~}\nvariants: {a: {}, b: ~}\n")
    let faults = try Validator.faults(of: documents, schema: .scenario)
    #expect(Set(faults.keys) == Set(Self.wrong.keys))
  }

  @Test("Wrong devices, links and tiers are refused")
  func wrongHardware() throws {
    let latency = "latency: {value: 5 us, source: s}"
    for (document, text) in [
      (Document.device, "name: a\nkind: gpu"), (.link, "bandwidth: 5 GB/s\n\(latency)"),
      (.link, "bandwidth: {value: 5 GB/s}\n\(latency)"), (.tier, "name: a\nkind: tape\n\(latency)"),
    ] {
      #expect(try Validator.faults(of: ["wrong": parsed(text)], schema: document).count == 1, "\(text)")
    }
  }
}

/// A YAML text as JSON, scalars resolved by YAML's core schema (YAML 1.2.2, section 10.3).
private func parsed(_ text: String) throws -> Any {
  let diagnostics = Diagnostics()
  let element = YAMLReading.element(SourceText(name: "text", text: text), limits: Limits(), diagnostics)
  return json(try #require(element, "\(diagnostics.faults)"))
}

private func json(_ element: Element) -> Any {
  switch element.content {
  case .null: return NSNull()
  case .sequence(let elements): return elements.map(json)
  case .mapping(let entries): return Dictionary(entries.map { ($0.key, json($0.value)) }) { first, _ in first }
  case .scalar(let text, let quoted):
    if quoted { return text }
    if ["true", "True", "TRUE", "false", "False", "FALSE"].contains(text) { return text.lowercased() == "true" }
    if text.wholeMatch(of: /[-+]?[0-9]+/) != nil, let number = Int(text) { return number }
    if text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil, let number = Double(text) {
      return number
    }
    return text
  }
}

/// Python's jsonschema, a validator that is none of ours.
private enum Validator {
  static let isHere: Bool = (try? python("import jsonschema", input: Data()))?.isEmpty == true

  /// What is wrong with each of several documents, by name; those that conform are left out.
  static func faults(of documents: [String: Any], schema document: Document) throws -> [String: String] {
    let ran = medley("schema", document.rawValue)
    #expect(ran.outcome == .ok && ran.err.isEmpty)
    let schema = try JSONSerialization.jsonObject(with: Data(ran.out.utf8))
    let input = try JSONSerialization.data(withJSONObject: ["schema": schema, "documents": documents])
    let output = try python(
      """
      import json, sys, jsonschema
      given = json.load(sys.stdin)
      jsonschema.Draft7Validator.check_schema(given["schema"])
      validator = jsonschema.Draft7Validator(given["schema"])
      faults = {}
      for name, document in given["documents"].items():
          for error in validator.iter_errors(document):
              faults[name] = "/".join(map(str, error.path)) + ": " + error.message[:200]
      json.dump(faults, sys.stdout)
      """, input: input)
    return try #require(try JSONSerialization.jsonObject(with: output) as? [String: String])
  }

  /// What a Python program writes; a program that fails throws.
  private static func python(_ program: String, input: Data) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program]
    let out = Pipe()
    let feed = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString)")
    try input.write(to: feed)
    defer { try? FileManager.default.removeItem(at: feed) }
    process.standardInput = try FileHandle(forReadingFrom: feed)
    process.standardOutput = out
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = out.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return data
  }
}
