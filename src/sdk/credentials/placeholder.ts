/** True for values that stand for another one: nothing, a template, a variable, a word such as `changeme`. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim()
  return (
    text === '' || templated.test(text) || words.test(text) || /^(.)\1*$/.test(text) || /EXAMPLE(?:KEY)?$/.test(text)
  )
}

/** True for values that a template or a variable has yet to fill in. */
export function isTemplated(value: string): boolean {
  return templated.test(value.trim())
}

/** True for ciphertext and for references to a secret store, which are what should stand in place of a value. */
export function isReference(value: string): boolean {
  return reference.test(value.trimStart())
}

/** True for SOPS ciphertext, on which no detector runs. */
export function isCiphertext(value: string): boolean {
  return value.startsWith('ENC[AES256_GCM,')
}

/** True for the path of a file. */
export function isPath(value: string): boolean {
  return /^(?:[.~]?\/)[\w.@-]+(?:\/[\w.@-]+)+$/.test(value.trim())
}

const templated = /\$\{|\$\(|\{\{|^\$[A-Za-z_]\w*$|^<.*>$|^\[.*\]$|^%\w+%$|^@\w+@$/s
const words =
  /(?:^|[^a-z0-9])(?:change[-_ ]?me|replace[-_ ]?(?:me|with|this)?|placeholder|dummy|fake|tests?|testing|example|sample|redacted|x{3,}|your|my|todo|tbd|none|null|undefined|insert|enter)(?:[^a-z0-9]|$)/i
const reference =
  /^(?:ENC\[|ENC\(|vault:|ref\+[a-z]+:\/\/|<path:|op:\/\/|arn:aws[a-z-]*:(?:secretsmanager|ssm|iam):|projects\/[^/]+\/secrets\/|@Microsoft\.KeyVault\()/
