/// Metrics that everybody has and that are gauges, though their names do not say so.
enum GaugeName {
  /// Whether a metric is one of them.
  static func isKnown(_ name: String) -> Bool {
    guard !["_total", "_sum", "_count", "_bucket"].contains(where: { name.hasSuffix($0) }) else {
      return false
    }
    return names.contains(name) || beginnings.contains { name.hasPrefix($0) }
  }

  private static let names: Set<String> = [
    "up", "ALERTS", "ALERTS_FOR_STATE",
    // cAdvisor
    "container_memory_usage_bytes", "container_memory_working_set_bytes", "container_memory_rss",
    "container_memory_cache", "container_memory_swap", "container_memory_max_usage_bytes",
    "container_fs_usage_bytes", "container_fs_limit_bytes", "container_processes", "container_threads",
    // client libraries
    "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds", "process_max_fds",
    "go_goroutines", "go_threads", "go_memstats_alloc_bytes", "go_memstats_sys_bytes",
    "jvm_memory_used_bytes",
    "jvm_memory_bytes_used", "jvm_memory_max_bytes", "jvm_threads_live_threads", "jvm_threads_current",
    "nodejs_eventloop_lag_seconds", "nodejs_heap_size_used_bytes", "nodejs_active_handles",
    // proxies
    "envoy_cluster_upstream_rq_active", "envoy_cluster_upstream_cx_active", "nginx_connections_active",
    "traefik_service_open_connections", "traefik_entrypoint_open_connections",
    // queues, stores, nodes
    "kafka_consumergroup_lag", "redis_connected_clients", "redis_memory_used_bytes",
    "rabbitmq_queue_messages",
    "rabbitmq_queue_messages_ready", "node_load1", "node_load5", "node_load15",
  ]

  private static let beginnings = [
    "container_spec_", "go_memstats_heap_", "go_memstats_stack_", "kube_deployment_status_",
    "kube_deployment_spec_", "kube_pod_status_", "kube_statefulset_status_", "kube_daemonset_status_",
    "kube_pod_container_resource_", "node_memory_", "node_filesystem_",
  ]
}
