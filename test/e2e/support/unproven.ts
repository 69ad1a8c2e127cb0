/** Rules whose outage this control plane cannot show, with the source that says that it happens. */
export const unproven: ReadonlyMap<string, string> = new Map([
  [
    'compute-cpu-limit',
    'no container runtime: a container without a cpu limit takes what its neighbours leave (kernel, cgroup v2 `cpu.weight` and `cpu.max`; kubernetes/pkg/kubelet/cm)',
  ],
  [
    'compute-memory-limit-required',
    'no kubelet: it is the kernel that kills at the limit, and the kubelet that evicts under memory pressure (kubernetes/pkg/kubelet/eviction/helpers.go, rankMemoryPressure)',
  ],
  [
    'identity-configmap-cloud-credentials',
    'no cloud: static keys fail all at once when they are rotated or expire (AWS, Google Cloud and Azure documentation of access keys, service account keys and client secrets)',
  ],
  ['identity-env-cloud-credentials', 'no cloud: as for `identity-configmap-cloud-credentials`'],
  ['identity-secret-cloud-credentials', 'no cloud: as for `identity-configmap-cloud-credentials`'],
  [
    'observability-context-env',
    'no kubelet: it resolves the environment of a container (kubernetes/pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables)',
  ],
])
