import TimeSeries

extension ByteWriter {
  /// `{"count":"…","sum":"…","buckets":[[rule,"lower","upper","count"],…]}`: empty buckets are left
  /// out, and the list when it would be empty (http-api.md §5).
  mutating func append(histogram: NativeHistogram) {
    append(#"{"count":""#)
    append(value: histogram.count)
    append(#"","sum":""#)
    append(value: histogram.sum)
    append(UInt8(ascii: "\""))
    let buckets = histogram.populatedBuckets
    for (index, bucket) in buckets.enumerated() {
      append(index == 0 ? #","buckets":["# : ",")
      append(bucket)
    }
    append(buckets.isEmpty ? "}" : "]}")
  }

  private mutating func append(_ bucket: BoundedBucket) {
    append(UInt8(ascii: "["))
    append(integer: Int64(bucket.boundaryRule))
    for number in [bucket.lower, bucket.upper, bucket.count] {
      append(#",""#)
      append(value: number)
      append(UInt8(ascii: "\""))
    }
    append(UInt8(ascii: "]"))
  }
}
