import { ReadError } from './yaml/marks.ts'

/** The text of a file: UTF-8, a byte order mark aside. */
export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ReadError('D2_FILE_ENCODING', 0, 'the file is not UTF-8: save it as UTF-8')
  }
}

/** Refuses what kubectl refuses (goyaml.v2, readerc.go): all but tab, line breaks and printable characters. */
export function refuseControlCharacters(text: string): void {
  const found = forbidden.exec(text)
  if (!found) return
  const message = 'a control character, which YAML does not allow: write it as an escape in double quotes'
  throw new ReadError('D2_YAML_CONTROL_CHARACTER', found.index, message)
}

const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/
