import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.ts'

// This file runs from build/release/.
const root = fileURLToPath(new URL('../../', import.meta.url))
await bundle(root, `${root}/dist`)
