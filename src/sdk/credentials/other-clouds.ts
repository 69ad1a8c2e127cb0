import { alphanumeric, anyBase64, bounded, entropy, invented } from './characters.ts'
import type { Evidence } from './evidence.ts'
import { isPrivateKey } from './google.ts'
import type { Hit, Level } from './hit.ts'
import { namedCredentials } from './other-cloud-names.ts'

/**
 * Credentials of clouds beyond the three, which the parameter `otherClouds` turns on: most of these clouds cannot map a
 * role to a ServiceAccount, so the finding has no remedy there. Certain only where a cloud can, and the pair is complete
 * (Alibaba Cloud: RRSA; Oracle: OKE workload identity). Shapes: github.com/gitleaks/gitleaks, github.com/trufflesecurity/trufflehog.
 */
export function otherClouds({ texts }: Evidence): readonly Hit[] {
  const hits: Hit[] = []
  for (const text of texts) {
    const { path, value } = text
    for (const detector of namedCredentials(text)) hits.push({ path, level: 'possible', cloud: 'other', detector })
    sentinels.lastIndex = 0
    for (let found = sentinels.exec(value); found !== null; found = sentinels.exec(value)) {
      const token = tokens.get(found[0])
      if (!token) continue
      sentinels.lastIndex = found.index + 1
      const start = found.index - (token.before ?? 0)
      token.pattern.lastIndex = start
      if (start < 0 || !token.pattern.test(value)) continue
      const end = token.pattern.lastIndex
      const word = value.slice(start, end)
      if (!bounded(value, start, end, token.wide ? anyBase64 : alphanumeric) || entropy(word) < 2.6 || invented(word))
        continue
      hits.push({ path, level: 'possible', cloud: 'other', detector: token.detector })
    }
  }
  if (hits.length === 0) return hits
  const complete = new Map<string, boolean>([
    ['alibaba-access-key', texts.some(({ value }) => holdsAlibabaSecret(value))],
    [
      'oracle-api-key',
      texts.some(({ value }) => fingerprint.test(value)) && texts.some(({ value }) => isPrivateKey(value)),
    ],
  ])
  return hits.flatMap((hit): readonly Hit[] => {
    const whole = complete.get(hit.detector)
    if (whole) return [{ ...hit, level: 'certain' satisfies Level }]
    // The id of a user of Oracle says nothing by itself.
    return hit.detector === 'oracle-api-key' ? [] : [hit]
  })
}

interface Token {
  readonly detector: string
  /** Sticky, of a fixed window. */
  readonly pattern: RegExp
  /** Characters of the token before the literal by which it is found. */
  readonly before?: number
  /** What may stand beside it is judged by the wider set of characters. */
  readonly wide?: true
}

const tokens: ReadonlyMap<string, Token> = new Map<string, Token>([
  ['LTAI', { detector: 'alibaba-access-key', pattern: /LTAI[A-Za-z0-9]{12,21}/y }],
  ['STS.', { detector: 'alibaba-temporary-key', pattern: /STS\.[A-Za-z0-9]{20,36}/y }],
  ['ocid1.user.', { detector: 'oracle-api-key', pattern: /ocid1\.user\.oc\d\.\.[a-z0-9]{60}/y }],
  ['AKID', { detector: 'tencent-secret-id', pattern: /AKID[A-Za-z0-9]{32}/y }],
  ['dop_v1_', { detector: 'digitalocean-token', pattern: /dop_v1_[a-f0-9]{64}/y }],
  ['doo_v1_', { detector: 'digitalocean-token', pattern: /doo_v1_[a-f0-9]{64}/y }],
  ['dor_v1_', { detector: 'digitalocean-token', pattern: /dor_v1_[a-f0-9]{64}/y }],
  ['SCW', { detector: 'scaleway-access-key', pattern: /SCW[A-Z0-9]{17}/y, wide: true }],
  ['cfut_', { detector: 'cloudflare-token', pattern: /cfut_[A-Za-z0-9]{40}[a-f0-9]{8}/y }],
  ['cfat_', { detector: 'cloudflare-token', pattern: /cfat_[A-Za-z0-9]{40}[a-f0-9]{8}/y }],
  ['cfk_', { detector: 'cloudflare-token', pattern: /cfk_[A-Za-z0-9]{40}[a-f0-9]{8}/y }],
  // Of the origin CA.
  ['v1.0-', { detector: 'cloudflare-origin-key', pattern: /v1\.0-[a-f0-9]{24}-[a-f0-9]{146}/y, wide: true }],
  ['AQVN', { detector: 'yandex-api-key', pattern: /AQVN[A-Za-z0-9_-]{35,38}/y, wide: true }],
  ['YC', { detector: 'yandex-access-key', pattern: /YC[A-Za-z0-9_-]{38}/y, wide: true }],
  [
    '.atlasv1.',
    {
      detector: 'terraform-token',
      pattern: /[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}/y,
      before: 14,
      wide: true,
    },
  ],
  ['hvs.', { detector: 'vault-token', pattern: /hvs\.[A-Za-z0-9_-]{90,120}/y, wide: true }],
  ['hvb.', { detector: 'vault-token', pattern: /hvb\.[A-Za-z0-9_-]{138,300}/y, wide: true }],
  ['hvr.', { detector: 'vault-token', pattern: /hvr\.[A-Za-z0-9_-]{90,300}/y, wide: true }],
  ['AKLT', { detector: 'volcengine-access-key', pattern: /AKLT[A-Za-z0-9]{20,43}/y }],
])

const sentinels = new RegExp([...tokens.keys()].map((literal) => literal.replaceAll('.', '\\.')).join('|'), 'g')

const fingerprint = /(?<![0-9a-f:])[0-9a-f]{2}(?::[0-9a-f]{2}){15}(?![0-9a-f:])/

// 30 letters and digits, random, in a place of their own.
function holdsAlibabaSecret(text: string): boolean {
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && alphanumeric.has(text.charCodeAt(i))) continue
    if (i - start === 30) {
      const token = text.slice(start, i)
      if (/\d/.test(token) && /[a-z]/.test(token) && /[A-Z]/.test(token) && entropy(token) >= 3.6 && !invented(token))
        return true
    }
    start = i + 1
  }
  return false
}
