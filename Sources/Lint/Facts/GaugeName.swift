/// Metrics that everybody has and that are gauges, though their names do not say so.
enum GaugeName {
  /// Whether a metric is one of them.
  static func isKnown(_ name: String) -> Bool {
    guard !["_total", "_sum", "_count", "_bucket"].contains(where: { name.hasSuffix($0) }) else {
      return false
    }
    return names.contains(name) || beginnings.contains { name.hasPrefix($0) }
  }

  /// Whether a metric is the number of things that there are, though its name ends as a counter's.
  static func isTotal(_ name: String) -> Bool { totals.contains(name) }

  /// What a part of a whole called `…_total` is called.
  static let states: Set<String> = [
    "free", "available", "avail", "used", "usage", "allocated", "in_use", "active", "idle", "reserved",
    "remaining", "online", "offline", "ready", "current",
  ]

  private static let totals: Set<String> = [
    "container_fs_inodes_total", "elasticsearch_indices_docs_total", "harbor_project_total",
    "minio_cluster_disk_offline_total", "minio_cluster_disk_online_total", "minio_cluster_disk_total",
    "minio_cluster_drive_offline_total", "minio_cluster_drive_online_total", "minio_cluster_drive_total",
    "minio_cluster_nodes_offline_total", "minio_cluster_nodes_online_total", "velero_backup_total",
    "velero_restore_total",
  ]

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
