import ArgumentParser
import Report
import Scenario

/// `medley schema`: what editors need to know of the files.
struct SchemaVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Writes a JSON Schema of scenarios, devices, links, tiers or kernels, for editors.",
    discussion: """
      Draft 7, which YAML language servers read. It knows the keys with what
      they mean, units, policies, and the names of the catalogue; what takes
      arithmetic, such as whether a model fits, is for medley check. Examples:

        medley schema > scenario.schema.json
        medley schema device > device.schema.json

      A first line tells an editor which schema a file has:

        # yaml-language-server: $schema=scenario.schema.json
      """)

  @Argument(help: "What to describe: \(Document.allCases.map(\.rawValue).joined(separator: ", ")).")
  var document = Document.scenario

  func run() throws {
    let catalogue = Catalogue.standard(for: ".")
    let schema = SchemaJSON(names: [
      .device: catalogue.names(.device), .link: catalogue.names(.link), .tier: catalogue.names(.tier),
      .model: catalogue.names(.model),
      .trace: NamedTrace.all.map(\.name),
    ])
    let session = Session.current
    session.console.out(schema.document(document, KeyTable.keys(document, policies: session.policies)).text)
  }
}

extension Document: ExpressibleByArgument {}
