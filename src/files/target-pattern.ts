/**
 * Whether what kustomize is told of a target may mean `text`. It takes kinds and names as regular expressions of RE2
 * that match as a whole, `''` as any (`kustomize/api/types/selector.go`). Literals, `.`, `.*` and `|` are understood,
 * which is what people write; any other pattern may match. RegExp would take exponential time for patterns that RE2
 * reads in linear time, and a repository is not trusted.
 */
export function mayMatch(pattern: string, text: string): boolean {
  if (pattern === '' || pattern.length > longest || text.length > longest) return true
  return pattern.split('|').some((choice) => !understood.test(choice) || matches(tokensOf(choice), text))
}

// Names have 253 characters at most, and the time grows with both lengths.
const longest = 1000
const understood = /^\^?(?:[\w-]|\.\*?)*\$?$/

function tokensOf(choice: string): string[] {
  return choice.match(/[\w-]|\.\*?/g) ?? []
}

// On a mismatch only the last `.*` has to take one character more.
function matches(tokens: readonly string[], text: string): boolean {
  let [token, at] = [0, 0]
  let last: { readonly token: number; at: number } | undefined
  while (at < text.length) {
    if (tokens[token] === '.*') last = { token: token++, at }
    else if (tokens[token] === '.' || tokens[token] === text.charAt(at)) {
      token++
      at++
    } else if (last) {
      token = last.token + 1
      at = ++last.at
    } else return false
  }
  return tokens.slice(token).every((rest) => rest === '.*')
}
