extension Rule {
  /// All rules. A rule that looks at two kinds of things stands twice.
  public static let all: [Rule] = [
    templateFails, queryUnparsable, commentCut, commentCutQuery, resultType, severalSeries, nativeHistogram,
    selfRatio, ratioWindows, selectorProbe, intervalMissing, intervalInvalid, analysisInterval, noThreshold,
    shortWindow,
    longWindow,
    unusedInterval, missingNumerator, failOpen, infinitePass, poisonedSum, rootComparison, valueRange,
    unitOfThreshold, quantileBuckets, largestBucket, spelledBucket, rateOfGauge, rateOfSum, rawCounter,
    gaugeFunctionOfCounter, instantRate, patternAsText, contradiction, neverMatches, noNamespace,
    labelDialects, subqueryStep, featureFlag, smoothedNow, unstablePick, emptyWhenGood, otherTime,
    metricsQL, metricsQLBuckets, address, missingTemplate, unusedTemplate, costlySelector, repeatedQuery,
    uselessSuppression,
    direction,
    durationThreshold, stuck, steps, oldThreshold, twoQueries, unusableMetric, observer, alerts, hooks,
    variableUnused, fallbackMissesNaN, neverSeen, resultCount, hookCannotFail, oneFailure, loosePattern,
    teamsConnector,
    nothingChecked, skippedAnalysis,
    alwaysFires, neverFires, ruleResult, templateLabel, recordedWindow, valueInLabel, templateBreaks,
    percentTwice, duplicateRule, recordedName, requiredText, rateOfRecorded, needlessPattern, fragileAlert,
    oddHold, longInterval, unreadDocument, deadPart, notJudged,
    undistinguished, otherNamespace, widerSide, summedBuckets, windowOfSeconds, bucketsTwice, alertProvider,
    indifferentCommand, strayLoad, countedTwice, averagedQuantiles, infoJoin,
    lostLabel, knownCondition, recordedLabel, templateMisprint, shareShown, recordedLevel, recordedOperation,
    fragileJoin,
    matchesAll, analysisCondition, subqueryWindow, invertedAverage,
    oldVersionTested, hookAddress, providerMismatch,
  ]

  /// The rules that have a page and examples, each code once, in the order of their codes.
  public static var documented: [Rule] { all.filter { !$0.fires.isEmpty }.sorted { $0.code < $1.code } }
}
