// Control characters would make the API server drop a warning without a word, and bidirectional overrides would let a
// name rewrite the line it stands in.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
// Nearly every text is plain, and one look is cheaper than two replacements.
const plain = /^[ -~]*$/

/** Text that may hold names from users, safe for one line of a terminal, a log and a warning header. */
export function oneLine(text: string): string {
  return plain.test(text) ? text : text.replace(unsafe, ' ').replace(loneSurrogate, '\ufffd')
}
