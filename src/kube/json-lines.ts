const newline = 0x0a

/**
 * The lines of a stream of bytes, without their ends. Cuts at the byte, so a character that is split over two chunks
 * stays whole. What follows the last line break is dropped: the connection broke inside it.
 * @throws Error when a line grows beyond `maxBytes`
 */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = 64 * 1024 * 1024,
): AsyncGenerator<string, void, undefined> {
  let parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end))
      const line = Buffer.concat(parts).toString('utf8').trim()
      parts = []
      size = 0
      start = end + 1
      if (line) yield line
    }
    if (start === chunk.length) continue
    const rest = chunk.subarray(start)
    parts.push(rest)
    size += rest.length
    if (size > maxBytes) throw new Error(`a line is longer than ${maxBytes} bytes`)
  }
}
