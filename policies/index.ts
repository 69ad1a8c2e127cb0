import type { Policy } from '../src/sdk/policy.ts'
import computeCpuLimit from './compute/cpu-limit.ts'
import computeDoNotEvict from './compute/do-not-evict.ts'
import computeHardAntiAffinity from './compute/hard-anti-affinity.ts'
import computeHardTopologySpread from './compute/hard-topology-spread.ts'
import computeHpaMetricWithoutRequests from './compute/hpa-metric-without-requests.ts'
import computeHpaReplicasConflict from './compute/hpa-replicas-conflict.ts'
import computeHpaTargetMissing from './compute/hpa-target-missing.ts'
import computeImageMutableTag from './compute/image-mutable-tag.ts'
import computeLimitrangeConflict from './compute/limitrange-conflict.ts'
import computeMemoryLimitRequired from './compute/memory-limit-required.ts'
import computeNodePinning from './compute/node-pinning.ts'
import computeOvercommitRatio from './compute/overcommit-ratio.ts'
import computePdbBlocksAll from './compute/pdb-blocks-all.ts'
import computePdbDeadlock from './compute/pdb-deadlock.ts'
import computePdbMissing from './compute/pdb-missing.ts'
import computePdbOverlap from './compute/pdb-overlap.ts'
import computePdbSelector from './compute/pdb-selector.ts'
import computePdbUnhealthyPolicy from './compute/pdb-unhealthy-policy.ts'
import computePdbUnscalableOwner from './compute/pdb-unscalable-owner.ts'
import computePriorityMissing from './compute/priority-missing.ts'
import computeQuantitySuspicious from './compute/quantity-suspicious.ts'
import computeQuotaUnspecified from './compute/quota-unspecified.ts'
import computeReferenceMissing from './compute/reference-missing.ts'
import computeRequestExceedsNode from './compute/request-exceeds-node.ts'
import computeRequestsRequired from './compute/requests-required.ts'
import computeRolloutDeadlock from './compute/rollout-deadlock.ts'
import computeSingleReplica from './compute/single-replica.ts'
import identityAutomountDefaultSa from './identity/automount-default-sa.ts'
import identityConfigmapCloudCredentials from './identity/configmap-cloud-credentials.ts'
import identityCredentialEndpointBlocked from './identity/credential-endpoint-blocked.ts'
import identityEnvCloudCredentials from './identity/env-cloud-credentials.ts'
import identityImdsDependency from './identity/imds-dependency.ts'
import identityInjectionMissing from './identity/injection-missing.ts'
import identityLegacySaToken from './identity/legacy-sa-token.ts'
import identityProjectedTokenLifetime from './identity/projected-token-lifetime.ts'
import identityPullSaAnnotationMissing from './identity/pull-sa-annotation-missing.ts'
import identityPullSecretMissing from './identity/pull-secret-missing.ts'
import identityPullSecretRedundant from './identity/pull-secret-redundant.ts'
import identityRoleAnnotationMalformed from './identity/role-annotation-malformed.ts'
import identityRoleMappingMissing from './identity/role-mapping-missing.ts'
import identitySecretCloudCredentials from './identity/secret-cloud-credentials.ts'
import identityServiceAccountMissing from './identity/service-account-missing.ts'
import identityStaticCredentialRef from './identity/static-credential-ref.ts'
import identityStaticPullSecret from './identity/static-pull-secret.ts'
import identityWorkloadBindingIncomplete from './identity/workload-binding-incomplete.ts'
import networkIngressBackendMissing from './network/ingress-backend-missing.ts'
import networkInstanceTargetNeedsNodeport from './network/instance-target-needs-nodeport.ts'
import networkLbHealthCheckMismatch from './network/lb-health-check-mismatch.ts'
import networkMtuOverlay from './network/mtu-overlay.ts'
import networkNodeportLocalBlackhole from './network/nodeport-local-blackhole.ts'
import networkPolicyBlocksLb from './network/policy-blocks-lb.ts'
import networkProbePortUnresolvable from './network/probe-port-unresolvable.ts'
import networkPublishNotReady from './network/publish-not-ready.ts'
import networkReadinessGateMissing from './network/readiness-gate-missing.ts'
import networkReadinessProbeMissing from './network/readiness-probe-missing.ts'
import networkRolloutDrainGap from './network/rollout-drain-gap.ts'
import networkServicePortUnresolvable from './network/service-port-unresolvable.ts'
import networkServiceSelectorNoMatch from './network/service-selector-no-match.ts'
import observabilityContextEnv from './observability/context-env.ts'
import observabilityOtelAttributesOrder from './observability/otel-attributes-order.ts'
import observabilityPropagators from './observability/propagators.ts'
import observabilityZoneSource from './observability/zone-source.ts'
import storageAllowedTopologiesUnsatisfiable from './storage/allowed-topologies-unsatisfiable.ts'
import storageClaimMissing from './storage/claim-missing.ts'
import storageClassMissing from './storage/class-missing.ts'
import storageDefaultClassAmbiguous from './storage/default-class-ambiguous.ts'
import storageImmediateBinding from './storage/immediate-binding.ts'
import storagePvMissingNodeAffinity from './storage/pv-missing-node-affinity.ts'
import storagePvcImmediateClass from './storage/pvc-immediate-class.ts'
import storageReclaimDeleteStateful from './storage/reclaim-delete-stateful.ts'
import storageRwoSharedRollout from './storage/rwo-shared-rollout.ts'
import storageSchedulerBypass from './storage/scheduler-bypass.ts'
import storageZoneConflict from './storage/zone-conflict.ts'

