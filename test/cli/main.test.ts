import t from 'tap'
import { describe } from '../../src/cli/failure.ts'
import { day2 } from '../support/day2.ts'

t.test('help and version go to stdout and are clean', async (t) => {
  const help = await day2('--help')
  t.match(help, { code: 0, stderr: '' })
  t.match(help.stdout, /^ {2}serve +\S/m)
  t.match(await day2('--version'), { code: 0, stdout: /^day2 \d+\.\d+\.\d+\n$/ })
})

t.test('wrong usage is one sentence with a code, and exit 2', async (t) => {
  t.match(await day2(), { code: 2, stdout: '', stderr: /^day2: / })
  t.match(await day2('serv'), { code: 2, stderr: 'day2: unknown command "serv"; did you mean "serve"? (D2_USAGE)\n' })
  t.match(await day2('constructor'), { code: 2, stderr: /^day2: unknown command "constructor".*\n$/ })
  t.match(await day2('--vresion'), { code: 2, stderr: /unknown option "--vresion"; did you mean "--version"\?/ })
})

t.test('of a fault only the class is told', async (t) => {
  const fault = describe(new TypeError('cannot read hunter2'))
  t.match(fault, { code: 'D2_FAULT', exitCode: 3, message: /TypeError/ })
  t.notMatch(fault.message, /hunter2/)
  t.match(describe(Object.assign(new Error('x'), { code: 'ENOSPC' })).message, /ENOSPC/)
  t.match(describe(Object.assign(new Error('x'), { code: 'not a code' })).message, /\(Error\)/)
  t.match(describe('thrown text'), { exitCode: 3, message: /\(string\)/ })
})
