extension Canary {
  /// `status` of a Canary (flagger.md §1.4). Flagger alone writes it: whatever a manifest says in it is
  /// dropped before it is looked at.
  enum StatusFields {
    static let schema = ObjectSchema([
      .choice(
        "phase",
        [
          "", "Initializing", "Initialized", "Waiting", "Progressing", "WaitingPromotion", "Promoting",
          "Finalising", "Succeeded", "Failed", "Terminating", "Terminated",
        ], "Where the rollout stands."),
      .number("failedChecks", NumberRule(.readAsWhole), "Failed checks so far."),
      .number("canaryWeight", NumberRule(.readAsWhole), "Percent that the canary gets."),
      .number("iterations", NumberRule(.readAsWhole), "Iterations so far."),
      .map("trackedConfigs", of: .text(.any), "Checksums of the ConfigMaps and Secrets in use."),
      .text("lastAppliedSpec", "A hash of the target that is under analysis."),
      .text("lastPromotedSpec", "A hash of the target that was promoted last."),
      time("lastTransitionTime", "When the phase changed."),
      .text("sessionAffinityCookie", "The canary's cookie."),
      .text("primarySessionAffinityCookie", "The primary's cookie."),
      .text("previousSessionAffinityCookie", "The canary's cookie before."),
      .list("conditions", of: .object(condition), "What the rollout came to."),
    ])

    private static let condition = ObjectSchema([
      .text("type", isRequired: true, "Promoted."),
      .text("status", isRequired: true, "True, False or Unknown."),
      .text("reason", isRequired: true, "The phase."),
      .text("message", "The phase, in words."),
      time("lastTransitionTime", "When the status changed."),
      time("lastUpdateTime", "When it was written."),
    ])

    private static func time(_ key: String, _ summary: String) -> SchemaField {
      .text(key, TextRule(format: "date-time"), summary)
    }
  }
}