/** Every rule, sorted by id. `npm run new-policy` adds to it; test/architecture.test.ts holds it complete. */
export const policies: readonly Policy[] = [
  computeCpuLimit,
  computeDoNotEvict,
  computeHardAntiAffinity,
  computeHardTopologySpread,
  computeHpaMetricWithoutRequests,
  computeHpaReplicasConflict,
  computeHpaTargetMissing,
  computeImageMutableTag,
  computeLimitrangeConflict,
  computeMemoryLimitRequired,
  computeNodePinning,
  computeOvercommitRatio,
  computePdbBlocksAll,
  computePdbDeadlock,
  computePdbMissing,
  computePdbOverlap,
  computePdbSelector,
  computePdbUnhealthyPolicy,
  computePdbUnscalableOwner,
  computePriorityMissing,
  computeQuantitySuspicious,
  computeQuotaUnspecified,
  computeReferenceMissing,
  computeRequestExceedsNode,
  computeRequestsRequired,
  computeRolloutDeadlock,
  computeSingleReplica,
  identityAutomountDefaultSa,
  identityConfigmapCloudCredentials,
  identityCredentialEndpointBlocked,
  identityEnvCloudCredentials,
  identityImdsDependency,
  identityInjectionMissing,
  identityLegacySaToken,
  identityProjectedTokenLifetime,
  identityPullSaAnnotationMissing,
  identityPullSecretMissing,
  identityPullSecretRedundant,
  identityRoleAnnotationMalformed,
  identityRoleMappingMissing,
  identitySecretCloudCredentials,
  identityServiceAccountMissing,
  identityStaticCredentialRef,
  identityStaticPullSecret,
  identityWorkloadBindingIncomplete,
  networkIngressBackendMissing,
  networkInstanceTargetNeedsNodeport,
  networkLbHealthCheckMismatch,
  networkMtuOverlay,
  networkNodeportLocalBlackhole,
  networkPolicyBlocksLb,
  networkProbePortUnresolvable,
  networkPublishNotReady,
  networkReadinessGateMissing,
  networkReadinessProbeMissing,
  networkRolloutDrainGap,
  networkServicePortUnresolvable,
  networkServiceSelectorNoMatch,
  observabilityContextEnv,
  observabilityOtelAttributesOrder,
  observabilityPropagators,
  observabilityZoneSource,
  storageAllowedTopologiesUnsatisfiable,
  storageClaimMissing,
  storageClassMissing,
  storageDefaultClassAmbiguous,
  storageImmediateBinding,
  storagePvMissingNodeAffinity,
  storagePvcImmediateClass,
  storageReclaimDeleteStateful,
  storageRwoSharedRollout,
  storageSchedulerBypass,
  storageZoneConflict,
]
