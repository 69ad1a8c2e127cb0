import { join } from 'node:path'
import t from 'tap'
import { day2 } from '../support/day2.ts'

const deployment = (replicas: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {${replicas}selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}}\n`
const budget =
  'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 2, selector: {matchLabels: {app: web}}}\n'

t.test('without --complete, too, what is there is not called missing', async (t) => {
  const rollout = `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec: {replicas: 2, selector: {matchLabels: {app: web}}, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web, scaleDown: progressively}}\n`
  const autoscaler = (name: string) =>
    `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: ${name}}\nspec: {minReplicas: 2, maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n`
  const dir = t.testdir({
    rollout: { 'all.yaml': [rollout, deployment('replicas: 2, '), budget].join('---\n') },
    autoscalers: {
      'all.yaml': [deployment(''), budget, autoscaler('a'), autoscaler('b')].join('---\n'),
    },
    lacking: { 'all.yaml': [rollout, budget].join('---\n') },
  })
  const deadlock = async (folder: string) =>
    (await day2('check', join(dir, folder))).stdout.split('\n').filter((line) => line.includes('compute-pdb-deadlock'))
  const open = (kind: string) => new RegExp(`^  compute-pdb-deadlock finds no answer in what is said of ${kind} `)
  t.match(await deadlock('rollout'), [open('Deployment')])
  t.match(await deadlock('autoscalers'), [open('HorizontalPodAutoscaler')])
  t.match(await deadlock('lacking'), [/^ {2}compute-pdb-deadlock needs Deployment /])
})
