import { unknown, type Inventory } from '../sdk/inventory.ts'
import type { AnyObject } from '../sdk/objects.ts'
import { memberOf, recordOf, stringOf } from '../sdk/shape.ts'
import type { Subject } from '../engine/subject.ts'
import { readRequest, type AdmissionRequest } from './request.ts'

/** Why a request is allowed without being judged. */
export type PassReason =
  'operation' | 'status' | 'node' | 'no-object' | 'deleting' | 'subresource' | 'uncovered' | 'workload-unknown'

/** What an AdmissionReview asks for. */
export type Reading =
  /** No answer can be addressed: 400. */
  | { readonly as: 'invalid'; readonly code: string; readonly message: string }
  | { readonly as: 'pass'; readonly request: AdmissionRequest; readonly why: PassReason }
  | { readonly as: 'judge'; readonly request: AdmissionRequest; readonly subject: Subject }

/** Reads an AdmissionReview. Whatever carries a readable uid gets an answer, so only the envelope can be invalid. */
export function readReview(body: unknown, inventory: Inventory): Reading {
  const review = recordOf(body)
  if (!review) return invalid('D2_REVIEW_NOT_OBJECT', 'the body must be one AdmissionReview object')
  const apiVersion = stringOf(memberOf(review, 'apiVersion')) ?? ''
  if (memberOf(review, 'kind') !== 'AdmissionReview' || !apiVersion.startsWith('admission.k8s.io/'))
    return invalid('D2_REVIEW_KIND', 'the body must be an AdmissionReview of admission.k8s.io/v1')
  if (apiVersion !== 'admission.k8s.io/v1')
    return invalid(
      'D2_REVIEW_VERSION',
      'only admission.k8s.io/v1 is spoken here: set admissionReviewVersions: [v1] in the webhook configuration',
    )
  const uid = stringOf(memberOf(memberOf(review, 'request'), 'uid')) ?? ''
  if (uid === '') return invalid('D2_REVIEW_NO_UID', 'the AdmissionReview has no request.uid to answer to')

  const request = readRequest(memberOf(review, 'request'), uid)
  const why = passReason(request)
  if (why) return { as: 'pass', request, why }
  const subject = request.subresource === 'scale' ? scaledWorkload(request, inventory) : subjectOf(request)
  return subject ? { as: 'judge', request, subject } : { as: 'pass', request, why: 'workload-unknown' }
}

const judgedSubresources: ReadonlySet<string> = new Set(['', 'scale', 'ephemeralcontainers', 'resize'])

function passReason(request: AdmissionRequest): PassReason | undefined {
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return 'operation'
  if (request.subresource === 'status') return 'status'
  // What a kubelet writes (mirror Pods above all) exists already; refusing it only hides it.
  if (request.groups.includes('system:nodes')) return 'node'
  if (!recordOf(request.object)) return 'no-object'
  const deletion = memberOf(memberOf(request.object, 'metadata'), 'deletionTimestamp')
  if (deletion !== undefined && deletion !== null) return 'deleting'
  if (!judgedSubresources.has(request.subresource)) return 'subresource'
  return request.info ? undefined : 'uncovered'
}

function subjectOf(request: AdmissionRequest, given: { object?: AnyObject; oldObject?: AnyObject } = {}) {
  const { info, group, version, generateName, username, groups } = request
  const object = given.object ?? asObject(request.object)
  const oldObject = given.oldObject ?? asObject(request.oldObject)
  if (!info || !object) return undefined
  const isUpdate = request.operation === 'UPDATE'
  return {
    info,
    apiVersion: given.object ? (given.object.apiVersion ?? '') : group === '' ? version : `${group}/${version}`,
    namespace: info.namespaced ? request.namespace : '',
    name: request.name,
    ...(generateName === '' ? {} : { generateName }),
    operation: isUpdate ? ('UPDATE' as const) : ('CREATE' as const),
    subresource: request.subresource,
    object,
    ...(isUpdate && oldObject ? { oldObject } : {}),
    ...(username === '' ? {} : { user: { username, groups } }),
  }
}

/** A scale request holds replicas and nothing else: the workload is the cached one with its replicas replaced. */
function scaledWorkload(request: AdmissionRequest, inventory: Inventory): Subject | undefined {
  if (!request.info) return undefined
  const workload = inventory.get(request.info.kind, request.namespace, request.name)
  if (workload === unknown || !workload || inventory.uncertain(workload)) return undefined
  const object = withReplicas(workload, request.object)
  const oldObject = withReplicas(workload, request.oldObject)
  return object && subjectOf(request, { object, ...(oldObject ? { oldObject } : {}) })
}

function withReplicas(workload: AnyObject, scale: unknown): AnyObject | undefined {
  if (!recordOf(scale)) return undefined
  // The API server leaves `replicas` out of a Scale where it is 0.
  const replicas = memberOf(memberOf(scale, 'spec'), 'replicas') ?? 0
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) return undefined
  const scaled = { ...workload, spec: { ...recordOf(memberOf(workload, 'spec')), replicas } }
  return scaled
}

function asObject(value: unknown): AnyObject | undefined {
  // Wrong types inside are met by every policy; that it is an object at all is what the type claims.
  return recordOf(value)
}

function invalid(code: string, message: string): Reading {
  return { as: 'invalid', code, message }
}
